// Processes that fill the outbox of another thread past its bound wait here until it has room (DESIGN decision 5). Only
// messages hold their sender; exits, links, monitors and their answers are always accepted.
import { flags, type Process } from '../process/index.ts';
import type { Origin } from '../term/index.ts';
import type { Outlink } from './engine.ts';
import type { Scheduler } from './scheduler.ts';

const { HELD, INTERRUPTED } = flags;

export class HeldProcesses {
  private entries: { readonly process: Process; readonly to: Origin }[] = [];

  get size(): number {
    return this.entries.length;
  }

  /** After a message from `process`: holds it when the outbox to `to` is over its bound. */
  holdIfCongested(outlink: Outlink | null, process: Process, to: Origin): void {
    if (outlink?.isCongested(to) !== true || (process.flags & HELD) !== 0) return;
    process.flags |= HELD | INTERRUPTED;
    this.entries.push({ process, to });
  }

  /** Lets go on whoever has room again. */
  release(scheduler: Scheduler): void {
    const { entries } = this;
    this.entries = [];
    for (const entry of entries) {
      if (scheduler.engine.outlink?.isCongested(entry.to) === true && entry.process.isAlive) this.entries.push(entry);
      else {
        entry.process.flags &= ~HELD;
        scheduler.schedule(entry.process);
      }
    }
  }
}
