// The options of the threads engine and their defaults, checked once.
import { availableParallelism } from 'node:os';
import { hostNet, noDisk } from '../env/host/index.ts';
import type { Disk, Logger, Net } from '../env/index.ts';
import { DEFAULT_LIMITS, type SchedulerLimits } from '../scheduler/index.ts';
import type { Mfa } from '../term/index.ts';
import { OUTBOX_BYTES_MAX, RING_BYTES, ringSize } from '../wire/index.ts';
import type { PlacementPolicy } from './placement.ts';

export interface ThreadsOptions {
  /** Data threads beside the control thread; 0 runs everything on the control thread. At most 254. */
  readonly threads: number;
  /** Checks and freezes every message (DESIGN decision 3). */
  readonly strict: boolean;
  /** Takes the lines of all threads, on the control thread. */
  readonly logger: Logger;
  /** A handler that runs longer than this costs its thread its life. Default 10,000 ms; Infinity only warns. */
  readonly watchdogMs?: number;
  /** Bytes of each ring, a power of two. Default 256 KiB. */
  readonly ringBytes?: number;
  /** Bytes waiting for one full ring above which senders are held. Default 4 MiB. */
  readonly outboxBytesMax?: number;
  /** How the placement `any` chooses. Default `leastLoaded`. */
  readonly placement?: PlacementPolicy;
  readonly limits?: Partial<SchedulerLimits>;
  /** Sockets of the control thread. */
  readonly net?: Net;
  /** Files of the control thread; data threads have none. Default: a disk that always fails with ENODISK. */
  readonly disk?: Disk;
  /** A function `(base: Env, thread: number) => Env` that each data thread imports to complete its Env. */
  readonly envModule?: Mfa;
  /** Longest idle look at the rings before a thread sleeps. Default 0.05 ms, or 0 when there are more threads than cores. */
  readonly pollMs?: number;
  /**
   * Idle workers that are ready to take the place of a dead one: with 1, the default, a thread runs again about 10 ms after
   * its death, with 0 after the 150 ms and more that a new worker takes. Each costs about 25 MB.
   */
  readonly spareWorkers?: number;
  /** Workers of the offload pool. Default: cores - 1, at least 1. */
  readonly offloadWorkers?: number;
}

export type FullThreadsOptions = Required<Omit<ThreadsOptions, 'envModule' | 'limits'>> & {
  readonly envModule: Mfa | null;
  readonly limits: SchedulerLimits;
};

/** Threads are numbered in one byte; the last number is kept for offload workers. */
const THREADS_MAX = 254;
const WATCHDOG_MS = 10_000;
const POLL_MS = 0.05;
const SPARE_WORKERS = 1;

/** Fills in the defaults. Throws RangeError for a value out of range. */
export function fullOptions(options: ThreadsOptions): FullThreadsOptions {
  const { threads, ringBytes = RING_BYTES, watchdogMs = WATCHDOG_MS } = options;
  if (!Number.isInteger(threads) || threads < 0 || threads > THREADS_MAX) {
    throw new RangeError(`threads must be an integer from 0 to ${THREADS_MAX}, got ${threads}`);
  }
  if (!(watchdogMs > 0)) throw new RangeError(`watchdogMs must be above 0, got ${watchdogMs}`);
  ringSize(ringBytes);
  const cores = availableParallelism();
  return {
    threads,
    strict: options.strict,
    logger: options.logger,
    watchdogMs,
    ringBytes,
    outboxBytesMax: options.outboxBytesMax ?? OUTBOX_BYTES_MAX,
    placement: options.placement ?? 'leastLoaded',
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    net: options.net ?? hostNet,
    disk: options.disk ?? noDisk,
    envModule: options.envModule ?? null,
    pollMs: options.pollMs ?? (threads <= cores ? POLL_MS : 0),
    spareWorkers: options.spareWorkers ?? SPARE_WORKERS,
    offloadWorkers: options.offloadWorkers ?? Math.max(1, cores - 1),
  };
}
