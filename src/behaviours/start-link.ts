// Synchronous start of a process: returns when its `init` is done (GS-1, GS-2, LNK-6), on every placement.
// A failed start leaves nothing: the child is dead, its name free, and its EXIT consumed (the rule of OTP 26).
import {
  type AnyBody,
  type Body,
  type Context,
  checkWait,
  type DownMessage,
  type Effect,
  type Effects,
  isDown,
  isExit,
  type MaxMailbox,
  type Placement,
  type Priority,
  type Process,
  receive,
  type SpawnOptions,
  TIMEOUT,
  type Timeout,
} from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkOptions, isMfa, type Mfa, type Pid, type Ref } from '../term/index.ts';
import { type StartedMessage, type StartTicket, takesTicket } from './proc-lib.ts';
import { isViaName, type ViaName } from './via.ts';

/** How to start a process; all optional. */
export interface StartOptions {
  /** Registered before `init` runs. Taken: the start fails with `{tag: 'alreadyStarted', pid}`. */
  readonly name?: string | ViaName;
  /** The child is killed when it is not ready by then; the starter is not hit (GS-2). Default: no limit. */
  readonly timeoutMs?: number;
  /** Default `here`; elsewhere the body must be named by an Mfa. */
  readonly placement?: Placement;
  readonly label?: string;
  readonly priority?: Priority;
  readonly maxMailbox?: MaxMailbox;
  /**
   * Whether the body takes a start ticket and answers it. Default: yes for behaviours and for every Mfa, no for other
   * functions and handlers, which count as started when they are spawned. A body named by an Mfa that answers no ticket
   * (`initAck`) is waited for until `timeoutMs`, or for ever, and has the ticket as its first argument: say false for it.
   */
  readonly handshake?: boolean;
}

/** The names of {@link StartOptions}. */
export const START_OPTIONS: Readonly<Record<keyof StartOptions, true>> = {
  name: true,
  timeoutMs: true,
  placement: true,
  label: true,
  priority: true,
  maxMailbox: true,
  handshake: true,
};

/**
 * Why a start failed: `{tag: 'ignored'}` when `init` declined, `{tag: 'alreadyStarted', pid}` when the name is taken,
 * `timeout`, or the child's own exit reason.
 */
export type StartError =
  | { readonly tag: 'ignored' }
  | { readonly tag: 'alreadyStarted'; readonly pid: AnyPid }
  | 'timeout'
  | (string & {})
  | { readonly tag: string };

/** What a start returns. */
export type StartResult<P = unknown> =
  | { readonly ok: true; readonly pid: Pid<P> }
  | { readonly ok: false; readonly error: StartError };

/**
 * Starts a linked process and waits until it is ready. A starter that does not trap exits dies with a child that fails
 * by exiting abnormally; one that traps gets the error and no EXIT (GS-1). Throws what `spawn` throws for misuse, RangeError
 * for an option that does not exist.
 */
export function startLink<Q = unknown>(
  body: Mfa,
  args?: readonly unknown[],
  options?: StartOptions,
): Effects<StartResult<Q>>;
export function startLink<Q, A extends readonly unknown[]>(
  body: Body<Q, A>,
  args?: A,
  options?: StartOptions,
): Effects<StartResult<Q>>;
export function startLink(body: AnyBody, args: readonly unknown[] = [], options?: StartOptions): Effects<StartResult> {
  return begin(body, args, options, true);
}

/** As {@link startLink}, without the link. */
export function start<Q, A extends readonly unknown[]>(
  body: Body<Q, A>,
  args?: A,
  options?: StartOptions,
): Effects<StartResult<Q>>;
export function start<Q = unknown>(
  body: Mfa,
  args?: readonly unknown[],
  options?: StartOptions,
): Effects<StartResult<Q>>;
export function start(body: AnyBody, args: readonly unknown[] = [], options?: StartOptions): Effects<StartResult> {
  return begin(body, args, options, false);
}

const CONTEXT: Effect = { op: 'context' };

function* begin(
  body: AnyBody,
  args: readonly unknown[],
  options: StartOptions | undefined,
  link: boolean,
): Effects<StartResult> {
  if (options != null) checkOptions(link ? 'startLink' : 'start', options, START_OPTIONS);
  const context = (yield CONTEXT) as Context;
  const launched = launch(context, body, args, options, link);
  if ('ok' in launched) return launched;
  return yield* awaitAnswer(context, launched, options?.timeoutMs);
}

/** A process that was spawned and has not answered yet. */
export interface Launched {
  readonly pid: Pid<unknown>;
  readonly ref: Ref;
}

