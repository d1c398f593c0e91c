// What is left after a stop (APP-1, R12): nothing may be.
import type { Scheduler } from '../scheduler/index.ts';

/** Counts of what a stopped system still holds; all zero after a clean stop. */
export interface Leaks {
  readonly processes: number;
  readonly timers: number;
  readonly names: number;
  /** Pids of up to ten processes that would not end. */
  readonly survivors: readonly string[];
}

/** Looks at one scheduler. */
export function leaksOf(scheduler: Scheduler): Leaks {
  return {
    processes: scheduler.processes.size,
    timers: scheduler.timers.ownedBy(scheduler.origin),
    names: scheduler.names.size,
    survivors: [...scheduler.processes.values()].slice(0, 10).map((process) => process.self.toString()),
  };
}

export function hasLeaks(leaks: Leaks): boolean {
  return leaks.processes + leaks.timers + leaks.names > 0;
}
