// SIG-1...7: what one process may rely on when it sends to another.
import { type Context, type Effects, isProcessAlive, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid, Ref } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds, throws } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Sends back what it gets, `count` times, and ends. */
export function* forward(context: Context<unknown>, to: Pid<unknown>, count: number): Effects<void> {
  for (let left = count; left > 0; left--) context.send(to, { through: yield* receive() });
}

/** Notes when its handler is entered and left, and sends itself a message in between. */
export const reentry = {
  init: (_context: Context<unknown>, to: Pid<unknown>) => ({ to, log: [] as string[] }),
  handle(state: { to: Pid<unknown>; log: string[] }, message: unknown, context: Context<unknown>) {
    state.log.push(`enter ${message}`);
    if (message === 'outer') {
      for (let count = 0; count < 3; count++) context.send(context.self, `inner ${count}`);
    }
    state.log.push(`leave ${message}`);
    if (message === 'inner 2') context.send(state.to, state.log);
    return state;
  },
};

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

export const signalCases: readonly Case[] = [
  {
    title: 'SIG-1 messages from one sender arrive in the order of sending',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.askAll(a, ...range(200).map((message) => ({ do: 'send', to: b, message }) as const));
      equal(yield* t.ask(b, { do: 'take', count: 200 }), range(200), 'what B got');
    },
  },
  {
    title: 'SIG-1 an exit signal keeps its place between two messages',
    edges: [3],
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.ask(b, { do: 'trapExit', on: true });
      for (let round = 0; round < 10; round++) {
        t.tell(a, {
          do: 'all',
          commands: [
            { do: 'send', to: b, message: 'before' },
            { do: 'exit', to: b, reason: 'x' },
            { do: 'send', to: b, message: 'after' },
          ],
        });
        const taken = yield* t.ask(b, { do: 'take', count: 3 });
        equal(taken, ['before', { tag: 'EXIT', from: a, reason: 'x' }, 'after'], 'what B got');
      }
    },
  },
  {
    title: 'SIG-1 what is sent behind a kill is never read, what is sent before it only in order',
    edges: [3],
    *run(t) {
      for (let round = 0; round < 10; round++) {
        const a = t.puppet();
        const { pid, ref } = t.spawnMonitor(actor('forward'), [t.context.self, 10]);
        t.tell(a, {
          do: 'all',
          commands: [
            { do: 'send', to: pid, message: 'first' },
            { do: 'send', to: pid, message: 'second' },
            { do: 'exit', to: pid, reason: 'kill' },
            { do: 'send', to: pid, message: 'too late' },
          ],
        });
        equal(yield* t.down(ref), 'killed', 'the end of the forwarder');
        const read = yield* t.drain();
        equal(read, [{ through: 'first' }, { through: 'second' }].slice(0, read.length), 'what was read');
      }
    },
  },
  {
    title: 'SIG-1 a link request and a death keep their places behind messages',
    edges: [3],
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.ask(b, { do: 'trapExit', on: true });
      t.tell(a, {
        do: 'all',
        commands: [
          { do: 'send', to: b, message: 1 },
          { do: 'link', to: b },
          { do: 'send', to: b, message: 2 },
          { do: 'end', reason: 'boom' },
        ],
      });
      const taken = yield* t.ask(b, { do: 'take', count: 3 });
      equal(taken, [1, 2, { tag: 'EXIT', from: a, reason: 'boom' }], 'what B got');
    },
  },
  {
    title: 'SIG-1 a monitor request arrives before the exit signal that was sent after it',
    *run(t) {
      for (let round = 0; round < 10; round++) {
        const [a, b] = t.puppets(2);
        const [ref] = yield* t.askAll(a, { do: 'monitor', to: b }, { do: 'exit', to: b, reason: 'kill' });
        const taken = yield* t.ask(a, { do: 'take', count: 1 });
        equal(taken, [{ tag: 'DOWN', ref, object: b, reason: 'killed' }], 'the DOWN of B');
      }
    },
  },
  {
    title: 'SIG-1 pid, name and alias of one process are one way to it',
    *run(t) {
      const [a, b] = t.puppets(2);
      const name = t.name('one-way');
      equal(yield* t.ask(b, { do: 'register', name }), { ok: true }, 'the registration');
      const alias = yield* t.ask<Ref>(b, { do: 'alias' });
      const ways = [b, name, alias];
      const sends = range(60).map((message) => ({ do: 'send', to: ways[message % 3], message }) as const);
      yield* t.askAll(a, ...sends);
      equal(yield* t.ask(b, { do: 'take', count: 60 }), range(60), 'what B got');
    },
  },
  {
    title: 'SIG-1 messages to a process that is being spawned wait for it, in order',
    *run(t) {
      const pid = t.spawn(actor('forward'), [t.context.self, 50]);
      for (const number of range(50)) t.context.send(pid, number);
      for (const number of range(50)) equal(yield* t.next('an answer'), { through: number }, 'the answer');
    },
  },
  {
    title: 'SIG-2 between different senders any order is right, and nothing is lost or repeated',
    *run(t) {
      const [a, b] = t.puppets(2);
      const relay = t.spawn(actor('forward'), [b, 1]);
      t.tell(a, {
        do: 'all',
        commands: [
          { do: 'send', to: relay, message: 'relayed' },
          { do: 'send', to: b, message: 'direct' },
        ],
      });
      const taken = yield* t.ask<readonly unknown[]>(b, { do: 'take', count: 2 });
      const isDirectFirst = taken[0] === 'direct';
      const direct = taken[isDirectFirst ? 0 : 1];
      equal(
        [direct, taken[isDirectFirst ? 1 : 0]],
        ['direct', { through: 'relayed' }],
        'what B got, in whatever order',
      );
      return isDirectFirst;
    },
  },
  {
    title: 'SIG-3 a send to a dead process is silent, and unread mail dies with its reader',
    *run(t) {
      const [a, b] = t.puppets(2);
      yield* t.ask(a, { do: 'send', to: b, message: 'unread' });
      equal(yield* t.lastAct(b, { do: 'end', reason: 'done' }), 'done', 'the end of B');
      equal(yield* t.ask(a, { do: 'send', to: b, message: 'late' }), undefined, 'a send to the dead B');
      equal(yield* t.ask(a, { do: 'exit', to: b, reason: 'late' }), undefined, 'an exit signal to the dead B');
      equal(t.context.send(b, 'late'), undefined, 'a send to the dead B');
      equal(yield* t.ask(a, { do: 'drain' }), [], 'what A got for it');
      yield* t.silence('after sends to a dead process');
    },
  },
  {
    title: 'SIG-3 no message is lost or repeated among many senders',
    *run(t) {
      const [to, ...senders] = t.puppets(5);
      for (const [index, sender] of senders.entries()) {
        const commands = range(100).map((number) => ({ do: 'send', to, message: [index, number] }) as const);
        t.tell(sender, { do: 'all', commands });
      }
      const taken = yield* t.ask<[number, number][]>(to, { do: 'take', count: 400 });
      for (const index of senders.keys()) {
        const numbers = taken.filter(([from]) => from === index).map(([, number]) => number);
        equal(numbers, range(100), `the messages of sender ${index}`);
      }
      for (const sender of senders) yield* t.ask(sender, { do: 'drain' });
      equal(yield* t.ask(to, { do: 'drain' }), [], 'what is left');
    },
  },
  {
    title: 'SIG-4 a message to oneself is queued, never handled inside send',
    *run(t) {
      const pid = t.spawn(actor('reentry'), [t.context.self]);
      t.context.send(pid, 'outer');
      const nested = [0, 1, 2].flatMap((count) => [`enter inner ${count}`, `leave inner ${count}`]);
      equal(yield* t.next('the log'), ['enter outer', 'leave outer', ...nested], 'the order of entering and leaving');
    },
  },
  {
    title: 'SIG-4 sendAfter(0) to oneself arrives behind a direct send',
    *run(t) {
      const { context } = t;
      for (let round = 0; round < 10; round++) {
        context.sendAfter(0, context.self, 'timed');
        context.send(context.self, 'direct');
        equal([yield* t.next('one'), yield* t.next('two')], ['direct', 'timed'], 'the order');
      }
    },
  },
  {
    title: 'SIG-5 send to a name that nobody has throws in the sender; trySend says false',
    *run(t) {
      const { context } = t;
      const name = t.name('nobody');
      throws(() => context.send(name, 'hello'), 'NoProcessError', 'send to an unknown name');
      equal(context.trySend(name, 'hello'), false, 'trySend to an unknown name');
      const a = t.puppet();
      const reason = yield* t.lastAct(a, { do: 'send', to: name, message: 'hello' });
      equal((reason as { error?: { name?: string } }).error?.name, 'NoProcessError', 'the end of A');
    },
  },
  {
    title: 'SIG-6 whether a process is alive is judged behind everything the asker has sent it',
    *run(t) {
      const [a, b] = t.puppets(2);
      const answers = yield* t.askAll(
        a,
        { do: 'send', to: b, message: 'one' },
        { do: 'send', to: b, message: 'two' },
        { do: 'inbox', to: b },
        { do: 'isAlive', to: b },
        { do: 'exit', to: b, reason: 'kill' },
        { do: 'isAlive', to: b },
      );
      equal(answers[2], ['one', 'two'], 'the mailbox of B');
      equal([answers[3], answers[5]], [true, false], 'B alive before and after the kill');
      equal(yield* isProcessAlive(b), false, 'B alive');
    },
  },
  {
    title: 'SIG-7 the name of a dead process is free before its DOWN or EXIT is seen',
    edges: [4],
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      const name = t.name('again');
      for (let round = 0; round < 20; round++) {
        const b = t.puppet();
        equal(yield* t.ask(b, { do: 'register', name }), { ok: true }, `registration ${round}`);
        if (round % 2 === 0) context.link(b);
        else context.monitor(b);
        holds(context.whereis(name) === b, 'the name is known where the registration was seen');
        if (round % 4 < 2) t.tell(b, { do: 'end', reason: 'done' });
        else context.exit(b, 'kill');
        const news = yield* t.next<{ tag: string }>('news of the death');
        equal(news.tag, round % 2 === 0 ? 'EXIT' : 'DOWN', 'the news');
        equal(context.whereis(name), undefined, `the owner of the name after the ${news.tag}`);
      }
    },
  },
  {
    title: 'SIG-7 whoever hears of the death can take the name at once, on its own thread',
    edges: [4],
    *run(t) {
      const name = t.name('takeover');
      let owner = t.puppet();
      yield* t.ask(owner, { do: 'register', name });
      for (let round = 0; round < 10; round++) {
        const heir = t.puppet();
        yield* t.ask(heir, { do: 'monitor', to: owner });
        t.tell(owner, { do: 'return' });
        const answers = yield* t.askAll(heir, { do: 'take', count: 1 }, { do: 'register', name });
        equal(answers[1], { ok: true }, `registration ${round}`);
        owner = heir;
      }
    },
  },
];
