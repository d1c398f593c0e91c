// Starting one child of a supervisor, and what a thread's death means for it (SUP-10, DESIGN decision 7).
import type { Effects } from '../process/index.ts';
import { type AnyPid, hasTag, type Origin, reasonOf } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import type { CheckedSpec } from './child-spec.ts';
import { awaitAnswer, launch } from './start-link.ts';

/** A started child; its pid is null when `init` said `ignore`. */
export type ChildStarted =
  | { readonly ok: true; readonly pid: AnyPid | null }
  | { readonly ok: false; readonly error: unknown };

/** Starts the child of `spec`. Whatever goes wrong is an error of the start, never an exception. */
export function* startChildOf(
  spec: CheckedSpec,
  args: readonly unknown[],
  context: ServerContext,
): Effects<ChildStarted> {
  const { start } = spec;
  let launched: ReturnType<typeof launch>;
  try {
    launched = launch(context, start.body, args, start, true);
  } catch (error) {
    return { ok: false, error: reasonOf(error) };
  }
  const result = 'ok' in launched ? launched : yield* awaitAnswer(context, launched, start.timeoutMs);
  if (!result.ok && hasTag(result.error, 'ignored')) return { ok: true, pid: null };
  return result;
}

/** How long a child that is placed on a dead thread waits before it looks for the thread's new incarnation. */
export const THREAD_RETRY_MS = 50;

/** True when a start failed only because the thread that the spec names is down: not the child's fault, not counted. */
export function waitsForThread(spec: CheckedSpec, error: unknown): boolean {
  const { placement } = spec.start;
  return typeof placement === 'object' && 'thread' in placement && hasTag(error, 'threadDown');
}

const LOSSES_MAX = 256;

/** The thread incarnations whose death a supervisor has already counted as one restart. */
export class ThreadLosses {
  private readonly counted = new Set<Origin>();

  /** True when the restart of the child `pid`, which ended with `reason`, counts for the intensity. */
  counts(pid: AnyPid, reason: unknown): boolean {
    if (!hasTag(reason, 'threadDown')) return true;
    if (this.counted.has(pid.origin)) return false;
    this.counted.add(pid.origin);
    if (this.counted.size > LOSSES_MAX) for (const oldest of this.counted) return this.counted.delete(oldest);
    return true;
  }
}

/** What a supervisor sends itself to try a failed restart again (SUP-7). */
export interface Retry {
  readonly tag: 'retry';
  readonly key: string | number;
  readonly isCounted: boolean;
}

/** Sends a retry: at once, behind what is already in the mailbox, or later when it waits for a thread. */
export function retryLater(context: ServerContext, key: string | number, spec: CheckedSpec, error: unknown): void {
  const isWaiting = waitsForThread(spec, error);
  const message: Retry = { tag: 'retry', key, isCounted: !isWaiting };
  const cast = { tag: '$cast', message };
  if (isWaiting) context.sendAfter(THREAD_RETRY_MS, context.self, cast);
  else context.send(context.self, cast);
}
