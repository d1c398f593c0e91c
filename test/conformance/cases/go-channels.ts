// Go channels between processes that may live on different threads. MON-1 and SIG-1 are what they rest on.
import {
  closeGoChannel,
  collect,
  type GoChannel,
  GoChannelError,
  goChannel,
  goChannelInfo,
  onReceive,
  onSend,
  range,
  receiveFrom,
  select,
  sendTo,
} from '../../../src/behaviours/index.ts';
import { type Context, type Effects, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case, CaseContext } from '../case.ts';
import { equal, holds } from '../check.ts';
import { type Plan, place } from '../plan.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** A Go channel of the case, wherever the plan says. */
function open<T>(t: CaseContext, capacity = 0): GoChannel<T> {
  const channel = goChannel<T>(t.context, capacity, t.options());
  t.kept(channel.pid);
  return channel;
}

export function* sender(
  context: Context<unknown>,
  to: Pid<unknown>,
  channel: GoChannel<unknown>,
  values: readonly unknown[],
): Effects<void> {
  for (const value of values) yield* sendTo(channel, value);
  context.send(to, { sent: values.length });
}

export function* receiver(context: Context<unknown>, to: Pid<unknown>, channel: GoChannel<unknown>): Effects<void> {
  try {
    const values = yield* collect(range(channel));
    context.send(to, { values });
  } catch (error) {
    context.send(to, { failed: error instanceof GoChannelError ? error.reason.reason : String(error) });
  }
}

/** Two selects of this kind on the same two channels: each sends on one and receives on the other. */
export function* swapper(
  context: Context<unknown>,
  to: Pid<unknown>,
  out: GoChannel<unknown>,
  back: GoChannel<unknown>,
  rounds: number,
): Effects<void> {
  let [sent, got] = [0, 0];
  for (let round = 0; round < rounds; round++) {
    const picked = yield* select({ give: onSend(out, round), take: onReceive(back) }, { timeoutMs: 2_000 });
    if (picked.tag === 'sent') sent++;
    if (picked.tag === 'received') got++;
  }
  context.send(to, { sent, got });
}

/** Owns a channel, tells it, and ends when told how. */
export function* channelOwner(context: Context<unknown>, to: Pid<unknown>, plan: Plan): Effects<void> {
  const channel = goChannel<unknown>(context, 4, place(plan, context.self));
  context.send(to, { channel });
  const { values, reason } = yield* receive<{ values: readonly unknown[] | null; reason: unknown }>();
  if (values !== null) {
    for (const value of values) yield* sendTo(channel, value);
    yield* closeGoChannel(channel);
  }
  context.exit(reason);
}

function* untilWaiting(channel: GoChannel<unknown>, count: number): Effects<void> {
  for (;;) {
    const { senders, receivers } = yield* goChannelInfo(channel);
    if (senders + receivers === count) return;
  }
}

