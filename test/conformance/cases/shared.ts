// What processes share without messages: counters and persistent terms on all threads, tables on one.
// CNT-1, PT-1, ETS-1, SIG-7.
import {
  type Counters,
  type CountersHandle,
  createCounters,
  createTable,
  eraseTerm,
  getTerm,
  insertRow,
  openCounters,
  persistentTerms,
  putTerm,
  readRow,
  startLink,
  type Table,
  type TableTransfer,
} from '../../../src/behaviours/index.ts';
import { type Context, type Effects, pause, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { CheckError, equal, throws } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

const ROUNDS = 200;

/** Counts in both ways, a slice at a time. */
export function* counting(context: Context<unknown>, to: Pid<unknown>, handle: CountersHandle): Effects<void> {
  const counters = openCounters(context, handle);
  for (let round = 0; round < ROUNDS; round++) {
    counters.add(0);
    for (let seen = counters.get(1); ; ) {
      const now = counters.compareExchange(1, seen, seen + 2n);
      if (now === seen) break;
      seen = now;
    }
    if (round % 50 === 0) yield* pause();
  }
  context.send(to, 'counted');
}

/** Makes an array, tells its handle, and ends when told. */
export function* countersOwner(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  const counters: Counters = createCounters(context, 1);
  context.send(to, counters.handle);
  yield* receive();
}

/** Tells what it reads under a key whenever it is asked, until it is told to write. */
export function* reader(context: Context<unknown>, to: Pid<unknown>, key: string): Effects<void> {
  for (;;) {
    const asked = yield* receive<'read' | 'write' | 'erase'>();
    if (asked === 'write') yield* putTerm(key, [context.self]);
    if (asked === 'erase') yield* eraseTerm(key);
    context.send(to, { read: getTerm(context, key) });
  }
}

/** Makes a table on its thread, tells it, and ends when told. */
export function* tableMaker(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  const heir = { pid: to, data: 'inherited' };
  const table = createTable(context, { access: 'public', heir });
  insertRow(context, table, 'k', 1);
  context.send(to, { table });
  yield* receive();
}

export const sharedCases: readonly Case[] = [
  {
    title: 'CNT-1 no addition and no exchange is lost, whichever threads count in the same cells',
    *run(t) {
      const counters = createCounters(t.context, 2);
      for (let count = 0; count < 3; count++) t.spawn(actor('counting'), [t.context.self, counters.handle]);
      for (let count = 0; count < 3; count++) equal(yield* t.next('its word'), 'counted', 'its word');
      equal([counters.get(0), counters.get(1)], [BigInt(3 * ROUNDS), BigInt(6 * ROUNDS)], 'the counts');
      counters.release();
    },
  },
  {
    title: 'CNT-1 counters end with their owner, on every thread',
    *run(t) {
      const owner = t.spawn(actor('countersOwner'), [t.context.self]);
      const counters = openCounters(t.context, yield* t.next<CountersHandle>('the handle'));
      equal(counters.add(0, 3), 3n, 'while it lives');
      const ref = yield* t.watch(owner);
      t.context.send(owner, 'end');
      equal(yield* t.down(ref), 'normal', 'its end');
      throws(() => counters.get(0), 'BadArgumentError', 'after its end');
    },
  },
  {
    title: 'PT-1 a write is read on every thread when it has returned, wherever it came from',
    *run(t) {
      const { context } = t;
      const own = context.self.origin.thread;
      const threads = [...new Set([own, ...(t.plan.tag === 'here' ? [] : t.plan.threads)])];
      const terms = yield* startLink(persistentTerms({ threads }));
      if (!terms.ok) throw new CheckError('the start of the terms');
      t.kept(terms.pid);
      const key = t.name('key');
      const readers = [1, 2, 3].map(() => t.spawn(actor('reader'), [context.self, key]));
      const askAll = function* (what: string): Effects<unknown[]> {
        for (const pid of readers) context.send(pid, what);
        const seen: unknown[] = [];
        for (const _ of readers) seen.push((yield* t.next<{ read: unknown }>('what it read')).read);
        return seen;
      };
      equal(yield* askAll('read'), [undefined, undefined, undefined], 'at first');
      yield* putTerm(key, { list: ['a'], to: context.self });
      const expected = { list: ['a'], to: context.self };
      equal(yield* askAll('read'), [expected, expected, expected], 'after the write');
      context.send(readers[0], 'write');
      equal(yield* t.next('its word'), { read: [readers[0]] }, 'what the writer reads');
      equal(getTerm(context, key), [readers[0]], 'what is read here');
      equal(yield* eraseTerm(key), true, 'whether there was one to erase');
      equal(yield* askAll('read'), [undefined, undefined, undefined], 'after it was erased');
    },
  },
  {
    title: 'ETS-1 a table is used on its thread only: elsewhere it is refused, and no heir of another thread gets it',
    *run(t) {
      const { context } = t;
      const maker = t.spawn(actor('tableMaker'), [context.self]);
      const { table } = yield* t.next<{ table: Table }>('the table');
      const isHere = maker.origin === context.self.origin;
      if (isHere) equal(readRow(context, table, 'k'), 1, 'the row');
      else throws(() => readRow(context, table, 'k'), 'BadArgumentError', 'a look from another thread');
      const ref = yield* t.watch(maker);
      context.send(maker, 'end');
      if (isHere) {
        const transfer = yield* t.next<TableTransfer>('what comes before the DOWN');
        equal([transfer.tag, transfer.data, transfer.from], ['tableTransfer', 'inherited', maker], 'the transfer');
      }
      equal(yield* t.down(ref), 'normal', 'its end');
      if (isHere) equal(readRow(context, table, 'k'), 1, 'the row, now that it is ours');
      yield* t.silence('after its end');
    },
  },
];
