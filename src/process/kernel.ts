// What a process needs of the scheduler that runs it. `process/` knows this interface only; `scheduler/` implements it.
import type { Env } from '../env/index.ts';
import type { AnyPid, Mfa, Origin, Pid, Ref } from '../term/index.ts';
import type { AnyBody, SpawnOptions } from './context.ts';
import type { Effects, OffloadResult, ProcessInfo, RegisterResult } from './effects.ts';
import type { ReloadOutcome } from './hot-code.ts';
import type { Process } from './process.ts';
import type { Signal } from './signal.ts';

export interface SpawnRequest {
  readonly body: AnyBody;
  readonly args: readonly unknown[];
  readonly options: SpawnOptions | undefined;
  readonly link: boolean;
  readonly monitor: boolean;
  /**
   * With `monitor`: a fresh ref of the parent that becomes the monitor's ref and a `replyDemonitor` alias (ALI-2), so
   * that the arguments of the new process can already name where it answers (GS-1).
   */
  readonly answerTo?: Ref;
}

export interface Kernel {
  readonly origin: Origin;
  readonly env: Env;
  /**
   * Objects shared by the processes of this thread, by name: replicas of tables and stores that outlive a process.
   * Gone with the thread.
   */
  readonly locals: Map<string, unknown>;

  /** Makes `process` runnable; asks for a turn when none is running. */
  schedule(process: Process): void;
  /** Sends a message, by the shortest way that keeps SIG-1. */
  sendMessage(from: Process | null, to: AnyPid | Ref, message: unknown): void;
  /** Sends any other signal. */
  sendSignal(signal: Signal): void;
  /** The living process that gets signals at once, unseen by anybody; null when they have to be sent. */
  near(pid: AnyPid): Process | null;
  whereis(name: string): AnyPid | undefined;
  /** Starts a process for `parent`; returns its pid, and the monitor's ref where one was asked for. */
  spawn(parent: Process | null, request: SpawnRequest): { readonly pid: Pid<never>; readonly ref: Ref | null };
  makeRef(): Ref;
  /** Starts a timer owned by nobody; `wrap` adds the `timeout` tuple (TMR-1). */
  startTimer(ms: number, to: AnyPid | string, message: unknown, wrap: boolean): Ref;
  cancelLocalTimer(ref: Ref): number | false;
  /** Ends a process of this scheduler, with everything that follows from it (SIG-7). */
  terminate(process: Process, reason: unknown): void;

  /** Makes `effects` what the process does next; their result is its next state. */
  perform(process: Process, effects: Effects<unknown>): unknown;

  register(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void;
  unregister(name: string, done: (result: boolean) => void): void;
  processInfo(asker: Process, pid: AnyPid, withMessages: boolean, done: (info: ProcessInfo | undefined) => void): void;
  /** Suspends `pid` for `asker`; `done(false)` when it is dead. */
  suspend(asker: Process, pid: AnyPid, done: (isSuspended: boolean) => void): void;
  cancelTimer(asker: Process, ref: Ref, done: (left: number | false) => void): void;
  /** Loads a module again on this thread and gives its new code to the handlers that run the old (HOT-1). */
  reload(module: string, extra: unknown, done: (outcome: ReloadOutcome) => void): void;
  /** Gives a process of this thread the new code of its body now; false when there is none. Throws what `codeChange` threw. */
  changeCode(process: Process, extra: unknown): boolean;
  offload(mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void): () => void;
}
