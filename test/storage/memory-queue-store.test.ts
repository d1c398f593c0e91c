// The contents of a queue against sorted arrays (B2, B4, B6, B18), and what a new actor finds (B11).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Entry, MemoryQueueStore, NEVER } from '../../src/storage/index.ts';

const wanted = (message: string, priority = 0) =>
  ({ message, priority, bytes: message.length, expiresAtMs: NEVER, isPersistent: false }) as const;

describe('MemoryQueueStore', () => {
  const holder = fc.integer({ min: 1, max: 3 });
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ op: fc.constant('push' as const), priority: fc.nat(4) }) },
    { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('lend' as const, 'drop' as const), holder }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constantFrom('requeue' as const, 'settle' as const), holder, pick: fc.nat(99) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constantFrom('leave' as const, 'crash' as const, 'purge' as const), holder }),
    },
  );

  test('B2 B4 B6 B18 ready messages are always in order of priority and arrival, whatever comes back when', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(0, 2), (steps, priorityMax) => {
        const store = new MemoryQueueStore<string>(priorityMax);
        let ready: Entry<string>[] = [];
        let held: { readonly holder: number; readonly entry: Entry<string> }[] = [];
        const back = (entries: readonly { readonly entry: Entry<string> }[]) => {
          held = held.filter((each) => !entries.includes(each));
          ready.push(...entries.map(({ entry }) => entry));
          ready.sort((a, b) => b.priority - a.priority || a.position - b.position);
          expect(entries.every(({ entry }) => entry.redelivered && entry.holder === 0)).toBe(true);
        };
        let published = 0;
        for (const each of steps) {
          if (each.op === 'push') {
            const entry = store.push(wanted(`m${published++}`, each.priority));
            expect([entry.priority, entry.redelivered]).toEqual([Math.min(each.priority, priorityMax), false]);
            ready.push(entry);
            ready.sort((a, b) => b.priority - a.priority || a.position - b.position);
          } else if (each.op === 'lend' && ready.length > 0) {
            const entry = store.lend(each.holder, null);
            expect(entry).toBe(ready.shift());
            held.push({ holder: each.holder, entry });
          } else if (each.op === 'drop' && ready.length > 0) expect(store.drop()).toBe(ready.shift());
          else if ((each.op === 'settle' || each.op === 'requeue') && held.length > 0) {
            const picked = held[each.pick % held.length];
            const { position } = picked.entry;
            const taken = store[each.op](each.holder, position);
            expect(taken).toBe(each.holder === picked.holder ? picked.entry : null);
            if (taken !== null && each.op === 'requeue') back([picked]);
            else if (taken !== null) held = held.filter((other) => other !== picked);
            if (taken !== null) expect(store.settle(each.holder, position)).toBeNull();
          } else if (each.op === 'leave') {
            store.requeueAllOf(each.holder);
            back(held.filter((other) => other.holder === each.holder));
          } else if (each.op === 'crash') {
            store.requeueAll();
            back(held);
          } else if (each.op === 'purge') {
            expect(store.purge()).toBe(ready.length);
            ready = [];
          }
          expect(store.head()).toBe(ready[0] ?? null);
          expect([store.readyCount, store.heldCount]).toEqual([ready.length, held.length]);
          expect(store.readyBytes).toBe(ready.reduce((sum, { bytes }) => sum + bytes, 0));
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a message that is passed on is held under its place in the order, or by nobody', () => {
    const store = new MemoryQueueStore<string>(0);
    expect(store.pass(wanted('a'), 1, null).position).toBe(1);
    expect(store.pass(wanted('b'), 0, null).position).toBe(2);
    store.push(wanted('c'));
    expect([store.heldCount, store.readyCount]).toEqual([1, 1]);
    store.requeueAll();
    expect([store.drop(), store.drop()].map(({ message, redelivered }) => [message, redelivered])).toEqual([
      ['a', true],
      ['c', false],
    ]);
  });

  test('B11 a new actor finds nothing lent', () => {
    const store = new MemoryQueueStore<string>(0);
    store.pass(wanted('a'), 1, { consumer: 1 });
    store.requeueAll();
    expect(store.head()).toMatchObject({ message: 'a', redelivered: true, holder: 0, lentTo: null });
    expect(store.settle(1, 1)).toBeNull();
  });

  test('100,000 messages that come back one by one, the oldest first, are soon in place', () => {
    const store = new MemoryQueueStore<number>(0);
    const entry = { priority: 0, bytes: 1, expiresAtMs: NEVER, isPersistent: false };
    for (let message = 0; message < 100_000; message++) store.push({ message, ...entry });
    for (let count = 0; count < 100_000; count++) store.lend(1, null);
    for (let position = 1; position <= 100_000; position++) store.requeue(1, position);
    for (let message = 0; message < 100_000; message++) expect(store.drop().message === message).toBe(true);
  });
});
