// Small actors of the runtime's library that live on any thread.
import { getTerm, joinGroup, task } from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const libraryActor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Joins a group and tells. */
export function* groupMember(context: Context<unknown>, to: Pid<unknown>, scope: string, group: string): Effects<void> {
  yield* joinGroup(scope, group);
  context.send(to, { joined: context.self });
  yield* receive(() => false);
}

/** Tells what is under a key on its thread; an error as its text. */
export function termReader(context: Context<unknown>, to: Pid<unknown>, key: string): void {
  try {
    context.send(to, { read: getTerm(context, key) });
  } catch (error) {
    context.send(to, { read: String(error) });
  }
}

/** A task that never ends. */
export const endless = task(function* (): Effects<void> {
  yield* receive(() => false);
});
