// The tables behind the log: places by sequence, ranges of what is gone.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Contents } from '../../../src/storage/log/contents.ts';
import { RowIndex } from '../../../src/storage/log/row-index.ts';
import { RowTable } from '../../../src/storage/log/row-table.ts';
import { joinedRanges, overlaps, type Range } from '../../../src/storage/range-collector.ts';

const sum = (bytes: Uint8Array, previous?: number) => crc32(bytes, previous);
const range: fc.Arbitrary<Range> = fc.tuple(fc.nat(60), fc.nat(8)).map(([first, more]): Range => [first, first + more]);
const ranges = fc.array(range, { maxLength: 30 });

function numbersOf(of: readonly Range[]): number[] {
  const numbers = new Set<number>();
  for (const [first, last] of of) for (let number = first; number <= last; number++) numbers.add(number);
  return [...numbers].sort((a, b) => a - b);
}

describe('ranges', () => {
  test('joined they are the same numbers, sorted, with a gap between each two', () => {
    fc.assert(
      fc.property(ranges, (some) => {
        const joined = joinedRanges(some);
        expect(numbersOf(joined)).toEqual(numbersOf(some));
        for (let at = 1; at < joined.length; at++) expect(joined[at][0]).toBeGreaterThan(joined[at - 1][1] + 1);
      }),
    );
  });

  test('what two lists have in common is what is in both', () => {
    fc.assert(
      fc.property(ranges, ranges, (some, others) => {
        const inOthers = new Set(numbersOf(others));
        const common = numbersOf(some).filter((number) => inOthers.has(number));
        expect(numbersOf(overlaps(joinedRanges(some), joinedRanges(others)))).toEqual(common);
      }),
    );
  });
});

describe('the table of rows', () => {
  test('what was marked for messages that are not there when all segments have been read is forgotten', () => {
    const table = new RowTable();
    const payload = new Uint8Array(1);
    // A mark may come before its message, of which a copy is further on.
    for (const sequence of [0, 1, 2, 3]) table.mark({ row: 1, sequence, payload });
    for (const sequence of [1, 2]) table.publish(1, sequence, 10);
    table.acks(1, [[2, 2]]);
    table.recovered(null);
    expect([...(table.rows.get(1)?.marks.keys() ?? [])]).toEqual([0, 1]);
  });
});

describe('tables of a segment', () => {
  test('a message is found wherever its copy came, behind newer ones or not', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500), { minLength: 1, maxLength: 100 }), (sequences) => {
        const index = new RowIndex();
        for (const [place, sequence] of sequences.entries()) index.add(sequence, place * 64, sequence % 7);
        for (const [place, sequence] of sequences.entries()) {
          const found = index.find(sequence);
          expect([index.offsetAt(found), index.lengthAt(found)]).toEqual([place * 64, sequence % 7]);
        }
        expect(index.find(501)).toBe(-1);
      }),
    );
  });

  test('acks in any order are all kept, in few ranges, also through the index file', () => {
    const contents = new Contents();
    const count = 20_000;
    // A stride that is prime to the count comes by every number once.
    for (let at = 0; at < count; at++) {
      const number = (at * 7_919) % count;
      contents.acks(1, [[number, number]]);
    }
    contents.acks(1, [[count, count]]);
    expect(numbersOf(contents.acked.get(1) ?? []).length).toBe(count + 1);
    expect(contents.acked.get(1)?.length).toBeLessThan(count / 2);
    const decoded = Contents.decode(contents.encode(100, sum), 100, sum);
    expect(decoded?.acked.get(1)).toEqual(contents.acked.get(1));
  });

  test('marks go with their messages', () => {
    const table = new RowTable();
    table.recovered(null);
    table.mark({ row: 1, sequence: 3, payload: new Uint8Array(1) });
    expect(table.rows.get(1)?.marks.size).toBe(0);
    for (let sequence = 1; sequence <= 10; sequence++) {
      table.publish(1, sequence, 5);
      table.mark({ row: 1, sequence, payload: new Uint8Array(1) });
    }
    table.mark({ row: 1, sequence: 0, payload: new Uint8Array(2) });
    table.acks(1, [[2, 2]]);
    expect([...(table.rows.get(1)?.marks.keys() ?? [])].sort((a, b) => a - b)).toEqual([0, 1, 3, 4, 5, 6, 7, 8, 9, 10]);
    table.acks(1, [[0, 9_999]]);
    expect([...(table.rows.get(1)?.marks.keys() ?? [])]).toEqual([0]);
  });
});
