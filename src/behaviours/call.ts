// Clients of a behaviour: call, cast, late replies, stop. GS-3...6, GS-13, GS-14, ALI-2, REG-2.
// A call is a monitor whose ref is also the alias the reply is sent to: the first reply ends both, a timeout ends both,
// so neither a second reply nor a late one nor a DOWN can ever be left in the caller's mailbox.
import {
  type Context,
  checkWait,
  context as currentContext,
  type DownMessage,
  type Effect,
  type Effects,
  ExitError,
  isDown,
  receive,
  running,
  TIMEOUT,
  type Timeout,
} from '../process/index.ts';
import {
  type AnyPid,
  BadArgumentError,
  checkTarget,
  formatReason,
  hasTag,
  Pid,
  plainReason,
  Ref,
} from '../term/index.ts';
import type {
  CallMessage,
  CallsOf,
  CastMessage,
  CastsOf,
  From,
  ReplyMessage,
  ReplyOf,
  StopMessage,
} from './protocol.ts';
import type { ViaName } from './via.ts';

/** How long `call` waits unless told otherwise: OTP's 5,000 ms (GS-3). */
export const CALL_TIMEOUT_MS = 5_000;

/** The exit reason of a caller whose call failed: OTP's `{Reason, {gen_server, call, Args}}`. */
export interface CallReason {
  readonly tag: 'call';
  /** `timeout`, `noproc`, `callingSelf`, or the server's own exit reason. */
  readonly reason: unknown;
  readonly server: AnyPid | string | ViaName;
  readonly request: unknown;
}

/** Thrown by a failed call. A process that does not catch it exits with `reason` (GS-3). */
export class CallError extends ExitError {
  override readonly name = 'CallError';
  declare readonly reason: CallReason;

  constructor(reason: unknown, server: AnyPid | string | ViaName, request: unknown) {
    super(
      { tag: 'call', reason, server, request } satisfies CallReason,
      `call to ${isVia(server) ? formatReason(server) : server} failed: ${formatReason(reason)}`,
    );
  }
}

/** What `tryCall` returns. */
export type CallOutcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

const CONTEXT: Effect = { op: 'context' };

/**
 * Sends `request` and waits for the reply, at most `timeoutMs`. Throws {@link CallError}, which exits a caller that
 * does not catch it. After a timeout the server still does the work (GS-4); its reply is dropped.
 */
export function call(server: string | ViaName, request: unknown, timeoutMs?: number): Effects<unknown>;
export function call<P, const Q extends CallsOf<P>>(
  server: Pid<P>,
  request: Q,
  timeoutMs?: number,
): Effects<ReplyOf<CallsOf<P>, Q>>;
export function* call(
  server: AnyPid | string | ViaName,
  request: unknown,
  timeoutMs = CALL_TIMEOUT_MS,
): Effects<unknown> {
  checkWait(timeoutMs);
  const context = running.process ?? ((yield CONTEXT) as Context);
  const target = isVia(server)
    ? beginVia(context, yield* whereisVia(server), request)
    : begin(context, server, request);
  if (typeof target === 'string') throw new CallError(target, server, request);
  const answer = (yield { op: 'receive', match: answers(target), afterMs: timeoutMs, ref: target }) as Answer;
  if (answer !== TIMEOUT && answer.tag === '$reply') return answer.value;
  const outcome = yield* unanswered(context, target, answer);
  if (outcome.ok) return outcome.value;
  throw new CallError(outcome.error, server, request);
}

/** As {@link call}, but a failure is returned: `error` is what {@link CallReason} has as `reason`. */
export function tryCall(server: string | ViaName, request: unknown, timeoutMs?: number): Effects<CallOutcome<unknown>>;
export function tryCall<P, const Q extends CallsOf<P>>(
  server: Pid<P>,
  request: Q,
  timeoutMs?: number,
): Effects<CallOutcome<ReplyOf<CallsOf<P>, Q>>>;
export function* tryCall(
  server: AnyPid | string | ViaName,
  request: unknown,
  timeoutMs = CALL_TIMEOUT_MS,
): Effects<CallOutcome<unknown>> {
  checkWait(timeoutMs);
  const context = running.process ?? ((yield CONTEXT) as Context);
  const target = isVia(server) ? yield* whereisVia(server) : server;
  if (target === undefined && isVia(server)) return { ok: false, error: 'noproc' };
  return yield* receiveResponse(sendRequest(context, target as Pid<unknown>, request as never), timeoutMs);
}

