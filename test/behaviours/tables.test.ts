// Owned tables: ETS-1, SIG-7.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clearTable,
  countRows,
  createTable,
  deleteRow,
  deleteTable,
  giveTable,
  hasRow,
  insertNewRow,
  insertRow,
  nextKey,
  readRow,
  readRows,
  setHeir,
  type Table,
  type TableOptions,
  type TableTransfer,
  tableOwner,
  takeRow,
  updateCounter,
  whereisTable,
} from '../../src/behaviours/index.ts';
import { type AsyncContext, type Context, type Effects, isDown, receive, sleep } from '../../src/process/index.ts';
import { type Pid, Ref } from '../../src/term/index.ts';
import { play, VirtualEngine } from '../support/virtual-engine.ts';

function test(title: string, body: (context: Context<unknown>, engine: VirtualEngine) => Effects<void> | void): void {
  it(title, () => {
    play(function* (context, engine) {
      yield* sleep(0);
      const effects = body(context, engine);
      if (effects !== undefined) yield* effects;
    });
  });
}

/** A process that makes a table, tells it, and ends when told. */
function owner(context: Context<unknown>, options: TableOptions = {}) {
  const tables: Table[] = [];
  const { pid, ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
    const table = createTable(inner, options);
    insertRow(inner, table, 'k', 1);
    tables.push(table);
    inner.exit(yield* receive());
  });
  return { pid: pid as Pid<unknown>, ref, table: () => tables[0] };
}

describe('rows', () => {
  test('ETS-1 are written, read, replaced, taken and deleted by key', (context) => {
    const table = createTable(context);
    insertRow(context, table, 'a', { n: 1 });
    insertRow(context, table, 'a', { n: 2 });
    expect(insertNewRow(context, table, 'a', 3)).toBe(false);
    expect(insertNewRow(context, table, 2, 'two')).toBe(true);
    expect([readRow(context, table, 'a'), readRow(context, table, 2), readRow(context, table, 'x')]).toEqual([
      { n: 2 },
      'two',
      undefined,
    ]);
    expect([hasRow(context, table, 'a'), countRows(context, table)]).toEqual([true, 2]);
    expect(takeRow(context, table, 2)).toBe('two');
    expect(takeRow(context, table, 2)).toBeUndefined();
    expect([deleteRow(context, table, 'a'), deleteRow(context, table, 'a')]).toEqual([true, false]);
    insertRow(context, table, context.self, 'by pid');
    expect(readRows(context, table)).toEqual([{ key: context.self, value: 'by pid' }]);
    clearTable(context, table);
    expect(countRows(context, table)).toBe(0);
  });

  test('ETS-1 a counter is a row; one that is not there begins with a default, or is refused', (context) => {
    const table = createTable(context);
    expect(updateCounter(context, table, 'hits', 2, 10)).toBe(12);
    expect(updateCounter(context, table, 'hits', -5, 10)).toBe(7);
    expect(() => updateCounter(context, table, 'none', 1)).toThrow(/a row that is a number/);
    insertRow(context, table, 'text', 'x');
    expect(() => updateCounter(context, table, 'text', 1, 0)).toThrow(/a row that is a number/);
  });

  test('ETS-1 every write copies, and every read: nobody changes a row but by writing it', (context) => {
    const table = createTable(context);
    const value = { list: [1], bytes: Uint8Array.of(1), map: new Map([['k', [1]]]), set: new Set([1]) };
    insertRow(context, table, 'k', value);
    value.list.push(2);
    value.bytes[0] = 9;
    value.map.set('other', []);
    const read = readRow<typeof value>(context, table, 'k') as typeof value;
    expect(read).toEqual({ list: [1], bytes: Uint8Array.of(1), map: new Map([['k', [1]]]), set: new Set([1]) });
    read.bytes[0] = 7;
    read.map.clear();
    read.set.add(2);
    expect(readRow<typeof value>(context, table, 'k')?.bytes[0]).toBe(1);
    expect(readRow<typeof value>(context, table, 'k')?.map.size).toBe(1);
    insertRow(context, table, 'plain', { deep: { list: [1] } });
    const plain = readRow<{ deep: { list: number[] } }>(context, table, 'plain');
    expect(() => plain?.deep.list.push(2)).toThrow(TypeError);
    expect(Object.isFrozen(value.list)).toBe(false);
  });

  test('ETS-1 only terms are kept: pids and refs stay what they are, the rest is refused', (context) => {
    const table = createTable(context);
    const ref = context.makeRef();
    insertRow(context, table, 'k', [context.self, ref, null, undefined, 1n, -0]);
    const row = readRow<unknown[]>(context, table, 'k') as unknown[];
    expect(row[0]).toBe(context.self);
    expect(row[1]).toBe(ref);
    expect(Object.is(row[5], -0)).toBe(true);
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const accessor = Object.defineProperty({}, 'x', { get: () => 1, enumerable: true });
    for (const bad of [() => 1, [Symbol('s')], new Date(0), cycle, accessor]) {
      expect(() => insertRow(context, table, 'bad', bad)).toThrow(/is not a term/);
    }
    expect(hasRow(context, table, 'bad')).toBe(false);
    for (const key of [null, {}, Number.NaN, undefined]) {
      expect(() => insertRow(context, table, key as never, 1)).toThrow(/a table needs a key/);
    }
  });
});

