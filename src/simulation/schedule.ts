// A schedule as data (DESIGN decision 17): a sparse list of deviations `[step, choiceKey]` from the fair FIFO order.
// Keys name processes by spawn path:
//
//   run root/0               runs that process for one slice, before everything that was due first
//   deliver root>root/1      delivers the oldest signal of that pair
//   fire 0                   lets time jump to the next timer of that thread although other things are under way
//   link 1>0                 lets thread 0 read what thread 1 has published for it
//   hold root/0              leaves that process out until nothing else can happen
//   hold root>root/1         leaves that pair out until nothing else can happen; `hold link 1>0` likewise
//
// and faults, whose keys are in faults.ts: crash root/0, die 1, delay 1>0 50, part 1 2 200, jump 5000, wall -1000.
//
// A deviation whose choice is not possible at its step waits a little for it and is then left out, so that a schedule
// of which something was taken away still means something.

/** One departure from FIFO: at this step, this choice. */
export type Deviation = readonly [step: number, choiceKey: string];

/** Everything a run depends on beside the code. */
export interface Schedule {
  readonly seed: number;
  readonly deviations: readonly Deviation[];
}

/** Thrown for a token that no simulation has printed. */
export class BadTokenError extends TypeError {
  override readonly name = 'BadTokenError';
}

const VERSION = 's1';

/** A schedule as one word that survives a shell and a URL. */
export function encodeToken(schedule: Schedule): string {
  const text = JSON.stringify(schedule.deviations);
  return `${VERSION}.${schedule.seed.toString(36)}.${Buffer.from(text).toString('base64url')}`;
}

/** The schedule in a token. Throws BadTokenError. */
export function decodeToken(token: string): Schedule {
  const [version, seed, text] = token.split('.');
  const number = /^-?[0-9a-z]+$/.test(seed ?? '') ? Number.parseInt(seed, 36) : Number.NaN;
  if (version !== VERSION || text === undefined || !Number.isSafeInteger(number)) {
    throw new BadTokenError(`not a schedule token: ${token}`);
  }
  return { seed: number, deviations: decodeDeviations(text, token) };
}

function decodeDeviations(text: string, token: string): Deviation[] {
  let list: unknown;
  try {
    list = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw new BadTokenError(`not a schedule token: ${token}`);
  }
  if (!Array.isArray(list) || !list.every(isDeviation)) throw new BadTokenError(`not a schedule token: ${token}`);
  return list;
}

function isDeviation(value: unknown): value is Deviation {
  return Array.isArray(value) && value.length === 2 && typeof value[0] === 'number' && typeof value[1] === 'string';
}
