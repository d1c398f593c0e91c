// The steps of a server's state as immer patches, for a server defined with `history: n` (and `immer: true`): back,
// forward, and what changed at each. Bounded: the oldest step is forgotten. A new step takes the place of those undone.
import { applyPatches, enablePatches, type Patch } from 'immer';

enablePatches();

/** What one step changed, and what takes it back: patches of immer, with paths as arrays. */
export interface StateStep {
  readonly patches: readonly Patch[];
  readonly inverse: readonly Patch[];
}

/** What a server remembers of its steps. */
export interface HistoryView {
  /** Steps that can be taken back; the others, behind them in `steps`, can be taken again. */
  readonly position: number;
  /** The oldest first. */
  readonly steps: readonly StateStep[];
}

/** The step from one whole state to another. */
export function replacing(before: unknown, after: unknown): StateStep {
  return {
    patches: [{ op: 'replace', path: [], value: after }],
    inverse: [{ op: 'replace', path: [], value: before }],
  };
}

export class StateHistory {
  private steps: StateStep[] = [];
  private position = 0;
  private readonly length: number;

  /** Remembers the last `length` steps. */
  constructor(length: number) {
    this.length = length;
  }

  get view(): HistoryView {
    return { position: this.position, steps: this.steps };
  }

  /** A step was taken; one that changes nothing is none. */
  took(step: StateStep): void {
    if (step.patches.length === 0) return;
    this.steps.length = this.position;
    this.steps.push(step);
    if (this.steps.length > this.length) this.steps.shift();
    this.position = this.steps.length;
  }

  /** Goes `count` steps, back when below 0, as far as there are any; returns the state there and how many they were. */
  move(state: unknown, count: number): { readonly state: unknown; readonly moved: number } {
    let at = state;
    const target = Math.min(this.steps.length, Math.max(0, this.position + count));
    const moved = Math.abs(target - this.position);
    while (this.position > target) at = apply(at, this.steps[--this.position].inverse);
    while (this.position < target) at = apply(at, this.steps[this.position++].patches);
    return { state: at, moved };
  }
}

function apply(state: unknown, patches: readonly Patch[]): unknown {
  const [first] = patches;
  // A state that is no object has no drafts; it is only ever replaced as a whole.
  if (patches.length === 1 && first.path.length === 0) return first.value;
  return applyPatches(state as object, patches);
}
