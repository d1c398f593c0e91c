// What a run depends on beside its body and its schedule, as far as it is plain numbers: a token carries those that are not
// the defaults, so that one that is replayed with other options says so instead of telling another story.
import type { Settings } from './options.ts';
import { BadTokenError } from './schedule.ts';

/** Options by name, such as `net.latencyMs`; those that have their defaults are left out. */
export type Conditions = Readonly<Record<string, number>>;

const DEFAULTS: Conditions = { threads: 0, timerJitterMs: 20, 'net.windowBytes': 65_536 };

/** The conditions of a run with these settings. */
export function conditionsOf({ threads, timerJitterMs, net, disk }: Settings): Conditions {
  const all: [string, unknown][] = [
    ['threads', threads],
    ['timerJitterMs', timerJitterMs],
    ...Object.entries(net).map(([name, value]): [string, unknown] => [`net.${name}`, value]),
    ...Object.entries(disk).map(([name, value]): [string, unknown] => [`disk.${name}`, value]),
  ];
  const conditions: Record<string, number> = {};
  for (const [name, value] of all) {
    if (Number.isFinite(value) && value !== defaultOf(name)) conditions[name] = value as number;
  }
  return conditions;
}

/** Throws BadTokenError when a token is of a run under other conditions, and says which. */
export function checkConditions(expected: Conditions, actual: Conditions): void {
  for (const name of Object.keys({ ...expected, ...actual })) {
    const [then, now] = [expected, actual].map((each) => each[name] ?? defaultOf(name));
    if (then === now) continue;
    throw new BadTokenError(
      `the token is of a run with the option ${name} ${then}, and here it is ${now}: replay with the options of that run`,
    );
  }
}

function defaultOf(name: string): number {
  return DEFAULTS[name] ?? 0;
}
