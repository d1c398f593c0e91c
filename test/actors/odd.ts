// Actors that end, answer and reply in ways nobody should, for tests on every engine.
import type { Context, Effects } from '../../src/process/index.ts';
import { receive } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });
export const END_ODDLY = actor('endOddly');
export const SEND_ODDLY = actor('sendOddly');
export const ECHO = actor('echo');

class Thing {
  readonly field = 1;
}

function cycle(): unknown {
  const round: { self?: unknown; tag: string } = { tag: 'round' };
  round.self = round;
  return round;
}

function trap(): never {
  throw new Error('looked at');
}

/** Values that are no terms, or hard to look at, by name. */
export const ODD: Readonly<Record<string, () => unknown>> = {
  'a function': () => () => 1,
  'a symbol': () => Symbol('odd'),
  'a cycle': cycle,
  'an instance': () => new Thing(),
  'a live error': () => new RangeError('still alive'),
  'an error with getters that throw': () =>
    Object.defineProperties(new Error('hidden'), { name: { get: trap }, message: { get: trap }, stack: { get: trap } }),
  'an error with a symbol as message': () => Object.assign(new Error(), { message: Symbol('m') }),
  'an object without a prototype': () => Object.create(null) as unknown,
  'an object with a getter that throws': () => Object.defineProperty({}, 'tag', { get: trap, enumerable: true }),
  'a proxy that throws': () =>
    new Proxy({}, { get: trap, has: trap, getPrototypeOf: trap, ownKeys: trap, getOwnPropertyDescriptor: trap }),
  'a text that is no text': () => ({ toString: trap, [Symbol.toPrimitive]: trap }),
  'an error reason without an error': () => ({ tag: 'error' }),
  'an error reason with a wrong error': () => ({ tag: 'error', error: { name: 7 } }),
  'a function deep inside': () => ({ tag: 'deep', list: [1, new Map([['f', { run: () => 1 }]])] }),
  'a promise': () => Promise.resolve(1),
  'a megabyte': () => 'm'.repeat(1_048_576),
  undefined: () => undefined,
};

export type Way = 'throw' | 'exit' | 'exit another' | 'link';

/** Ends with that value in that way. */
export function endOddly(context: Context<unknown>, odd: string, way: Way, other?: Pid<unknown>): void {
  const value = ODD[odd]();
  if (way === 'throw') throw value;
  if (way === 'exit another') context.exit(other as Pid<unknown>, value);
  else {
    if (way === 'link') context.link(other as Pid<unknown>);
    context.exit(value);
  }
}

/** Sends that value to `to` and then says what came of it. */
export function sendOddly(context: Context<unknown>, odd: string, to: Pid<unknown>): void {
  let outcome = 'sent';
  try {
    context.send(to, { value: ODD[odd]() });
  } catch (error) {
    outcome = (error as Error).name;
  }
  context.send(to, { outcome });
}

/** Answers every message with itself. */
export function* echo(context: Context<unknown>): Effects<void> {
  for (;;) {
    const { from, value } = yield* receive<{ from: Pid<unknown>; value: unknown }>();
    context.send(from, { echo: value });
  }
}
