// A look at a running system from outside (OBS-1, OBS-2): its processes, the busiest ones within a window, a supervision
// tree. Nothing stays behind: the processes that look end with the question.
import { type SupervisorPid, startLink, tryCall, whichChildren } from '../behaviours/index.ts';
import { type Context, type Effects, sleep } from '../process/index.ts';
import type { System } from '../system/index.ts';
import { type AnyPid, BadArgumentError, formatReason } from '../term/index.ts';
import { type ProcessShown, ranked, TOP_BY, type TopBy, type TopRow } from './shown.ts';
import { type ObserverPid, THREAD_OBSERVER } from './thread-observer.ts';

const PROCESSES_MAX = 1_000;
const TOP_ROWS = 10;
const WINDOW_MS = 1_000;

export interface TopOptions {
  /** What to rank by. Default `reductions`. */
  readonly by?: TopBy;
  /** Default 1,000 ms. */
  readonly windowMs?: number;
  /** Default 10. */
  readonly limit?: number;
}

/** One supervised process and, when it supervises itself, what is below it. */
export interface TreeNode {
  /** Empty for a dynamic child without an id. */
  readonly id: string;
  /** `null` for one that is stopped. */
  readonly pid: AnyPid | 'restarting' | null;
  readonly type: 'worker' | 'supervisor';
  readonly children: readonly TreeNode[];
}

/** Processes of all threads, at most `limit` of each (default 1,000), those of a thread in the order of their start. */
export function processes(system: System, limit = PROCESSES_MAX): Promise<readonly ProcessShown[]> {
  checkCount('processes', limit);
  return system.run((context) =>
    onThreads(context, system, (observers) => ask(observers, { tag: 'processes', limit })),
  );
}

/** The processes of all threads that did most within a window, the first first. Those that did nothing are left out. */
export function top(system: System, options: TopOptions = {}): Promise<readonly TopRow[]> {
  const { by = 'reductions', windowMs = WINDOW_MS, limit = TOP_ROWS } = options;
  checkCount('top', limit);
  if (!TOP_BY.includes(by)) throw new BadArgumentError('top', `by: ${TOP_BY.join(', ')}`, by);
  return system.run((context) =>
    onThreads(context, system, function* look(observers) {
      yield* ask(observers, { tag: 'mark' });
      yield* sleep(windowMs);
      return ranked(yield* ask(observers, { tag: 'top', by, limit }), by, limit);
    }),
  );
}

/** The supervision tree from a supervisor down, as it is now; one that ends meanwhile has no children in it. */
export function supervisionTree(system: System, supervisor: SupervisorPid): Promise<TreeNode> {
  return system.run(function* readTree(): Effects<TreeNode> {
    return { id: '', pid: supervisor, type: 'supervisor', children: yield* childrenOf(supervisor) };
  });
}

function* childrenOf(supervisor: SupervisorPid): Effects<readonly TreeNode[]> {
  const nodes: TreeNode[] = [];
  for (const { id, pid, type } of yield* shown(supervisor)) {
    const isRunning = pid !== null && pid !== 'restarting';
    const children = type === 'supervisor' && isRunning ? yield* childrenOf(pid as AnyPid as SupervisorPid) : [];
    nodes.push({ id, pid, type, children });
  }
  return nodes;
}

function* shown(supervisor: SupervisorPid): ReturnType<typeof whichChildren> {
  try {
    return yield* whichChildren(supervisor);
  } catch {
    // It has ended since its own supervisor named it.
    return [];
  }
}

/** Runs something with an observer on each thread; those in the list end with it. A thread that is down is left out. */
export function* onThreads<T>(
  context: Context<unknown>,
  system: System,
  look: (observers: ObserverPid[]) => Effects<T>,
): Effects<T> {
  context.trapExit(true);
  const observers: ObserverPid[] = [];
  for (const thread of [0, ...system.engine.threads]) yield* observeThread(context, thread, observers);
  try {
    return yield* look(observers);
  } finally {
    for (const observer of observers) context.exit(observer, 'shutdown');
  }
}

/** Starts the observer of one thread and puts it to the others; one that does not start is left out. */
export function* observeThread(context: Context<unknown>, thread: number, observers: ObserverPid[]): Effects<void> {
  const started = yield* startLink(THREAD_OBSERVER, [], { placement: { thread } });
  if (started.ok) observers.push(started.pid as AnyPid as ObserverPid);
  else context.env.logger.log('debug', 'no observer', { thread, reason: formatReason(started.error) });
}

type Question =
  | { readonly tag: 'processes'; readonly limit: number }
  | { readonly tag: 'mark' }
  | { readonly tag: 'top'; readonly by: TopBy; readonly limit: number };

/** The answers of all observers together; one whose thread has died since has none. */
function* ask<T>(observers: readonly ObserverPid[], question: Question): Effects<T[]> {
  const all: T[] = [];
  for (const observer of observers) {
    const outcome = yield* tryCall(observer, question as never);
    if (outcome.ok && Array.isArray(outcome.value)) all.push(...(outcome.value as T[]));
  }
  return all;
}

function checkCount(operation: string, limit: number): void {
  if (!Number.isInteger(limit) || limit < 1) throw new BadArgumentError(operation, 'a limit of at least 1', limit);
}
