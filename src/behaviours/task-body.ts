// The body of a task (TSK-1): work that ends with a result, and the ticket that says whom to tell. A definition made by
// `task` is a process body like every other, so that it may be spawned, put into a child spec, or exported and named by
// an Mfa, which is how a task runs on another thread. Rows: TSK-1, PL-1 (a child spec's start is answered at once).
import { type AsyncContext, type Context, type Effect, type Effects, isDown, receive } from '../process/index.ts';
import { type AnyPid, checkFunction, Ref } from '../term/index.ts';
import { initAck, isTicket } from './proc-lib.ts';
import type { ReplyMessage } from './protocol.ts';

/** What the work of a task sees: the context of a generator, and that of an async function. */
export type TaskContext = AsyncContext<unknown> & Context<unknown>;

/** The work of a task: a generator function, an async function or a plain one. What it returns is the result. */
export type TaskWork<A extends readonly unknown[], O> = (context: TaskContext, ...args: A) => O;

/** The result of work that returns an `O`. */
export type ResultOf<O> = O extends Generator<Effect, infer R, unknown> ? R : O extends Promise<infer R> ? R : O;

declare const resultType: unique symbol;

/** A task as a process body; see {@link task}. */
export interface TaskDefinition<A extends readonly unknown[], R> {
  // biome-ignore lint/suspicious/noExplicitAny: a task understands no messages of its own, whatever its protocol.
  (context: Context<any>, ...args: A): Effects<void>;
  readonly isTask: true;
  readonly [resultType]?: R;
}

/** The first argument of a task that somebody waits for. */
export interface TaskTicket {
  readonly tag: '$task';
  /** Where the result goes; null for a task of a supervisor, which is told when its owner watches it. */
  readonly alias: Ref | null;
  readonly owner: AnyPid;
}

/** Tells a supervised task that its owner watches it, and where its result goes. */
export interface GoMessage {
  readonly tag: '$go';
  readonly alias: Ref;
}

/**
 * Defines a task from its work. Export it and name it by an Mfa for a task on another thread:
 *
 *   export const resize = task(function* (context, image: Uint8Array, width: number) { ... return smaller; });
 */
export function task<A extends readonly unknown[], O>(work: TaskWork<A, O>): TaskDefinition<A, ResultOf<O>> {
  checkFunction('task', work);
  const loose = work as unknown as TaskWork<readonly unknown[], unknown>;
  const body =
    work.constructor.name === 'AsyncFunction'
      ? async (context: AsyncContext<unknown>, ...given: readonly unknown[]) => {
          const { alias, args } = await context.perform(begin(given));
          answer(context, alias, await loose(context as TaskContext, ...args));
        }
      : (context: Context<unknown>, ...given: readonly unknown[]) => run(context, loose, given);
  return Object.assign(body, { isTask: true }) as unknown as TaskDefinition<A, ResultOf<O>>;
}

/** True for a definition made by {@link task}. */
export function isTaskDefinition(value: unknown): value is TaskDefinition<never, unknown> {
  return typeof value === 'function' && (value as Partial<TaskDefinition<never, unknown>>).isTask === true;
}

interface Begun {
  readonly alias: Ref | null;
  readonly args: readonly unknown[];
}

const CONTEXT: Effect = { op: 'context' };

/** Takes the ticket off the arguments, and waits until the owner of a supervised task watches it. */
function* begin(given: readonly unknown[]): Effects<Begun> {
  const context = (yield CONTEXT) as Context;
  const [first, ...rest] = given;
  if (isTicket(first)) {
    yield* initAck(context, first);
    return { alias: null, args: rest };
  }
  if (!isTaskTicket(first)) return { alias: null, args: given };
  if (first.alias !== null) return { alias: first.alias, args: rest };
  // An owner that died on the way wants nothing any more; nobody but the supervisor would ever end this task.
  const watch = context.monitor(first.owner);
  const go = yield* receive<GoMessage>((message) => isDown(message, watch) || isGo(message));
  context.demonitor(watch, { flush: true });
  return isGo(go) ? { alias: go.alias, args: rest } : context.exit('shutdown');
}

function* run(
  context: Context<unknown>,
  work: TaskWork<readonly unknown[], unknown>,
  given: readonly unknown[],
): Effects<void> {
  const { alias, args } = yield* begin(given);
  const outcome = work(context as unknown as TaskContext, ...args);
  const value = isEffects(outcome) ? yield* outcome : outcome;
  if (value instanceof Promise) {
    // Nobody will ever look at it; its rejection must not end the host.
    value.catch(() => {});
    throw new TypeError('work that returns a promise must be declared async');
  }
  answer(context, alias, value);
}

function answer(context: Pick<Context, 'send'>, alias: Ref | null, value: unknown): void {
  if (alias === null) return;
  const message: ReplyMessage = { tag: '$reply', ref: alias, value };
  context.send(alias, message);
}

function isEffects(value: unknown): value is Effects<unknown> {
  return typeof (value as { next?: unknown } | null | undefined)?.next === 'function';
}

function isTaskTicket(value: unknown): value is TaskTicket {
  return (
    typeof value === 'object' &&
    value !== null &&
    (value as TaskTicket).tag === '$task' &&
    ((value as TaskTicket).alias === null || (value as TaskTicket).alias instanceof Ref)
  );
}

function isGo(message: unknown): message is GoMessage {
  return typeof message === 'object' && message !== null && (message as GoMessage).tag === '$go';
}
