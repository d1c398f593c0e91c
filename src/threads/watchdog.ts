// The watchdog of the control thread: looks at every data thread on its own timer, names a process that keeps its thread
// from running, and has the thread aborted when the rule (watchdog-rule.ts) says so.
import type { Worker } from 'node:worker_threads';
import type { Logger } from '../env/index.ts';
import type { Origin } from '../term/index.ts';
import type { ThreadStatus } from './thread-status.ts';
import { FIRST_WATCH, type Sighting, type Watch, type WatchdogLimits, watch } from './watchdog-rule.ts';

/** A thread under watch. */
export interface Watched {
  readonly origin: Origin;
  readonly status: ThreadStatus;
  /** The worker behind the thread, or null when it is not known. */
  readonly worker: Worker | null;
}

export interface WatchdogOptions {
  readonly limits: WatchdogLimits;
  readonly logger: Logger;
  /** The threads that run processes now. */
  readonly threads: () => Iterable<Watched>;
  /** Ends the thread; `serial` is the process to blame, 0 when none is known, `stuckMs` for how long. */
  readonly abort: (thread: Watched, serial: number, stuckMs: number) => void;
}

interface Entry {
  watch: Watch;
  cpuMs: number | null;
  isAsking: boolean;
}

export class Watchdog {
  private readonly options: WatchdogOptions;
  private readonly entries = new Map<Origin, Entry>();
  private readonly interval: NodeJS.Timeout;
  private lastMs = performance.now();

  constructor(options: WatchdogOptions) {
    this.options = options;
    this.interval = setInterval(() => this.tick(), options.limits.tickMs);
  }

  stop(): void {
    clearInterval(this.interval);
  }

  private tick(): void {
    const now = performance.now();
    const elapsedMs = now - this.lastMs;
    this.lastMs = now;
    const seen = new Set<Origin>();
    for (const thread of this.options.threads()) {
      seen.add(thread.origin);
      this.look(thread, elapsedMs);
    }
    for (const origin of this.entries.keys()) if (!seen.has(origin)) this.entries.delete(origin);
  }

  private look(thread: Watched, elapsedMs: number): void {
    const { limits, logger } = this.options;
    const { origin, status } = thread;
    let entry = this.entries.get(origin);
    if (entry === undefined) {
      entry = { watch: FIRST_WATCH, cpuMs: null, isAsking: false };
      this.entries.set(origin, entry);
    }
    const before = entry.watch.stuckMs;
    const result = watch(entry.watch, sighting(thread, entry.cpuMs), elapsedMs, limits);
    entry.watch = result.watch;
    if (result.watch.stuckMs === 0) entry.cpuMs = null;
    else askCpu(thread, entry);
    const { serial } = status;
    const pid = serial === 0 ? null : `<${origin.thread}.${origin.incarnation}.${serial}>`;
    if (result.action === 'warn') {
      logger.log('warning', 'long handler', { thread: origin.thread, pid, forMs: Math.round(result.watch.stuckMs) });
    } else if (result.action === 'abort') {
      logger.log('error', 'runaway process: its thread is aborted', { thread: origin.thread, pid, forMs: before });
      this.options.abort(thread, serial, result.watch.stuckMs);
    }
  }
}

function sighting({ status, worker }: Watched, cpuMs: number | null): Sighting {
  return { beats: status.beats, loopIdleMs: loopIdleMs(status, worker), cpuMs };
}

function loopIdleMs(status: ThreadStatus, worker: Worker | null): number | null {
  if (worker !== null) return worker.performance.eventLoopUtilization().idle;
  // Without the worker at hand a raised sleeping word stands for an idle loop.
  return status.isSleeping ? performance.now() : null;
}

/** Asks for the thread's CPU time; the host answers even while the thread's code runs, but not on every version. */
function askCpu({ worker }: Watched, entry: Entry): void {
  const asker = worker as (Worker & { cpuUsage?(): Promise<{ user: number; system: number }> }) | null;
  if (entry.isAsking || asker?.cpuUsage === undefined) return;
  entry.isAsking = true;
  asker.cpuUsage().then(
    ({ user, system }) => {
      entry.cpuMs = (user + system) / 1000;
      entry.isAsking = false;
    },
    // The thread ended meanwhile.
    () => {
      entry.isAsking = false;
    },
  );
}