/**
 * The process under a `via` name (REG-2), or undefined; it may have died a moment ago, as every name's. Also undefined
 * when the registry does not answer. Throws BadArgumentError for what is no via name, and when the registry is none.
 */
export function* whereisVia(name: ViaName): Effects<AnyPid | undefined> {
  checkVia('whereisVia', name);
  const { registry, key } = name;
  const found = yield* tryCall(registry as string, { tag: 'lookup', key });
  if (!found.ok) return undefined;
  const first: unknown = Array.isArray(found.value) ? found.value[0] : null;
  if (first === undefined) return undefined;
  const pid = (first as { readonly pid?: unknown } | null)?.pid;
  if (pid instanceof Pid) return pid as AnyPid;
  throw new BadArgumentError('a via name', 'a registry that answers `lookup` with an array of { pid }', found.value);
}

/** Throws BadArgumentError for what is no `via` name. */
export function checkVia(operation: string, name: unknown): void {
  if (!isVia(name)) throw new BadArgumentError(operation, 'a via name', name);
}

function isVia(server: unknown): server is ViaName {
  return hasTag(server, 'via');
}

declare const response: unique symbol;

/** A call that has been sent and not yet waited for; for its sender only (GS-14). */
export interface PendingCall<R> {
  readonly [response]?: R;
  /** Where the response will come, or why none will. */
  readonly answer: Ref | 'callingSelf';
}

/** Sends a call without waiting, so that many can be under way at once (GS-14). A failure becomes the response. */
export function sendRequest<P, const Q extends CallsOf<P>>(
  context: Context,
  server: Pid<P>,
  request: Q,
): PendingCall<ReplyOf<CallsOf<P>, Q>>;
export function sendRequest(context: Context, server: string, request: unknown): PendingCall<unknown>;
export function sendRequest(context: Context, server: AnyPid | string, request: unknown): PendingCall<unknown> {
  const answer = begin(context, server, request);
  // A monitor of a name that nobody has answers like a server that died, also to `checkResponse`.
  return { answer: answer === 'noproc' ? context.monitor(server, REPLY_DEMONITOR) : answer };
}

/** Waits for the response of a pending call, once; after a timeout the call is given up, as in {@link tryCall}. */
export function* receiveResponse<R>(pending: PendingCall<R>, timeoutMs = CALL_TIMEOUT_MS): Effects<CallOutcome<R>> {
  const ref = answerOf('receiveResponse', pending);
  if (typeof ref === 'string') return { ok: false, error: ref };
  checkWait(timeoutMs);
  const answer = (yield { op: 'receive', match: answers(ref), afterMs: timeoutMs, ref }) as Answer;
  if (answer !== TIMEOUT && answer.tag === '$reply') return { ok: true, value: answer.value as R };
  return (yield* unanswered((yield CONTEXT) as Context, ref, answer)) as CallOutcome<R>;
}

/** Where the response will come. Throws BadArgumentError for what is no pending call. */
export function answerOf(operation: string, pending: PendingCall<unknown>): PendingCall<unknown>['answer'] {
  const answer: unknown = pending?.answer;
  if (answer instanceof Ref || answer === 'callingSelf') return answer;
  throw new BadArgumentError(operation, 'a call that was sent by sendRequest', pending);
}

type Answer = ReplyMessage | DownMessage | Timeout;

/** Sends the call; the ref of its answer, or why there can be none. */
function begin(context: Context, server: AnyPid | string, request: unknown): Ref | 'noproc' | 'callingSelf' {
  checkTarget('call', server);
  const target = typeof server === 'string' ? context.whereis(server) : server;
  if (target === undefined) return 'noproc';
  if (target === context.self) return 'callingSelf';
  const alias = context.monitor(target, REPLY_DEMONITOR);
  try {
    context.send(target as Pid<CallMessage<unknown>>, { tag: '$call', from: { alias, caller: context.self }, request });
  } catch (error) {
    // A request that is no term was not sent: whoever catches this must not keep the monitor of a call that is none.
    context.demonitor(alias);
    throw error;
  }
  return alias;
}

