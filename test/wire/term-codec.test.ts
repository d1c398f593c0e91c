import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NotATermError, Pid, Ref } from '../../src/term/index.ts';
import { ByteArea, Identities, TermDecoder, TermEncoder } from '../../src/wire/index.ts';

const HERE = { node: 'n', thread: 1, incarnation: 1 };
const THERE = { node: 'n', thread: 2, incarnation: 7 };
const FAR = { node: 'other', thread: 2, incarnation: 300 };

/** One encoder and one decoder that share their bytes, as the two ends of one link would. */
function codec() {
  const identities = new Identities(HERE);
  const area = new ByteArea();
  const encoder = new TermEncoder(area, identities);
  const decoder = new TermDecoder(area, identities);
  return {
    identities,
    encoder,
    trip(value: unknown): unknown {
      decoder.at = area.end;
      encoder.term(value, 0);
      const back = decoder.term();
      expect(decoder.at).toBe(area.end);
      return back;
    },
  };
}

const identities = new Identities(HERE);
const pids = fc
  .tuple(
    fc.constantFrom(HERE, THERE, FAR),
    fc.nat(2 ** 31).map((serial) => serial * 2 ** 20 + 1),
  )
  .map(([{ node, thread, incarnation }, serial]) =>
    identities.pid(identities.originOf(node, thread, incarnation), serial),
  );
const refs = fc
  .tuple(fc.constantFrom(HERE, THERE, FAR), fc.nat())
  .map(([{ node, thread, incarnation }, serial]) =>
    identities.ref(identities.originOf(node, thread, incarnation), serial),
  );

const scalars = fc.oneof(
  fc.constantFrom<unknown>(null, undefined, true, false, -0, 0, Number.NaN, 127, 128, -1, 2 ** 31, -(2 ** 31), 2 ** 53),
  fc.constantFrom<unknown>(Number.POSITIVE_INFINITY, Number.MIN_VALUE, 'x'.repeat(63), 'x'.repeat(64), 'é'.repeat(63)),
  fc.constantFrom<unknown>('\ud800', 'a\udc00b'.repeat(100), '\ufeffbom', '\u0000', '__proto__', 0n, -(2n ** 200n)),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.string({ unit: fc.nat(0xffff).map((unit) => String.fromCharCode(unit)), maxLength: 300 }),
  fc.uint8Array({ maxLength: 5000 }),
  pids,
  refs,
  fc.record({ module: fc.webUrl(), export: fc.string() }),
);

const keys = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'tag', '1', '0', ''));
const terms = fc.letrec((tie) => ({
  term: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    tie('array'),
    tie('sparse'),
    tie('object'),
    tie('map'),
    tie('set'),
    tie('bare'),
  ),
  array: fc.array(tie('term'), { maxLength: 5 }),
  sparse: fc.sparseArray(tie('term'), { maxLength: 20, maxNumElements: 5 }),
  object: fc.dictionary(keys, tie('term'), { maxKeys: 5, noNullPrototype: true }),
  bare: fc
    .dictionary(keys, tie('term'), { maxKeys: 3 })
    .map((object) => Object.setPrototypeOf(object, null) as unknown),
  map: fc
    .array(fc.tuple(tie('term'), tie('term')), { maxLength: 4 })
    .map((entries) => new Map(entries as [unknown, unknown][])),
  set: fc.array(tie('term'), { maxLength: 4 }).map((items) => new Set(items)),
})).term;

