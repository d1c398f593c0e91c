// The children of a supervisor with an order: oneForOne, oneForAll, restForOne. SUP-1...8, SUP-11, SUP-12.
// Every step that waits is a generator: the supervisor lets nothing else in until it is done.
import type { Effects } from '../process/index.ts';
import { type AnyPid, Pid } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import type { CheckedFlags, CheckedSpec } from './child-spec.ts';
import { RestartWindow } from './restart-window.ts';
import { type CastResult, noReply, stop } from './results.ts';
import { shutDown } from './shutdown.ts';
import { type ChildStarted, retryLater, startChildOf, ThreadLosses } from './start-child.ts';
import { affectedBy, comesBack, isExpectedEnd, shutsDown } from './strategy.ts';
import { report } from './supervisor-reports.ts';

/** A child: its spec, and its pid while it runs; `restarting` between failed attempts; null when it is not running. */
export interface Child {
  readonly spec: CheckedSpec;
  pid: AnyPid | 'restarting' | null;
}

export class StaticChildren {
  readonly kind = 'static';
  readonly flags: CheckedFlags;
  readonly window: RestartWindow;
  readonly losses = new ThreadLosses();
  /** In start order. */
  readonly table = new Map<string, Child>();
  readonly byPid = new Map<AnyPid, Child>();

  constructor(flags: CheckedFlags) {
    this.flags = flags;
    this.window = new RestartWindow(flags.intensity, flags.periodMs);
  }
}

type Step = CastResult<StaticChildren> | Effects<CastResult<StaticChildren>>;

/** Starts a child and enters it into the tables; a temporary one that declines is not kept (SUP-10). */
export function* startStatic(children: StaticChildren, child: Child, context: ServerContext): Effects<ChildStarted> {
  const { spec } = child;
  const started = yield* startChildOf(spec, spec.start.args ?? [], context);
  if (!started.ok) return started;
  child.pid = started.pid;
  if (started.pid !== null) children.byPid.set(started.pid, child);
  if (started.pid === null && spec.restart === 'temporary') children.table.delete(spec.id);
  else children.table.set(spec.id, child);
  return started;
}

/** Starts all children in order; the first that fails takes down those before it, in reverse (SUP-1). */
export function* startAll(
  children: StaticChildren,
  specs: readonly CheckedSpec[],
  context: ServerContext,
): Effects<{ readonly id: string; readonly reason: unknown } | null> {
  for (const spec of specs) {
    const started = yield* startStatic(children, { spec, pid: null }, context);
    if (started.ok) continue;
    report(context, 'startError', spec, null, started.error);
    yield* stopStatic(children, [...children.table.keys()], context);
    return { id: spec.id, reason: started.error };
  }
  return null;
}

/** Stops the children with these ids one after the other, in reverse order; temporary ones are forgotten (SUP-1, SUP-3). */
export function* stopStatic(children: StaticChildren, ids: readonly string[], context: ServerContext): Effects<void> {
  for (let index = ids.length - 1; index >= 0; index--) {
    const child = children.table.get(ids[index]);
    if (child === undefined) continue;
    yield* stopOne(children, child, context);
    if (child.spec.restart === 'temporary') children.table.delete(child.spec.id);
  }
}

/** Stops one child; a pending restart is given up (SUP-7). */
export function* stopOne(children: StaticChildren, child: Child, context: ServerContext): Effects<void> {
  const { pid, spec } = child;
  if (pid instanceof Pid) {
    children.byPid.delete(pid);
    const reason = yield* shutDown(context, pid, spec.shutdown);
    if (!isExpectedEnd(spec.shutdown, spec.restart, reason)) report(context, 'shutdownError', spec, pid, reason);
  }
  child.pid = null;
}

/** An EXIT came: what the supervisor does about it. Strangers are ignored (SUP-14). */
export function staticEnded(children: StaticChildren, pid: AnyPid, reason: unknown, context: ServerContext): Step {
  const child = children.byPid.get(pid);
  if (child === undefined) return noReply(children);
  const { spec } = child;
  children.byPid.delete(pid);
  if (comesBack(spec.restart === 'temporary' ? 'transient' : spec.restart, reason)) {
    report(context, 'childTerminated', spec, pid, reason);
  }
  if (comesBack(spec.restart, reason)) {
    child.pid = 'restarting';
    return restartStatic(children, child, children.losses.counts(pid, reason), context);
  }
  child.pid = null;
  if (spec.restart === 'temporary') children.table.delete(spec.id);
  return shutsDown(children.flags.autoShutdown, spec, children.table.values()) ? stop('shutdown') : noReply(children);
}

/** A retry came; void when the child was stopped, deleted or started meanwhile (SUP-7). */
export function staticRetry(children: StaticChildren, id: string, isCounted: boolean, context: ServerContext): Step {
  const child = children.table.get(id);
  if (child?.pid !== 'restarting') return noReply(children);
  return restartStatic(children, child, isCounted, context);
}

/** Counts a restart, then does it; one too many ends the supervisor (SUP-5). */
function restartStatic(children: StaticChildren, child: Child, isCounted: boolean, context: ServerContext): Step {
  if (isCounted && !children.window.add(context.now())) {
    report(context, 'reachedMaxRestartIntensity', child.spec, null, 'shutdown');
    child.pid = null;
    return stop('shutdown');
  }
  return revive(children, child, context);
}

function* revive(children: StaticChildren, failed: Child, context: ServerContext): Effects<CastResult<StaticChildren>> {
  const { strategy } = children.flags;
  if (strategy === 'oneForOne') {
    const started = yield* startStatic(children, failed, context);
    if (!started.ok) tryLater(failed, started.error, context);
    return noReply(children);
  }
  const ids = affectedBy(strategy, [...children.table.keys()], failed.spec.id);
  yield* stopStatic(children, ids, context);
  for (const id of ids) {
    const child = children.table.get(id);
    if (child === undefined) continue;
    const started = yield* startStatic(children, child, context);
    if (started.ok) continue;
    tryLater(child, started.error, context);
    break;
  }
  return noReply(children);
}

/** A child could not be started again: a message to the supervisor itself will try once more (SUP-7). */
function tryLater(child: Child, error: unknown, context: ServerContext): void {
  report(context, 'startError', child.spec, null, error);
  child.pid = 'restarting';
  retryLater(context, child.spec.id, child.spec, error);
}
