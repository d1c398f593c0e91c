// What a System is given to run on: one of the engines, already started.
import type { Scheduler } from '../scheduler/index.ts';
import type { Leaks } from './leaks.ts';

/** A started engine with its control scheduler. */
export interface EngineHandle {
  /** The scheduler on which an embedder's closures and the root processes run. */
  readonly scheduler: Scheduler;
  /** Numbers of the data threads; empty when everything runs on the control scheduler. */
  readonly threads: readonly number[];
  /** Counters and gauges of all threads, by name. */
  metrics(): Readonly<Record<string, number>>;
  /** Ends every process of every data thread and the threads themselves, then the turns of the control scheduler. */
  stop(): Promise<readonly Leaks[]>;
}

/** Length of `env.words`. */
export const SHARED_WORDS = 65_536;

/** Length of `env.cells`. */
export const SHARED_CELLS = 65_536;
