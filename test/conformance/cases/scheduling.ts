// SCH-1, SCH-3, SCH-5: who gets to run, and that the world outside does.
import {
  type AsyncContext,
  type Context,
  type Effects,
  offload,
  pause,
  receive,
  sleep,
} from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

interface Hog {
  readonly to: Pid<unknown>;
  left: number;
}

/** Keeps its own mailbox from ever being empty, until it has done so much work. */
export const hog = {
  init: (context: Context<unknown>, to: Pid<unknown>, work: number): Hog => {
    context.send(context.self, 'more');
    return { to, left: work };
  },
  handle(state: Hog, _message: unknown, context: Context<unknown>): Hog {
    state.left--;
    if (state.left > 0) context.send(context.self, 'more');
    else context.send(state.to, 'hog done');
    return state;
  },
};

/** As the hog, as a generator that never waits. */
export function* hogLoop(context: Context<unknown>, to: Pid<unknown>, work: number): Effects<void> {
  for (let left = work; left > 0; left--) {
    context.send(context.self, 'more');
    yield* receive();
  }
  context.send(to, 'hog done');
}

/** Says that it runs. */
export function* small(context: Context<unknown>, to: Pid<unknown>): Effects<void> {
  yield* pause();
  context.send(to, 'small');
}

/** Sends back whatever comes. */
export const echo = {
  handle(state: unknown, message: { from: Pid<unknown> }, context: Context<unknown>): unknown {
    context.send(message.from, { from: context.self });
    return state;
  },
};

/** Waits for something of the host: a real timer and a real file. */
export async function waitForHost(context: AsyncContext<unknown>, to: Pid<unknown>): Promise<void> {
  const { readFile } = await import('node:fs/promises');
  await new Promise((resolve) => setTimeout(resolve, 1));
  const text = await readFile(new URL(import.meta.url), 'utf8');
  context.send(to, text.length > 0 ? 'from outside' : 'nothing');
}

/** CPU work for the offload pool. */
export function square(number: number): number {
  return number * number;
}

export const schedulingCases: readonly Case[] = [
  {
    title: 'SCH-1 a process with endless work does not keep others from running',
    needsFairness: true,
    *run(t) {
      const { context } = t;
      for (const body of ['hog', 'hogLoop']) {
        // All of them start together on one scheduler, the hogs first; each hog needs many slices.
        const first = t.spawn(actor(body), [context.self, 30_000]);
        const options = { placement: { with: first } } as const;
        for (let count = 0; count < 2; count++) t.kept(context.spawn(actor(body), [context.self, 30_000], options));
        for (let count = 0; count < 3; count++) t.kept(context.spawn(actor('small'), [context.self], options));
        const order: unknown[] = [];
        while (order.length < 6) order.push(yield* t.next('a sign of life'));
        equal(order.slice(0, 3), ['small', 'small', 'small'], `who was done first, beside a ${body}`);
      }
    },
  },
  {
    title: 'SCH-1 a slice is bounded also for a long mailbox, and nothing of it is lost',
    needsFairness: true,
    *run(t) {
      const { context } = t;
      const busy = t.spawn(actor('echo'));
      for (let count = 0; count < 6_000; count++) context.send(busy, { from: context.self });
      t.kept(context.spawn(actor('small'), [context.self], { placement: { with: busy } }));
      let position = -1;
      for (let count = 0; count <= 6_000; count++) if ((yield* t.next('an echo')) === 'small') position = count;
      holds(position >= 0, 'the small process has run');
      yield* t.silence('after all echoes');
    },
  },
  {
    title: 'SCH-3 timers fire while processes keep each other busy (host engines: virtual time waits for rest)',
    engines: ['single-thread', 'threads'],
    *run(t) {
      const [a, b] = [t.spawn(actor('echo')), t.spawn(actor('echo'))];
      t.context.send(a, { from: b });
      yield* sleep(5);
      t.context.sendAfter(3, t.context.self, 'timer');
      equal(yield* t.next('the timer'), 'timer', 'what came');
    },
  },
  {
    title: 'SCH-3 the world outside gets its turn while processes keep each other busy (host engines: needs a host)',
    engines: ['single-thread', 'threads'],
    isAsync: true,
    *run(t) {
      const [a, b] = [t.spawn(actor('echo')), t.spawn(actor('echo'))];
      t.context.send(a, { from: b });
      t.spawn(actor('waitForHost'), [t.context.self]);
      equal(yield* t.next('news from outside'), 'from outside', 'what came');
    },
  },
  {
    title: 'SCH-5 offloaded work answers with its value or its error, and keeps nobody waiting',
    *run(t) {
      equal(yield* offload(actor('square'), [12]), { ok: true, value: 144 }, 'the value');
      const failed = yield* offload(actor('no such function'), []);
      equal(failed.ok, false, 'unknown work');
      yield* t.silence('after the work');
    },
  },
];
