// Tasks (TSK-1): work in a process of its own, with a result that its owner waits for. A task is a monitor whose ref is
// the alias of the result, as a call is: it can be taken once, and what comes too late goes nowhere.
// `asyncTask` links: a crash of the task is a crash of its owner; `asyncNolink` (task-supervisor.ts) does not.
//
//   const sum = asyncTask(context, function* (context, n: number) { ... return total; }, [100]);
//   const total = yield* awaitTask(sum);
import {
  type AnyBody,
  type Context,
  checkWait,
  type DownMessage,
  type Effect,
  type Effects,
  ExitError,
  isDown,
  type Process,
  receive,
  type SpawnOptions,
  TIMEOUT,
  type Timeout,
} from '../process/index.ts';
import { type AnyPid, BadArgumentError, formatReason, isMfa, type Mfa, Ref } from '../term/index.ts';
import { CALL_TIMEOUT_MS } from './call.ts';
import type { Shutdown } from './child-spec.ts';
import type { ReplyMessage } from './protocol.ts';
import { flushExit } from './start-link.ts';
import {
  isTaskDefinition,
  type ResultOf,
  type TaskDefinition,
  type TaskTicket,
  type TaskWork,
  task,
} from './task-body.ts';

declare const result: unique symbol;

/** A task that was started. Plain data, but only its owner can take the result. */
export interface Task<R> {
  readonly [result]?: R;
  readonly tag: 'task';
  readonly pid: AnyPid;
  readonly ref: Ref;
  readonly owner: AnyPid;
  readonly isLinked: boolean;
}

/** How a task ended: with its result, or with the exit reason. */
export type TaskOutcome<R> = { readonly ok: true; readonly value: R } | { readonly ok: false; readonly error: unknown };

/** The exit reason of a process whose task failed: Elixir's `{Reason, {Task, await, Args}}`. */
export interface TaskReason {
  readonly tag: 'task';
  readonly operation: 'await' | 'start' | 'stream';
  /** `timeout`, or the task's own exit reason. */
  readonly reason: unknown;
  readonly task: AnyPid | null;
}

/** Thrown when a task failed. A process that does not catch it exits with `reason`. */
export class TaskError extends ExitError {
  override readonly name = 'TaskError';
  declare readonly reason: TaskReason;

  constructor(operation: TaskReason['operation'], reason: unknown, pid: AnyPid | null) {
    super({ tag: 'task', operation, reason, task: pid } satisfies TaskReason, `task failed: ${formatReason(reason)}`);
  }
}

/** What starting a task needs: any context, of an async body as well. */
export type TaskStarter = Pick<Context, 'makeRef' | 'kernel' | 'self'>;

/** Where a task lives and what it is called in logs. */
export type TaskOptions = Omit<SpawnOptions, 'name'>;

/** Starts a task linked to the caller, its owner. A body for another placement is named by an Mfa of a `task(...)`. */
export function asyncTask<A extends readonly unknown[], R>(
  context: TaskStarter,
  work: TaskDefinition<A, R>,
  args?: A,
  options?: TaskOptions,
): Task<R>;
export function asyncTask<O, A extends readonly unknown[] = []>(
  context: TaskStarter,
  work: TaskWork<A, O>,
  args?: A,
  options?: TaskOptions,
): Task<ResultOf<O>>;
export function asyncTask<R = unknown>(
  context: TaskStarter,
  work: Mfa,
  args?: readonly unknown[],
  options?: TaskOptions,
): Task<R>;
export function asyncTask(
  context: TaskStarter,
  work: AnyWork,
  args: readonly unknown[] = [],
  options?: TaskOptions,
): Task<unknown> {
  if (!Array.isArray(args)) throw new BadArgumentError('asyncTask', 'an array of arguments', args);
  const ref = context.makeRef();
  const ticket: TaskTicket = { tag: '$task', alias: ref, owner: context.self };
  const { pid } = context.kernel.spawn(context as unknown as Process, {
    body: bodyOf(work),
    args: [ticket, ...args],
    options,
    link: true,
    monitor: true,
    answerTo: ref,
  });
  return { tag: 'task', pid, ref, owner: context.self, isLinked: true };
}

// biome-ignore lint/suspicious/noExplicitAny: the runtime starts work of every type.
export type AnyWork = TaskDefinition<any, unknown> | TaskWork<any, unknown> | Mfa;

/** The process body of work. */
export function bodyOf(work: AnyWork): AnyBody {
  if (isMfa(work)) return work;
  return (isTaskDefinition(work) ? work : task(work as TaskWork<readonly unknown[], unknown>)) as unknown as AnyBody;
}

/**
 * Waits for the result, at most `timeoutMs`, and takes it. When the task fails or takes longer the caller exits: it
 * throws {@link TaskError}. A linked task ends with its owner; if the error is caught, the task works on, unheard.
 * Throws BadArgumentError for a task of another process, and for one whose result was taken or given up.
 */
export function* awaitTask<R>(task: Task<R>, timeoutMs = CALL_TIMEOUT_MS): Effects<R> {
  checkWait(timeoutMs);
  const context = yield* owned('awaitTask', task);
  const outcome = (yield* outcomeIn(context, task, timeoutMs)) ?? (yield* giveUp(context, task));
  if (outcome?.ok === true) return outcome.value;
  throw new TaskError('await', outcome === undefined ? 'timeout' : outcome.error, task.pid);
}

/** The results of several tasks in their order; `timeoutMs` is for all of them together. Fails as {@link awaitTask}. */
export function* awaitTasks<R>(tasks: readonly Task<R>[], timeoutMs = CALL_TIMEOUT_MS): Effects<R[]> {
  checkWait(timeoutMs);
  if (!Array.isArray(tasks)) throw new BadArgumentError('awaitTasks', 'an array of tasks', tasks);
  const context = (yield CONTEXT) as Context;
  const untilMs = context.now() + timeoutMs;
  const results: R[] = [];
  for (const each of tasks) results.push(yield* awaitTask(each, Math.max(0, untilMs - context.now())));
  return results;
}

