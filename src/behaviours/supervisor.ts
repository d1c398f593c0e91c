// Supervisors: processes whose children are started in order, watched, restarted and stopped in reverse (SUP-1...14).
// A supervisor is a gen-server underneath: it answers calls, obeys its parent's exit and is started synchronously.
//
//   export const tree = supervisor({
//     strategy: 'restForOne',
//     children: [
//       { id: 'store', start: { body: store, args: ['./data'] } },
//       { id: 'sessions', start: { body: sessions }, type: 'supervisor' },
//     ],
//   });
import { type Effects, isExit } from '../process/index.ts';
import { formatReason, hasTag } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import {
  bad,
  type ChildSpec,
  type ChildSpecsFor,
  checkFlags,
  checkSpecs,
  type SupervisorFlags,
  warningFor,
} from './child-spec.ts';
import { dynamicCall, shownDynamic } from './dynamic-calls.ts';
import { DynamicChildren, dynamicEnded, dynamicRetry, stopAllDynamic } from './dynamic-children.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import { type CastResult, type Ignore, type InitResult, noReply, ok, stop } from './results.ts';
import type { Retry } from './start-child.ts';
import { shownStatic, staticCall } from './static-calls.ts';
import { StaticChildren, startAll, staticEnded, staticRetry, stopStatic } from './static-children.ts';
import type { SupervisorCall } from './supervisor-calls.ts';

/** Flags and children; simpleOneForOne takes exactly one child, its template. */
export interface SupervisorSpec extends SupervisorFlags {
  readonly children: readonly ChildSpec[];
}

/** The same for children whose arguments are known: those of another type do not compile. */
export type SupervisorSpecFor<T extends readonly (readonly unknown[])[]> = SupervisorFlags & {
  readonly children: ChildSpecsFor<T>;
};

/** The children of either kind. */
export type Children = StaticChildren | DynamicChildren;

/** A supervisor's definition: a process body, like every behaviour. */
export type SupervisorDefinition<A extends readonly unknown[] = readonly []> = ServerDefinition<
  A,
  SupervisorCall,
  never,
  never
>;

/**
 * Defines a supervisor from its spec, or from a function that makes the spec in the new process.
 * A bad spec fails the start with `{tag: 'badSupervisorFlags' | 'badChildSpec', error}` (SUP-10).
 */
export function supervisor<
  A extends readonly unknown[],
  // biome-ignore lint/suspicious/noExplicitAny: where only the arguments of the supervisor are named.
  const T extends readonly (readonly unknown[])[] = readonly any[],
>(spec: (context: ServerContext, ...args: A) => SupervisorSpecFor<T> | Ignore): SupervisorDefinition<A>;
export function supervisor<const T extends readonly (readonly unknown[])[]>(
  spec: SupervisorSpecFor<T>,
): SupervisorDefinition;
export function supervisor<A extends readonly unknown[] = readonly []>(
  spec: SupervisorSpec | ((context: ServerContext, ...args: A) => SupervisorSpec | Ignore),
): SupervisorDefinition<A> {
  return supervise('supervisor', (context, ...args: A) => {
    const given = typeof spec === 'function' ? spec(context, ...args) : spec;
    return given != null && 'tag' in Object(given) ? (given as Ignore) : begin(given as SupervisorSpec, context);
  });
}

/** The gen-server that every kind of supervisor is. */
export function supervise<A extends readonly unknown[]>(
  label: string,
  init: (context: ServerContext, ...args: A) => InitResult<Children> | Effects<InitResult<Children>>,
): SupervisorDefinition<A> {
  return genServer<Children, A, SupervisorCall, never, never>({
    label,
    init: (context, ...args) => {
      context.trapExit(true);
      return init(context, ...args);
    },
    handleCall: (request, _from, children, context) =>
      children.kind === 'static' ? staticCall(request, children, context) : dynamicCall(request, children, context),
    handleCast(message: Retry, children, context) {
      if (hasTag(message, 'retry')) return retry(message, children, context);
      unexpected(message, context);
      return noReply(children);
    },
    handleInfo(message, children, context) {
      if (isExit(message)) {
        return children.kind === 'static'
          ? staticEnded(children, message.from, message.reason, context)
          : dynamicEnded(children, message.from, message.reason, context);
      }
      unexpected(message, context);
      return noReply(children);
    },
    formatStatus: (children) => ({
      ...children.flags,
      children: children.kind === 'static' ? shownStatic(children) : shownDynamic(children),
    }),
    terminate: (_reason, children, context) =>
      children.kind === 'static'
        ? stopStatic(children, [...children.table.keys()], context)
        : stopAllDynamic(children, context),
  });
}

/** A supervisor must not end, and its tree with it, for what anybody has sent it. */
function unexpected(message: unknown, context: ServerContext): void {
  const { self: pid } = context;
  context.env.logger.log('warning', 'unexpected message', { pid: String(pid), text: formatReason(message) });
}

function retry(
  message: Retry,
  children: Children,
  context: ServerContext,
): CastResult<Children> | Effects<CastResult<Children>> {
  const { key, isCounted } = message;
  return children.kind === 'static'
    ? staticRetry(children, key as string, isCounted, context)
    : dynamicRetry(children, key as number, isCounted, context);
}

function begin(spec: SupervisorSpec, context: ServerContext): InitResult<Children> | Effects<InitResult<Children>> {
  const flags = checkFlags(spec, { children: true });
  if (!flags.ok) return stop({ tag: 'badSupervisorFlags', error: flags.error });
  const specs = checkSpecs(spec.children, flags.value.autoShutdown);
  if (!specs.ok) return stop({ tag: 'badChildSpec', error: specs.error });
  for (const child of specs.value) {
    const text = warningFor(child);
    if (text !== null) context.env.logger.log('warning', 'child spec', { id: child.id, text });
  }
  if (flags.value.strategy !== 'simpleOneForOne') {
    return beginStatic(new StaticChildren(flags.value), specs.value, context);
  }
  if (specs.value.length !== 1) {
    return stop({ tag: 'badChildSpec', error: bad('notOneTemplate', specs.value.length).error });
  }
  return ok(new DynamicChildren(flags.value, specs.value[0]));
}

function* beginStatic(
  children: StaticChildren,
  specs: Parameters<typeof startAll>[1],
  context: ServerContext,
): Effects<InitResult<Children>> {
  const failed = yield* startAll(children, specs, context);
  if (failed === null) return ok(children);
  return stop({ tag: 'shutdown', detail: { tag: 'failedToStartChild', ...failed } });
}
