// Wrong arguments of the assertions and arbitraries are told instead of fitting everything, or waiting for ever.
import { describe, expect, it } from 'vitest';
import type { Context, Effects } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  assertReceive,
  type EventuallyWithin,
  eventually,
  type Pattern,
  refuteReceive,
  schedules,
  simulate,
  startProbe,
} from '../../src/testing.ts';

const run = (body: (context: Context<unknown>) => Effects<unknown>) => () => simulate({ stepsMax: 5_000 }, body).value;

/** What comes of a message and a pattern: it fits, or why not. */
const matching = (message: unknown, pattern: unknown) =>
  run(function* (context) {
    context.send(context.self as Pid<unknown>, message);
    return yield* assertReceive(pattern as Pattern);
  });

describe('patterns', () => {
  it.each<[unknown, unknown, unknown]>([
    [new Map([[1, 2]]), new Map([[1, 2]]), new Map([[1, 3]])],
    [new Set([1]), new Set([1]), new Set([2])],
    [Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2)],
    [{ a: Uint8Array.of(1) }, { a: Uint8Array.of(1) }, { a: Uint8Array.of(2) }],
  ])('%o fits what is equal to it only', (message, same, other) => {
    expect(matching(message, same)).not.toThrow();
    expect(matching(message, other)).toThrow('no message that fits');
  });

  it.each([/abc/, new Date(5), new (class Account {})()])('%o is no pattern, and that is said', (pattern) => {
    expect(matching({}, pattern)).toThrow('a pattern is plain data or a function');
  });
});

describe('misspelt and senseless options', () => {
  it.each<[string, (context: Context<unknown>) => Effects<unknown>]>([
    ["assertReceive has no option 'after'", () => assertReceive('x', { after: 5 } as never)],
    ["refuteReceive has no option 'after'", () => refuteReceive('x', { after: 5 } as never)],
    ['assertReceive needs an object', () => assertReceive('x', 500 as never)],
    ["eventually has no option 'within'", () => eventually('x', () => true, { within: 5 } as never)],
    ['everyMs must be above 0', () => eventually('x', () => false, { everyMs: 0 })],
    ['everyMs must be above 0', () => eventually('x', () => false, { everyMs: Number.NaN } as EventuallyWithin)],
    ['afterMs must be 0 or more', () => eventually('x', () => false, { afterMs: Number.NaN })],
    ['eventually needs a function', () => eventually('x', 'y' as never)],
    ['must be true, false or effects', () => eventually('x', (() => undefined) as never)],
    ['must be true, false or effects', () => eventually('x', (async () => true) as never)],
  ])('%s', (text, body) => {
    expect(run(body)).toThrow(text);
  });

  it('of a probe and of schedules', () => {
    const probing = run(function* (context) {
      startProbe(context, { nam: 'x' } as never);
      yield* assertReceive();
    });
    expect(probing).toThrow("a probe has no option 'nam'");
    expect(() => schedules({ strtegy: 1 } as never)).toThrow("schedules has no option 'strtegy'");
    expect(() => schedules({ faults: { crash: 1 } } as never)).toThrow("faults has no option 'crash'");
    expect(() => schedules({ strategy: { tag: 'unifrom' } as never })).toThrow('strategy must be');
  });
});
