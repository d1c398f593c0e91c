// The options of the searches that are built on simulations. A search passes on all others to each of its runs; a single
// run would ignore them, so it refuses them.

/** Their names. */
export const SEARCH_OPTIONS: ReadonlySet<string> = new Set([
  'schedules',
  'onRun',
  'schedulesMax',
  'branchStepsMax',
  'isolated',
  'reduces',
  'crashes',
  'victims',
  'pairs',
]);

/** What a search passes on. */
export function withoutSearch<O extends object>(options: O): Omit<O, 'schedules' | 'onRun' | 'victims' | 'pairs'> {
  const passed = Object.entries(options).filter(([name]) => !SEARCH_OPTIONS.has(name));
  return Object.fromEntries(passed) as Omit<O, 'schedules' | 'onRun' | 'victims' | 'pairs'>;
}

/** Throws RangeError for an option that only a search has. */
export function refuseSearch(operation: string, options: object): void {
  const name = Object.keys(options).find((each) => SEARCH_OPTIONS.has(each));
  if (name === undefined) return;
  throw new RangeError(
    `${operation} has no option '${name}': it is one of findFailure, checkSchedules, explore or sweepCrashes`,
  );
}
