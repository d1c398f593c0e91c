// SIG-1: signals of one ordered pair arrive in the order in which they were sent, all kinds together, under any schedule.
import fc from 'fast-check';
import { type Context, isDown, isExit, processInfo, receive, register, TIMEOUT } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import type { Property } from '../check.ts';

type Op = 'message' | 'exit' | 'link' | 'unlink' | 'named' | 'monitored' | 'look';
type Sent = { readonly sender: number; readonly n: number };

/** Leaves everything in its mailbox until all senders have said their last word and ended, then tells what it holds. */
function* collector(context: Context<unknown>, root: Pid<unknown>, senders: number) {
  context.trapExit(true);
  yield* register('collector');
  context.send(root, 'ready');
  for (let ended = 0; ended < senders; ended++) {
    const { last } = yield* receive<{ last: Pid<never> }>((message) => has(message, 'last'));
    const ref = context.monitor(last);
    yield* receive((message) => isDown(message, ref));
  }
  const seen: unknown[] = [];
  for (let next = yield* receive(null, { afterMs: 0 }); next !== TIMEOUT; next = yield* receive(null, { afterMs: 0 })) {
    seen.push(next);
  }
  context.send(root, { seen });
}

function* sender(context: Context<unknown>, root: Pid<unknown>, to: Pid<unknown>, id: number, ops: readonly Op[]) {
  let n = 0;
  for (const op of ops) {
    if (op === 'link') context.link(to);
    else if (op === 'unlink') context.unlink(to);
    else if (op === 'exit') context.exit(to, { sender: id, n: n++ });
    else if (op === 'named') context.send('collector', { sender: id, n: n++ });
    else if (op === 'look') {
      const info = yield* processInfo(to, { messages: true });
      const own = (info?.messages ?? []).map(sentBy).filter((sent) => sent?.sender === id);
      if (own.length !== n) throw new Error(`sender ${id} sees ${own.length} of its ${n} signals`);
    } else {
      if (op === 'monitored') context.demonitor(context.monitor(to));
      context.send(to, { sender: id, n: n++ });
    }
  }
  const isLinked = ops.findLast((op) => op === 'link' || op === 'unlink') === 'link';
  context.send(to, { last: context.self });
  context.send(root, { finished: id, n, isLinked });
  context.exit(`end of ${id}`);
}

function sentBy(message: unknown): Sent | undefined {
  const sent = isExit(message) ? message.reason : message;
  return typeof sent === 'object' && sent !== null && 'sender' in sent ? (sent as Sent) : undefined;
}

function has(message: unknown, field: string): boolean {
  return typeof message === 'object' && message !== null && field in message;
}

function* root(context: Context<unknown>, program: readonly (readonly Op[])[]) {
  const to = context.spawn(collector, [context.self, program.length]) as Pid<unknown>;
  yield* receive((message) => message === 'ready');
  const downs = program.map((ops, id) => context.spawnMonitor(sender, [context.self, to, id, ops]));
  const ends: { finished: number; n: number; isLinked: boolean }[] = [];
  for (const { ref } of downs) {
    const down = (yield* receive((message) => isDown(message, ref))) as { reason: unknown };
    if (typeof down.reason !== 'string') throw new Error(JSON.stringify(down.reason));
    ends.push(yield* receive<(typeof ends)[number]>((message) => has(message, 'finished')));
  }
  const { seen } = yield* receive<{ seen: unknown[] }>((message) => has(message, 'seen'));
  for (const end of ends) judge(seen, end);
}

function judge(seen: readonly unknown[], end: { finished: number; n: number; isLinked: boolean }): void {
  const id = end.finished;
  const own = seen.map((message) => {
    if (isExit(message) && message.reason === `end of ${id}`) return 'end';
    const sent = sentBy(message);
    return sent?.sender === id ? sent.n : undefined;
  });
  const got = own.filter((item) => item !== undefined).join();
  const expected = [...Array.from({ length: end.n }, (_, n) => n), ...(end.isLinked ? ['end'] : [])].join();
  if (got !== expected) throw new Error(`from sender ${id}: ${got}, not ${expected}`);
}

export const order: Property<readonly (readonly Op[])[]> = {
  programs: fc.array(
    fc.array(fc.constantFrom<Op>('message', 'exit', 'link', 'unlink', 'named', 'monitored', 'look'), { maxLength: 8 }),
    { minLength: 1, maxLength: 3 },
  ),
  body: (program) => (context) => root(context, program),
};
