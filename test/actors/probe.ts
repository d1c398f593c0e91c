// Tells what the scheduler it runs on has done and holds; a look behind the public context, for reports of test runs.
import type { Context } from '../../src/process/index.ts';
import type { Scheduler } from '../../src/scheduler/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';

export const PROBE: Mfa = { module: import.meta.url, export: 'probe' };

/** One thread as its probe saw it. */
export interface Probed {
  readonly thread: number;
  /** Processes beside the probe. */
  readonly processes: number;
  readonly timers: number;
  /** Signals sent to other threads so far. */
  readonly crossed: number;
}

/** Sends one {@link Probed} and ends. */
export function probe(context: Context<unknown>, to: Pid<unknown>): void {
  const { processes, timers, engine } = context.kernel as Scheduler;
  const mesh = engine.outlink as { counters?(): readonly { readonly sent: number }[] } | null;
  const crossed = (mesh?.counters?.() ?? []).reduce((sum, { sent }) => sum + sent, 0);
  const { thread } = context.self.origin;
  context.send(to, { thread, processes: processes.size - 1, timers: timers.size, crossed } satisfies Probed);
}
