// Looking for a schedule under which a body fails, and making it small. Needs nothing but a body; for inputs that shrink
// together with the schedule use the fast-check arbitraries of testing/.
import { type SimOptions, settingsOf } from './options.ts';
import { type SimResult, SimulationError } from './result.ts';
import type { SimBody } from './run.ts';
import type { Deviation } from './schedule.ts';
import { withoutSearch } from './search-options.ts';
import { shrinkSchedule } from './shrink.ts';
import { simulate } from './simulate.ts';
import { portfolio } from './strategies.ts';

export interface SearchOptions extends Omit<SimOptions, 'tape' | 'deviations' | 'strategy' | 'seed'> {
  /** How many schedules to try. Default 1,000. */
  readonly schedules?: number;
  /** The first seed; the others follow it. Default 1. */
  readonly seed?: number;
  /** Default: the portfolio. */
  readonly strategy?: SimOptions['strategy'];
  /** Sees each run, such as to count what it has come to. */
  readonly onRun?: (result: SimResult<unknown>) => void;
}

export interface Found<T> {
  /** The run under the smallest schedule. */
  readonly result: SimResult<T>;
  /** Schedules tried until the first failure. */
  readonly tried: number;
  /** Deviations of the first failing run. */
  readonly firstDeviations: number;
  /** Runs that shrinking took. */
  readonly shrinkRuns: number;
}

const REPEAT_EVERY = 100;
/** Freezing what is sent takes a third of a run's time; a mutation after sending fails in every schedule anyway. */
const STRICT_EVERY = 8;

/**
 * The first failure among `schedules` schedules, shrunk; null when there is none. Each 100th run is made twice (R17);
 * each 8th checks and freezes what is sent, unless `strict` says otherwise.
 */
export function findFailure<T>(options: SearchOptions, body: SimBody<T>): Found<T> | null {
  settingsOf(options);
  const first = options.seed ?? 1;
  const schedules = options.schedules ?? 1_000;
  const passed = withoutSearch(options);
  for (let index = 0; index < schedules; index++) {
    const seed = first + index;
    // The very first schedule is the plain one: what fails in FIFO order needs no search.
    const strategy = index === 0 ? { tag: 'fifo' as const } : (options.strategy ?? portfolio(seed));
    const checkRepeatable = index % REPEAT_EVERY === 0;
    const strict = options.strict ?? index % STRICT_EVERY === 0;
    const result = simulate({ history: 0, ...passed, seed, strategy, strict, checkRepeatable }, body);
    options.onRun?.(result);
    if (!result.isOk) return shrinkFound({ ...options, strict }, body, result, index + 1);
  }
  return null;
}

/** As {@link findFailure}, but throws a SimulationError with the shrunk schedule. */
export function checkSchedules<T>(options: SearchOptions, body: SimBody<T>): void {
  const found = findFailure(options, body);
  if (found === null) return;
  const { failure, token, deviations } = found.result;
  if (failure === null) return;
  const text = `${found.result.describe()}\n  found by schedule ${found.tried}, shrunk in ${found.shrinkRuns} runs`;
  throw new SimulationError(failure, token, deviations, text);
}

/** Makes the schedule of a failing run small and runs it again, with a history. */
export function shrinkFound<T>(
  options: Omit<SimOptions, 'tape' | 'deviations' | 'strategy' | 'seed'>,
  body: SimBody<T>,
  failing: SimResult<T>,
  tried: number,
): Found<T> {
  const { seed } = failing;
  const kind = kindOf(failing);
  const passed = withoutSearch(options);
  const run = (deviations: readonly Deviation[], history: number) =>
    simulate({ ...passed, history, seed, deviations, checkRepeatable: failing.failure?.tag === 'notRepeatable' }, body);
  const attempt = (deviations: readonly Deviation[]) => {
    const result = run(deviations, 0);
    return kindOf(result) === kind ? result.deviations : null;
  };
  const shrunk = shrinkSchedule(failing.deviations, attempt, failing.overtaken);
  const result = run(shrunk.deviations, options.history ?? 200);
  return { result, tried, firstDeviations: failing.deviations.length, shrinkRuns: shrunk.runs };
}

/** Shrinking must not wander from one failure to another: the tag, with the rule of an invariant. */
function kindOf<T>({ failure }: SimResult<T>): string {
  if (failure === null) return '';
  return failure.tag === 'invariant' ? `invariant ${failure.rule}` : failure.tag;
}
