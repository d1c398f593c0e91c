// The calls of a supervisor whose children come and go: simpleOneForOne and dynamic (SUP-13, DYN-1).
import { type Effects, isProcessAlive } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import { bad, checkSpec } from './child-spec.ts';
import { type DynamicChildren, startDynamic, stopDynamic } from './dynamic-children.ts';
import type { PackedSpec } from './local-body.ts';
import { packSpec, unpackSpec } from './local-body.ts';
import { type CallResult, reply } from './results.ts';
import type { ChildStarted } from './start-child.ts';
import { refusal } from './static-calls.ts';
import type {
  ChildCounts,
  ChildOutcome,
  ChildShown,
  ChildStartOutcome,
  SpecOutcome,
  SupervisorCall,
} from './supervisor-calls.ts';
import { report } from './supervisor-reports.ts';

type Answer = ChildStartOutcome | ChildOutcome | readonly ChildShown[] | ChildCounts | SpecOutcome<PackedSpec>;
type Result = CallResult<Answer, DynamicChildren>;

/** Answers one call. */
export function dynamicCall(
  request: SupervisorCall,
  children: DynamicChildren,
  context: ServerContext,
): Result | Effects<Result> {
  switch (request?.tag) {
    case 'startChild':
      return children.template === null ? addOwn(children, request.spec, context) : unsupported(children);
    case 'startWith':
      return children.template === null ? unsupported(children) : addFrom(children, request.args, context);
    case 'terminateChild':
      return typeof request.child === 'string' ? unsupported(children) : end(children, request.child, context);
    case 'whichChildren':
      return reply(shownDynamic(children), children);
    case 'countChildren':
      return reply(count(children), children);
    case 'getChildSpec': {
      const spec = typeof request.child === 'string' ? children.template : children.running.get(request.child)?.spec;
      if (spec == null) return reply(refusal({ tag: 'notFound' }), children);
      return reply({ ok: true, spec: packSpec(context, spec) }, children);
    }
    default:
      return unsupported(children);
  }
}

function unsupported(children: DynamicChildren): Result {
  return reply(refusal({ tag: 'notSupported' }), children);
}

function* addOwn(children: DynamicChildren, packed: PackedSpec, context: ServerContext): Effects<Result> {
  const checked = checkSpec(unpackSpec(packed), children.flags.autoShutdown, false);
  if (!checked.ok) return reply(refusal({ tag: 'badChildSpec', error: checked.error }), children);
  const args = [...children.extraArguments, ...(checked.value.start.args ?? [])];
  const started = yield* startDynamic(children, checked.value, args, context);
  if (!started.ok) report(context, 'startError', checked.value, null, started.error);
  return answer(children, started);
}

function* addFrom(children: DynamicChildren, extra: readonly unknown[], context: ServerContext): Effects<Result> {
  const spec = children.template;
  if (spec === null) return unsupported(children);
  if (!Array.isArray(extra))
    return reply(refusal({ tag: 'badChildSpec', error: bad('badArgs', extra).error }), children);
  const started = yield* startDynamic(children, spec, [...(spec.start.args ?? []), ...extra], context);
  if (!started.ok) report(context, 'startError', spec, null, started.error);
  return answer(children, started);
}

function answer(children: DynamicChildren, started: ChildStarted): Result {
  return reply(started as ChildStartOutcome, children);
}

function* end(children: DynamicChildren, pid: AnyPid, context: ServerContext): Effects<Result> {
  const existed = yield* stopDynamic(children, pid, context);
  // As OTP's simple_one_for_one: whoever is dead already has been stopped. Elixir's dynamic supervisor does not know it.
  const isDone = existed || (children.template !== null && !(yield* isProcessAlive(pid)));
  return reply(isDone ? { ok: true } : refusal({ tag: 'notFound' }), children);
}

/** The children as `whichChildren` shows them. */
export function shownDynamic(children: DynamicChildren): readonly ChildShown[] {
  const shown: ChildShown[] = [];
  for (const [pid, { spec }] of children.running) shown.push({ id: spec.id, pid, type: spec.type });
  for (const { spec } of children.restarting.values()) shown.push({ id: spec.id, pid: 'restarting', type: spec.type });
  return shown.reverse();
}

function count(children: DynamicChildren): ChildCounts {
  let supervisors = 0;
  for (const { spec } of children.running.values()) if (spec.type === 'supervisor') supervisors++;
  for (const { spec } of children.restarting.values()) if (spec.type === 'supervisor') supervisors++;
  return {
    specs: children.template === null ? children.count : 1,
    active: children.running.size,
    supervisors,
    workers: children.count - supervisors,
  };
}
