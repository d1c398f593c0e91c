// What the callbacks of a gen-statem see and return: events, results and actions, small tagged objects made by these
// functions only. ST-1 to ST-5.
import type { SystemMessage } from '../process/index.ts';
import { checkOptions } from '../term/index.ts';
import type { From } from './protocol.ts';
import type { Fail, Ignore, Stop } from './results.ts';

/** One event. `internal` comes from `nextEvent` only. */
export type StatemEvent<S = unknown, C = never, T = never, I = never> =
  | { readonly type: 'call'; readonly from: From; readonly request: C }
  | { readonly type: 'cast'; readonly message: T }
  | { readonly type: 'info'; readonly message: I | SystemMessage }
  | { readonly type: 'internal'; readonly content: unknown }
  /** The state has just been entered, from another one or (at the start and by `repeatState`) from itself (ST-4). */
  | { readonly type: 'enter'; readonly from: S }
  | { readonly type: 'stateTimeout' | 'eventTimeout'; readonly content: unknown }
  | { readonly type: 'timeout'; readonly name: string; readonly content: unknown };

/** An event of any machine. */
export type AnyStatemEvent = StatemEvent<unknown, unknown, unknown, unknown>;

export type StatemAction =
  | { readonly do: 'postpone' }
  | { readonly do: 'nextEvent'; readonly event: AnyStatemEvent }
  | { readonly do: 'reply'; readonly from: From; readonly value: unknown }
  | {
      readonly do: 'timeout';
      readonly key: TimeoutKey;
      /** Ms; Infinity cancels, `update` leaves the time of the one that is running. */
      readonly ms: number | 'update';
      readonly content: unknown;
      /** `ms` is a time of `context.now()` and not one from now on. */
      readonly isAbsolute: boolean;
    };

/** Which timeout: that of the state, that of the next event, or one with a name, as `name:...`. */
export type TimeoutKey = 'state' | 'event' | `name:${string}`;

/** Keeps the event for later: it comes again, before newer ones, when the state has changed (ST-2). */
export function postpone(): StatemAction {
  return { do: 'postpone' };
}

/** Puts an event before all others, in the order of the actions (ST-3). */
export function nextEvent(event: AnyStatemEvent): StatemAction {
  return { do: 'nextEvent', event };
}

/** Answers a call. */
export function answer(from: From, value: unknown): StatemAction {
  return { do: 'reply', from, value };
}

/** How a timeout counts. */
export interface TimeoutOptions {
  /** Its `ms` is a time as `context.now()` tells it; one that is over already comes at once. Default false. */
  readonly isAbsolute?: boolean;
}

const TIMEOUT_OPTIONS: Readonly<Record<keyof TimeoutOptions, true>> = { isAbsolute: true };

/**
 * Comes as `stateTimeout` unless the state changes before; setting it again restarts it, Infinity cancels, and `update`
 * only gives it other content, at once where none is running (ST-5). Throws RangeError for an option there is not.
 */
export function stateTimeout(
  ms: number | 'update',
  content: unknown = null,
  options: TimeoutOptions = {},
): StatemAction {
  return timeout('state', ms, content, options);
}

/** Comes as `eventTimeout` unless any event comes before (ST-5); otherwise as {@link stateTimeout}. */
export function eventTimeout(
  ms: number | 'update',
  content: unknown = null,
  options: TimeoutOptions = {},
): StatemAction {
  return timeout('event', ms, content, options);
}

/** Comes as `timeout` with that name, whatever happens before (ST-5); otherwise as {@link stateTimeout}. */
export function namedTimeout(
  name: string,
  ms: number | 'update',
  content: unknown = null,
  options: TimeoutOptions = {},
): StatemAction {
  return timeout(`name:${name}`, ms, content, options);
}

function timeout(
  key: TimeoutKey,
  ms: number | 'update',
  content: unknown,
  options: TimeoutOptions,
): Extract<StatemAction, { do: 'timeout' }> {
  checkOptions('a timeout', options, TIMEOUT_OPTIONS);
  return { do: 'timeout', key, ms, content, isAbsolute: options.isAbsolute === true };
}

export type Actions = StatemAction | readonly StatemAction[];

/** What a callback returns. */
export type StatemResult<S, D> =
  | {
      readonly tag: 'next';
      /** Null keeps it. */
      readonly state: { readonly value: S } | null;
      readonly data: { readonly value: D } | null;
      readonly actions: readonly StatemAction[];
      readonly repeats: boolean;
    }
  | (Stop<never, D> & { readonly replies?: readonly StatemAction[] });

export type StatemInit<S, D> =
  | { readonly tag: 'start'; readonly state: S; readonly data: D; readonly actions: readonly StatemAction[] }
  | Ignore
  | Fail
  | Stop<never, D>;

const list = (actions: Actions | undefined): readonly StatemAction[] => {
  if (actions === undefined) return [];
  return Array.isArray(actions) ? actions : [actions as StatemAction];
};

/** `init` succeeded: the machine is in `state`. */
export function startIn<S, D>(state: S, data: D, actions?: Actions): StatemInit<S, D> {
  return { tag: 'start', state, data, actions: list(actions) };
}

/** Goes to `state`; to the same one it is as `keepState` (ST-1). */
export function nextState<S, D>(state: S, data: D, actions?: Actions): StatemResult<S, D> {
  return { tag: 'next', state: { value: state }, data: { value: data }, actions: list(actions), repeats: false };
}

/** Stays, with other data. */
export function keepState<D>(data: D, actions?: Actions): StatemResult<never, D> {
  return { tag: 'next', state: null, data: { value: data }, actions: list(actions), repeats: false };
}

/** Stays as it is. */
export function keepStateAndData(actions?: Actions): StatemResult<never, never> {
  return { tag: 'next', state: null, data: null, actions: list(actions), repeats: false };
}

/** As `keepState`, but the state is entered again (ST-4). */
export function repeatState<D>(data: D, actions?: Actions): StatemResult<never, D> {
  return { tag: 'next', state: null, data: { value: data }, actions: list(actions), repeats: true };
}

/** As `keepStateAndData`, but the state is entered again (ST-4). */
export function repeatStateAndData(actions?: Actions): StatemResult<never, never> {
  return { tag: 'next', state: null, data: null, actions: list(actions), repeats: true };
}

/** Answers calls and ends the machine; without `data` it keeps what it has. */
export function stopAndReply<D>(reason: unknown, replies: Actions, ...data: readonly D[]): StatemResult<never, D> {
  const state = data.length > 0 ? { value: data[0] } : null;
  return { tag: 'stop', reason, state, reply: null, replies: list(replies) };
}
