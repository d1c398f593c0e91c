// A stream of tasks (TSK-2): one task per item, so many at a time, each with its own time; the outcomes come in the
// order of the items unless told otherwise. Items are taken from their iterable only as tasks start, and no more results
// wait for an earlier one than `waitingMax`.
//
//   const sizes = asyncStream(paths, function* (_context, path) { ... return size; }, { maxConcurrency: 4 });
//   while (yield* sizes.next()) if (sizes.value.ok) total += sizes.value.value;
import {
  type Context,
  checkWait,
  context as currentContext,
  type DownMessage,
  type Effects,
  type Process,
  receive,
  TIMEOUT,
} from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkOptions, type Mfa, type Ref } from '../term/index.ts';
import { CALL_TIMEOUT_MS } from './call.ts';
import type { Cursor } from './cursor.ts';
import type { ReplyMessage } from './protocol.ts';
import { flushExit } from './start-link.ts';
import type { SupervisorPid } from './supervisor-calls.ts';
import {
  type AnyWork,
  asyncTask,
  checkTask,
  shutdownTask,
  type Task,
  TaskError,
  type TaskOptions,
  type TaskOutcome,
} from './task.ts';
import type { ResultOf, TaskDefinition, TaskWork } from './task-body.ts';
import { asyncNolink } from './task-supervisor.ts';

/** How a stream runs its tasks; all optional. */
export interface StreamOptions extends TaskOptions {
  /** Tasks at a time. Default 8. */
  readonly maxConcurrency?: number;
  /** Whether outcomes come in the order of the items. Default true. */
  readonly ordered?: boolean;
  /** The time of each task. Default 5,000 ms. */
  readonly timeoutMs?: number;
  /** A task that takes longer ends the caller (`exit`, the default), or becomes the outcome `timeout` (`killTask`). */
  readonly onTimeout?: 'exit' | 'killTask';
  /** Outcomes that may wait for an earlier one, or to be asked for. Default: `maxConcurrency`. */
  readonly waitingMax?: number;
  /** Runs the tasks under this supervisor without a link: a crash is an outcome and does not end the caller. */
  readonly supervisor?: SupervisorPid | string;
  /** Put behind the item. */
  readonly args?: readonly unknown[];
}

/** How the task of one item ended; the error `timeout` is that of `onTimeout: 'killTask'`. */
export type StreamOutcome<I, R> = TaskOutcome<R> & { readonly item: I };

/** Tasks at a time unless told otherwise. */
export const STREAM_CONCURRENCY = 8;

/** Begins a stream. Nothing runs before the first `next()`; if a loop over it is left early, call `stop()`. */
export function asyncStream<I, R>(
  items: Iterable<I>,
  work: TaskDefinition<readonly [I, ...(readonly unknown[])], R>,
  options?: StreamOptions,
): TaskStream<I, R>;
export function asyncStream<I, O>(
  items: Iterable<I>,
  work: TaskWork<readonly [I], O>,
  options?: StreamOptions,
): TaskStream<I, ResultOf<O>>;
export function asyncStream<I, R = unknown>(items: Iterable<I>, work: Mfa, options?: StreamOptions): TaskStream<I, R>;
export function asyncStream(
  items: Iterable<unknown>,
  work: AnyWork,
  options?: StreamOptions,
): TaskStream<unknown, unknown> {
  return new TaskStream(items, work, fullOptions(options));
}

type FullOptions = Required<Omit<StreamOptions, keyof TaskOptions | 'supervisor'>> &
  Pick<StreamOptions, 'supervisor'> & { readonly task: TaskOptions };

const OPTIONS: Readonly<Record<keyof StreamOptions, true>> = {
  maxConcurrency: true,
  ordered: true,
  timeoutMs: true,
  onTimeout: true,
  waitingMax: true,
  supervisor: true,
  args: true,
  placement: true,
  label: true,
  priority: true,
  maxMailbox: true,
};

function fullOptions(given: StreamOptions = {}): FullOptions {
  checkOptions('asyncStream', given, OPTIONS);
  const {
    maxConcurrency = STREAM_CONCURRENCY,
    ordered = true,
    timeoutMs = CALL_TIMEOUT_MS,
    onTimeout = 'exit',
  } = given;
  const { waitingMax = maxConcurrency, supervisor, args = [], placement, label, priority, maxMailbox } = given;
  if (!Number.isInteger(maxConcurrency) || maxConcurrency < 1)
    throw new BadArgumentError('asyncStream', 'maxConcurrency of 1 or more', maxConcurrency);
  if (!(typeof waitingMax === 'number' && waitingMax >= 0))
    throw new BadArgumentError('asyncStream', 'waitingMax of 0 or more', waitingMax);
  if (onTimeout !== 'exit' && onTimeout !== 'killTask')
    throw new BadArgumentError('asyncStream', "onTimeout 'exit' or 'killTask'", onTimeout);
  checkWait(timeoutMs);
  if (!Array.isArray(args)) throw new BadArgumentError('asyncStream', 'an array of arguments', args);
  const task = { placement, label, priority, maxMailbox };
  return { maxConcurrency, ordered, timeoutMs, onTimeout, waitingMax, args, supervisor, task };
}

