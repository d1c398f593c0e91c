// System messages of behaviours (SYS-1): looking at a state, replacing it, suspending and resuming. Every behaviour here
// answers them between two messages, and while it is suspended; what else comes then waits in its mailbox.
import {
  type Context,
  context as currentContext,
  type Effects,
  exitReasonOf,
  isExit,
  type Process,
  receive,
} from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkTarget, formatReason, type Pid, plainReason } from '../term/index.ts';
import { CallError, type PendingCall, receiveResponse, replyTo } from './call.ts';
import type { From, StopMessage } from './protocol.ts';
import { type ServerEvent, type ServerStatistics, type ServerWatch, watching } from './server-watch.ts';
import { type HistoryView, replacing, type StateHistory } from './state-history.ts';
import { copyTerm } from './stored-term.ts';

export type SystemRequest =
  | { readonly tag: 'getState' | 'suspend' | 'resume' | 'getStatus' }
  | { readonly tag: 'replaceState'; readonly state: unknown }
  | { readonly tag: 'count' | 'trace'; readonly isOn: boolean }
  | { readonly tag: 'getStatistics' | 'getLog' | 'getHistory' }
  | { readonly tag: 'keepLog'; readonly length: number }
  | { readonly tag: 'step'; readonly count: number }
  | { readonly tag: 'changeCode'; readonly extra: unknown };

/** A system message on its way. */
export interface SystemCall {
  readonly tag: '$sys';
  readonly from: From;
  readonly request: SystemRequest;
}

/** What a behaviour says of itself. */
export interface ServerStatus {
  readonly pid: AnyPid;
  readonly label: string;
  readonly parent: AnyPid | null;
  readonly status: 'running' | 'suspended';
  readonly messageQueueLength: number;
  readonly state: unknown;
}

/** What a behaviour gives the system messages to work with. */
export interface SystemHolder {
  readonly label: string;
  /** Whose EXIT ends it. */
  readonly parent: AnyPid | null;
  /** Where its watch is kept. */
  readonly watched: { watch: ServerWatch | null };
  read(): unknown;
  /** What is shown of a state that is its own (OTP's `format_status`); it can be replaced where there is `take`. */
  show?(): unknown;
  /** The state, from one as it is shown. Throws TypeError for what is none. */
  take?(shown: unknown): unknown;
  replace(state: unknown): void;
  /** Ends it in order. */
  end(reason: unknown): Effects<never>;
}

export function isSystemCall(message: unknown): message is SystemCall {
  return (message as { readonly tag?: unknown } | null)?.tag === '$sys';
}

/** Answers a system message; after `suspend` it holds the process until it is resumed, or ends. */
export function* serveSystem(holder: SystemHolder, first: SystemCall, context: Context<unknown>): Effects<void> {
  let isSuspended = false;
  const isForSystem = (message: unknown): boolean =>
    isSystemCall(message) ||
    isStop(message) ||
    (isExit(message) && holder.parent !== null && message.from === holder.parent);
  for (let message: unknown = first; ; message = yield* receive(isForSystem)) {
    if (isStop(message)) return yield* holder.end(message.reason);
    if (isExit(message)) return yield* holder.end(message.reason);
    const { from, request } = message as SystemCall;
    if (request.tag === 'suspend') isSuspended = true;
    if (request.tag === 'resume') isSuspended = false;
    answer(context, from, () => answered(holder, request, isSuspended, context));
    if (!isSuspended) return;
  }
}

function isStop(message: unknown): message is StopMessage {
  return (message as { readonly tag?: unknown } | null)?.tag === '$stop';
}

type SystemAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly text: string };

/** A state that is no term is the asker's trouble, not that of the process. */
function answer(context: Context<unknown>, from: From, value: () => unknown): void {
  try {
    replyTo(context, from, { ok: true, value: value() } satisfies SystemAnswer);
  } catch (error) {
    replyTo(context, from, { ok: false, text: formatReason(exitReasonOf(error)) } satisfies SystemAnswer);
  }
}

