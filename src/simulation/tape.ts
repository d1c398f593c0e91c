// A schedule in the making: what a property-based test hands to `simulate`. Before the run it is a seed and a strategy;
// after it, it knows the deviations that were taken, and that is what shrinks.

import type { Conditions } from './conditions.ts';
import type { FaultOptions } from './faults.ts';
import { conditionsIn, type Deviation, decodeToken, encodeToken } from './schedule.ts';
import type { Strategy } from './strategies.ts';

export class SimTape {
  readonly seed: number;
  readonly strategy: Strategy | 'portfolio';
  /** The deviations to follow; null to let the strategy find some. */
  readonly deviations: readonly Deviation[] | null;
  /** False: a deviation whose choice is not possible at its very step is left out. */
  readonly isPatient: boolean;
  /** What the strategy may do to the run beside its schedule. */
  readonly faults: FaultOptions;
  /** The conditions that the token of this tape carries; null for a tape that is of no token. */
  expected: Conditions | null = null;
  /** The conditions of the last run. */
  conditions: Conditions = {};
  /** What the last run with this tape did. */
  taken: readonly Deviation[] = [];
  /** What it has passed over, as holds; see `byHolding`. */
  overtaken: readonly Deviation[] = [];
  /** What the last failing run did; fast-check goes on to run other inputs with the tape of a failure. */
  private failed: readonly Deviation[] | null = null;

  constructor(
    seed: number,
    strategy: Strategy | 'portfolio',
    deviations: readonly Deviation[] | null,
    isPatient = true,
    faults: FaultOptions = {},
  ) {
    this.seed = seed;
    this.strategy = strategy;
    this.deviations = deviations;
    this.isPatient = isPatient;
    this.faults = faults;
  }

  /** The tape that a token stands for. Throws BadTokenError. */
  static of(token: string): SimTape {
    const { seed, deviations } = decodeToken(token);
    const tape = new SimTape(seed, { tag: 'fifo' }, deviations);
    tape.expected = conditionsIn(token);
    tape.conditions = tape.expected;
    return tape;
  }

  /** Keeps what the last run did, because it failed. */
  keepFailure(): void {
    this.failed = this.taken;
  }

  /** The word that replays the failing run: `replay(token, body)`. */
  get token(): string {
    return encodeToken({ seed: this.seed, deviations: this.failed ?? this.taken }, this.conditions);
  }

  /** What fast-check prints for a tape. */
  [Symbol.for('fast-check/toStringMethod')](): string {
    return this.toString();
  }

  toString(): string {
    const words = (this.failed ?? this.taken).map(([step, key]) => `step ${step}: ${key}`).join('; ');
    return `schedule ${this.token} (${words === '' ? 'plain FIFO' : words})`;
  }
}
