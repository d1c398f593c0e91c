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

import { describe } from '../term/index.ts';

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

/** A schedule as one word that survives a shell and a URL; with options of its run by name, when they are given. */
export function encodeToken(schedule: Schedule, conditions: Readonly<Record<string, number>> = {}): string {
  const word = `${VERSION}.${schedule.seed.toString(36)}.${encoded(schedule.deviations)}`;
  return Object.keys(conditions).length === 0 ? word : `${word}.${encoded(conditions)}`;
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The schedule in a token. Throws BadTokenError. */
export function decodeToken(token: string): Schedule {
  const [version, seed, text, , ...more] = partsOf(token);
  const number = /^-?[0-9a-z]+$/.test(seed ?? '') ? Number.parseInt(seed, 36) : Number.NaN;
  if (version !== VERSION || text === undefined || !Number.isSafeInteger(number) || more.length > 0) {
    throw refusal(token);
  }
  const list = decoded(text, token);
  if (!Array.isArray(list) || !list.every(isDeviation)) throw refusal(token);
  return { seed: number, deviations: list };
}

/** The options that a token carries. Throws BadTokenError. */
export function conditionsIn(token: string): Readonly<Record<string, number>> {
  const text = partsOf(token)[3];
  if (text === undefined) return {};
  const conditions = decoded(text, token);
  const isRecord = typeof conditions === 'object' && conditions !== null && !Array.isArray(conditions);
  if (!isRecord || !Object.values(conditions).every(Number.isFinite)) throw refusal(token);
  return conditions as Readonly<Record<string, number>>;
}

function partsOf(token: unknown): string[] {
  if (typeof token !== 'string') throw refusal(token);
  // People copy words with what stands around them.
  return token.trim().split('.');
}

function refusal(token: unknown): BadTokenError {
  return new BadTokenError(`not a schedule token: ${typeof token === 'string' ? token : describe(token)}`);
}

function decoded(text: string, token: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    throw refusal(token);
  }
}

function isDeviation(value: unknown): value is Deviation {
  return Array.isArray(value) && value.length === 2 && Number.isInteger(value[0]) && typeof value[1] === 'string';
}
