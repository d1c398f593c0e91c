// RCV-1...4: selective receive; and the rule that a handler which waits lets nobody in (digest, section 0-3).
import { type Context, type Effects, receive, sleep, TIMEOUT } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds, throws } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Receives until `wanted` comes and tells which messages it tried on the way, in order. */
export function* tryAll(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  const tried: unknown[] = [];
  yield* receive((message) => {
    tried.push(message);
    return message === 'wanted';
  });
  context.send(to, tried);
}

/** Waits for `wanted` at most `afterMs`, whatever else comes. */
export function* waitFor(context: Context<unknown>, to: Pid<unknown>, afterMs: number): Effects<void> {
  const got = yield* receive<unknown>((message): message is unknown => message === 'wanted', { afterMs });
  context.send(to, got === TIMEOUT ? 'timed out' : got);
}

/** Sends noise every ms until told to stop, but for a long time at most. */
export function* makeNoise(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  for (let count = 0; count < 2_000; count++) {
    context.send(to, 'noise');
    if ((yield* receive<unknown>(null as never, { afterMs: 1 })) !== TIMEOUT) return;
  }
  context.send(to, 'wanted');
}

interface Waiter {
  readonly to: Pid<unknown>;
  readonly log: unknown[];
}

/** A handler that waits for an answer while it handles `ask`. */
export const waiter = {
  init: (_context: Context<unknown>, to: Pid<unknown>): Waiter => ({ to, log: [] }),
  handle(state: Waiter, message: unknown, context: Context<unknown>): Waiter {
    if (message === 'ask') return context.perform(waitForAnswer(state));
    state.log.push(message);
    if (message === 'end') context.send(state.to, [...state.log]);
    return state;
  },
};

function* waitForAnswer(state: Waiter): Effects<Waiter> {
  state.log.push('asking');
  const answer = yield* receive((message) => (message as { answer?: unknown }).answer !== undefined);
  yield* sleep(2);
  state.log.push(answer);
  return state;
}

/** An async body that waits for an answer while other messages come. */
export async function asyncWaiter(
  context: { perform<T>(effects: Effects<T>): Promise<T>; send(to: Pid<unknown>, message: unknown): void },
  to: Pid<unknown>,
): Promise<void> {
  const answer = await context.perform(receive((message) => (message as { answer?: unknown }).answer !== undefined));
  const rest = [await context.perform(receive()), await context.perform(receive())];
  context.send(to, [answer, ...rest]);
}

