// The third engine (DESIGN decisions 1 and 17): one seed is one schedule, time is virtual. The body runs as the root
// process of a run (run.ts).
import type { Process } from '../process/index.ts';
import { describe } from '../term/index.ts';
import { checkConditions, conditionsOf } from './conditions.ts';
import { type Settings, type SimOptions, settingsOf } from './options.ts';
import type { SimResult } from './result.ts';
import { type AsyncSimBody, isWaiting, Run, type SimBody } from './run.ts';
import { conditionsIn, decodeToken } from './schedule.ts';
import { refuseSearch } from './search-options.ts';

/** So many turns of promises and still not waiting for the simulation: it waits for something else. */
const HOPS_MAX = 1_000;
const HOPS_AFTER = 16;

/**
 * Runs `body` once under the schedule that `options` describes, and returns what came of it. Nothing is thrown for a
 * failed run; read `result.value` for that. Async bodies need {@link simulateAsync}.
 */
export function simulate<T>(options: SimOptions, body: SimBody<T>): SimResult<T> {
  const settings = checkedSettings(options, body);
  const run = new Run(settings, body, false);
  while (run.step());
  const result = run.finish(options);
  if (options.checkRepeatable !== true) return result;
  const again = new Run({ ...settings, deviations: result.deviations }, body, false);
  while (again.step());
  again.finish({});
  return run.unlessDiffers(again, result);
}

/** As {@link simulate}, for worlds with async bodies or with modules that are loaded on the way. */
export function simulateAsync<T>(options: SimOptions, body: SimBody<T>): Promise<SimResult<T>>;
export function simulateAsync<T>(options: SimOptions, body: AsyncSimBody<T>): Promise<SimResult<T>>;
export function simulateAsync<T>(options: SimOptions, body: SimBody<T> | AsyncSimBody<T>): Promise<SimResult<T>>;
export async function simulateAsync<T>(options: SimOptions, body: SimBody<T> | AsyncSimBody<T>): Promise<SimResult<T>> {
  const mine = last.then(() => runOnce(options, body));
  last = mine.catch(() => {});
  return mine;
}

/** Behind their awaits simulations cannot be told from each other: one goes on when the one before it is over. */
let last: Promise<unknown> = Promise.resolve();

async function runOnce<T>(options: SimOptions, body: SimBody<T> | AsyncSimBody<T>): Promise<SimResult<T>> {
  const settings = checkedSettings(options, body);
  const run = new Run<T>(settings, body, true);
  await runAsync(run);
  const result = run.finish(options);
  if (options.checkRepeatable !== true) return result;
  const again = new Run<T>({ ...settings, deviations: result.deviations }, body, true);
  await runAsync(again);
  again.finish({});
  return run.unlessDiffers(again, result);
}

/**
 * Runs `body` exactly as the run that printed `token` did; `options` must be those of that run. Throws BadTokenError for
 * what is no token, and for one of a run with other numbers of threads, timers, network or disk.
 */
export function replay<T>(token: string, body: SimBody<T>, options: SimOptions = {}): SimResult<T> {
  const schedule = decodeToken(token);
  checkConditions(conditionsIn(token), conditionsOf(settingsOf({ ...options, tape: undefined })));
  return simulate({ ...options, ...schedule, tape: undefined }, body);
}

/** Settings, of which a tape that was made of a token asks for its own. */
function checkedSettings(options: SimOptions, body: unknown): Settings {
  if (typeof body !== 'function') throw new TypeError(`a simulation needs a body, a function, got ${describe(body)}`);
  const settings = settingsOf(options);
  refuseSearch('a simulation', options);
  const expected = options.tape?.expected ?? null;
  if (expected !== null) checkConditions(expected, conditionsOf(settings));
  return settings;
}

async function runAsync<T>(run: Run<T>): Promise<void> {
  await stepAsync(run, () => run.step());
  // What an async process that is left behind does behind its awaits is a part of the run, too.
  await stepAsync(run, () => run.rest());
}

async function stepAsync<T>(run: Run<T>, step: () => boolean): Promise<void> {
  for (;;) {
    while (run.world.loading.size > 0) await Promise.all(run.world.loading);
    if (!step()) return;
    if (run.world.ranAsync === null) continue;
    run.world.guard(run.world.seatOf(run.world.ranAsync.self));
    await drain(run.world.ranAsync);
    run.world.guard(null);
    run.world.machine.publish();
    run.checkAwait(run.world.ranAsync);
    run.world.ranAsync = null;
  }
}

/** Lets promises do what they can do by themselves, until the process waits for the simulation again. */
async function drain(process: Process): Promise<void> {
  for (let hops = 0; hops < HOPS_MAX && !isWaiting(process); hops++) await null;
  // Chains beside the one that has come to its wait are short; they end before the next step.
  for (let hops = 0; hops < HOPS_AFTER; hops++) await null;
}
