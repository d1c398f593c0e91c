// The threads engine: many schedulers, one per data thread, beside the control scheduler of the calling thread.
//
//   const engine = await startThreads({ threads: 2, strict: true, logger });
//   const system = new System(engine);
import type { ThreadsOptions } from './options.ts';
import { ThreadsEngine } from './threads-engine.ts';

export { NoThreadError } from '../scheduler/index.ts';
export type { ThreadLeaks } from './messages.ts';
export type { ThreadsOptions } from './options.ts';
export type { PlacementPolicy } from './placement.ts';
export { type ThreadInfo, ThreadStartError, ThreadsEngine } from './threads-engine.ts';
export { checkNoWorker } from './worker-mark.ts';

/** Starts the engine; resolves when every data thread runs. Rejects with ThreadStartError when one cannot start. */
export async function startThreads(options: ThreadsOptions): Promise<ThreadsEngine> {
  const engine = new ThreadsEngine(options);
  try {
    await engine.started();
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}