interface Running<I, R> {
  readonly task: Task<R>;
  readonly item: I;
  readonly index: number;
  readonly untilMs: number;
}

/** The stream that {@link asyncStream} begins: a cursor over the outcomes. For the process that began it only. */
export class TaskStream<I, R> implements Cursor<StreamOutcome<I, R>> {
  private readonly work: AnyWork;
  private readonly options: FullOptions;
  private readonly items: Iterator<I>;
  private readonly running = new Map<Ref, Running<I, R>>();
  /** Outcomes by the position in which they will be given out. */
  private readonly ended = new Map<number, StreamOutcome<I, R>>();
  private started = 0;
  private finished = 0;
  private given = 0;
  private isExhausted = false;
  private current: StreamOutcome<I, R> | null = null;
  /** Who began it: its tasks answer nobody else. */
  private owner: AnyPid | null = null;

  constructor(items: Iterable<I>, work: AnyWork, options: FullOptions) {
    if (typeof items?.[Symbol.iterator] !== 'function') throw new BadArgumentError('asyncStream', 'an iterable', items);
    this.items = items[Symbol.iterator]();
    this.work = work;
    this.options = options;
  }

  get value(): StreamOutcome<I, R> {
    if (this.current === null) throw new Error('a stream has a value after next() has returned true');
    return this.current;
  }

  *next(): Effects<boolean> {
    const context = yield* currentContext();
    this.owner ??= context.self;
    if (this.owner !== context.self)
      throw new BadArgumentError('asyncStream', 'a stream that the calling process began', this.owner);
    try {
      for (;;) {
        yield* this.fill(context);
        const outcome = this.ended.get(this.given);
        if (outcome !== undefined) {
          this.ended.delete(this.given++);
          this.current = outcome;
          // The next tasks work while the caller looks at this outcome.
          yield* this.fill(context);
          return true;
        }
        if (this.running.size === 0) return false;
        yield* this.waitForOne(context);
      }
    } catch (error) {
      yield* this.stop();
      throw error;
    }
  }

  /** Kills the tasks that are running and takes no more items; outcomes that nobody has seen are dropped. */
  *stop(): Effects<void> {
    this.ended.clear();
    this.given = this.started;
    const running = [...this.running.values()];
    this.running.clear();
    for (const { task } of running) yield* shutdownTask(task, 'brutalKill');
    if (!this.isExhausted) {
      this.isExhausted = true;
      this.items.return?.();
    }
  }

  private *fill(context: Context): Effects<void> {
    const { maxConcurrency, waitingMax, timeoutMs, supervisor, args, task: how } = this.options;
    while (!this.isExhausted && this.running.size < maxConcurrency) {
      if (this.started - this.given >= maxConcurrency + waitingMax) return;
      const step = this.items.next();
      if (step.done === true) {
        this.isExhausted = true;
        return;
      }
      const item = step.value;
      const all = [item, ...args];
      const started =
        supervisor === undefined
          ? asyncTask(context, this.work as Mfa, all, how)
          : yield* asyncNolink(supervisor, this.work as Mfa, all, how);
      const untilMs = context.now() + timeoutMs;
      this.running.set(started.ref, { task: started as Task<R>, item, index: this.started++, untilMs });
    }
  }

  private *waitForOne(context: Context): Effects<void> {
    const { running } = this;
    // Tasks start in order and all have the same time: the oldest is over first.
    const [oldest] = running.values();
    const isOurs = (message: unknown): message is ReplyMessage | DownMessage => {
      if (typeof message !== 'object' || message === null) return false;
      const { tag, ref } = message as ReplyMessage | DownMessage;
      return running.has(ref) && (tag === 'DOWN' || tag === '$reply');
    };
    const message = yield* receive(isOurs, { afterMs: Math.max(0, oldest.untilMs - context.now()) });
    if (message === TIMEOUT) yield* this.timedOut(oldest);
    else {
      const one = running.get(message.ref) as Running<I, R>;
      const outcome = checkTask(context, one.task, message);
      if (one.task.isLinked && (context as Process).trapsExits) yield* flushExit(one.task.pid);
      if (outcome !== undefined) this.end(one, outcome);
    }
  }

  private *timedOut(one: Running<I, R>): Effects<void> {
    if (this.options.onTimeout === 'exit') throw new TaskError('stream', 'timeout', one.task.pid);
    const outcome = yield* shutdownTask(one.task, 'brutalKill');
    this.end(one, outcome ?? { ok: false, error: 'timeout' });
  }

  private end({ task, item, index }: Running<I, R>, outcome: TaskOutcome<R>): void {
    this.running.delete(task.ref);
    const position = this.options.ordered ? index : this.finished;
    this.finished++;
    this.ended.set(position, { ...outcome, item });
  }
}
