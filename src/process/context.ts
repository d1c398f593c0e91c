// What a process body sees: the public face of a process (PRC-1, EXI-1...5, LNK, MON, ALI, TMR).
// Every call here is synchronous on every placement; what has to wait is an effect (effects.ts).
import type { Env } from '../env/index.ts';
import { type AnyPid, type ExitReason, type Mfa, type Pid, plainReason, type Ref, reasonOf } from '../term/index.ts';
import type { Effects } from './effects.ts';
import type { Kernel } from './kernel.ts';
import type { AliasMode } from './monitors.ts';

/** Where a new process lives. `any` lets the system choose a thread. */
export type Placement = 'here' | 'any' | { readonly thread: number } | { readonly with: AnyPid };

export type Priority = 'high' | 'normal' | 'low';

export interface SpawnOptions {
  /** Default `here`. Other placements need a body that is named by an {@link Mfa}. */
  readonly placement?: Placement;
  /** Registered before the body runs; if it is taken the process exits with `{tag: 'alreadyRegistered'}`. */
  readonly name?: string;
  /** For logs and observation. */
  readonly label?: string;
  readonly priority?: Priority;
  /** Default: no bound. */
  readonly maxMailbox?: MaxMailbox;
}

/**
 * The bound of a mailbox (PRC-6). A message that comes when it is full ends the process with
 * `{tag: 'mailboxOverflow', length}` (`exit`), or is dropped, counted and logged once (`drop`). Exits, DOWNs, timers,
 * answers to calls and events of sockets always come in.
 */
export interface MaxMailbox {
  /** Messages that may wait, at least 1. */
  readonly length: number;
  readonly onOverflow: 'exit' | 'drop';
}

/** A body that handles one message at a time; its state is what `handle` returns (DESIGN decision 2). */
export interface Handler<S, P, A extends readonly unknown[] = readonly unknown[]> {
  /** Makes the first state in the new process; without it the first argument is the state. */
  init?(context: Context<P>, ...args: A): S | Effects<S>;
  /** The next state. Call `context.perform(...)` as the last thing to wait for something before the next message. */
  handle(state: S, message: P, context: Context<P>): S;
  /**
   * The state for this version of the code, from that of `oldVersion` (HOT-1). Called between two messages when the module
   * was loaded again; a throw keeps the old code and state. Without it the state stays as it is.
   */
  codeChange?(oldVersion: number, state: unknown, extra: unknown, context: Context<P>): S;
  /** Shown as the initial call. */
  readonly label?: string;
}

/** A body that reads like Erlang: `function* (context) { const m = yield* receive() }`. */
export type GeneratorBody<P, A extends readonly unknown[]> = (context: Context<P>, ...args: A) => Effects<unknown>;
/** The body for I/O: `async (context) => { const m = await context.perform(receive()) }`. */
export type AsyncBody<P, A extends readonly unknown[]> = (context: AsyncContext<P>, ...args: A) => Promise<unknown>;
/** A body that does its work in one go. */
export type PlainBody<P, A extends readonly unknown[]> = (context: Context<P>, ...args: A) => void;

export type Body<P, A extends readonly unknown[]> =
  // biome-ignore lint/suspicious/noExplicitAny: the state type of a handler is nobody's business but its own.
  Handler<any, P, A> | GeneratorBody<P, A> | AsyncBody<P, A> | PlainBody<P, A>;

// biome-ignore lint/suspicious/noExplicitAny: the runtime starts bodies of every protocol.
export type AnyBody = Body<any, any> | Mfa;

export interface MonitorOptions {
  /** Makes the ref an alias too (ALI-1). */
  readonly alias?: Exclude<AliasMode, 'explicit' | 'reply'>;
  /** Replaces `DOWN` in the message (MON-5). */
  readonly tag?: string;
}

/** A resource that ends with its owner, such as a socket. */
export interface Resource {
  close(): void;
}

export interface Context<P = never> {
  readonly self: Pid<P>;
  /** The process that spawned this one; null for a root. */
  readonly parent: AnyPid | null;
  /** Parent, its parent and so on, as far as they are recorded. */
  readonly ancestors: readonly AnyPid[];
  readonly env: Env;
  /** The runtime below; for behaviours and effects, not for applications. */
  readonly kernel: Kernel;
  /** Monotonic ms (TMR-3). */
  now(): number;
  /** A random number in [0, 1) from the engine's source. */
  random(): number;

  /** Sends and forgets; never fails for a dead pid (SIG-3). Throws NoProcessError for a name nobody has (SIG-5). */
  send(to: Ref | string, message: unknown): void;
  send<M>(to: Pid<M>, message: M): void;
  /** As `send` to a name, but false instead of an error when nobody has it. */
  trySend(name: string, message: unknown): boolean;
  whereis(name: string): AnyPid | undefined;

