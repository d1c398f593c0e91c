// R15: by the policy of production nobody who can run is passed over more often than is said (SCH-2): the equals of a
// process in their order, and a low one at every eighth turn. `high` shuts out the rest and is left out here.
import fc from 'fast-check';
import { flags, type Process } from '../../src/process/index.ts';
import { RunQueue } from '../../src/scheduler/run-queue.ts';

type Step = 'normal' | 'low' | 'run';
const step = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Step>('normal', 'run') },
  { weight: 1, arbitrary: fc.constant<Step>('low') },
);
export const runQueueRuns: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 80, size: 'max' });

/** A low process has its turn after at most so many others. */
const LOW_EVERY = 8;

interface Waiting {
  readonly process: Process;
  readonly isLow: boolean;
  /** How often somebody else may run before it. */
  left: number;
}

/** Takes a run queue through the steps; throws when somebody waits too long. */
export function checkRunQueue(steps: readonly Step[], queue: RunQueue): void {
  let waiting: Waiting[] = [];
  for (const step of steps) {
    if (step !== 'run') {
      const isLow = step === 'low';
      const process = { flags: isLow ? flags.PRIORITY_LOW : 0 } as Process;
      const ahead = waiting.filter((each) => each.isLow === isLow).length;
      // Between two normal ones a low one may run, which is so at every eighth turn at most.
      const left = isLow ? (ahead + 1) * LOW_EVERY : ahead + Math.ceil((ahead + 1) / (LOW_EVERY - 1));
      waiting.push({ process, isLow, left });
      queue.push(process);
      continue;
    }
    const next = queue.shift();
    if ((next === null) !== (waiting.length === 0)) throw new Error('R15 nobody runs though somebody could');
    waiting = waiting.filter(({ process }) => process !== next);
    for (const each of waiting)
      if (--each.left < 0) throw new Error(`R15 a ${each.isLow ? 'low' : 'normal'} one waits`);
  }
}

/** Low ones run when nobody else wants to. */
export class Starving extends RunQueue {
  override shift(): Process | null {
    const next = this.list()[0] ?? null;
    if (next !== null) this.remove(next);
    return next;
  }
}

/** Who came last runs first. */
export class LastFirst extends RunQueue {
  override shift(): Process | null {
    const next = this.list().at(-1) ?? null;
    if (next !== null) this.remove(next);
    return next;
  }
}
