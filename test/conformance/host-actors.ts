// Bodies for the cases that need a particular host: crashes to be reported, a thread to be killed.
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const hostActor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Ends with the reason it is sent. */
export function* endWith(context: Context<unknown>): Effects<void> {
  const { reason } = yield* receive<{ reason: unknown }>();
  if (reason === 'throw') throw new RangeError('crashed on purpose');
  context.exit(reason);
}

/** Sends `count` numbers to each of two receivers, tells its owner, and waits for its death. */
export function* sendMuch(
  context: Context<unknown>,
  owner: Pid<unknown>,
  receivers: readonly Pid<unknown>[],
  count: number,
): Effects<void> {
  for (let number = 0; number < count; number++) for (const to of receivers) context.send(to, number);
  context.send(owner, { sentBy: context.self });
  yield* receive(() => false);
}

/** Links and monitors the pids it is sent, counts numbers that come, and tells all when each has been heard of twice. */
export function* countUp(context: Context<unknown>, owner: Pid<unknown>): Effects<void> {
  let counted = 0;
  let inOrder = true;
  const downs: unknown[] = [];
  const pids = yield* receive<readonly Pid<unknown>[]>(Array.isArray);
  for (const pid of pids) context.monitor(pid);
  context.trapExit(true);
  for (const pid of pids) context.link(pid);
  context.send(owner, { ready: context.self });
  while (downs.length < 2 * pids.length) {
    const message = yield* receive();
    if (typeof message !== 'number') downs.push(message);
    else {
      if (message !== counted || downs.length > 0) inOrder = false;
      counted++;
    }
  }
  context.send(owner, { counted, inOrder, downs });
}

/** Spins for ever once it gets a message. */
export function* spin(): Effects<void> {
  yield* receive();
  for (;;);
}

/** Answers every message. */
export function* answer(context: Context<unknown>): Effects<void> {
  for (;;) {
    const { from } = yield* receive<{ from: Pid<unknown> }>();
    context.send(from, { answer: context.self });
  }
}
