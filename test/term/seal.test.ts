// What is a term and what a strict send does to it (section 0-6, DESIGN decision 3).
import { describe, expect, it } from 'vitest';
import { isSealIntact, type NotATermError, Pid, sealTerm } from '../../src/term/index.ts';

const refusal = (value: unknown) => {
  try {
    sealTerm(value);
  } catch (error) {
    return (error as NotATermError).message;
  }
  return 'accepted';
};

describe('sealTerm', () => {
  it('freezes plain data deeply, so that a later write throws in the writer', () => {
    const message = { list: [{ deep: 1 }] };
    expect(sealTerm(message)).toBe(null);
    expect(() => {
      message.list[0].deep = 2;
    }).toThrow(TypeError);
  });

  it('notices a later change of bytes, of a Map and of a Set', () => {
    for (const [value, change] of [
      [new Uint8Array(3), (part: never) => ((part as Uint8Array)[1] = 7)],
      [new Map([['a', 1]]), (part: never) => (part as Map<string, number>).set('a', 2)],
      [new Set([1]), (part: never) => (part as Set<number>).add(2)],
    ] as const) {
      const seal = sealTerm({ value });
      expect(seal !== null && isSealIntact(seal)).toBe(true);
      change(value as never);
      expect(seal !== null && isSealIntact(seal)).toBe(false);
    }
  });

  it('hashes bytes again at every send of the same object', () => {
    const message = { bytes: new Uint8Array(2) };
    sealTerm(message);
    expect(sealTerm(message)?.parts).toEqual([message.bytes]);
  });

  it('looks at what is shared or sent again once, when there is much of it', () => {
    let looks = 0;
    const counted = <T extends object>(value: T): T =>
      new Proxy(value, {
        ownKeys: (target) => {
          looks++;
          return Reflect.ownKeys(target);
        },
      });
    let shared: object = counted({ n: 0 });
    for (let level = 0; level < 60; level++) shared = counted({ left: shared, right: shared });
    sealTerm(shared);
    const once = looks;
    expect(once).toBeLessThan(10_000);
    sealTerm(shared);
    expect(looks).toBe(once);
  });

  it('leaves pids alone: their record is not data', () => {
    const pid = new Pid({ node: 'n', thread: 0, incarnation: 1 }, 1);
    sealTerm({ pid });
    expect(Object.isFrozen(pid)).toBe(false);
  });

  it('says what is not a term and where', () => {
    expect(refusal({ a: [1, { f: () => 1 }] })).toContain('a function is not a term (at .a.1.f)');
    expect(refusal({ a: { [Symbol('key')]: 1 } })).toContain('a symbol key is not a term (at .a)');
    expect(refusal(Object.defineProperty({}, 'hidden', { value: () => 1 }))).toContain('(at .hidden)');
    expect(refusal({ when: new Date() })).toContain('an instance of Date is not a term (at .when)');
    expect(refusal(new Map([['k', Symbol('s')]]))).toContain('a symbol is not a term (at .get(k))');
    expect(
      refusal({
        get x() {
          return 1;
        },
      }),
    ).toContain('an accessor');
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(refusal(cycle)).toContain('a cycle');
  });
});