/**
 * The first half of a start: spawns, and returns what to wait for, or the result where there is nothing to wait for.
 * Throws what `spawn` throws for misuse, and RangeError for a bad time.
 */
export function launch(
  context: Context,
  body: AnyBody,
  args: readonly unknown[],
  options: StartOptions | undefined,
  link: boolean,
): Launched | StartResult {
  const operation = link ? 'startLink' : 'start';
  if (!Array.isArray(args)) throw new BadArgumentError(operation, 'an array of arguments', args);
  if (options?.timeoutMs !== undefined) checkWait(options.timeoutMs);
  const name = options?.name ?? null;
  if (name !== null && typeof name !== 'string' && !isViaName(name))
    throw new BadArgumentError(operation, 'a name, of text or made by `via`', name);
  const owner = typeof name === 'string' ? context.whereis(name) : undefined;
  if (owner !== undefined) return { ok: false, error: { tag: 'alreadyStarted', pid: owner } };
  if (!(options?.handshake ?? (isMfa(body) || takesTicket(body)))) {
    if (isViaName(name)) throw new BadArgumentError('a via name', 'a body that takes a start ticket', body);
    const plain = spawnOptions(options, name);
    const { pid } = context.kernel.spawn(context as Process, { body, args, options: plain, link, monitor: false });
    return { ok: true, pid: pid as Pid<unknown> };
  }
  const ref = context.makeRef();
  const ticket: StartTicket = { tag: '$start', alias: ref, name, isLinked: link };
  const { pid } = context.kernel.spawn(context as Process, {
    body,
    args: [ticket, ...args],
    // The new process takes its name itself, so that a name that is taken is answered and not an exit (takeName).
    options: spawnOptions(options, null),
    link,
    monitor: true,
    answerTo: ref,
  });
  return { pid: pid as Pid<unknown>, ref };
}

/** Those options that are the runtime's. */
function spawnOptions(options: StartOptions | undefined, name: string | null): SpawnOptions | undefined {
  if (options == null) return undefined;
  const { placement, label, priority, maxMailbox } = options;
  return { placement, label, priority, maxMailbox, ...(name === null ? {} : { name }) };
}

/** The second half of a start: waits for the answer, or for the death that stands for one. */
export function* awaitAnswer(
  context: Context,
  { pid, ref }: Launched,
  timeoutMs: number = Number.POSITIVE_INFINITY,
): Effects<StartResult> {
  const answer = (yield { op: 'receive', match: answers(ref), afterMs: timeoutMs, ref }) as
    | StartedMessage
    | DownMessage
    | Timeout;
  if (answer === TIMEOUT) {
    // The answer may be on its way: without its alias it goes nowhere.
    context.demonitor(ref);
    context.unlink(pid);
    context.exit(pid, 'kill');
    yield* awaitDeath(context, pid);
    return { ok: false, error: 'timeout' };
  }
  if (answer.tag === 'DOWN') {
    yield* flushExit(pid);
    return { ok: false, error: answer.reason as StartError };
  }
  const outcome = (answer as StartedMessage).answer;
  if (outcome.outcome === 'ok') return { ok: true, pid };
  yield* awaitDeath(context, pid);
  if (outcome.outcome === 'failed') return { ok: false, error: outcome.reason as StartError };
  if (outcome.outcome === 'ignored') return { ok: false, error: { tag: 'ignored' } };
  return { ok: false, error: { tag: 'alreadyStarted', pid: outcome.pid } };
}

function answers(ref: Ref): (message: unknown) => boolean {
  return (message) =>
    typeof message === 'object' &&
    message !== null &&
    (message as StartedMessage).ref === ref &&
    ((message as StartedMessage).tag === '$started' || (message as { tag: unknown }).tag === 'DOWN');
}

/** Waits until a child that is ending is dead, and takes its EXIT out of the mailbox. */
function* awaitDeath(context: Context, pid: AnyPid): Effects<void> {
  const ref = context.monitor(pid);
  yield* receive((message) => isDown(message, ref), { ref });
  yield* flushExit(pid);
}

/**
 * Takes the EXIT of a dead process out of the mailbox, if there is one. Its DOWN has been seen, and the runtime sends
 * EXIT before DOWN (LNK-7), so there is nothing to wait for. Returns the reason in it, or undefined.
 */
export function* flushExit(pid: AnyPid): Effects<{ readonly reason: unknown } | undefined> {
  const exit = yield* receive((message) => isExit(message) && message.from === pid, { afterMs: 0 });
  return exit === TIMEOUT ? undefined : (exit as { readonly reason: unknown });
}