/** The same to whoever has a `via` name, perhaps nobody. */
function beginVia(context: Context, server: AnyPid | undefined, request: unknown): Ref | 'noproc' | 'callingSelf' {
  return server === undefined ? 'noproc' : begin(context, server, request);
}

const REPLY_DEMONITOR = { alias: 'replyDemonitor' } as const;

function answers(ref: Ref): (message: unknown) => boolean {
  return (message) =>
    typeof message === 'object' &&
    message !== null &&
    (message as ReplyMessage).ref === ref &&
    ((message as ReplyMessage).tag === '$reply' || (message as { tag: unknown }).tag === 'DOWN');
}

/** No reply in time, or none any more. A reply that came after the time was over, but before giving up, is taken (ALI-2). */
function* unanswered(context: Context, ref: Ref, answer: DownMessage | Timeout): Effects<CallOutcome<unknown>> {
  if (answer !== TIMEOUT) return { ok: false, error: answer.reason };
  if (!context.demonitor(ref, { flush: true })) {
    const late = (yield { op: 'receive', match: answers(ref), afterMs: 0, ref }) as ReplyMessage | Timeout;
    if (late !== TIMEOUT) return { ok: true, value: late.value };
  }
  return { ok: false, error: 'timeout' };
}

/** Sends and forgets; never fails, not even for a name that nobody has (GS-5). */
export function cast(context: Caster, server: string, message: unknown): void;
export function cast<P>(context: Caster, server: Pid<P>, message: CastsOf<P>): void;
export function cast(context: Caster, server: AnyPid | string, message: unknown): void {
  const wrapped: CastMessage<unknown> = { tag: '$cast', message };
  if (typeof server === 'string') context.trySend(server, wrapped);
  else context.send(server as Pid<CastMessage<unknown>>, wrapped);
}

/** What sending needs: any context, of an async body as well. */
export type Caster = Pick<Context, 'send' | 'trySend'>;

/** Answers a call from anywhere, at any time (GS-6). Void when the caller has given up or was answered before. */
export function replyTo(context: Pick<Context, 'send'>, from: From, value: unknown): void {
  if (!(from?.alias instanceof Ref)) throw new BadArgumentError('replyTo', 'the `from` of a call', from);
  const message: ReplyMessage = { tag: '$reply', ref: from.alias, value };
  context.send(from.alias, message);
}

/**
 * Ends a behaviour with `reason` and waits until it is dead. Throws {@link CallError} when it was dead already
 * (`noproc`), ended with another reason, or took longer than `timeoutMs` (GS-13).
 */
export function* stopServer(
  server: AnyPid | string | ViaName,
  reason: unknown = 'normal',
  timeoutMs: number = Number.POSITIVE_INFINITY,
): Effects<void> {
  checkWait(timeoutMs);
  const context = yield* currentContext();
  if (!isVia(server)) checkTarget('stopServer', server);
  const named = isVia(server) ? yield* whereisVia(server) : server;
  const target = typeof named === 'string' ? context.whereis(named) : named;
  const request: StopMessage = { tag: '$stop', reason };
  if (target === undefined) throw new CallError('noproc', server, request);
  if (target === context.self) throw new CallError('callingSelf', server, request);
  const ref = context.monitor(target);
  context.send(target as Pid<StopMessage>, { ...request, reason: plainReason(reason) });
  const isItsDown = (message: unknown): message is DownMessage => isDown(message, ref);
  const down = yield* receive(isItsDown, { afterMs: timeoutMs, ref });
  if (down === TIMEOUT) {
    context.demonitor(ref, { flush: true });
    throw new CallError('timeout', server, request);
  }
  // Reasons are data and may have crossed a thread: the same text is the same reason.
  if (formatReason(down.reason) !== formatReason(plainReason(reason)))
    throw new CallError(down.reason, server, request);
}
