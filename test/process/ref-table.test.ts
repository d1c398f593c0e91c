import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RefTable } from '../../src/process/ref-table.ts';
import { Ref } from '../../src/term/index.ts';

const origin = { node: 'n', thread: 0, incarnation: 1 };
const refs = Array.from({ length: 14 }, (_, serial) => new Ref(origin, serial));

it('a table of refs is a Map with the same entries in the same order, short or long', () => {
  const step = fc.record({ ref: fc.nat(13), isSet: fc.boolean(), value: fc.nat(99) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const table = new RefTable<number>();
      const map = new Map<Ref, number>();
      for (const { ref: index, isSet, value } of steps) {
        const ref = refs[index];
        if (isSet) {
          table.set(ref, value);
          map.set(ref, value);
        } else expect(table.delete(ref)).toBe(map.delete(ref));
        expect(table.get(ref)).toBe(map.get(ref));
        expect(table.size).toBe(map.size);
        expect(table.entries()).toEqual([...map]);
      }
    }),
  );
});
