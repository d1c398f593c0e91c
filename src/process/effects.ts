// The effects a generator body can yield (DESIGN decision 2). Each is a small generator, so that user code writes
// `const message = yield* receive(...)`, reads like Erlang, and the types come out right.
import {
  BadArgumentError,
  checkFunction,
  checkName,
  checkOptions,
  checkPid,
  checkRef,
  describe,
  isMfa,
  type Mfa,
  type Pid,
  type Ref,
} from '../term/index.ts';
import type { Context } from './context.ts';
import type { Process } from './process.ts';
import { running } from './running.ts';

/** What a generator yields to its scheduler. Made only by the functions of this file. */
export type Effect =
  | {
      readonly op: 'receive';
      readonly match: ((message: unknown) => boolean) | null;
      readonly afterMs: number;
      readonly ref: Ref | null;
    }
  | { readonly op: 'context' }
  | { readonly op: 'pause' }
  | {
      readonly op: 'wait';
      /** Begins the work; `resume` continues the process with a value, once. Returns what to do if the process dies. */
      readonly start: (process: Process, resume: (value: unknown) => void) => (() => void) | undefined;
    };

/** A computation in a process that may suspend it and ends with a `T`. */
export type Effects<T> = Generator<Effect, T, unknown>;

/** What `receive` returns when its time is over. A symbol, because no message can be one. */
export const TIMEOUT: unique symbol = Symbol('timeout');
export type Timeout = typeof TIMEOUT;

/** The longest time a receive or a timer accepts: Erlang's 2^32 - 1 ms (RCV-3). */
export const WAIT_MS_MAX = 4_294_967_295;

export interface ReceiveOptions {
  /** Gives up after so many ms; 0 looks through the whole mailbox first (RCV-3). */
  readonly afterMs?: number;
  /** The fresh ref that every message `match` accepts must hold: older messages are skipped unseen (RCV-2). */
  readonly ref?: Ref;
}

/**
 * Takes the oldest message that `match` accepts, waiting for one if need be (RCV-1). Other messages stay, in order.
 * With `afterMs` it returns {@link TIMEOUT} instead when none came in time. Throws RangeError for a bad time.
 */
export function receive<M>(
  match: ((message: unknown) => message is M) | null | undefined,
  options: ReceiveOptions & { readonly afterMs: number },
): Effects<M | Timeout>;
export function receive<M = unknown>(
  match?: ((message: unknown) => message is M) | ((message: unknown) => boolean) | null,
  options?: ReceiveOptions,
): Effects<M>;
export function* receive(match?: ((message: unknown) => boolean) | null, options?: ReceiveOptions): Effects<unknown> {
  const afterMs = options?.afterMs ?? Number.POSITIVE_INFINITY;
  checkWait(afterMs);
  // Only those that could wait for ever: a time that is misspelt is no time.
  if (options != null && options.afterMs === undefined) checkOptions('receive', options, RECEIVE_OPTIONS);
  if (match != null) checkMatch(match);
  return yield { op: 'receive', match: match ?? null, afterMs, ref: options?.ref ?? null };
}

const RECEIVE_OPTIONS: Readonly<Record<keyof ReceiveOptions, true>> = { afterMs: true, ref: true };

/** What an async function or a generator function returns is always true: it would take every message. */
function checkMatch(match: unknown): void {
  checkFunction('receive', match);
  if (Object.getPrototypeOf(match) === Function.prototype) return;
  const kind = Object.prototype.toString.call(match);
  if (kind !== '[object Function]') throw new BadArgumentError('receive', 'a plain function that matches', match);
}

/** Throws RangeError unless `ms` is infinite or a number from 0 to 2^32 - 1. */
export function checkWait(ms: number): void {
  // A text of digits would pass the comparison, and put texts among the times of all timers.
  if (typeof ms === 'number' && (ms === Number.POSITIVE_INFINITY || (ms >= 0 && ms <= WAIT_MS_MAX))) return;
  throw new RangeError(`a time must be Infinity or 0 to ${WAIT_MS_MAX} ms, got ${describe(ms)}`);
}

/** Throws BadArgumentError for what is no generator of effects. */
export function checkEffects(operation: string, effects: unknown): void {
  if (typeof (effects as Effects<unknown> | null | undefined)?.next === 'function') return;
  throw new BadArgumentError(operation, 'a generator of effects', effects);
}

/** Thrown into a process whose generator yields something else than an effect: most often `yield` for `yield*`. */
export class NotAnEffectError extends TypeError {
  override readonly name = 'NotAnEffectError';

