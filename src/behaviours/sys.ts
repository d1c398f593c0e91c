// System messages of behaviours (SYS-1): looking at a state, replacing it, suspending and resuming. Every behaviour here
// answers them between two messages, and while it is suspended; what else comes then waits in its mailbox.
import {
  type Context,
  context as currentContext,
  type Effects,
  exitReasonOf,
  isExit,
  receive,
} from '../process/index.ts';
import { type AnyPid, checkTarget, formatReason, type Pid } from '../term/index.ts';
import { CallError, type PendingCall, receiveResponse, replyTo } from './call.ts';
import type { From, StopMessage } from './protocol.ts';
import { copyTerm } from './stored-term.ts';

export type SystemRequest =
  | { readonly tag: 'getState' | 'suspend' | 'resume' | 'getStatus' }
  | { readonly tag: 'replaceState'; readonly state: unknown };

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
  read(): unknown;
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
    isSystemCall(message) || isStop(message) || (isExit(message) && message.from === holder.parent);
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
  if (request.tag === 'getState') return copyTerm(holder.read());
  if (request.tag === 'replaceState') {
    holder.replace(copyTerm(request.state));
    return true;
  }
  if (request.tag !== 'getStatus') return true;
  const { label, parent } = holder;
  const status: ServerStatus = {
    pid: context.self,
    label,
    parent,
    status: isSuspended ? 'suspended' : 'running',
    messageQueueLength: (context as unknown as { mailbox: { length: number } }).mailbox.length,
    state: copyTerm(holder.read()),
  };
  return status;
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
  context.send(target as AnyPid as Pid<SystemCall>, { tag: '$sys', from: { alias, caller: context.self }, request });
  const outcome = yield* receiveResponse({ answer: alias } as PendingCall<unknown>, timeoutMs);
  if (!outcome.ok) throw new CallError(outcome.error, server, request);
  const answered = outcome.value as SystemAnswer;
  if (answered.ok) return answered.value;
  throw new TypeError(`the state of ${server} does not travel: ${answered.text}`);
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
