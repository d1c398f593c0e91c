// Streams of tasks: TSK-2.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asyncStream,
  collect,
  forEach,
  type StreamOptions,
  startLink,
  taskSupervisor,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, type Process, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { simulate } from '../../src/simulation/index.ts';
import { play } from '../support/virtual-engine.ts';

/** Work that takes as many ms as the item says, and counts how many run at once. */
class Meter {
  now = 0;
  most = 0;
  readonly work = (_context: Context, ms: number): Effects<number> => this.run(ms);

  private *run(ms: number): Effects<number> {
    this.most = Math.max(this.most, ++this.now);
    yield* sleep(ms);
    this.now--;
    if (ms === 13) throw new RangeError('thirteen');
    return ms * 10;
  }
}

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

function* endOf(context: Context<unknown>, body: (context: Context<unknown>) => Effects<unknown>): Effects<unknown> {
  const { ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
    yield* body(inner);
  });
  return ((yield* receive((message) => isDown(message, ref))) as { reason: unknown }).reason;
}

const values = (outcomes: readonly { readonly ok: boolean; readonly value?: unknown }[]) =>
  outcomes.map((outcome) => outcome.value);

describe('asyncStream', () => {
  it('TSK-2 outcomes come in the order of the items, with so many tasks at a time', () => {
    play(function* (context) {
      const meter = new Meter();
      const before = context.now();
      const outcomes = yield* collect(asyncStream([40, 10, 30, 20], meter.work, { maxConcurrency: 2 }));
      expect(outcomes).toEqual([
        { ok: true, value: 400, item: 40 },
        { ok: true, value: 100, item: 10 },
        { ok: true, value: 300, item: 30 },
        { ok: true, value: 200, item: 20 },
      ]);
      expect(meter.most).toBe(2);
      expect(context.now() - before).toBe(60);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-2 unordered: outcomes come as they are ready', () => {
    play(function* () {
      const outcomes = yield* collect(asyncStream([30, 10, 20], new Meter().work, { ordered: false }));
      expect(values(outcomes)).toEqual([100, 200, 300]);
    });
  });

  it('TSK-2 items are taken as tasks start; results that wait for an earlier one are bounded', () => {
    play(function* () {
      const taken: number[] = [];
      function* endless(): Generator<number> {
        for (let item = 0; ; item++) {
          taken.push(item);
          yield item === 0 ? 1_000 : 1;
        }
      }
      const stream = asyncStream(endless(), new Meter().work, { maxConcurrency: 3, waitingMax: 4 });
      expect(taken).toEqual([]);
      expect(yield* stream.next()).toBe(true);
      // One runs long, behind it as many have ended as may wait, and two more.
      expect(taken.length).toBe(3 + 4 + 1);
      yield* stream.stop();
      expect(yield* stream.next()).toBe(false);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-2 a task that takes too long ends the caller, and the other tasks with it', () => {
    play(function* (context) {
      const meter = new Meter();
      const reason = yield* endOf(context, () => collect(asyncStream([1, 500, 500], meter.work, { timeoutMs: 100 })));
      expect(reason).toMatchObject({ tag: 'task', operation: 'stream', reason: 'timeout' });
      yield* sleep(1_000);
      expect(meter.now).toBe(2);
    });
  });

  it('TSK-2 killTask: what takes too long is killed and becomes the outcome timeout', () => {
    play(function* (context) {
      const options = { timeoutMs: 100, onTimeout: 'killTask', maxConcurrency: 2 } as const;
      const before = context.now();
      const outcomes = yield* collect(asyncStream([1, 500, 2, 500], new Meter().work, options));
      expect(outcomes.map((one) => (one.ok ? one.value : one.error))).toEqual([10, 'timeout', 20, 'timeout']);
      // The last one starts after 3 ms.
      expect(context.now() - before).toBe(103);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-2 a crash ends the caller by the link; one that traps exits gets it as an outcome, without an EXIT', () => {
    play(function* (context) {
      const crashing = [1, 13, 2];
      const reason = yield* endOf(context, () => collect(asyncStream(crashing, new Meter().work)));
      expect(reason).toMatchObject({ error: { message: 'thirteen' } });
      context.trapExit(true);
      const outcomes = yield* collect(asyncStream(crashing, new Meter().work));
      expect(outcomes.map((one) => (one.ok ? one.value : 'crash'))).toEqual([10, 'crash', 20]);
      expect(yield* isMailboxEmpty()).toBe(true);
      expect([...((context as Process).links?.active() ?? [])]).toEqual([]);
    });
  });

  it('TSK-2 under a supervisor: a crash is an outcome and hits nobody', () => {
    play(function* () {
      const pool = yield* startLink(taskSupervisor());
      if (!pool.ok) throw new Error('not started');
      const outcomes = yield* collect(asyncStream([1, 13, 2], new Meter().work, { supervisor: pool.pid }));
      expect(outcomes.map((one) => (one.ok ? one.value : 'crash'))).toEqual([10, 'crash', 20]);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('a loop that throws, and items that throw, leave no task behind', () => {
    play(function* () {
      const meter = new Meter();
      let thrown: unknown;
      try {
        yield* forEach(asyncStream([1, 50, 60], meter.work), () => {
          throw new TypeError('seen enough');
        });
      } catch (error) {
        thrown = error;
      }
      expect(String(thrown)).toContain('seen enough');
      function* failing(): Generator<number> {
        yield 50;
        throw new TypeError('no more items');
      }
      try {
        yield* collect(asyncStream(failing(), meter.work));
      } catch (error) {
        thrown = error;
      }
      expect(String(thrown)).toContain('no more items');
      const killed = meter.now;
      yield* sleep(200);
      expect(meter.now).toBe(killed);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it.each<StreamOptions>([
    { maxConcurrency: 0 },
    { waitingMax: -1 },
    { timeoutMs: Number.NaN },
    { onTimeout: 'kill' as never },
  ])('refuses %j', (options) => {
    expect(() => asyncStream([1], () => 1, options)).toThrow();
  });

  it('TSK-2 whatever the times and the bounds, ordered is the order of items, unordered the same set', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 4 }),
        fc.boolean(),
        (items, maxConcurrency, waitingMax, ordered) => {
          play(function* () {
            const meter = new Meter();
            const got = yield* collect(asyncStream(items, meter.work, { maxConcurrency, waitingMax, ordered }));
            const expected = items.map((ms) => ms * 10);
            const seen = values(got) as number[];
            expect(ordered ? seen : seen.toSorted((a, b) => a - b)).toEqual(
              ordered ? expected : expected.toSorted((a, b) => a - b),
            );
            expect(meter.most).toBeLessThanOrEqual(maxConcurrency);
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it('TSK-2 one outcome for each item under any schedule, whichever tasks are killed, and nothing is left behind', () => {
    let failed = 0;
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
        fc.integer({ min: 1 }),
        (items, maxConcurrency, isSupervised, seed) => {
          const victims = ({ title }: { title: string }) => title === 'job';
          const options = { seed, strategy: 'portfolio', faults: { crashes: 3, victims } } as const;
          const outcomes = simulate(options, function* (context) {
            context.trapExit(true);
            const pool = yield* startLink(taskSupervisor());
            if (!pool.ok) throw new Error('not started');
            const work = (_inner: Context, ms: number): Effects<number> => new Meter().work(_inner, ms);
            const how: StreamOptions = { maxConcurrency, timeoutMs: 10, onTimeout: 'killTask', label: 'job' };
            const stream = asyncStream(items, work, isSupervised ? { ...how, supervisor: pool.pid } : how);
            const all = yield* collect(stream);
            expect(yield* isMailboxEmpty()).toBe(true);
            return all;
          }).value;
          expect(outcomes.map(({ item }) => item)).toEqual(items);
          for (const outcome of outcomes) {
            if (outcome.ok) expect(outcome.value).toBe(outcome.item * 10);
            else {
              // A supervised task may be killed before its owner watches it.
              expect(isSupervised ? ['timeout', 'killed', 'noproc'] : ['timeout', 'killed']).toContain(outcome.error);
              failed++;
            }
          }
        },
      ),
      { numRuns: 100 },
    );
    expect(failed).toBeGreaterThan(5);
  });
});
