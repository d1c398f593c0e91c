// Schedules as a fast-check arbitrary (TST-1, TST-2). fast-check's own scheduler does not shrink; a schedule that is data
// does: from the deviations that a failing run took, fewer and then earlier ones are tried.
import { Arbitrary, type Random, Stream, Value } from 'fast-check';
import { byHolding, type FaultOptions, portfolio, SimTape, type Strategy, settingsOf } from '../simulation/index.ts';
import { checkOptions } from '../term/index.ts';
import { earlier, lower, milder } from './smaller.ts';

export interface SchedulesOptions {
  /** Default: the portfolio, chosen by each seed. */
  readonly strategy?: Strategy;
  /** Crashes, delays and jumps that go into the runs, and shrink with the rest; see FaultOptions. Default: none. */
  readonly faults?: FaultOptions;
}

/**
 * Schedules for `simulate({ tape }, body)`. The first few generated ones are plain FIFO or near it. What a failing
 * run did is kept in the tape, which is why each tape is for one run only.
 */
export function schedules(options: SchedulesOptions = {}): Arbitrary<SimTape> {
  checkOptions('schedules', options, { strategy: true, faults: true });
  settingsOf({ strategy: options.strategy, faults: options.faults });
  return new ScheduleArbitrary(options.strategy ?? null, options.faults ?? {});
}

/** The tape that a token stands for, under the options that it was found with; to keep a known failure as a regression: `examples: [[tapeOf('s1...')]]`. */
export function tapeOf(token: string): SimTape {
  return SimTape.of(token);
}

const SEED_BITS = 0x7fffffff;
const FIFO_SHARE = 16;
/** Longer schedules are not moved to earlier steps: that takes long and tells little. */
const EARLIER_MAX = 12;

class ScheduleArbitrary extends Arbitrary<SimTape> {
  private readonly strategy: Strategy | null;
  private readonly faults: FaultOptions;

  constructor(strategy: Strategy | null, faults: FaultOptions) {
    super();
    this.strategy = strategy;
    this.faults = faults;
  }

  override generate(random: Random): Value<SimTape> {
    const seed = random.nextInt(0, SEED_BITS);
    const isPlain = random.nextInt(1, FIFO_SHARE) === 1;
    const strategy = isPlain ? { tag: 'fifo' as const } : (this.strategy ?? portfolio(seed));
    return wrap(new SimTape(seed, strategy, null, true, isPlain ? {} : this.faults));
  }

  override canShrinkWithoutContext(value: unknown): value is SimTape {
    return value instanceof SimTape;
  }

  override shrink(tape: SimTape, context: unknown): Stream<Value<SimTape>> {
    tape.keepFailure();
    const place = context instanceof Place ? context : new Place(0, 0);
    return new Stream(this.smaller(tape, place));
  }

  /** Each candidate comes out smaller, or shrinking would go round in circles. */
  private *smaller(
    { seed, strategy, taken, overtaken }: Pick<SimTape, 'seed' | 'strategy' | 'taken' | 'overtaken'>,
    place: Place,
  ): Generator<Value<SimTape>> {
    const start = place.chunk === 0 ? taken.length : Math.min(place.chunk, taken.length);
    if (place.chunk === 0 && taken.length > 0) yield wrap(new SimTape(seed, strategy, []));
    for (let chunk = start; chunk >= 1; chunk = chunk === 1 ? 0 : Math.ceil(chunk / 2)) {
      for (let at = chunk === start ? place.at : 0; at < taken.length; at += chunk) {
        const fewer = taken.filter((_, index) => index < at || index >= at + chunk);
        yield wrap(new SimTape(seed, strategy, fewer), new Place(chunk, at));
      }
    }
    if (place.chunk > 1 || place.at > 0) yield* this.smaller({ seed, strategy, taken, overtaken }, new Place(1, 0));
    else {
      for (const list of byHolding(taken, overtaken)) yield wrap(new SimTape(seed, strategy, list), new Place(1, 0));
    }
    if (place.chunk <= 1 && place.at === 0 && taken.length <= EARLIER_MAX) {
      // One that is moved to an earlier step may not wait there until it ends up where it was.
      for (const list of earlier(taken)) yield wrap(new SimTape(seed, strategy, list, false), new Place(1, 0));
      for (const list of milder(taken)) yield wrap(new SimTape(seed, strategy, list, false), new Place(1, 0));
      for (const list of lower(taken)) yield wrap(new SimTape(seed, strategy, list), new Place(1, 0));
    }
  }
}

/** Where in the halving a success was made, so that shrinking goes on there and does not start again. */
class Place {
  readonly chunk: number;
  readonly at: number;

  constructor(chunk: number, at: number) {
    this.chunk = chunk;
    this.at = at;
  }
}

function wrap(tape: SimTape, place?: Place): Value<SimTape> {
  return new Value(tape, place);
}
