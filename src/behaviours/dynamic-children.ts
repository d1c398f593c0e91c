// Children without an order, started on demand: simpleOneForOne (SUP-13) and dynamic supervisors (DYN-1).
// One map lookup per exit, parallel stop; the arguments of temporary children are not kept.
import type { Effects } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import type { CheckedFlags, CheckedSpec } from './child-spec.ts';
import { RestartWindow } from './restart-window.ts';
import { type CastResult, noReply, stop } from './results.ts';
import { type Stopping, shutDown, shutDownAll } from './shutdown.ts';
import { type ChildStarted, retryLater, startChildOf, ThreadLosses } from './start-child.ts';
import { comesBack, isExpectedEnd, type OtherChild, shutsDown } from './strategy.ts';
import { report } from './supervisor-reports.ts';

/** A child that is running or about to be started again. */
export interface DynamicChild {
  readonly spec: CheckedSpec;
  readonly args: readonly unknown[];
}

const NO_ARGS: readonly unknown[] = [];

export class DynamicChildren {
  readonly kind = 'dynamic';
  readonly flags: CheckedFlags;
  /** The one spec of simpleOneForOne; null when every child brings its own. */
  readonly template: CheckedSpec | null;
  /** Bound on children, those being restarted included. */
  readonly childrenMax: number;
  /** Put before the arguments of every child. */
  readonly extraArguments: readonly unknown[];
  readonly window: RestartWindow;
  readonly losses = new ThreadLosses();
  readonly running = new Map<AnyPid, DynamicChild>();
  readonly restarting = new Map<number, DynamicChild>();
  private lastKey = 0;

  constructor(
    flags: CheckedFlags,
    template: CheckedSpec | null,
    childrenMax: number = Number.POSITIVE_INFINITY,
    extraArguments: readonly unknown[] = NO_ARGS,
  ) {
    this.flags = flags;
    this.template = template;
    this.childrenMax = childrenMax;
    this.extraArguments = extraArguments;
    this.window = new RestartWindow(flags.intensity, flags.periodMs);
  }

  get count(): number {
    return this.running.size + this.restarting.size;
  }

  nextKey(): number {
    return ++this.lastKey;
  }

  /** What is left, in the shape the rule of SUP-12 looks at. */
  *others(): Iterable<OtherChild> {
    for (const [pid, { spec }] of this.running) yield { spec, pid };
    for (const { spec } of this.restarting.values()) yield { spec, pid: 'restarting' };
  }
}

type Step = CastResult<DynamicChildren> | Effects<CastResult<DynamicChildren>>;

/** Starts one more child; `{tag: 'maxChildren'}` when there are as many as allowed (DYN-1). */
export function* startDynamic(
  children: DynamicChildren,
  spec: CheckedSpec,
  args: readonly unknown[],
  context: ServerContext,
): Effects<ChildStarted> {
  if (children.count >= children.childrenMax) return { ok: false, error: { tag: 'maxChildren' } };
  const started = yield* startChildOf(spec, args, context);
  if (started.ok && started.pid !== null) remember(children, started.pid, spec, args);
  return started;
}

function remember(children: DynamicChildren, pid: AnyPid, spec: CheckedSpec, args: readonly unknown[]): void {
  children.running.set(pid, { spec, args: spec.restart === 'temporary' ? NO_ARGS : args });
}

/** An EXIT came. Strangers are ignored (SUP-14). */
export function dynamicEnded(children: DynamicChildren, pid: AnyPid, reason: unknown, context: ServerContext): Step {
  const child = children.running.get(pid);
  if (child === undefined) return noReply(children);
  const { spec } = child;
  children.running.delete(pid);
  if (comesBack(spec.restart === 'temporary' ? 'transient' : spec.restart, reason)) {
    report(context, 'childTerminated', spec, pid, reason);
  }
  if (comesBack(spec.restart, reason)) {
    return restartDynamic(children, child, children.losses.counts(pid, reason), context);
  }
  return shutsDown(children.flags.autoShutdown, spec, children.others()) ? stop('shutdown') : noReply(children);
}

/** A retry came; void when the supervisor has given the child up. */
export function dynamicRetry(children: DynamicChildren, key: number, isCounted: boolean, context: ServerContext): Step {
  const child = children.restarting.get(key);
  if (child === undefined) return noReply(children);
  children.restarting.delete(key);
  return restartDynamic(children, child, isCounted, context);
}

function restartDynamic(
  children: DynamicChildren,
  child: DynamicChild,
  isCounted: boolean,
  context: ServerContext,
): Step {
  if (isCounted && !children.window.add(context.now())) {
    report(context, 'reachedMaxRestartIntensity', child.spec, null, 'shutdown');
    return stop('shutdown');
  }
  return revive(children, child, context);
}

function* revive(
  children: DynamicChildren,
  { spec, args }: DynamicChild,
  context: ServerContext,
): Effects<CastResult<DynamicChildren>> {
  const started = yield* startChildOf(spec, args, context);
  if (started.ok) {
    if (started.pid !== null) remember(children, started.pid, spec, args);
  } else {
    report(context, 'startError', spec, null, started.error);
    const key = children.nextKey();
    children.restarting.set(key, { spec, args });
    retryLater(context, key, spec, started.error);
  }
  return noReply(children);
}

/** Stops one child by pid; false when there is none. */
export function* stopDynamic(children: DynamicChildren, pid: AnyPid, context: ServerContext): Effects<boolean> {
  const child = children.running.get(pid);
  if (child === undefined) return false;
  children.running.delete(pid);
  noteEnd(context, { pid, spec: child.spec }, yield* shutDown(context, pid, child.spec.shutdown));
  return true;
}

/** Stops all children at once (SUP-13). */
export function* stopAllDynamic(children: DynamicChildren, context: ServerContext): Effects<void> {
  const targets: Stopping[] = [];
  for (const [pid, { spec }] of children.running) targets.push({ pid, spec });
  children.running.clear();
  children.restarting.clear();
  yield* shutDownAll(context, targets, (target, reason) => noteEnd(context, target, reason));
}

function noteEnd(context: ServerContext, { pid, spec }: Stopping, reason: unknown): void {
  if (!isExpectedEnd(spec.shutdown, spec.restart, reason)) report(context, 'shutdownError', spec, pid, reason);
}
