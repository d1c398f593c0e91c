// What makes the difference between the three engines: everything a scheduler is given from outside (DESIGN decision 1).
import type { Env, Turns } from '../env/index.ts';
import type { AnyBody, OffloadResult, Placement, Process, Signal, Tracer } from '../process/index.ts';
import type { AnyPid, Mfa, Origin, Pid, Ref } from '../term/index.ts';
import type { Names } from './names.ts';

/** The way to other schedulers. All signals for one of them travel in the order of these calls (SIG-1). */
export interface Outlink {
  /** Encodes and queues one signal for the thread of its receiver; drops it when that incarnation is dead. */
  send(to: Origin, signal: Signal): void;
  /** Applies what has arrived from other threads; true when there was something. */
  poll(): boolean;
  /** Publishes what `send` has queued; called at the end of each slice. */
  publish(): void;
  /** True when the outbox to that incarnation is over its bound: who fills it further is held (DESIGN decision 5). */
  isCongested(to: Origin): boolean;
  /** The interned pid of that serial, so that `===` holds when the pid comes back (DESIGN decision 3). */
  pidAt(origin: Origin, serial: number): Pid<never>;
  /** False when that incarnation is known to be dead. */
  isUp(origin: Origin): boolean;
}

/** The simulator's hold on signals within a thread: nothing is received before the simulator says so. */
export interface Transit {
  submit(from: AnyPid | null, to: AnyPid | Ref, signal: Signal): void;
}

/** Finds the code behind an {@link Mfa}; answers at once when the module is loaded. */
export interface Loader {
  load(mfa: Mfa, done: (outcome: { readonly body: AnyBody } | { readonly error: unknown }) => void): void;
  /** Loads a module again, as its next version (HOT-1); absent where code cannot be loaded again. */
  reload?(module: string, done: (outcome: { readonly version: number } | { readonly error: unknown }) => void): void;
  /** The body that has taken the place of a loaded one, and which version the old one was of; null when none has. */
  newest?(body: unknown): { readonly body: AnyBody; readonly oldVersion: number } | null;
}

export interface Heartbeat {
  /** A slice of the process with this serial begins (SCH-6). */
  begin(serial: number): void;
  end(): void;
}

export interface Engine {
  readonly origin: Origin;
  readonly env: Env;
  readonly turns: Turns;
  readonly loader: Loader;
  readonly names: Names;
  readonly outlink: Outlink | null;
  readonly transit: Transit | null;
  readonly heartbeat: Heartbeat | null;
  /** Checks and freezes what is sent (DESIGN decision 3). */
  readonly strict: boolean;
  /** The origin of the thread a placement means; `here` never gets this far. Throws for a thread that does not exist. */
  place(placement: Exclude<Placement, 'here'>): Origin;
  offload(mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void): () => void;
  /** Remembers which process an async body belongs to, so that a stray rejection finds its owner (DESIGN decision 9). */
  readonly asyncOwner?: { run<T>(process: Process, work: () => T): T };
  readonly tracer: Tracer | null;
  readonly limits: SchedulerLimits;
}

export interface SchedulerLimits {
  /** Reductions after which the next process runs (SCH-1). */
  readonly sliceReductions: number;
  /** Wall time after which a slice ends at the next message. */
  readonly sliceMs: number;
  /** Wall time after which the event loop gets a macrotask (SCH-3). */
  readonly turnMs: number;
  /** Processes on one scheduler (PRC-8). */
  readonly processesMax: number;
  /** A mailbox this long is reported once (RCV-4). */
  readonly longMailbox: number;
}

export const DEFAULT_LIMITS: SchedulerLimits = {
  sliceReductions: 2000,
  sliceMs: 0.2,
  turnMs: 1,
  processesMax: 8_000_000,
  longMailbox: 100_000,
};

/** Thrown for a placement on a thread that the system does not have. */
export class NoThreadError extends RangeError {
  override readonly name = 'NoThreadError';
}