/** As {@link awaitTask}, but returns undefined when the time is over, and may then be repeated; a failure is returned. */
export function* yieldTask<R>(task: Task<R>, timeoutMs = CALL_TIMEOUT_MS): Effects<TaskOutcome<R> | undefined> {
  checkWait(timeoutMs);
  return yield* outcomeIn(yield* owned('yieldTask', task), task, timeoutMs);
}

/**
 * Ends a task and waits until it is dead, killing it when that takes longer than `shutdown`. A result that was there
 * before is returned, so that none is lost; undefined when it ended as asked, without one.
 *
 *   const outcome = (yield* yieldTask(task, 100)) ?? (yield* shutdownTask(task));
 */
export function* shutdownTask<R>(
  task: Task<R>,
  shutdown: Shutdown = CALL_TIMEOUT_MS,
): Effects<TaskOutcome<R> | undefined> {
  if (typeof shutdown !== 'number' && shutdown !== 'brutalKill' && shutdown !== 'infinity')
    throw new BadArgumentError('shutdownTask', "a time, 'brutalKill' or 'infinity'", shutdown);
  const afterMs = typeof shutdown === 'number' ? shutdown : Number.POSITIVE_INFINITY;
  checkWait(afterMs);
  const context = yield* owned('shutdownTask', task);
  const watch = context.monitor(task.pid);
  context.unlink(task.pid);
  context.exit(task.pid, shutdown === 'brutalKill' ? 'kill' : 'shutdown');
  const isItsDown = (message: unknown): message is DownMessage => isDown(message, watch);
  let down = yield* receive(isItsDown, { afterMs, ref: watch });
  const isKilled = down === TIMEOUT;
  if (down === TIMEOUT) {
    context.exit(task.pid, 'kill');
    down = yield* receive(isItsDown, { ref: watch });
  }
  const outcome = yield* giveUp(context, task);
  if (outcome?.ok === true) return outcome;
  const reason = outcome?.error ?? down.reason;
  const isAsAsked = shutdown === 'brutalKill' ? reason === 'killed' : reason === 'shutdown' && !isKilled;
  return isAsAsked ? undefined : { ok: false, error: reason };
}

/** Lets a task work on without its owner: unlinked, its result goes nowhere. Returns the outcome if there is one. */
export function* ignoreTask<R>(task: Task<R>): Effects<TaskOutcome<R> | undefined> {
  const context = yield* owned('ignoreTask', task);
  context.unlink(task.pid);
  return (yield* outcomeIn(context, task, 0)) ?? (yield* giveUp(context, task));
}

/** For handlers: the outcome of `task` when `message` is its result or its DOWN, else undefined. */
export function checkTask<R>(context: Context, task: Task<R>, message: unknown): TaskOutcome<R> | undefined {
  checkOwner('checkTask', context, task);
  if (!isAnswer(message, task.ref)) return undefined;
  settled.add(task.ref);
  if (task.isLinked) context.unlink(task.pid);
  return outcomeOf(message);
}

type Answer = ReplyMessage | DownMessage;

const CONTEXT: Effect = { op: 'context' };

/** The refs of tasks whose outcome was taken or given up. Refs are interned, and only the owner's thread asks. */
const settled = new WeakSet<Ref>();

function* owned(operation: string, task: Task<unknown>): Effects<Context> {
  const context = (yield CONTEXT) as Context;
  checkOwner(operation, context, task);
  return context;
}

function checkOwner(operation: string, context: Context, task: Task<unknown>): void {
  if (!(task?.ref instanceof Ref)) throw new BadArgumentError(operation, 'a task', task);
  if (task.owner !== context.self) throw new BadArgumentError(operation, 'a task of the calling process', task.owner);
  if (settled.has(task.ref)) throw new BadArgumentError(operation, 'a task whose outcome nobody has taken', task.pid);
}

function isAnswer(message: unknown, ref: Ref): message is Answer {
  const { tag, ref: its } = (typeof message === 'object' && message !== null ? message : {}) as Partial<Answer>;
  return its === ref && (tag === '$reply' || tag === 'DOWN');
}

function outcomeOf<R>(answer: Answer): TaskOutcome<R> {
  return answer.tag === '$reply' ? { ok: true, value: answer.value as R } : { ok: false, error: answer.reason };
}

/** Takes the outcome if it comes in time. */
function* outcomeIn<R>(context: Context, task: Task<R>, afterMs: number): Effects<TaskOutcome<R> | undefined> {
  const { ref } = task;
  const match = (message: unknown): boolean => isAnswer(message, ref);
  const answer = (yield { op: 'receive', match, afterMs, ref }) as Answer | Timeout;
  if (answer === TIMEOUT) return undefined;
  settled.add(ref);
  yield* forgetExit(context, task);
  return outcomeOf(answer);
}

/** Ends the wait for good. An outcome that is there already is taken: it was sent in time (ALI-2). */
function* giveUp<R>(context: Context, task: Task<R>): Effects<TaskOutcome<R> | undefined> {
  const wasOpen = context.demonitor(task.ref);
  settled.add(task.ref);
  return wasOpen ? undefined : yield* outcomeIn(context, task, 0);
}

/** The owner knows how the task ended: an owner that traps exits is not told a second time. */
function* forgetExit(context: Context, task: Task<unknown>): Effects<void> {
  if (!task.isLinked) return;
  context.unlink(task.pid);
  if ((context as Process).trapsExits) yield* flushExit(task.pid);
}