export const receiveCases: readonly Case[] = [
  {
    title: 'RCV-1 the oldest message that any clause accepts is taken, and the rest keep their order',
    edges: [11],
    *run(t) {
      const { context } = t;
      for (const message of ['c', 'b', 'x', 'a', 'b']) context.send(context.self, message);
      const isAOrB = (message: unknown) => message === 'a' || message === 'b';
      equal(yield* receive(isAOrB), 'b', 'the first of a or b');
      equal(yield* receive((message) => message === 'x'), 'x', 'x');
      equal(yield* t.drain(), ['c', 'a', 'b'], 'the rest');
    },
  },
  {
    title: 'RCV-1 what a receive has rejected it does not try again, however many messages come',
    edges: [11],
    *run(t) {
      const { context } = t;
      const pid = t.spawn(actor('tryAll'), [context.self]);
      for (let number = 0; number < 5; number++) context.send(pid, number);
      for (let number = 5; number < 20; number++) context.sendAfter(number, pid, number);
      context.sendAfter(20, pid, 'wanted');
      const tried = yield* t.next<unknown[]>('the list of what was tried');
      equal(new Set(tried).size, tried.length, `each message tried once in ${tried}`);
    },
  },
  {
    title: 'RCV-1 a new receive starts with the oldest message again',
    edges: [11],
    *run(t) {
      const { context } = t;
      for (const message of [1, 2, 3]) context.send(context.self, message);
      equal(yield* receive((message) => message === 3), 3, 'the newest');
      equal(yield* receive((message) => message === 1), 1, 'the oldest, rejected before');
      context.send(context.self, 4);
      equal(yield* t.drain(), [2, 4], 'the rest');
    },
  },
  {
    title: 'RCV-2 a receive that waits for a fresh ref does not look at what is older than the ref',
    *run(t) {
      const { context } = t;
      for (let number = 0; number < 1_000; number++) context.send(context.self, number);
      const ref = context.makeRef();
      context.send(context.self, { ref });
      let tried = 0;
      const isIt = (message: unknown) => {
        tried++;
        return (message as { ref?: unknown }).ref === ref;
      };
      equal(yield* receive(isIt, { ref }), { ref }, 'the message');
      equal(tried, 1, 'the number of messages tried');
      equal((yield* t.drain()).length, 1_000, 'the older messages');
    },
  },
  {
    title: 'RCV-2 the mark is only a shortcut: with another ref, or after takes, nothing is missed',
    *run(t) {
      const { context } = t;
      const first = context.makeRef();
      context.send(context.self, { ref: first });
      context.send(context.self, 'between');
      const second = context.makeRef();
      equal(yield* receive((message) => message === 'between'), 'between', 'the last message before the mark');
      context.send(context.self, { ref: second });
      const has = (ref: unknown) => (message: unknown) => (message as { ref?: unknown }).ref === ref;
      equal(yield* receive(has(second), { ref: second }), { ref: second }, 'the newer');
      equal(yield* receive(has(first), { ref: first }), { ref: first }, 'the older, whose mark is gone');
    },
  },
  {
    title: 'RCV-3 after 0 looks through the whole mailbox before it times out',
    edges: [11],
    *run(t) {
      const { context } = t;
      const isWanted = (message: unknown): message is unknown => message === 'wanted';
      equal(yield* receive<unknown>(isWanted, { afterMs: 0 }), TIMEOUT, 'nothing there');
      for (let number = 0; number < 100; number++) context.send(context.self, number);
      context.send(context.self, 'wanted');
      equal(yield* receive<unknown>(isWanted, { afterMs: 0 }), 'wanted', 'behind a hundred others');
      equal(yield* receive<unknown>(isWanted, { afterMs: 0 }), TIMEOUT, 'taken');
      equal((yield* t.drain()).length, 100, 'the others');
    },
  },
  {
    title: 'RCV-3 the time of a receive starts once: noise does not restart it',
    edges: [11],
    // A schedule that lets only the noise run would be right, and would show nothing.
    needsFairness: true,
    *run(t) {
      const pid = t.spawn(actor('waitFor'), [t.context.self, 120]);
      const noise = t.spawn(actor('makeNoise'), [pid]);
      equal(yield* t.next('the outcome'), 'timed out', 'the outcome of 120 ms of waiting in steady noise');
      t.context.send(noise, 'stop');
    },
  },
  {
    title: 'RCV-3 a time may be infinite or up to 2^32 - 1 ms; more, less than 0 or no number throws',
    edges: [26],
    *run(t) {
      const { context } = t;
      for (const ms of [2 ** 32, -1, Number.NaN]) {
        throws(() => context.sendAfter(ms, context.self, 'x'), 'RangeError', `sendAfter(${ms})`);
        throws(() => context.startTimer(ms, context.self, 'x'), 'RangeError', `startTimer(${ms})`);
        throws(() => receive(null, { afterMs: ms }).next(), 'RangeError', `receive after ${ms}`);
      }
      const pid = t.spawn(actor('waitFor'), [context.self, 2 ** 32 - 1]);
      context.sendAfter(10, pid, 'wanted');
      equal(yield* t.next('the outcome'), 'wanted', 'a wait of 2^32 - 1 ms does not end at once');
    },
  },
  {
    title: 'RCV-4 what no receive wants stays, in order',
    *run(t) {
      const [a, b] = t.puppets(2);
      for (const message of [1, 2, 3]) yield* t.ask(a, { do: 'send', to: b, message });
      yield* t.ask(b, { do: 'sleep', ms: 2 });
      equal(yield* t.ask(a, { do: 'inbox', to: b }), [1, 2, 3], 'the mailbox of B, seen from A');
      equal(yield* t.ask(b, { do: 'drain' }), [1, 2, 3], 'what B finds');
    },
  },
  {
    title: '0-3 a handler that waits lets no other message in, and signals still apply',
    edges: [10],
    *run(t) {
      const { context } = t;
      const { pid, ref } = t.spawnMonitor(actor('waiter'), [context.self]);
      for (const message of ['ask', 1, 2, { answer: 'yes' }, 'end']) context.send(pid, message);
      equal(yield* t.next('its log'), ['asking', { answer: 'yes' }, 1, 2, 'end'], 'the order of handling');
      context.send(pid, 'ask');
      context.send(pid, 'end');
      context.exit(pid, 'stop waiting');
      equal(yield* t.down(ref), 'stop waiting', 'its end while it waits');
      yield* t.silence('it handled nothing more');
    },
  },
  {
    title: '0-3 an async body that waits lets no other message in',
    edges: [10],
    isAsync: true,
    *run(t) {
      const pid = t.spawn(actor('asyncWaiter'), [t.context.self]);
      for (const message of [1, 2, { answer: 'yes' }]) t.context.send(pid, message);
      equal(yield* t.next('what it got'), [{ answer: 'yes' }, 1, 2], 'the order');
      holds(t.started.length === 1, 'one process');
    },
  },
];