/** States go out and come in as copies: what travels may be frozen, and a state may be changed in place. */
function answered(
  holder: SystemHolder,
  request: SystemRequest,
  isSuspended: boolean,
  context: Context<unknown>,
): unknown {
  const watch = <T>(use: (watch: ServerWatch) => T): T => watching(holder.watched, context, holder.label, use);
  switch (request.tag) {
    case 'getState':
      return copyTerm(shown(holder));
    case 'replaceState':
      return replace(holder, taken(holder, copyTerm(request.state)));
    case 'count':
      return watch((it) => it.count(request.isOn));
    case 'trace':
      return watch((it) => it.trace(request.isOn));
    case 'keepLog':
      return watch((it) => it.keep(request.length));
    case 'getStatistics':
      return watch((it) => it.statistics());
    case 'getLog':
      return watch((it) => copyTerm(it.events()));
    case 'getHistory':
      return copyTerm(historyOf(holder).view);
    case 'step': {
      const { state, moved } = historyOf(holder).move(holder.read(), request.count);
      holder.replace(state);
      return moved;
    }
    case 'changeCode':
      if (!isSuspended) throw new Error(`${holder.label} runs: suspend it before its code is changed`);
      return context.kernel.changeCode(context as unknown as Process, request.extra);
    case 'getStatus':
      return statusOf(holder, isSuspended, context);
    default:
      return true;
  }
}

function taken(holder: SystemHolder, state: unknown): unknown {
  if (holder.take !== undefined) return holder.take(state);
  if (holder.show !== undefined) throw new TypeError(`the state of ${holder.label} can be looked at, not replaced`);
  return state;
}

function replace(holder: SystemHolder, state: unknown): true {
  const before = holder.read();
  holder.replace(state);
  holder.watched.watch?.history?.took(replacing(before, state));
  return true;
}

/** Throws where the behaviour was defined without one. */
function historyOf(holder: SystemHolder): StateHistory {
  const history = holder.watched.watch?.history;
  if (history == null) throw new Error(`${holder.label} keeps no history: define it with immer: true and history: n`);
  return history;
}

function statusOf(holder: SystemHolder, isSuspended: boolean, context: Context<unknown>): ServerStatus {
  const { label, parent } = holder;
  return {
    pid: context.self,
    label,
    parent,
    status: isSuspended ? 'suspended' : 'running',
    messageQueueLength: (context as unknown as { mailbox: { length: number } }).mailbox.length,
    // Looking never fails: a state that is no term is shown as what is nearest to it.
    state: plainReason(copyTerm(shown(holder))),
  };
}

function shown(holder: SystemHolder): unknown {
  return holder.show === undefined ? holder.read() : holder.show();
}

// ---- what can be asked

const TIMEOUT_MS = 5_000;

function* ask(server: AnyPid | string, request: SystemRequest, timeoutMs = TIMEOUT_MS): Effects<unknown> {
  checkTarget('sys', server);
  const context = yield* currentContext();
  const target = typeof server === 'string' ? context.whereis(server) : server;
  if (target === undefined) throw new CallError('noproc', server, request);
  if (target === context.self) throw new CallError('callingSelf', server, request);
  const alias = context.monitor(target, { alias: 'replyDemonitor' });
  try {
    context.send(target as AnyPid as Pid<SystemCall>, { tag: '$sys', from: { alias, caller: context.self }, request });
  } catch (error) {
    // What is no term was not sent: whoever catches this must not keep the monitor.
    context.demonitor(alias);
    throw error;
  }
  const outcome = yield* receiveResponse({ answer: alias } as PendingCall<unknown>, timeoutMs);
  if (!outcome.ok) throw new CallError(outcome.error, server, request);
  const answered = outcome.value as SystemAnswer;
  if (answered.ok) return answered.value;
  const isRead = request.tag === 'getState' || request.tag === 'getStatus';
  throw new TypeError(isRead ? `the state of ${server} does not travel: ${answered.text}` : answered.text);
}

/**
 * A copy of the state of a behaviour: of a gen-statem `{ state, data }`. Throws CallError like `call`, and TypeError for a
 * state that is no term, which leaves the behaviour as it is.
 */
