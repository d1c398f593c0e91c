// Tasks under a supervisor (TSK-1): a dynamic supervisor whose children are temporary tasks. They end with it, not with
// their owner's code; without a link a crash of the task is only told to the owner.
//
//   const pool = yield* startLink(taskSupervisor());
//   const task = yield* asyncNolink(pool.pid, function* () { ... return value; });
//   const outcome = yield* yieldTask(task, 1_000);
import { type Context, context as currentContext, type Effects } from '../process/index.ts';
import { type AnyPid, BadArgumentError, type Mfa } from '../term/index.ts';
import { type DynamicOptions, dynamicSupervisor } from './dynamic-supervisor.ts';
import type { SupervisorDefinition } from './supervisor.ts';
import { type SupervisorPid, startChild } from './supervisor-calls.ts';
import { type AnyWork, bodyOf, type Task, TaskError, type TaskOptions } from './task.ts';
import type { GoMessage, ResultOf, TaskDefinition, TaskTicket, TaskWork } from './task-body.ts';

/** Defines a supervisor for tasks; any dynamic supervisor will do. */
export function taskSupervisor(options: DynamicOptions = {}): SupervisorDefinition<readonly [DynamicOptions?]> {
  return dynamicSupervisor(options);
}

type Server = SupervisorPid | string;

/**
 * Starts a task under `supervisor`, watched and not linked: its failure is an outcome, never an exit of the caller.
 * Throws {@link TaskError} when the supervisor refuses. Functions go only to a supervisor of the caller's thread.
 */
export function asyncNolink<A extends readonly unknown[], R>(
  supervisor: Server,
  work: TaskDefinition<A, R>,
  args?: A,
  options?: TaskOptions,
): Effects<Task<R>>;
export function asyncNolink<O, A extends readonly unknown[] = []>(
  supervisor: Server,
  work: TaskWork<A, O>,
  args?: A,
  options?: TaskOptions,
): Effects<Task<ResultOf<O>>>;
export function asyncNolink<R = unknown>(
  supervisor: Server,
  work: Mfa,
  args?: readonly unknown[],
  options?: TaskOptions,
): Effects<Task<R>>;
export function asyncNolink(
  supervisor: Server,
  work: AnyWork,
  args: readonly unknown[] = [],
  options?: TaskOptions,
): Effects<Task<unknown>> {
  return startUnder(supervisor, work, args, options, false);
}

/** As {@link asyncNolink}, and linked to the caller as well. */
export function asyncUnder<A extends readonly unknown[], R>(
  supervisor: Server,
  work: TaskDefinition<A, R>,
  args?: A,
  options?: TaskOptions,
): Effects<Task<R>>;
export function asyncUnder<O, A extends readonly unknown[] = []>(
  supervisor: Server,
  work: TaskWork<A, O>,
  args?: A,
  options?: TaskOptions,
): Effects<Task<ResultOf<O>>>;
export function asyncUnder<R = unknown>(
  supervisor: Server,
  work: Mfa,
  args?: readonly unknown[],
  options?: TaskOptions,
): Effects<Task<R>>;
export function asyncUnder(
  supervisor: Server,
  work: AnyWork,
  args: readonly unknown[] = [],
  options?: TaskOptions,
): Effects<Task<unknown>> {
  return startUnder(supervisor, work, args, options, true);
}

function* startUnder(
  supervisor: Server,
  work: AnyWork,
  args: readonly unknown[],
  options: TaskOptions | undefined,
  isLinked: boolean,
): Effects<Task<unknown>> {
  if (!Array.isArray(args)) throw new BadArgumentError('a task', 'an array of arguments', args);
  const context: Context = yield* currentContext();
  const owner = context.self;
  const ticket: TaskTicket = { tag: '$task', alias: null, owner };
  const started = yield* startChild(supervisor, {
    start: { ...options, body: bodyOf(work), args: [ticket, ...args], handshake: false },
    restart: 'temporary',
  });
  if (!started.ok || started.pid === null) throw new TaskError('start', started.ok ? 'ignored' : started.error, null);
  const pid: AnyPid = started.pid;
  if (isLinked) context.link(pid);
  const ref = context.monitor(pid, { alias: 'replyDemonitor' });
  // It waits for this, so that it cannot end unwatched: an early death is told with its real reason.
  context.send(pid as never, { tag: '$go', alias: ref } satisfies GoMessage as never);
  return { tag: 'task', pid, ref, owner, isLinked };
}