  spawn<Q = unknown>(body: Mfa, args?: readonly unknown[], options?: SpawnOptions): Pid<Q>;
  spawn<Q, A extends readonly unknown[]>(body: Body<Q, A>, args?: A, options?: SpawnOptions): Pid<Q>;
  /** Spawns and links in one step: an early death is seen with its real reason (LNK-6). */
  spawnLink<Q = unknown>(body: Mfa, args?: readonly unknown[], options?: SpawnOptions): Pid<Q>;
  spawnLink<Q, A extends readonly unknown[]>(body: Body<Q, A>, args?: A, options?: SpawnOptions): Pid<Q>;
  /** Spawns and monitors in one step; its DOWN never says noproc (MON-2). */
  spawnMonitor<Q = unknown>(body: Mfa, args?: readonly unknown[], options?: SpawnOptions): SpawnedMonitor<Q>;
  spawnMonitor<Q, A extends readonly unknown[]>(body: Body<Q, A>, args?: A, options?: SpawnOptions): SpawnedMonitor<Q>;

  /** Ends this process with `reason` (EXI-1). */
  exit(reason: unknown): never;
  /** Sends an exit signal (EXI-2). */
  exit(to: AnyPid, reason: unknown): void;
  /** Switches trapping of exits and returns what it was (EXI-5). */
  trapExit(on: boolean): boolean;

  link(to: AnyPid): void;
  /** After it returns the link can no longer affect the caller (LNK-5). */
  unlink(to: AnyPid): void;
  monitor(target: AnyPid | string, options?: MonitorOptions): Ref;
  /** True when the monitor was still there. With `flush` no DOWN of it is left in the mailbox (MON-4). */
  demonitor(ref: Ref, options?: { readonly flush?: boolean }): boolean;

  /** A fresh unique ref; marks the mailbox for a receive that waits for it (RCV-2). */
  makeRef(): Ref;
  /** A fresh ref that is an alias of this process (ALI-1). */
  alias(mode?: 'explicit' | 'reply'): Ref;
  /** False when it was no (longer an) alias of this process. */
  unalias(ref: Ref): boolean;

  /** Delivers `message` after `ms`; a name is resolved when it fires (TMR-1). Throws RangeError above 2^32 - 1. */
  sendAfter(ms: number, to: AnyPid | string, message: unknown): Ref;
  /** Delivers `{tag: 'timeout', ref, message}` after `ms`. */
  startTimer(ms: number, to: AnyPid | string, message: unknown): Ref;
  /** The ms that were left, or false (TMR-2). For a timer of another thread use the effect `cancelAnyTimer`. */
  cancelTimer(ref: Ref): number | false;

  /** Counts extra work against the slice, for handlers that do much for one message (SCH-1). */
  bump(reductions: number): void;
  /**
   * From a handler: waits for `effects` before the next message is handled; their result is the next state.
   * Returns its argument's placeholder, so write `return context.perform(...)`.
   */
  perform<S>(effects: Effects<S>): S;
  /** Ties a resource to this process: it is closed when the process ends. */
  own(resource: Resource): void;
  disown(resource: Resource): void;
  /** A function that puts a message from outside (a socket, a completion) into this mailbox; void after death. */
  inlet(): (message: P) => void;
  setLabel(label: string): void;
}

export interface SpawnedMonitor<Q> {
  readonly pid: Pid<Q>;
  readonly ref: Ref;
}

/** The context of an async body: effects are performed as promises. After death every call is void (section 0-4). */
export interface AsyncContext<P = never> extends Omit<Context<P>, 'perform'> {
  /** Runs effects, one at a time; the promise never settles once the process is dead. */
  perform<T>(effects: Effects<T>): Promise<T>;
}

/** Thrown by `send` to a name that nobody has (SIG-5). */
export class NoProcessError extends Error {
  override readonly name = 'NoProcessError';
  readonly processName: string;
  constructor(processName: string) {
    super(`no process is registered as '${processName}'`);
    this.processName = processName;
  }
}

/** Thrown by `context.exit(reason)`; a body that lets it pass ends with that reason. */
export class ExitError extends Error {
  override readonly name: string = 'ExitError';
  readonly reason: unknown;
  constructor(reason: unknown, text?: string) {
    super(text ?? 'exit');
    this.reason = reason;
  }
}

/** The reason of a process that `thrown` ends: that of an {@link ExitError}, else the error as data. Always plain data. */
export function exitReasonOf(thrown: unknown): ExitReason {
  try {
    if (thrown instanceof ExitError) return plainReason(thrown.reason);
  } catch {
    // Something that does not even say what it is.
  }
  return reasonOf(thrown);
}