export const goChannelCases: readonly Case[] = [
  {
    title: 'SIG-1 a Go channel hands values over in the order of each sender, each to one receiver, until it is closed',
    *run(t) {
      for (const capacity of [0, 2]) {
        const channel = open<unknown>(t, capacity);
        const by = t.context.self;
        for (const name of ['a', 'b']) t.spawn(actor('sender'), [by, channel, [1, 2, 3, 4].map((n) => `${name}${n}`)]);
        for (let count = 0; count < 2; count++) t.spawn(actor('receiver'), [by, channel]);
        for (let count = 0; count < 2; count++) equal(yield* t.next('a sender'), { sent: 4 }, 'what was sent');
        yield* closeGoChannel(channel);
        const got: string[] = [];
        for (let count = 0; count < 2; count++) {
          const { values } = yield* t.next<{ values: string[] }>('a receiver');
          for (const name of ['a', 'b']) {
            const own = values.filter((value) => value[0] === name);
            equal(own, [...own].sort(), `the values of ${name} at one receiver`);
          }
          got.push(...values);
        }
        equal(got.sort(), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'b3', 'b4'], 'all values');
      }
      yield* t.silence('after the channels');
    },
  },
  {
    title: 'SIG-1 of several cases of a select one happens: what one process has sent another has received',
    *run(t) {
      const [a, b] = [open(t), open(t)];
      const by = t.context.self;
      t.spawn(actor('swapper'), [by, a, b, 6]);
      t.spawn(actor('swapper'), [by, b, a, 6]);
      const one = yield* t.next<{ sent: number; got: number }>('one');
      const other = yield* t.next<{ sent: number; got: number }>('the other');
      equal(one.sent, other.got, 'what the one sent');
      equal(other.sent, one.got, 'what the other sent');
      equal(one.sent + one.got, 6, 'the rounds');
    },
  },
  {
    title: 'SIG-1 a select with a default returns at once when no channel is ready, and leaves nothing behind',
    *run(t) {
      const [a, b] = [open<number>(t, 1), open<number>(t)];
      const cases = { a: onReceive(a), b: onSend(b, 1) };
      equal(yield* select(cases, { default: true }), { tag: 'default', case: null }, 'with nothing ready');
      yield* sendTo(a, 5);
      equal(yield* select(cases, { default: true }), { tag: 'received', case: 'a', value: 5 }, 'with a value there');
      equal(yield* select(cases, { timeoutMs: 2 }), { tag: 'timeout', case: null }, 'after its time');
      yield* t.silence('after the selects');
    },
  },
  {
    title: 'MON-1 the end of its owner ends a Go channel that is not closed: who waits hears why',
    *run(t) {
      const by = t.context.self;
      const owner = t.spawn(actor('channelOwner'), [by, t.plan]);
      const { channel } = yield* t.next<{ channel: GoChannel<unknown> }>('the channel');
      t.kept(channel.pid);
      const waiting = t.spawn(actor('receiver'), [by, channel]);
      t.context.send(owner, { values: null, reason: 'over' });
      const { failed } = yield* t.next<{ failed: unknown }>('the receiver');
      const { tag, reason } = failed as { tag?: unknown; reason?: unknown };
      // A receiver that came too late finds nobody; nor does the channel's monitor, if it was slower than the end.
      holds(failed === 'noproc' || (tag === 'ownerDown' && (reason === 'over' || reason === 'noproc')), 'the reason');
      yield* t.death(waiting);
      yield* t.death(channel.pid);
    },
  },
  {
    title: 'MON-1 a closed Go channel gives what it holds after the end of its owner',
    *run(t) {
      const by = t.context.self;
      const owner = t.spawn(actor('channelOwner'), [by, t.plan]);
      const { channel } = yield* t.next<{ channel: GoChannel<unknown> }>('the channel');
      t.kept(channel.pid);
      const ref = yield* t.watch(owner);
      t.context.send(owner, { values: ['x', 'y'], reason: 'normal' });
      equal(yield* t.down(ref), 'normal', 'the end of the owner');
      t.spawn(actor('receiver'), [by, channel]);
      equal(yield* t.next('the receiver'), { values: ['x', 'y'] }, 'what it got');
      yield* t.death(channel.pid);
    },
  },
  {
    title: 'MON-1 a process that dies while it waits on a Go channel neither sends nor takes anything',
    *run(t) {
      const channel = open<unknown>(t);
      const by = t.context.self;
      for (const [name, args] of [
        ['sender', [by, channel, ['lost']]],
        ['receiver', [by, channel]],
      ] as const) {
        const victim = t.spawn(actor(name), args);
        yield* untilWaiting(channel, 1);
        t.context.exit(victim, 'kill');
        yield* untilWaiting(channel, 0);
        t.spawn(actor('sender'), [by, channel, ['kept']]);
        equal(yield* receiveFrom(channel), { ok: true, value: 'kept' }, 'what the next one gets');
        yield* t.next('the sender', (message) => (message as { sent?: number }).sent === 1);
      }
    },
  },
];