  constructor(value: unknown) {
    super(`a body yields effects only (write \`yield* receive()\`, not \`yield receive()\`), got ${describe(value)}`);
  }
}

const CONTEXT: Effect = { op: 'context' };
const PAUSE: Effect = { op: 'pause' };

/** The context of the running process, for library code that was not handed one. */
export function* context(): Effects<Context> {
  return running.process ?? ((yield CONTEXT) as Context);
}

/** Ends the slice: others run before this process continues. */
export function* pause(): Effects<void> {
  yield PAUSE;
}

/** Waits `ms`, leaving the mailbox alone. */
export function* sleep(ms: number): Effects<void> {
  checkWait(ms);
  yield { op: 'receive', match: never, afterMs: ms, ref: null };
}

function never(): boolean {
  return false;
}

export type RegisterResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: 'alreadyRegistered' | 'noproc' | 'hasName' | 'badName' };

/** Gives `pid` (default: the caller) a name; done when every live thread knows it (REG-1, DESIGN decision 8). */
export function* register(name: string, pid?: Pid<never>): Effects<RegisterResult> {
  checkName('register', name);
  if (pid !== undefined) checkPid('register', pid);
  return (yield {
    op: 'wait',
    start: (process, resume) => {
      process.kernel.register(name, pid ?? process.self, resume);
      return undefined;
    },
  }) as RegisterResult;
}

/** Takes a name away; false when nobody had it (REG-1). */
export function* unregister(name: string): Effects<boolean> {
  checkName('unregister', name);
  return (yield {
    op: 'wait',
    start: (process, resume) => {
      process.kernel.unregister(name, resume);
      return undefined;
    },
  }) as boolean;
}

/** A snapshot of one process (PRC-3). */
export interface ProcessInfo {
  readonly pid: Pid<never>;
  readonly name: string | null;
  readonly label: string | null;
  readonly initialCall: string;
  readonly status: 'runnable' | 'running' | 'waiting' | 'suspended';
  readonly messageQueueLength: number;
  readonly links: readonly Pid<never>[];
  readonly monitors: readonly (Pid<never> | string)[];
  readonly monitoredBy: readonly Pid<never>[];
  readonly trapsExits: boolean;
  readonly reductions: number;
  readonly parent: Pid<never> | null;
  readonly ancestors: readonly Pid<never>[];
  /** Only on request, the oldest 1,000 at most: copying a long mailbox must not be cheap to ask for by mistake. */
  readonly messages?: readonly unknown[];
}

/** Asks for a snapshot of `pid`, ordered behind everything the caller sent it (SIG-6); undefined when it is dead. */
export function* processInfo(
  pid: Pid<never>,
  options?: { readonly messages?: boolean },
): Effects<ProcessInfo | undefined> {
  checkPid('processInfo', pid);
  if (options != null) checkOptions('processInfo', options, { messages: true });
  return (yield {
    op: 'wait',
    start: (process, resume) => {
      process.kernel.processInfo(process, pid, options?.messages === true, resume);
      return undefined;
    },
  }) as ProcessInfo | undefined;
}

/** False when `pid` is dead, judged behind everything the caller sent it (SIG-6). */
export function* isProcessAlive(pid: Pid<never>): Effects<boolean> {
  return (yield* processInfo(pid)) !== undefined;
}

/** Cancels a timer wherever it lives: the ms that were left, or false when it has fired or is unknown (TMR-2). */
export function* cancelAnyTimer(ref: Ref): Effects<number | false> {
  checkRef('cancelAnyTimer', ref);
  return (yield {
    op: 'wait',
    start: (process, resume) => {
      process.kernel.cancelTimer(process, ref, resume);
      return undefined;
    },
  }) as number | false;
}

/** Runs one function in the offload pool (Erlang's dirty schedulers, SCH-5); `args` and the result are terms. */
export type OffloadResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown };

/** Runs `mfa(...args)` in the pool for CPU work; aborted when the process dies. */
export function* offload(mfa: Mfa, args: readonly unknown[] = []): Effects<OffloadResult> {
  if (!isMfa(mfa)) throw new BadArgumentError('offload', '{ module, export }', mfa);
  if (!Array.isArray(args)) throw new BadArgumentError('offload', 'an array of arguments', args);
  return (yield {
    op: 'wait',
    start: (process, resume) => process.kernel.offload(mfa, args, resume),
  }) as OffloadResult;
}