export function getState(server: AnyPid | string): Effects<unknown> {
  return ask(server, { tag: 'getState' });
}

/** Puts another state in the place of a behaviour's. For people who look for a mistake. */
export function* replaceState(server: AnyPid | string, state: unknown): Effects<void> {
  yield* ask(server, { tag: 'replaceState', state });
}

/** Holds a behaviour: it answers system messages only, until it is resumed. Suspending twice is suspending once. */
export function* suspend(server: AnyPid | string): Effects<void> {
  yield* ask(server, { tag: 'suspend' });
}

/** Lets a behaviour go on, with what has come meanwhile. */
export function* resume(server: AnyPid | string): Effects<void> {
  yield* ask(server, { tag: 'resume' });
}

/** What a behaviour says of itself, also while it is suspended. */
export function* getStatus(server: AnyPid | string): Effects<ServerStatus> {
  return (yield* ask(server, { tag: 'getStatus' })) as ServerStatus;
}

/** Begins to count what a behaviour does, from 0, or stops. */
export function* countMessages(server: AnyPid | string, isOn: boolean): Effects<void> {
  yield* ask(server, { tag: 'count', isOn: checkedOn('countMessages', isOn) });
}

/** What a behaviour has done since `countMessages`; null when it does not count. */
export function* getStatistics(server: AnyPid | string): Effects<ServerStatistics | null> {
  return (yield* ask(server, { tag: 'getStatistics' })) as ServerStatistics | null;
}

/** Writes each event of a behaviour to the log of the system, as `trace of a behaviour` with level warning, or stops. */
export function* traceEvents(server: AnyPid | string, isOn: boolean): Effects<void> {
  yield* ask(server, { tag: 'trace', isOn: checkedOn('traceEvents', isOn) });
}

/** Keeps the last `length` events of a behaviour in it; 0 forgets them. Throws RangeError for a length that is none. */
export function* keepEvents(server: AnyPid | string, length = 10): Effects<void> {
  if (!Number.isInteger(length) || length < 0)
    throw new RangeError(`a length must be an integer from 0, got ${length}`);
  yield* ask(server, { tag: 'keepLog', length });
}

/** The events that a behaviour has kept, the oldest first. */
export function* getEvents(server: AnyPid | string): Effects<readonly ServerEvent[]> {
  return (yield* ask(server, { tag: 'getLog' })) as readonly ServerEvent[];
}

/** The steps of the state of a gen-server with `history`. Throws TypeError for another. */
export function* getHistory(server: AnyPid | string): Effects<HistoryView> {
  return (yield* ask(server, { tag: 'getHistory' })) as HistoryView;
}

/** Takes back the last steps of a state, as far as they are remembered; returns how many. Throws as `getHistory`. */
export function* stepBack(server: AnyPid | string, steps = 1): Effects<number> {
  return (yield* ask(server, { tag: 'step', count: -checkedSteps(steps) })) as number;
}

/** Takes steps again that were taken back and not replaced by others since; returns how many. Throws as `getHistory`. */
export function* stepForward(server: AnyPid | string, steps = 1): Effects<number> {
  return (yield* ask(server, { tag: 'step', count: checkedSteps(steps) })) as number;
}

function checkedOn(operation: string, isOn: boolean): boolean {
  if (typeof isOn !== 'boolean') throw new BadArgumentError(operation, 'true or false', isOn);
  return isOn;
}

function checkedSteps(steps: number): number {
  if (Number.isInteger(steps) && steps >= 1) return steps;
  throw new RangeError(`steps must be an integer from 1, got ${steps}`);
}

/**
 * Gives a suspended behaviour the code of its module that `reloadModule` has loaded, through its `codeChange`; false when
 * there is none newer. Throws TypeError when it is not suspended, or `codeChange` threw: it keeps the old code and state.
 */
export function* changeCode(server: AnyPid | string, extra: unknown = null): Effects<boolean> {
  return (yield* ask(server, { tag: 'changeCode', extra })) as boolean;
}
