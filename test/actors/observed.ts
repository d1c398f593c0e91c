// Actors to look at: one that works, one that waits.
import { type Context, type Effects, pause, receive } from '../../src/process/index.ts';
import type { Mfa } from '../../src/term/index.ts';

export const BUSY: Mfa = { module: import.meta.url, export: 'busy' };
export const IDLE: Mfa = { module: import.meta.url, export: 'idle' };

/** Spends reductions until it is killed. */
export function* busy(context: Context<unknown>): Effects<void> {
  context.setLabel('busy');
  for (;;) yield* pause();
}

/** Waits; answers `{ from }` with `pong`, and lets everything else lie. */
export function* idle(context: Context<unknown>): Effects<void> {
  context.setLabel('idle');
  for (;;) {
    const { from } = yield* receive<{ from: never }>((message) => (message as { from?: unknown }).from !== undefined);
    context.send(from, 'pong' as never);
  }
}