describe('term codec', () => {
  it('gives back every term as it was, with pids and refs as the same objects', () => {
    fc.assert(
      fc.property(fc.array(terms, { maxLength: 4 }), (values) => {
        const { trip, identities: known } = codec();
        for (const value of values) {
          const back = trip(value);
          expect(same(value, back, known)).toBe(true);
        }
      }),
      { numRuns: 400 },
    );
  });

  it('keeps -0 apart from 0, and NaN', () => {
    const { trip } = codec();
    expect(Object.is(trip(-0), -0)).toBe(true);
    expect(Object.is(trip(0), 0)).toBe(true);
    expect(trip(Number.NaN)).toBeNaN();
  });

  it('keeps holes apart from undefined', () => {
    const { trip } = codec();
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point.
    const back = trip([1, , undefined, [{ a: 1 }, , 2]]) as unknown[];
    expect(1 in back).toBe(false);
    expect(2 in back).toBe(true);
    expect(back[3]).toHaveLength(3);
    expect(trip({ a: 1 })).toEqual({ a: 1 });
  });

  it('copies the bytes of a view and nothing around them', () => {
    const { trip } = codec();
    const whole = new Uint8Array(100_000).fill(7);
    const back = trip(whole.subarray(10, 14)) as Uint8Array;
    expect([...back]).toEqual([7, 7, 7, 7]);
    expect(back.buffer.byteLength).toBeLessThan(20_000);
    expect(trip(Buffer.from('ab'))).toEqual(new Uint8Array([97, 98]));
  });

  it('encodes what the value was at that moment', () => {
    const area = new ByteArea();
    const encoder = new TermEncoder(area, identities);
    const bytes = new Uint8Array([1]);
    const value = { list: [1], bytes };
    encoder.term(value, 0);
    value.list.push(2);
    bytes[0] = 2;
    expect(new TermDecoder(area, identities).term()).toEqual({ list: [1], bytes: new Uint8Array([1]) });
  });

  it('sends the key list of an object once', () => {
    const { encoder } = codec();
    encoder.term({ aLongKeyOfAnObject: 1, anotherLongKey: 2 }, 0);
    const first = encoder.area.end;
    encoder.term({ aLongKeyOfAnObject: 3, anotherLongKey: 4 }, 0);
    expect(encoder.area.end - first).toBe(4);
  });

  const cycle: unknown[] = [];
  cycle.push({ cycle });
  class Point {
    x = 1;
  }
  it.each([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['an instance of Point', new Point()],
    ['an instance of Date', new Date(0)],
    ['an instance of Error', new Error('x')],
    ['an instance of Promise', Promise.resolve()],
    ['an instance of Float64Array', new Float64Array(1)],
    ['nested deeper than 1,000 levels', cycle],
  ])('refuses by name: %s', (name, value) => {
    const { encoder, trip } = codec();
    const mark = encoder.mark();
    expect(() => encoder.term({ deep: [{ fresh: 1 }, new Map([[1, value]])] }, 0)).toThrow(name);
    encoder.rollBack(mark);
    // The shapes of what was given up are forgotten as well, else the reader would never learn them.
    expect(trip({ fresh: 2 })).toEqual({ fresh: 2 });
  });

  it('names the error', () => {
    let caught: unknown;
    try {
      codec().trip(() => {});
    } catch (error) {
      caught = error;
    }
    expect((caught as NotATermError).name).toBe('NotATermError');
  });
});

/** What distinguishes two terms, to the last bit; pids and refs by identity in `known`, the codec's own table. */
function same(a: unknown, b: unknown, known: Identities): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  if (a instanceof Pid || a instanceof Ref) {
    const { node, thread, incarnation } = a.origin;
    const origin = known.originOf(node, thread, incarnation);
    return b === (a instanceof Pid ? known.pid(origin, a.serial) : known.ref(origin, a.serial));
  }
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Uint8Array)
    return a.length === (b as Uint8Array).length && a.every((byte, i) => byte === (b as Uint8Array)[i]);
  if (a instanceof Map || a instanceof Set)
    return same([...a], [...(b as Map<unknown, unknown> | Set<unknown>)], known);
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length || keys.some((key, i) => Reflect.ownKeys(b)[i] !== key)) return false;
  return keys.every((key) => same(Reflect.get(a, key), Object.getOwnPropertyDescriptor(b, key)?.value, known));
}
