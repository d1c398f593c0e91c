// The single-thread engine: one scheduler on the host's event loop; everything runs on the embedder's thread.

import {
  HostLoader,
  HostMetrics,
  HostTurns,
  hostClock,
  hostIds,
  hostMemory,
  hostRandom,
  noDisk,
  offloadHere,
} from '../env/host/index.ts';
import type { Disk, Env, Logger, Net } from '../env/index.ts';
import {
  DEFAULT_LIMITS,
  type Engine,
  type Loader,
  LocalNames,
  NoThreadError,
  Scheduler,
  type SchedulerLimits,
} from '../scheduler/index.ts';
import type { EngineHandle } from './engine-handle.ts';
import { SHARED_CELLS, SHARED_WORDS } from './engine-handle.ts';
import { leaksOf } from './leaks.ts';

export interface SingleThreadOptions {
  readonly logger: Logger;
  readonly strict: boolean;
  readonly limits?: Partial<SchedulerLimits>;
  readonly net: Net;
  /** Default: one that always fails with ENODISK. */
  readonly disk?: Disk;
}

/** Starts a scheduler on this thread. */
export function startSingleThread(options: SingleThreadOptions): EngineHandle {
  const metrics = new HostMetrics();
  const env: Env = {
    clock: hostClock,
    random: hostRandom,
    ids: hostIds,
    logger: options.logger,
    metrics,
    net: options.net,
    disk: options.disk ?? noDisk,
    memory: hostMemory,
    words: new Int32Array(SHARED_WORDS),
    cells: new BigInt64Array(SHARED_CELLS),
  };
  const origin = { node: hostIds.next(10), thread: 0, incarnation: 1 };
  const turns = new HostTurns(() => scheduler.runTurn());
  const engine: Engine = {
    origin,
    env,
    turns,
    loader: new HostLoader(options.logger) as Loader,
    names: new LocalNames(),
    outlink: null,
    transit: null,
    heartbeat: null,
    strict: options.strict,
    place: (placement) => {
      if (typeof placement === 'object' && 'thread' in placement && placement.thread !== 0) {
        throw new NoThreadError(`there is no thread ${placement.thread}: this system has one thread, number 0`);
      }
      return origin;
    },
    offload: offloadHere,
    tracer: null,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  };
  const scheduler: Scheduler = new Scheduler(engine);
  return {
    scheduler,
    threads: [],
    metrics: () => metrics.read(),
    stop: async () => {
      turns.stop();
      return [leaksOf(scheduler)];
    },
  };
}
