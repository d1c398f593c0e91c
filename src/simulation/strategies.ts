// Ways of looking for a schedule that breaks something (reliability.md 2.a). Each is a policy driven by one seed.
// Measured there: few deviations find most bugs and shrink best, so they have the largest share of the portfolio.
import { type Choices, FIFO, type Policy } from './policy.ts';
import { mix, SeededRandom } from './random.ts';
import type { Choice } from './seat.ts';

export type Strategy =
  | { readonly tag: 'fifo' }
  /** Deviates with this probability at each step. */
  | { readonly tag: 'rare'; readonly chance: number }
  /** Chooses evenly among all that is enabled. */
  | { readonly tag: 'uniform' }
  /** Random priorities with `depth - 1` changes (PCT). */
  | { readonly tag: 'priorities'; readonly depth: number }
  /** Holds one process or pair back as long as possible. */
  | { readonly tag: 'starve' };

/** Runs are expected to be about this long; where a change happens is drawn below it, small steps being likelier. */
const HORIZON_STEPS = 512;

/** The strategy of one seed of a campaign: 50 % rare, 20 % priorities, 15 % uniform, 15 % starve. */
export function portfolio(seed: number): Strategy {
  const random = new SeededRandom(mix(seed, 0x5eed));
  const share = random.next();
  if (share < 0.5) return { tag: 'rare', chance: [0.02, 0.05, 0.1][random.below(3)] };
  if (share < 0.7) return { tag: 'priorities', depth: 1 + random.below(5) };
  return { tag: share < 0.85 ? 'uniform' : 'starve' };
}

/** The policy of a strategy and a seed. */
export function policyOf(strategy: Strategy, seed: number): Policy {
  const random = new SeededRandom(mix(seed, 0x7ac7));
  switch (strategy.tag) {
    case 'fifo':
      return FIFO;
    case 'rare':
      return new Rare(strategy.chance, random);
    case 'uniform':
      return new Uniform(random);
    case 'priorities':
      return new Priorities(strategy.depth, random);
    case 'starve':
      return new Starve(random);
  }
}

class Rare implements Policy {
  nextStep: number;
  private readonly chance: number;
  private readonly random: SeededRandom;

  constructor(chance: number, random: SeededRandom) {
    this.chance = chance;
    this.random = random;
    this.nextStep = this.gap();
  }

  choose(choices: Choices, byDefault: Choice): Choice | null {
    this.nextStep = choices.step + 1 + this.gap();
    const enabled = choices.enabled();
    if (enabled.length < 2) return null;
    const isHold = this.random.next() < 0.5 && byDefault.kind !== 'fire';
    if (!isHold) return enabled[this.random.below(enabled.length)];
    choices.hold(byDefault);
    return null;
  }

  private gap(): number {
    return Math.floor(Math.log(1 - this.random.next()) / Math.log(1 - this.chance));
  }
}

class Uniform implements Policy {
  readonly nextStep = 0;
  private readonly random: SeededRandom;

  constructor(random: SeededRandom) {
    this.random = random;
  }

  choose(choices: Choices): Choice | null {
    const enabled = choices.enabled();
    return enabled[this.random.below(enabled.length)];
  }
}

class Priorities implements Policy {
  readonly nextStep = 0;
  private readonly random: SeededRandom;
  private readonly changes = new Set<number>();
  private readonly priorities = new Map<Choice, number>();
  private lowest = 0;

  constructor(depth: number, random: SeededRandom) {
    this.random = random;
    for (let change = 1; change < depth; change++) this.changes.add(earlyStep(random));
  }

  choose(choices: Choices): Choice | null {
    const enabled = choices.enabled();
    let best = this.best(enabled);
    if (this.changes.has(choices.step)) {
      this.priorities.set(best, --this.lowest);
      best = this.best(enabled);
    }
    return best;
  }

  private best(enabled: readonly Choice[]): Choice {
    let best = enabled[0];
    for (const choice of enabled) if (this.of(choice) > this.of(best)) best = choice;
    return best;
  }

  private of(choice: Choice): number {
    let priority = this.priorities.get(choice);
    if (priority === undefined) {
      priority = this.random.next();
      this.priorities.set(choice, priority);
    }
    return priority;
  }
}

class Starve implements Policy {
  nextStep: number;
  private readonly random: SeededRandom;
  private victim: Choice | null = null;

  constructor(random: SeededRandom) {
    this.random = random;
    this.nextStep = earlyStep(random);
  }

  choose(choices: Choices): Choice | null {
    this.nextStep = choices.step + 1;
    const enabled = choices.enabled();
    if (enabled.length < 2) return null;
    if (this.victim === null) {
      const victim = enabled[this.random.below(enabled.length)];
      if (victim.kind === 'fire') return null;
      this.victim = victim;
    }
    if (!choices.isHeld(this.victim)) choices.hold(this.victim);
    return null;
  }
}

/** A step below the horizon, small ones being likelier. */
export function earlyStep(random: SeededRandom): number {
  return Math.floor(HORIZON_STEPS ** random.next()) - 1;
}
