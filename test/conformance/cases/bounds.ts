// PRC-1, PRC-6, SCH-2: options of a spawn that hold on every placement: bounded mailboxes and priorities.
import { type Context, type Effects, isExit, pause, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid, Ref } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Reads nothing before it is told to exit, then tells what has come. */
export function* sluggish(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  context.trapExit(true);
  context.send(to, 'ready');
  yield* receive(isExit);
  const found: unknown[] = [];
  for (;;) {
    const next = yield* receive(null, { afterMs: 0 });
    if (typeof next === 'symbol') break;
    found.push(next);
  }
  context.send(to, found);
}

/** Has a full mailbox when a timer, an answer, an exit and a DOWN come. */
export function* stuffed(context: Context<unknown>, to: Pid<unknown>, echo: Pid<unknown>): Effects<void> {
  context.trapExit(true);
  context.send(context.self, 'full');
  yield* pause();
  const alias = context.alias('reply');
  context.send(echo, { from: alias });
  const answer = yield* receive<object>((message) => (message as { from?: unknown }).from === alias);
  context.sendAfter(1, context.self, 'timer');
  const timer = yield* receive((message) => message === 'timer');
  const { ref } = context.spawnMonitor(function* quick() {
    yield* pause();
  });
  const down = yield* receive<{ tag: string }>((message) => (message as { ref?: Ref }).ref === ref);
  context.send(to, ['from' in answer, timer, down.tag]);
  yield* receive(isExit);
  context.send(to, 'exit came in');
}

/** Sends everything back to its `from`. */
export const echo = {
  handle(state: null, message: { from: Ref }, context: Context<unknown>): null {
    context.send(message.from, message);
    return state;
  },
};

/** Tells its name whenever it runs, some times. */
export function* runner(context: Context<unknown>, to: Pid<unknown>, name: string): Effects<void> {
  yield* receive((message) => message === 'go');
  for (let turn = 0; turn < 3; turn++) {
    context.send(to, name);
    yield* pause();
  }
}

export const boundCases: readonly Case[] = [
  {
    title: 'PRC-6 a full mailbox that drops keeps what came first',
    *run(t) {
      const { context } = t;
      const maxMailbox = { length: 3, onOverflow: 'drop' } as const;
      const pid = t.spawn(actor('sluggish'), [context.self], { maxMailbox });
      equal(yield* t.next('readiness'), 'ready', 'readiness');
      for (let n = 0; n < 10; n++) context.send(pid, n);
      context.exit(pid, 'begin');
      equal(yield* t.next('what came'), [0, 1, 2], 'what came');
    },
  },
  {
    title: 'PRC-6 a full mailbox that exits ends its process, whether that traps exits or not',
    *run(t) {
      const { context } = t;
      const maxMailbox = { length: 3, onOverflow: 'exit' } as const;
      const { pid, ref } = t.spawnMonitor(actor('sluggish'), [context.self], { maxMailbox });
      equal(yield* t.next('readiness'), 'ready', 'readiness');
      for (let n = 0; n < 4; n++) context.send(pid, n);
      equal(yield* t.down(ref), { tag: 'mailboxOverflow', length: 3 }, 'reason');
    },
  },
  {
    title: 'PRC-6 answers, timers, DOWNs and exits come into a full mailbox',
    *run(t) {
      const { context } = t;
      const echo = t.spawn(actor('echo'));
      const maxMailbox = { length: 1, onOverflow: 'exit' } as const;
      const pid = t.spawn(actor('stuffed'), [context.self, echo], { maxMailbox });
      equal(yield* t.next('the first'), [true, 'timer', 'DOWN'], 'the first');
      context.exit(pid, 'enough');
      equal(yield* t.next('the exit'), 'exit came in', 'the exit');
    },
  },
  {
    title: 'SCH-2 high goes before normal on the same scheduler, wherever that is',
    needsFairness: true,
    *run(t) {
      const { context } = t;
      const normal = t.spawn(actor('runner'), [context.self, 'normal']);
      const high = context.spawn<unknown>(actor('runner'), [context.self, 'high'], {
        placement: { with: normal },
        priority: 'high',
      });
      context.send(normal, 'go');
      context.send(high, 'go');
      const seen: unknown[] = [];
      for (let n = 0; n < 6; n++) seen.push(yield* t.next('a turn'));
      equal(seen, ['high', 'high', 'high', 'normal', 'normal', 'normal'], 'turns');
    },
  },
];
