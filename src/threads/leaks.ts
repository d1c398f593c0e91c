// What one scheduler still holds, as the engine reports it when it has stopped (APP-1).
import type { Scheduler } from '../scheduler/index.ts';
import type { ThreadLeaks } from './messages.ts';

const SURVIVORS_MAX = 10;

export function leaksOf(scheduler: Scheduler): ThreadLeaks {
  return {
    processes: scheduler.processes.size,
    timers: scheduler.timers.ownedBy(scheduler.origin),
    names: scheduler.names.size,
    survivors: [...scheduler.processes.values()].slice(0, SURVIVORS_MAX).map((process) => process.self.toString()),
  };
}
