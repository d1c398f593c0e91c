// Select on Go channels: exactly one case happens, under any schedule of the simulator.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asyncTask,
  awaitTask,
  awaitTasks,
  closeGoChannel,
  collect,
  GO_CHANNEL_SERVER,
  type GoChannel,
  GoChannelError,
  goChannel,
  goChannelInfo,
  onReceive,
  onSend,
  range,
  receiveFrom,
  type SelectCases,
  select,
  sendTo,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { loadModules, simulate } from '../../src/simulation/index.ts';
import type { Pid, Ref } from '../../src/term/index.ts';
import { libraryActor, type SelectStep } from '../actors/library.ts';
import { play } from '../support/virtual-engine.ts';

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

/** Nobody waits on the channel any more. */
function* isQuiet(channel: GoChannel<unknown>): Effects<boolean> {
  const { senders, receivers } = yield* goChannelInfo(channel);
  return senders === 0 && receivers === 0;
}

describe('select', () => {
  it('does the case that can be done, and only that one', () => {
    play(function* (context) {
      const a = goChannel<number>(context, 1);
      const b = goChannel<string>(context, 1);
      yield* sendTo(b, 'from b');
      expect(yield* select({ a: onReceive(a), b: onReceive(b) })).toEqual({
        tag: 'received',
        case: 'b',
        value: 'from b',
      });
      expect([yield* isQuiet(a), yield* isQuiet(b)]).toEqual([true, true]);
      yield* sendTo(a, 1);
      expect(yield* isMailboxEmpty()).toBe(true);
      expect(yield* select({ full: onSend(a, 2), room: onSend(b, 'x') })).toEqual({ tag: 'sent', case: 'room' });
      expect(yield* receiveFrom(b)).toEqual({ ok: true, value: 'x' });
    });
  });

  it('waits until one can be done', () => {
    play(function* (context) {
      const a = goChannel<number>(context);
      const b = goChannel<number>(context);
      const waiting = asyncTask(context, () => select({ a: onReceive(a), b: onReceive(b) }));
      yield* sleep(5);
      yield* sendTo(b, 7);
      expect(yield* awaitTask(waiting)).toEqual({ tag: 'received', case: 'b', value: 7 });
      expect(yield* isQuiet(a)).toBe(true);
    });
  });

  it('gives up after its time, and leaves no offer behind', () => {
    play(function* (context) {
      const a = goChannel<number>(context);
      const before = context.now();
      expect(yield* select({ a: onReceive(a), full: onSend(a, 1) }, { timeoutMs: 30 })).toEqual({
        tag: 'timeout',
        case: null,
      });
      expect(context.now() - before).toBe(30);
      expect(yield* isQuiet(a)).toBe(true);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('takes the default only when no case can be done', () => {
    play(function* (context) {
      const a = goChannel<number>(context, 1);
      expect(yield* select({ a: onReceive(a) }, { default: true })).toEqual({ tag: 'default', case: null });
      yield* sendTo(a, 5);
      expect(yield* select({ a: onReceive(a) }, { default: true })).toEqual({ tag: 'received', case: 'a', value: 5 });
      expect(yield* select({ a: onSend(a, 6) }, { default: true })).toEqual({ tag: 'sent', case: 'a' });
      expect(yield* select({ a: onSend(a, 7), none: null }, { default: true })).toEqual({ tag: 'default', case: null });
      expect(yield* select({}, { default: true })).toEqual({ tag: 'default', case: null });
      expect(yield* isQuiet(a)).toBe(true);
    });
  });

  it('a null case is never ready, a closed channel always: its receive is closed, its send an error', () => {
    play(function* (context) {
      const a = goChannel<number>(context, 1);
      expect(yield* select({ none: null }, { timeoutMs: 5 })).toMatchObject({ tag: 'timeout' });
      yield* closeGoChannel(a);
      expect(yield* select({ a: onReceive(a), none: null })).toEqual({ tag: 'closed', case: 'a' });
      let thrown: unknown;
      try {
        yield* select({ a: onSend(a, 1) });
      } catch (error) {
        thrown = error;
      }
      expect((thrown as GoChannelError).reason).toEqual({ tag: 'goChannel', reason: 'closed', channel: a.pid });
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('fails when one of its channels is gone, also while it waits', () => {
    play(function* (context) {
      const a = goChannel<number>(context);
      const b = goChannel<number>(context);
      const failing = asyncTask(context, function* () {
        try {
          yield* select({ a: onReceive(a), b: onReceive(b) });
        } catch (error) {
          return (error as GoChannelError).reason;
        }
        return null;
      });
      yield* sleep(1);
      context.exit(b.pid, 'kill');
      expect(yield* awaitTask(failing)).toEqual({ tag: 'goChannel', reason: 'killed', channel: b.pid });
      expect(yield* isQuiet(a)).toBe(true);
    });
  });

  it('a select is no partner for itself, but two of them are for each other', () => {
    play(function* (context) {
      const a = goChannel<number>(context);
      const both = (value: number) => select({ give: onSend(a, value), take: onReceive(a) }, { timeoutMs: 50 });
      expect(yield* both(1)).toMatchObject({ tag: 'timeout' });
      const [first, second] = yield* awaitTasks([1, 2].map((value) => asyncTask(context, () => both(value))));
      expect([first.tag, second.tag].sort()).toEqual(['received', 'sent']);
      expect(first.tag === 'received' ? first.value : second.tag === 'received' && second.value).toBeTypeOf('number');
    });
  });

  it('two selects that want from each other on two channels agree on one of them', () => {
    play(function* (context) {
      const a = goChannel<string>(context);
      const b = goChannel<string>(context);
      const one = asyncTask(context, () => select({ give: onSend(a, 'from one'), take: onReceive(b) }));
      const two = asyncTask(context, () => select({ give: onSend(b, 'from two'), take: onReceive(a) }));
      const [x, y] = [yield* awaitTask(one), yield* awaitTask(two)];
      expect([x.case, y.case].sort()).toEqual(['give', 'take']);
      expect([yield* isQuiet(a), yield* isQuiet(b)]).toEqual([true, true]);
    });
  });

  it('a value that is no term is refused, and nothing is left of the select', () => {
    play(function* (context) {
      const a = goChannel<unknown>(context);
      const b = goChannel<number>(context);
      let thrown: unknown;
      try {
        yield* select({ b: onReceive(b), a: onSend(a, () => {}) });
      } catch (error) {
        thrown = error;
      }
      expect((thrown as Error).name).toBe('NotATermError');
      expect([yield* isQuiet(a), yield* isQuiet(b)]).toEqual([true, true]);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('a channel that dies after it was given the word, and one that asks too late, do no harm', () => {
    play(function* (context) {
      const real = goChannel<number>(context, 1);
      /** Stands for a channel: asks for a deal, and does `then` when it has the word or is told that all is over. */
      const fake = (then: (inner: Context<unknown>, id: Ref) => void): GoChannel<number> => {
        const pid = context.spawn(function* (inner: Context<unknown>) {
          const { id } = yield* receive<{ id: Ref }>();
          inner.send(id, { tag: '$goAsk', ref: id, channel: inner.self, deal: 1 });
          yield* receive();
          then(inner, id);
        });
        return { tag: 'goChannel', pid: pid as Pid<never> };
      };
      const dying = fake((inner) => inner.exit('died'));
      let thrown: unknown;
      try {
        yield* select({ dying: onReceive(dying), real: onReceive(real) });
      } catch (error) {
        thrown = error;
      }
      expect((thrown as GoChannelError).reason.reason).toBe('died');
      expect(yield* isQuiet(real)).toBe(true);

      const late = context.spawn(function* (inner: Context<unknown>) {
        const { id } = yield* receive<{ id: Ref }>();
        yield* receive((message) => (message as { tag: string }).tag === '$goWithdraw');
        inner.send(id, { tag: '$goAsk', ref: id, channel: inner.self, deal: 1 });
      });
      const slow: GoChannel<number> = { tag: 'goChannel', pid: late as Pid<never> };
      expect(yield* select({ slow: onReceive(slow) }, { timeoutMs: 5 })).toEqual({ tag: 'timeout', case: null });
      yield* sleep(5);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('among several cases that can be done chance decides', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 20; seed++) {
      const { value } = simulate({ seed }, function* (context) {
        const a = goChannel<number>(context, 1);
        const b = goChannel<number>(context, 1);
        yield* sendTo(a, 1);
        yield* sendTo(b, 1);
        return (yield* select({ a: onReceive(a), b: onReceive(b) })).case;
      });
      seen.add(String(value));
    }
    expect(seen).toEqual(new Set(['a', 'b']));
  });
});

interface Step {
  readonly sends: number | null;
  readonly receives: number | null;
  readonly kind: 'wait' | 'timeout' | 'default';
  readonly isPlain: boolean;
}

/** Does its steps on the channels; every value is sent once. Tells what it sent and what it received, in order. */
function* worker(
  _context: Context,
  name: number,
  channels: readonly GoChannel<string>[],
  steps: readonly Step[],
): Effects<{ readonly sent: readonly string[]; readonly got: readonly string[] }> {
  const sent: string[] = [];
  const got: string[] = [];
  for (const [at, { sends, receives, kind, isPlain }] of steps.entries()) {
    const value = `${name}.${at}`;
    const cases: SelectCases = {
      give: sends === null ? null : onSend(channels[sends], value),
      take: receives === null ? null : onReceive(channels[receives]),
    };
    const options = kind === 'default' ? { default: true } : { timeoutMs: kind === 'timeout' ? at % 3 : 100 };
    if (isPlain && sends !== null && kind === 'wait') {
      yield* sendTo(channels[sends], value);
      sent.push(`${sends} ${value}`);
      continue;
    }
    const picked = yield* select(cases, options);
    if (picked.tag === 'sent') sent.push(`${sends} ${value}`);
    if (picked.tag === 'received') got.push(`${receives} ${String(picked.value)}`);
  }
  return { sent, got };
}

const someChannel = fc.option(fc.nat(2), { nil: null });
const someStep: fc.Arbitrary<Step> = fc.record({
  sends: someChannel,
  receives: someChannel,
  kind: fc.constantFrom('wait', 'timeout', 'default'),
  isPlain: fc.boolean(),
});

describe('any processes, any channels, any schedule', () => {
  it('every value that was sent is received once, in the order of its sender, and nothing hangs', () => {
    let deals = 0;
    fc.assert(
      fc.property(
        fc.array(fc.array(someStep, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1 }),
        (scripts, capacities, seed) => {
          const outcome = simulate({ seed, strategy: 'portfolio', stepsMax: 50_000 }, function* (context) {
            const channels = capacities.map((capacity) => goChannel<string>(context, capacity));
            // Takes what nobody else wants, so that a plain send always ends; last in line on every channel.
            const drained: string[] = [];
            const drain = asyncTask(context, function* () {
              for (;;) {
                yield* sleep(1_000);
                for (const [at, channel] of channels.entries()) {
                  for (;;) {
                    const picked = yield* select({ take: onReceive(channel) }, { default: true });
                    if (picked.tag === 'closed') return drained;
                    if (picked.tag !== 'received') break;
                    drained.push(`${at} ${String(picked.value)}`);
                  }
                }
              }
            });
            const tasks = scripts.map((steps, name) => asyncTask(context, worker, [name, channels, steps]));
            const results = yield* awaitTasks(tasks, Number.POSITIVE_INFINITY);
            yield* sleep(2_000);
            for (const channel of channels) expect(yield* isQuiet(channel)).toBe(true);
            for (const channel of channels) yield* closeGoChannel(channel);
            return { results, drained: yield* awaitTask(drain, Number.POSITIVE_INFINITY) };
          });
          const { results, drained } = outcome.value;
          const sent = results.flatMap((result) => result.sent);
          const got = [...results.flatMap((result) => result.got), ...drained];
          deals += got.length;
          expect(got.toSorted()).toEqual(sent.toSorted());
          // One sender's values on one channel reach one receiver in order.
          for (const list of [...results.map((result) => result.got), drained]) {
            const last = new Map<string, number>();
            for (const text of list) {
              const [channel, value] = text.split(' ');
              const [name, at] = value.split('.').map(Number);
              expect(at).toBeGreaterThan(last.get(`${channel} ${name}`) ?? -1);
              last.set(`${channel} ${name}`, at);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(deals).toBeGreaterThan(20);
  });
});

const modules = await loadModules(libraryActor('').module, GO_CHANNEL_SERVER.module);
const someSelect: fc.Arbitrary<SelectStep> = fc.record({
  sends: someChannel,
  receives: someChannel,
  timeoutMs: fc.constantFrom(1, 20, 100),
});

describe('any processes on several threads, with crashes, dead threads and slow links', () => {
  it('no value comes twice or from nowhere, none is lost where nobody died, and nobody waits for ever', () => {
    let [got, faulty] = [0, 0];
    fc.assert(
      fc.property(
        fc.array(fc.array(someSelect, { minLength: 1, maxLength: 5 }), { minLength: 2, maxLength: 4 }),
        fc.array(fc.nat(1), { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1 }),
        fc.boolean(),
        (scripts, capacities, seed, isFaulty) => {
          const faults = isFaulty ? { crashes: 2, threadDeaths: 1, delays: 2, partitions: 1 } : {};
          const options = { seed, strategy: 'portfolio', stepsMax: 50_000, threads: 2, modules, faults } as const;
          const result = simulate(options, function* (context) {
            const channels = capacities.map((capacity, at) =>
              goChannel<string>(context, capacity, { placement: { thread: at } }),
            );
            const told: { readonly sent?: string; readonly got?: string }[] = [];
            const waiting = new Set<unknown>();
            for (const [name, steps] of scripts.entries()) {
              const args = [context.self, name, channels, steps];
              const placement = { thread: (name + 1) % 3 };
              waiting.add(context.spawnMonitor(libraryActor('selecting'), args, { placement }).ref);
            }
            const clean: boolean[] = [];
            while (waiting.size > 0) {
              const message = yield* receive<{ ref?: unknown; reason?: unknown }>();
              if (waiting.delete(message.ref)) clean.push(message.reason === 'normal');
              else told.push(message as { sent?: string });
            }
            const left: string[] = [];
            let areAlive = true;
            for (const channel of channels) {
              try {
                for (;;) {
                  const { senders, receivers } = yield* goChannelInfo(channel);
                  if (senders + receivers === 0) break;
                  yield* sleep(1);
                }
                yield* closeGoChannel(channel);
                left.push(...(yield* collect(range(channel))));
              } catch (error) {
                if (!(error instanceof GoChannelError)) throw error;
                areAlive = false;
              }
            }
            return { told, left, isWhole: areAlive && clean.every((each) => each) };
          });
          const { told, left, isWhole } = result.value;
          const received = [...told.flatMap((each) => each.got ?? []), ...left];
          const sent = new Set(told.flatMap((each) => each.sent ?? []));
          expect(new Set(received).size).toBe(received.length);
          for (const value of received) {
            const [name, at] = value.split('.').map(Number);
            expect(scripts[name][at].sends).not.toBeNull();
          }
          if (isWhole) expect(new Set(received)).toEqual(sent);
          else faulty++;
          got += received.length;
        },
      ),
      { numRuns: 150 },
    );
    expect(got).toBeGreaterThan(20);
    expect(faulty).toBeGreaterThan(0);
  });
});
