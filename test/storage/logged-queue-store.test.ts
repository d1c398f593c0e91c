// The store of a durable queue against the one in memory: whatever is on the disk only, what comes out is the same
// (B2, B4, B5, B6); and what a restart finds (B1, B4, B11).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LoggedQueueStore, MemoryQueueStore, NEVER, type QueueStore } from '../../src/storage/index.ts';
import { MemoryLog } from './memory-log.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const codec = {
  encode: (message: string) => [encoder.encode(message)],
  decode: (bytes: Uint8Array) => decoder.decode(bytes),
};
const BOUNDS = { page: { count: 3, bytes: 1_000 }, readAheadBelow: 2, bytesMax: 8, bytesMin: 4 };

interface Times {
  nowMs: number;
}

function openStore(log: MemoryLog, { priorityMax = 0, times = { nowMs: 0 } as Times } = {}): LoggedQueueStore<string> {
  const clock = { now: () => times.nowMs, wallTime: () => 1_000_000 + times.nowMs };
  return new LoggedQueueStore<string>(
    { queueId: 1, priorityMax, isEager: priorityMax > 0, keepsReturns: true, log, codec, clock, bounds: BOUNDS },
    log.opened(2),
    log.opened(3),
  );
}

const wanted = (message: string, isPersistent: boolean, priority = 0) =>
  ({ message, priority, bytes: message.length, expiresAtMs: NEVER, isPersistent }) as const;

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('push' as const), priority: fc.nat(3), isPersistent: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constantFrom('lend' as const, 'drop' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constantFrom('requeue' as const, 'settle' as const, 'requeueLast' as const, 'requeueLater' as const),
      pick: fc.nat(99),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delay' as const), isPersistent: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('time' as const, 'sync' as const, 'load' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('leave' as const, 'crash' as const, 'purge' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Does one step to a store; what it shows for it. */
function perform(store: QueueStore<string>, each: Step, held: readonly number[], nowMs: number, name: string): unknown {
  switch (each.op) {
    case 'push':
      store.push(wanted(name, each.isPersistent, each.priority));
      return null;
    case 'delay':
      store.delay(wanted(name, each.isPersistent), nowMs + 5);
      return null;
    case 'lend':
      return store.head() === null ? null : store.lend(1, null);
    case 'drop':
      return store.head() === null ? null : store.drop();
    case 'requeueLater':
      return store.requeueLater(1, held[each.pick % held.length], nowMs + 3);
    case 'requeue':
    case 'settle':
    case 'requeueLast':
      return store[each.op](1, held[each.pick % held.length]);
    case 'time':
      while (store.mature(nowMs));
      return null;
    case 'leave':
      store.requeueAllOf(1);
      return null;
    case 'crash':
      store.requeueAll();
      return null;
    case 'purge':
      return store.purge();
    default:
      return null;
  }
}

function seen(entry: unknown): unknown {
  if (typeof entry !== 'object' || entry === null) return entry;
  const { position, message, priority, redelivered, returns } = entry as {
    position: number;
    message: string;
    priority: number;
    redelivered: boolean;
    returns: number;
  };
  return [position, message, priority, redelivered, returns];
}

describe('a durable queue beside one in memory', () => {
  test('B2 B4 B5 B6 gives out the same messages in the same order, wherever they are', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), fc.constantFrom(0, 2), (steps, priorityMax) => {
        const times: Times = { nowMs: 0 };
        const log = new MemoryLog();
        const logged = openStore(log, { priorityMax, times });
        const plain = new MemoryQueueStore<string>(priorityMax);
        logged.use();
        let count = 0;
        for (const each of steps) {
          const held = plain.heldBy(1).map(({ position }) => position);
          if ('pick' in each && held.length === 0) continue;
          if (each.op === 'time') times.nowMs += 2;
          if (each.op === 'sync') log.sync();
          if (each.op !== 'push' && each.op !== 'delay') log.load();
          const name = `m${++count}`;
          const got = perform(logged, each, held, times.nowMs, name);
          expect(seen(got)).toEqual(seen(perform(plain, each, held, times.nowMs, name)));
          logged.flush();
          expect([logged.readyCount, logged.readyBytes, logged.heldCount, logged.delayedCount]).toEqual([
            plain.readyCount,
            plain.readyBytes,
            plain.heldCount,
            plain.delayedCount,
          ]);
        }
        log.load();
        expect(seen(logged.head())).toEqual(seen(plain.head()));
      }),
      { numRuns: 1_000 },
    );
  });

  test('B1 B4 B11 a restart finds every persistent message that was safe and not settled, in its place', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, isOrderly) => {
        const times: Times = { nowMs: 0 };
        const log = new MemoryLog();
        const logged = openStore(log, { times });
        const plain = new MemoryQueueStore<string>(0);
        const lent = new Set<string>();
        logged.use();
        let count = 0;
        for (const each of steps) {
          const held = plain.heldBy(1).map(({ position }) => position);
          if (('pick' in each && held.length === 0) || each.op === 'requeueLater' || each.op === 'delay') continue;
          log.load();
          const name = `m${++count}`;
          perform(logged, each, held, times.nowMs, name);
          const taken = perform(plain, each, held, times.nowMs, name) as { readonly message?: string } | null;
          if ((each.op === 'lend' || each.op === 'requeue') && taken?.message !== undefined) lent.add(taken.message);
        }
        if (isOrderly) logged.close();
        else logged.flush();
        log.sync();
        plain.requeueAll();
        const next = log.crash();
        const again = openStore(next, { times });
        again.use();
        next.sync();
        next.load();
        for (let left = plain.head(); left !== null; left = plain.head()) {
          plain.drop();
          if (!left.isPersistent) continue;
          const got = again.head();
          expect([got?.position, got?.message, got?.returns]).toEqual([left.position, left.message, left.returns]);
          // A second delivery is always told as one.
          if (lent.has(left.message)) expect(got?.redelivered).toBe(true);
          if (steps.every(({ op }) => op === 'push')) expect(got?.redelivered).toBe(!isOrderly);
          again.drop();
          next.load();
        }
        expect([again.head(), again.readyCount, again.readyBytes]).toEqual([null, 0, 0]);
      }),
      { numRuns: 500 },
    );
  });

  test('what has come back to its time is there after a restart, new or returned', () => {
    const times: Times = { nowMs: 0 };
    const log = new MemoryLog();
    const store = openStore(log, { times });
    store.use();
    store.delay(wanted('late', true), 50);
    store.push(wanted('retried', true));
    store.lend(1, null);
    store.requeueLater(1, 1, 30);
    store.flush();
    log.sync();
    times.nowMs = 10;
    const next = log.crash();
    const again = openStore(next, { times });
    next.load();
    expect([again.readyCount, again.delayedCount, again.nextDueMs]).toEqual([0, 2, 30]);
    times.nowMs = 60;
    while (again.mature(times.nowMs));
    expect(seen(again.drop())).toEqual([1, 'retried', 0, true, 1]);
    next.load();
    expect(seen(again.drop())).toEqual([2, 'late', 0, false, 0]);
    again.flush();
    next.sync();
    expect(openStore(next.crash()).readyCount).toBe(0);
  });

  test('a time to live goes on by the wall clock', () => {
    const times: Times = { nowMs: 100 };
    const log = new MemoryLog();
    openStore(log, { times }).push({ ...wanted('m', true), expiresAtMs: 700 });
    log.sync();
    times.nowMs = 300;
    const next = log.crash();
    const again = openStore(next, { times });
    next.load();
    expect(again.head()?.expiresAtMs).toBe(700);
  });

  test('B19 on a full disk a backlog goes out before the log knows that it may have', () => {
    const log = new MemoryLog();
    openStore(log).push(wanted('m', true));
    log.sync();
    const next = log.crash();
    const again = openStore(next);
    next.load();
    again.use();
    expect(again.head()).toBe(null);
    next.isFull = true;
    expect(again.head()?.message).toBe('m');
  });

  test('nothing of a backlog goes out before the log knows that it may have', () => {
    const log = new MemoryLog();
    openStore(log).push(wanted('m', true));
    log.sync();
    const next = log.crash();
    const again = openStore(next);
    next.load();
    expect(again.head()?.redelivered).toBe(false);
    again.use();
    expect([again.head(), again.isWaiting]).toEqual([null, true]);
    next.sync();
    expect(again.head()?.message).toBe('m');
    // The run ends here, and nobody knows whether it was delivered.
    const last = next.crash();
    const third = openStore(last);
    last.load();
    expect(third.head()?.redelivered).toBe(true);
  });

  test('B10 a commit waits for what was written before it, and for nothing else', () => {
    const log = new MemoryLog();
    const store = openStore(log);
    const told: unknown[] = [];
    store.push(wanted('transient', false));
    store.flush();
    store.commit((isSafe) => told.push(['a', isSafe]));
    expect(told).toEqual([['a', true]]);
    store.push(wanted('persistent', true));
    store.flush();
    store.commit((isSafe) => told.push(['b', isSafe]));
    log.send();
    store.push(wanted('more', true));
    store.flush();
    store.advance();
    expect(told.length).toBe(1);
    log.sync();
    store.commit((isSafe) => told.push(['c', isSafe]));
    store.advance();
    expect(told.slice(1)).toEqual([
      ['b', true],
      ['c', true],
    ]);
  });

  test('when the log fails what waits is refused, and what comes later too', () => {
    const log = new MemoryLog();
    const store = openStore(log);
    const told: boolean[] = [];
    store.push(wanted('m', true));
    store.flush();
    store.commit((isSafe) => told.push(isSafe));
    log.hasFailed = true;
    store.advance();
    store.commit((isSafe) => told.push(isSafe));
    expect(told).toEqual([false, false]);
  });

  test('a message that nobody has to acknowledge is never written', () => {
    const log = new MemoryLog();
    const store = openStore(log);
    const before = log.writes;
    store.pass(wanted('m', true), 0, null);
    expect(log.writes).toBe(before);
    store.pass(wanted('m', true), 1, null);
    expect(log.writes).toBe(before + 1);
  });

  test('a deleted queue leaves nothing', () => {
    const log = new MemoryLog();
    const store = openStore(log);
    for (let count = 0; count < 20; count++) store.push(wanted('mmm', true));
    store.delay(wanted('late', true), 50);
    store.discard();
    log.sync();
    expect([log.crash().opened(2), log.crash().opened(3), log.budget.residentBytes]).toEqual([null, null, 0]);
  });

  test('a backlog far beyond the bound keeps a bounded part in memory and comes back in order', () => {
    const log = new MemoryLog();
    const store = openStore(log);
    store.use();
    log.sync();
    for (let count = 1; count <= 500; count++) store.push(wanted(`m${count}`, true));
    expect(log.budget.residentBytes).toBeLessThanOrEqual(BOUNDS.bytesMax);
    for (let count = 1; count <= 500; count++) {
      if (store.head() === null) log.load();
      expect(store.drop().message).toBe(`m${count}`);
      expect(log.budget.residentBytes).toBeLessThanOrEqual(40);
    }
    expect([store.readyCount, store.readyBytes, log.budget.residentBytes]).toEqual([0, 0, 0]);
  });
});
