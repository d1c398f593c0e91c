// Tasks, also those that run on another thread than their owner. TSK-1, TSK-2.
import {
  asyncStream,
  asyncTask,
  awaitTask,
  collect,
  ignoreTask,
  shutdownTask,
  type TaskError,
  task,
  yieldTask,
} from '../../../src/behaviours/index.ts';
import { type Context, type Effects, isProcessAlive, receive, sleep } from '../../../src/process/index.ts';
import type { ErrorReason, Mfa, Pid } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';
import { type Plan, place } from '../plan.ts';

const named = (name: string): Mfa => ({ module: import.meta.url, export: name });

export const delayed = task(function* (_context, ms: number, value: unknown): Effects<unknown> {
  yield* sleep(ms);
  return value;
});

export const failing = task((): number => {
  throw new RangeError('on purpose');
});

export const waiting = task(function* (): Effects<void> {
  yield* receive(() => false);
});

export const told = task(function* (): Effects<unknown> {
  return yield* receive();
});

export const square = task((_context, value: number) => {
  if (value === 3) throw new RangeError('three');
  return value * value;
});

/** An owner that tells who its task is and does not trap exits. */
export function* owner(context: Context<unknown>, to: Pid<unknown>, plan: Plan, work: string): Effects<void> {
  const { pid } = asyncTask(context, named(work), [], place(plan, context.self));
  context.send(to, { task: pid });
  yield* receive(() => false);
}

export const taskCases: readonly Case[] = [
  {
    title:
      'TSK-1 a task gives its owner its result, once, and leaves nothing in the mailbox, not even for a trapping one',
    *run(t) {
      const { context } = t;
      for (const traps of [false, true]) {
        context.trapExit(traps);
        const started = asyncTask(context, named('delayed'), [1, { value: [context.self] }], t.options());
        equal(yield* awaitTask(started), { value: [context.self] }, 'the result');
        yield* t.death(started.pid);
        yield* t.silence('after the task');
      }
    },
  },
  {
    title: 'TSK-1 a linked task takes its owner with it, and goes with its owner',
    *run(t) {
      const failed = t.spawnMonitor(named('owner'), [t.context.self, t.plan, 'failing']);
      equal(((yield* t.down(failed.ref)) as ErrorReason).error.message, 'on purpose', 'the end of the owner');
      yield* t.drain();
      const living = t.spawn(named('owner'), [t.context.self, t.plan, 'waiting']);
      const { task: pid } = yield* t.next<{ task: Pid<unknown> }>('the task');
      const ref = yield* t.watch(pid);
      t.context.exit(living, 'shutdown');
      equal(yield* t.down(ref), 'shutdown', 'the end of the task');
    },
  },
  {
    title: 'TSK-1 await exits with the reason of the task, or with timeout; a late result goes nowhere',
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      const reasonOf = function* (
        work: Mfa,
        args: readonly unknown[],
        timeoutMs: number,
      ): Effects<TaskError['reason']> {
        const started = asyncTask(context, work, args, t.options());
        t.kept(started.pid);
        try {
          yield* awaitTask(started, timeoutMs);
        } catch (error) {
          return (error as TaskError).reason;
        }
        return { tag: 'task', operation: 'await', reason: 'nothing was thrown', task: null };
      };
      const failed = yield* reasonOf(named('failing'), [], 5_000);
      equal((failed.reason as ErrorReason).error.message, 'on purpose', 'of a task that failed');
      const late = yield* reasonOf(named('told'), [], 1);
      equal(late.reason, 'timeout', 'of one that is late');
      const ref = yield* t.watch(late.task as Pid<unknown>);
      context.send(late.task as Pid<unknown>, 'now');
      equal(yield* t.down(ref), 'normal', 'it works on');
      const left = yield* t.drain();
      holds(
        left.every((message) => (message as { tag: string }).tag === 'EXIT'),
        'nothing but the EXIT of the late one',
      );
    },
  },
  {
    title: 'TSK-1 yield may be repeated; shutdown ends the task and settles who was first; ignore lets it work on',
    *run(t) {
      const { context } = t;
      const slow = asyncTask(context, named('waiting'), [], t.options());
      equal(yield* yieldTask(slow, 1), undefined, 'the first time');
      equal(yield* yieldTask(slow, 1), undefined, 'the second time');
      equal(yield* shutdownTask(slow), undefined, 'the end of one without a result');
      equal(yield* isProcessAlive(slow.pid), false, 'whether it lives');
      const quick = asyncTask(context, named('delayed'), [0, 'quick'], t.options());
      yield* t.death(quick.pid);
      equal(yield* shutdownTask(quick), { ok: true, value: 'quick' }, 'the end of one that was done');
      const ignored = asyncTask(context, named('waiting'), [], t.options());
      t.kept(ignored.pid);
      equal(yield* ignoreTask(ignored), undefined, 'ignored');
      context.exit(ignored.pid, 'kill');
      yield* t.death(ignored.pid);
      yield* t.silence('after all of them');
    },
  },
  {
    title: 'TSK-2 a stream keeps the order of its items, whatever the order in which tasks end, and hands out failures',
    *run(t) {
      t.context.trapExit(true);
      const options = { ...t.options(), maxConcurrency: 3 };
      const outcomes = yield* collect(asyncStream([1, 2, 3, 4, 5, 6], named('square'), options));
      equal(
        outcomes.map((one) => (one.ok ? one.value : (one.error as ErrorReason).error.message)),
        [1, 4, 'three', 16, 25, 36],
        'the outcomes',
      );
      const unordered = yield* collect(asyncStream([1, 2, 4], named('square'), { ...options, ordered: false }));
      equal(
        unordered.map((one) => (one.ok ? Number(one.value) : 0)).sort((a, b) => a - b),
        [1, 4, 16],
        'without an order',
      );
      yield* t.silence('after the streams');
    },
  },
];
