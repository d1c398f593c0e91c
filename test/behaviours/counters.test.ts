// Counters and atomics: CNT-1.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freeBlock, isCurrent, takeBlock } from '../../src/behaviours/cells.ts';
import { CellsExhaustedError, type Counters, createCounters, openCounters } from '../../src/behaviours/index.ts';
import { type Context, isDown, receive } from '../../src/process/index.ts';
import { play } from '../support/virtual-engine.ts';

describe('counters', () => {
  it('CNT-1 are 64-bit integers that begin with 0, count up and down, and wrap', () => {
    play(function* (context) {
      yield* receive(null, { afterMs: 0 });
      const counters = createCounters(context, 3);
      expect([counters.size, counters.get(0), counters.get(2)]).toEqual([3, 0n, 0n]);
      expect(counters.add(1)).toBe(1n);
      expect(counters.add(1, -5)).toBe(-4n);
      expect(counters.number(1)).toBe(-4);
      counters.put(2, 2n ** 63n - 1n);
      expect(counters.add(2, 1n)).toBe(-(2n ** 63n));
      expect(counters.get(2)).toBe(-(2n ** 63n));
      expect(counters.exchange(0, 7)).toBe(0n);
      expect(counters.compareExchange(0, 6, 9)).toBe(7n);
      expect(counters.compareExchange(0, 7, 9)).toBe(7n);
      expect(counters.get(0)).toBe(9n);
    });
  });

  it('CNT-1 a handle is data, and opens the same cells in another process', () => {
    play(function* (context) {
      const mine = createCounters(context, 1);
      const { ref } = context.spawnMonitor(
        function* (inner: Context, handle: Counters['handle']) {
          yield* receive(null, { afterMs: 0 });
          openCounters(inner, handle).add(0, 5);
        },
        [mine.handle],
      );
      yield* receive((message) => isDown(message, ref));
      expect(mine.get(0)).toBe(5n);
    });
  });

  it('CNT-1 an array ends with its owner, unless it is owned by nobody; the next in its place begins with 0', () => {
    play(function* (context) {
      const made: Counters[] = [];
      const { ref } = context.spawnMonitor((inner: Context) => {
        made.push(createCounters(inner, 4), createCounters(inner, 4, { owned: false }));
        for (const each of made) each.put(0, 1);
      });
      yield* receive((message) => isDown(message, ref));
      expect(() => made[0].get(0)).toThrow(/an array that is not released/);
      expect(made[1].get(0)).toBe(1n);
      const next = createCounters(context, 4);
      expect(next.handle.at).toBe(made[0].handle.at);
      expect(next.get(0)).toBe(0n);
      expect(() => made[0].add(0)).toThrow(/an array that is not released/);
      expect([made[0].release(), made[1].release(), made[1].release()]).toEqual([false, true, false]);
    });
  });

  it('refuses what is no index, no integer, no size and no handle, by name', () => {
    play(function* (context) {
      yield* receive(null, { afterMs: 0 });
      const counters = createCounters(context, 2);
      for (const index of [-1, 2, 0.5, '0' as never]) expect(() => counters.get(index)).toThrow(/an index from 0 to 1/);
      expect(() => counters.add(0, 0.5)).toThrow(/counters needs an integer/);
      expect(() => createCounters(context, 0)).toThrow(/createCounters needs a size/);
      expect(() => openCounters(context, {} as never)).toThrow(/openCounters needs the handle of counters/);
      expect(() => createCounters(context, 5_000)).toThrow(CellsExhaustedError);
      expect(() => createCounters(context, 2 ** 40)).toThrow(CellsExhaustedError);
      expect(counters.get(1)).toBe(0n);
    });
  });
});

describe('cells', () => {
  it('CNT-1 no two blocks in use overlap, and what is given back is used again, under any takes and frees', () => {
    const command = fc.oneof(fc.record({ take: fc.integer({ min: 1, max: 9 }) }), fc.record({ free: fc.nat(20) }));
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const cells = new BigInt64Array(4_096);
        const held: { at: number; size: number; generation: number }[] = [];
        for (const [turn, each] of commands.entries()) {
          if ('free' in each) {
            if (held.length === 0) continue;
            const [block] = held.splice(each.free % held.length, 1);
            expect(freeBlock(cells, block.at, block.size, block.generation)).toBe(true);
            expect(freeBlock(cells, block.at, block.size, block.generation)).toBe(false);
            expect(isCurrent(cells, block.at, block.generation)).toBe(false);
            continue;
          }
          const block = { ...takeBlock(cells, each.take), size: each.take };
          for (let cell = block.at; cell < block.at + block.size; cell++) {
            expect(cells[cell]).toBe(0n);
            cells[cell] = BigInt(turn + 1);
          }
          for (const other of held)
            expect(block.at + block.size <= other.at || other.at + other.size <= block.at).toBe(true);
          held.push(block);
        }
        for (const block of held) expect(isCurrent(cells, block.at, block.generation)).toBe(true);
      }),
    );
  });
});
