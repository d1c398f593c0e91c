// The ring over growing numbers against a map, with stragglers and jumps, and its bound on memory.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SparseRing } from '../../src/storage/index.ts';

describe('SparseRing', () => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ op: fc.constant('next' as const), by: fc.constantFrom(1, 1, 1, 1, 7, 200) }) },
    { weight: 5, arbitrary: fc.record({ op: fc.constant('take' as const), by: fc.nat(1000) }) },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant('takeOldest' as const), by: fc.integer({ min: 1, max: 40 }) }),
    },
    { weight: 2, arbitrary: fc.record({ op: fc.constant('again' as const), by: fc.nat(1000) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('fill' as const), by: fc.integer({ min: 1, max: 100 }) }) },
  );

  test('holds exactly what a map holds, for any order of coming and going', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const ring = new SparseRing<string>();
        const model = new Map<number, string>();
        const gone: number[] = [];
        let last = 0;
        const add = (number: number) => {
          ring.set(number, `value ${number}`);
          model.set(number, `value ${number}`);
        };
        const remove = (number: number) => {
          expect(ring.take(number)).toBe(model.get(number));
          expect(ring.take(number)).toBeNull();
          model.delete(number);
          gone.push(number);
        };
        for (const { op, by } of steps) {
          const numbers = [...model.keys()].sort((a, b) => a - b);
          if (op === 'next') {
            last += by;
            add(last);
          } else if (op === 'fill') for (let count = 0; count < by; count++) add(++last);
          else if (op === 'take' && numbers.length > 0) remove(numbers[by % numbers.length]);
          else if (op === 'takeOldest') for (const number of numbers.slice(0, by)) remove(number);
          else if (op === 'again' && gone.length > 0) add(gone.splice(by % gone.length, 1)[0]);
          expect(ring.size).toBe(model.size);
          expect(ring.numbersUpTo(last)).toEqual([...model.keys()].sort((a, b) => a - b));
        }
        for (let number = 0; number <= last + 1; number++) expect(ring.get(number)).toBe(model.get(number) ?? null);
        const seen = new Map<number, string>();
        ring.forEach((value, number) => {
          seen.set(number, value);
        });
        expect([...seen].sort()).toEqual([...model].sort());
      }),
      { numRuns: 500 },
    );
  });

  test('a number below one that was left behind does not hide it', () => {
    const ring = new SparseRing<number>();
    ring.set(100, 100);
    for (let number = 101; number < 400; number++) {
      ring.set(number, number);
      ring.take(number);
    }
    ring.set(50, 50);
    ring.set(110, 110);
    expect([50, 100, 110].map((number) => ring.get(number))).toEqual([50, 100, 110]);
  });

  test('one value that stays for ever costs no memory while others pass', () => {
    const ring = new SparseRing<number>();
    ring.set(1, 1);
    for (let number = 2; number < 200_000; number++) {
      ring.set(number, number);
      if (number > 20) ring.take(number - 10);
    }
    expect(ring.slots).toBeLessThanOrEqual(128);
    expect([ring.get(1), ring.get(2), ring.get(199_999)]).toEqual([1, 2, 199_999]);
  });

  test('a ring that held a burst gives its memory back', () => {
    const ring = new SparseRing<number>();
    for (let number = 0; number < 50_000; number++) ring.set(number, number);
    for (let number = 0; number < 50_000; number++) ring.take(number);
    expect([ring.size, ring.slots]).toEqual([0, 0]);
  });
});