describe('an ordered set', () => {
  test('ETS-1 is walked in order while rows come and go', (context) => {
    const table = createTable(context, { kind: 'orderedSet' });
    for (const key of ['b', 10, 9, 'a', 2n, true, -1.5, context.self]) insertRow(context, table, key, null);
    expect(readRows(context, table).map(({ key }) => key)).toEqual([-1.5, 2n, 9, 10, 'a', 'b', true, context.self]);
    const seen: unknown[] = [];
    for (let key = nextKey(context, table); key !== undefined; key = nextKey(context, table, key)) {
      seen.push(key);
      if (key === 9) {
        deleteRow(context, table, 9);
        deleteRow(context, table, 10);
        insertRow(context, table, 11, null);
      }
    }
    expect(seen).toEqual([-1.5, 2n, 9, 11, 'a', 'b', true, context.self]);
    expect(() => nextKey(context, createTable(context))).toThrow(/an ordered set/);
  });

  it('ETS-1 agrees with a sorted list under any writes and deletes', () => {
    const someKey = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.bigInt({ min: -2n, max: 2n }),
      fc.constantFrom('a', 'b'),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(someKey, fc.boolean())), (steps) => {
        play(function* (context) {
          yield* sleep(0);
          const table = createTable(context, { kind: 'orderedSet' });
          const model = new Set<number | bigint | string>();
          for (const [key, isWrite] of steps) {
            if (isWrite) {
              insertRow(context, table, key, null);
              model.add(key);
            } else expect(deleteRow(context, table, key)).toBe(model.delete(key));
          }
          const keys = readRows(context, table).map(({ key }) => key);
          expect(new Set(keys)).toEqual(model);
          const weight = (key: unknown) =>
            typeof key === 'string' ? 10 + key.charCodeAt(0) : Number(key) + (typeof key === 'bigint' ? 0.5 : 0);
          expect(keys).toEqual([...model].sort((a, b) => weight(a) - weight(b)));
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('access', () => {
  test('ETS-1 protected: others read; public: others write; private: the owner only', function* (context) {
    const outcomes: unknown[] = [];
    for (const access of ['private', 'protected', 'public'] as const) {
      const made = owner(context, { access });
      yield* sleep(1);
      const attempt = (run: () => unknown) => {
        try {
          run();
          return 'ok';
        } catch (error) {
          return (error as { reason?: { operation?: unknown } }).reason?.operation;
        }
      };
      const table = made.table();
      outcomes.push([
        attempt(() => readRow(context, table, 'k')),
        attempt(() => insertRow(context, table, 'x', 1)),
        attempt(() => giveTable(context, table, context.self)),
        attempt(() => setHeir(context, table, null)),
        attempt(() => deleteTable(context, table)),
      ]);
    }
    expect(outcomes).toEqual([
      ['readRow', 'insertRow', 'giveTable', 'setHeir', 'deleteTable'],
      ['ok', 'insertRow', 'giveTable', 'setHeir', 'deleteTable'],
      ['ok', 'ok', 'giveTable', 'setHeir', 'ok'],
    ]);
  });
});

describe('owners and heirs', () => {
  test('ETS-1 SIG-7 a table is gone, and its name free, before the DOWN of its owner is seen', function* (context) {
    const made = owner(context, { name: 'sessions', access: 'public' });
    yield* sleep(1);
    const table = made.table();
    expect(whereisTable(context, 'sessions')).toBe(table);
    expect(tableOwner(context, table)).toBe(made.pid);
    expect(() => createTable(context, { name: 'sessions' })).toThrow(/a name that is free/);
    context.send(made.pid, 'over');
    yield* receive((message) => isDown(message, made.ref));
    expect(() => readRow(context, table, 'k')).toThrow(/a table that lives on this thread/);
    expect(whereisTable(context, 'sessions')).toBeUndefined();
    createTable(context, { name: 'sessions' });
  });

  test('ETS-1 an heir gets the table, told before the DOWN; it ends with the heir', function* (context) {
    const made = owner(context, { heir: { pid: context.self, data: ['yours'] }, name: 'kept' });
    yield* sleep(1);
    const table = made.table();
    context.send(made.pid, 'over');
    const transfer = yield* receive<TableTransfer>();
    expect(transfer).toEqual({ tag: 'tableTransfer', table, from: made.pid, data: ['yours'] });
    expect(transfer.table.ref).toBe(table.ref);
    expect(isDown(yield* receive(), made.ref)).toBe(true);
    expect(readRow(context, table, 'k')).toBe(1);
    insertRow(context, table, 'k', 2);
    expect(tableOwner(context, table)).toBe(context.self);
    expect(whereisTable(context, 'kept')?.ref).toBe(table.ref);
  });

  test('ETS-1 a dead heir inherits nothing, and none is left behind', function* (context) {
    const dead = context.spawn(() => {});
    yield* sleep(1);
    const made = owner(context, { heir: { pid: dead } });
    yield* sleep(1);
    context.exit(made.pid, 'kill');
    yield* receive((message) => isDown(message, made.ref));
    expect(() => readRow(context, made.table(), 'k')).toThrow(/a table that lives on this thread/);
  });

  test('ETS-1 a table can be given away, with word to the new owner', function* (context) {
    const table = createTable(context);
    insertRow(context, table, 'k', 1);
    const { pid, ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
      const transfer = yield* receive<TableTransfer>();
      insertRow(inner, transfer.table, 'k', transfer.data);
      context.send(context.self, readRow(inner, transfer.table, 'k'));
      yield* receive();
    });
    giveTable(context, table, pid as Pid<unknown>, 'data');
    expect(yield* receive()).toBe('data');
    expect(() => insertRow(context, table, 'k', 3)).toThrow(/insertRow on a protected table/);
    context.exit(pid, 'kill');
    yield* receive((message) => isDown(message, ref));
    expect(() => readRow(context, table, 'k')).toThrow();
    const own = createTable(context);
    expect(() => giveTable(context, own, pid)).toThrow(/a living process of this thread/);
    expect(() => giveTable(context, own, context.self)).toThrow(/another process/);
    expect(() => giveTable(context, own, pid, () => {})).toThrow(/is not a term/);
    deleteTable(context, own);
    expect(() => countRows(context, own)).toThrow(/a table that lives on this thread/);
  });

  test('ETS-1 what was given away does not end with the giver', function* (context) {
    const { ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
      const table = createTable(inner, { heir: { pid: inner.self } });
      insertRow(inner, table, 'k', 1);
      giveTable(inner, table, context.self);
      yield* sleep(1);
    });
    const { table } = yield* receive<TableTransfer>();
    yield* receive((message) => isDown(message, ref));
    expect(readRow(context, table, 'k')).toBe(1);
  });

  test('what is no table, or one of another thread, is refused by name', (context) => {
    expect(() => readRow(context, {} as never, 1)).toThrow(/readRow needs a table/);
    const foreign = new Ref({ node: 'n', thread: 3, incarnation: 1 }, 1);
    expect(() => readRow(context, { tag: 'table', ref: foreign }, 1)).toThrow(/a table that lives on this thread/);
    expect(() => createTable(context, { access: 'open' as never })).toThrow(/'public', 'protected' or 'private'/);
    expect(() => createTable(context, { kind: 'bag' as never })).toThrow(/'set' or 'orderedSet'/);
    expect(() => createTable(context, { heir: { pid: 1 as never } })).toThrow(/needs a pid/);
  });

  it('ETS-1 an async body that outlives its process touches no table', async () => {
    const engine = new VirtualEngine();
    const seen: unknown[] = [];
    engine.spawn(function* (context: Context<unknown>) {
      const table = createTable(context, { access: 'public' });
      insertRow(context, table, 'k', 1);
      const victim = context.spawn(async (inner: AsyncContext<unknown>) => {
        await Promise.resolve();
        await Promise.resolve();
        try {
          insertRow(inner, table, 'k', 2);
        } catch (error) {
          seen.push(String(error));
        }
      });
      yield* sleep(1);
      context.exit(victim, 'kill');
      yield* sleep(10);
      seen.push(readRow(context, table, 'k'));
    });
    engine.advance(1);
    for (let round = 0; round < 10; round++) await Promise.resolve();
    engine.advance(20);
    expect(seen[0]).toContain('a living caller');
    expect(seen[1]).toBe(1);
  });
});
