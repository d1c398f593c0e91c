// Who decides where a run leaves the fair FIFO order. A policy is asked only at the steps it names, so that a run
// without deviations costs nothing; it enumerates what is enabled only when it wants to choose.

import type { Deviation } from './schedule.ts';
import type { Choice } from './seat.ts';

/** What a policy may ask and do. */
export interface Choices {
  readonly step: number;
  /** Everything that could happen next. The array is reused by the next call. */
  enabled(): readonly Choice[];
  /** The choice of that key, or null when nothing has that name. */
  find(key: string): Choice | null;
  isEnabled(choice: Choice): boolean;
  isHeld(choice: Choice): boolean;
  /** Leaves the choice out until nothing else can happen; recorded as a deviation. */
  hold(choice: Choice): void;
}

export interface Policy {
  /** The first step at which the policy wants to be asked; Infinity for never again. */
  readonly nextStep: number;
  /** What happens instead of `byDefault`; null for what is due after the holds that this call has made. */
  choose(choices: Choices, byDefault: Choice): Choice | null;
}

/** The fair FIFO order itself. */
export const FIFO: Policy = { nextStep: Number.POSITIVE_INFINITY, choose: () => null };

/** How many steps a deviation waits for its choice to become possible. */
const PATIENCE_STEPS = 32;
const HOLD = 'hold ';

/** Follows a list of deviations. */
export class Replay implements Policy {
  nextStep: number;
  private readonly waiting: Deviation[];
  private readonly patienceSteps: number;

  /** Without patience a deviation that is not possible at its very step is left out. */
  constructor(deviations: readonly Deviation[], isPatient = true) {
    this.patienceSteps = isPatient ? PATIENCE_STEPS : 0;
    this.waiting = deviations.toSorted((a, b) => a[0] - b[0]);
    this.nextStep = this.waiting[0]?.[0] ?? Number.POSITIVE_INFINITY;
  }

  choose(choices: Choices): Choice | null {
    const { step } = choices;
    const { waiting } = this;
    let chosen: Choice | null = null;
    for (let index = 0; index < waiting.length && chosen === null; ) {
      const [at, key] = waiting[index];
      if (at > step) break;
      if (step > at + this.patienceSteps) {
        waiting.splice(index, 1);
        continue;
      }
      const isHold = key.startsWith(HOLD);
      const choice = choices.find(isHold ? withoutHold(key) : key);
      if (choice !== null && isHold && !choices.isHeld(choice)) choices.hold(choice);
      else if (choice !== null && !isHold && choices.isEnabled(choice)) chosen = choice;
      else if (step < at + this.patienceSteps) {
        index++;
        continue;
      }
      waiting.splice(index, 1);
    }
    this.nextStep = waiting.length === 0 ? Number.POSITIVE_INFINITY : Math.max(waiting[0][0], step + 1);
    return chosen;
  }
}

/** The key of a hold, from the key of what is held: `hold root/0`, `hold root>root/1`, `hold link 1>0`. */
export function holdKey(choice: Choice): string {
  return HOLD + (choice.kind === 'pass' ? choice.key : choice.key.slice(choice.key.indexOf(' ') + 1));
}

function withoutHold(key: string): string {
  const what = key.slice(HOLD.length);
  if (what.startsWith('link ')) return what;
  return what.includes('>') ? `deliver ${what}` : `run ${what}`;
}
