// What a state machine makes of messages, and when two of its states are the same. ST-1, ST-5.
import { ExitError } from '../process/index.ts';
import { formatReason } from '../term/index.ts';
import type { CallMessage, CastMessage } from './protocol.ts';
import { PROMISE_TEXT } from './server-steps.ts';
import type { AnyStatemEvent } from './statem-results.ts';

/** Two states are the same when they are identical, or objects with the same text as tag (ST-1). */
export function isSameState(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const tag = typeof a === 'object' && typeof b === 'object' ? tagOf(a) : undefined;
  return typeof tag === 'string' && tag === tagOf(b);
}

/** The tag of a state that is an object, else the state. */
export function tagOf(state: unknown): unknown {
  return typeof state === 'object' && state !== null ? (state as { tag?: unknown }).tag : state;
}

/** Tag of what its own timers bring. */
export const OWN = '$statem';

/** The content of a timeout that the machine has armed. */
export interface OwnTimer {
  readonly tag: typeof OWN;
  readonly content: unknown;
}

/** True for the content of a timer that a machine has armed. */
export function isOwnTimer(message: unknown): boolean {
  return (message as { tag?: unknown } | null)?.tag === OWN;
}

/** The event that a message from outside is. */
export function outside(message: unknown): AnyStatemEvent {
  const { tag } = (message ?? {}) as { tag?: unknown };
  if (tag === '$call') {
    const { from, request } = message as CallMessage<unknown>;
    return { type: 'call', from, request };
  }
  if (tag === '$cast') return { type: 'cast', message: (message as CastMessage<unknown>).message };
  return { type: 'info', message };
}

/** How an action that there is not, or not here, ends its machine. */
export function badAction(action: unknown): ExitError {
  const isPostpone = (action as { readonly do?: unknown } | null)?.do === 'postpone';
  const text = isPostpone ? 'there is nothing to postpone' : `${formatReason(action).slice(0, 200)} is no action`;
  return new ExitError({ tag: 'badAction', text });
}

/** How a callback that returned no result ends its machine (GS-8). */
export function badReturn(callback: string, value: unknown): ExitError {
  if (value instanceof Promise) value.catch(() => {});
  const wanted = callback === 'init' ? 'startIn(state, data)' : 'nextState(state, data)';
  const text =
    value instanceof Promise ? PROMISE_TEXT : `${formatReason(value).slice(0, 200)}, not a result such as ${wanted}`;
  return new ExitError({ tag: 'badReturnValue', callback, text });
}
