// Small actors of the runtime's library that live on any thread.
import {
  CallError,
  type GoChannel,
  GoChannelError,
  getTerm,
  joinGroup,
  localMembersOf,
  membersOf,
  onReceive,
  onSend,
  putTerm,
  select,
  task,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive, sleep } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const libraryActor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Joins a group and tells. */
export function* groupMember(context: Context<unknown>, to: Pid<unknown>, scope: string, group: string): Effects<void> {
  yield* joinGroup(scope, group);
  context.send(to, { joined: context.self });
  yield* receive(() => false);
}

/** Tells whom its thread takes for members, all of them and its own; null without a scope. */
export function groupReader(context: Context<unknown>, to: Pid<unknown>, scope: string, group: string): void {
  const { thread } = context.self.origin;
  try {
    const [all, local] = [membersOf(context, scope, group), localMembersOf(context, scope, group)];
    context.send(to, { thread, all: [...all], local: [...local] });
  } catch {
    context.send(to, { thread, all: null, local: [] });
  }
}

/** Tells what is under a key on its thread; an error as its text. */
export function termReader(context: Context<unknown>, to: Pid<unknown>, key: string): void {
  try {
    context.send(to, { read: getTerm(context, key) });
  } catch (error) {
    context.send(to, { read: String(error) });
  }
}

/** Writes 1 to `count` under a key of its own, and tells of each write that has returned. */
export function* termWriter(context: Context<unknown>, to: Pid<unknown>, key: string, count: number): Effects<void> {
  for (let value = 1; value <= count; value++) {
    try {
      yield* putTerm(key, value);
      context.send(to, { wrote: value, key });
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      yield* sleep(10);
    }
  }
}

/** A task that never ends. */
export const endless = task(function* (): Effects<void> {
  yield* receive(() => false);
});

/** One select: on which channel to send, on which to receive, and for how long. */
export interface SelectStep {
  readonly sends: number | null;
  readonly receives: number | null;
  readonly timeoutMs: number;
}

/** Does its selects and tells of each that has happened; ends when a channel is gone. */
export function* selecting(
  context: Context<unknown>,
  to: Pid<unknown>,
  name: number,
  channels: readonly GoChannel<string>[],
  steps: readonly SelectStep[],
): Effects<void> {
  try {
    for (const [at, { sends, receives, timeoutMs }] of steps.entries()) {
      const value = `${name}.${at}`;
      const give = sends === null ? null : onSend(channels[sends], value);
      const take = receives === null ? null : onReceive(channels[receives]);
      const picked = yield* select({ give, take }, { timeoutMs });
      if (picked.tag === 'sent') context.send(to, { sent: value });
      if (picked.tag === 'received') context.send(to, { got: picked.value });
    }
  } catch (error) {
    if (!(error instanceof GoChannelError)) throw error;
  }
}
