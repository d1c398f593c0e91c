// The calls of an ordered supervisor (SUP-11).
import type { Effects } from '../process/index.ts';
import { type AnyPid, Pid } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import { checkSpec } from './child-spec.ts';
import { type PackedSpec, packSpec, unpackSpec } from './local-body.ts';
import { type CallResult, reply } from './results.ts';
import { type Child, type StaticChildren, startStatic, stopOne } from './static-children.ts';
import type {
  ChildCounts,
  ChildError,
  ChildOutcome,
  ChildShown,
  ChildStartOutcome,
  SpecOutcome,
  SupervisorCall,
} from './supervisor-calls.ts';
import { report } from './supervisor-reports.ts';

type Answer = ChildStartOutcome | ChildOutcome | readonly ChildShown[] | ChildCounts | SpecOutcome<PackedSpec>;
type Result = CallResult<Answer, StaticChildren>;

/** Answers one call. */
export function staticCall(
  request: SupervisorCall,
  children: StaticChildren,
  context: ServerContext,
): Result | Effects<Result> {
  switch (request?.tag) {
    case 'startChild':
      return add(children, request.spec, context);
    case 'terminateChild':
      return end(children, request.child, context);
    case 'restartChild':
      return again(children, request.id, context);
    case 'deleteChild':
      return reply(remove(children, request.id), children);
    case 'whichChildren':
      return reply(shownStatic(children), children);
    case 'countChildren':
      return reply(count(children), children);
    case 'getChildSpec': {
      const child = find(children, request.child);
      if (child === undefined) return reply(refusal({ tag: 'notFound' }), children);
      return reply({ ok: true, spec: packSpec(context, child.spec) }, children);
    }
    default:
      return reply(refusal({ tag: 'notSupported' }), children);
  }
}

/** A call that was not done. */
export function refusal(error: ChildError): { readonly ok: false; readonly error: ChildError } {
  return { ok: false, error };
}

const DONE: ChildOutcome = { ok: true };

function* add(children: StaticChildren, packed: PackedSpec, context: ServerContext): Effects<Result> {
  const checked = checkSpec(unpackSpec(packed), children.flags.autoShutdown);
  if (!checked.ok) return reply(refusal({ tag: 'badChildSpec', error: checked.error }), children);
  const spec = checked.value;
  const present = children.table.get(spec.id);
  if (present !== undefined) {
    const { pid } = present;
    return reply(refusal(pid instanceof Pid ? { tag: 'alreadyStarted', pid } : { tag: 'alreadyPresent' }), children);
  }
  const started = yield* startStatic(children, { spec, pid: null }, context);
  if (!started.ok) report(context, 'startError', spec, null, started.error);
  return reply(started as ChildStartOutcome, children);
}

function* end(children: StaticChildren, name: string | AnyPid, context: ServerContext): Effects<Result> {
  const child = find(children, name);
  if (child === undefined) return reply(refusal({ tag: 'notFound' }), children);
  yield* stopOne(children, child, context);
  if (child.spec.restart === 'temporary') children.table.delete(child.spec.id);
  return reply(DONE, children);
}

function* again(children: StaticChildren, id: string, context: ServerContext): Effects<Result> {
  const child = children.table.get(id);
  if (child === undefined) return reply(refusal({ tag: 'notFound' }), children);
  if (child.pid !== null) return reply(refusal(busy(child)), children);
  const started = yield* startStatic(children, child, context);
  if (!started.ok) report(context, 'startError', child.spec, null, started.error);
  return reply(started as ChildStartOutcome, children);
}

function remove(children: StaticChildren, id: string): ChildOutcome {
  const child = children.table.get(id);
  if (child === undefined) return refusal({ tag: 'notFound' });
  if (child.pid !== null) return refusal(busy(child));
  children.table.delete(id);
  return DONE;
}

function busy(child: Child): ChildError {
  return child.pid === 'restarting' ? { tag: 'restarting' } : { tag: 'running' };
}

function find(children: StaticChildren, name: string | AnyPid): Child | undefined {
  return typeof name === 'string' ? children.table.get(name) : children.byPid.get(name);
}

/** The children as `whichChildren` shows them. */
export function shownStatic(children: StaticChildren): readonly ChildShown[] {
  const shown: ChildShown[] = [];
  for (const { spec, pid } of children.table.values()) shown.push({ id: spec.id, pid, type: spec.type });
  return shown.reverse();
}

function count(children: StaticChildren): ChildCounts {
  let active = 0;
  let supervisors = 0;
  for (const { spec, pid } of children.table.values()) {
    if (pid instanceof Pid) active++;
    if (spec.type === 'supervisor') supervisors++;
  }
  return { specs: children.table.size, active, supervisors, workers: children.table.size - supervisors };
}
