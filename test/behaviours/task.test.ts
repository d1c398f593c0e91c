// Tasks: TSK-1. After each the owner's mailbox is looked at: nothing of a task may be left in it.
import { describe, expect, it } from 'vitest';
import {
  asyncNolink,
  asyncTask,
  asyncUnder,
  awaitTask,
  awaitTasks,
  checkTask,
  countChildren,
  genServer,
  ignoreTask,
  noReply,
  ok,
  shutdownTask,
  start,
  startLink,
  supervisor,
  type Task,
  TaskError,
  type TaskOutcome,
  task,
  taskSupervisor,
  whichChildren,
  yieldTask,
} from '../../src/behaviours/index.ts';
import {
  type AsyncContext,
  type Context,
  type Effects,
  isDown,
  isExit,
  isProcessAlive,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { play, VirtualEngine } from '../support/virtual-engine.ts';

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

/** The reason with which a process that runs `body` ends. */
function* endOf(context: Context<unknown>, body: (context: Context<unknown>) => Effects<unknown>): Effects<unknown> {
  const { ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
    yield* body(inner);
  });
  return ((yield* receive((message) => isDown(message, ref))) as { reason: unknown }).reason;
}

function* after<T>(_context: Context, ms: number, value: T): Effects<T> {
  yield* sleep(ms);
  return value;
}

function crash(): never {
  throw new RangeError('on purpose');
}

const onPurpose = { tag: 'error', error: { name: 'RangeError', message: 'on purpose' } };

describe('awaitTask', () => {
  it('TSK-1 a task runs in a process of its own, linked to its owner, and its result is what the work returns', () => {
    play(function* (context) {
      const work = function* (inner: Context, a: number, b: number): Effects<[number, boolean]> {
        yield* sleep(1);
        return [a + b, inner.self !== context.self];
      };
      const sum = asyncTask(context, work, [1, 2]);
      expect(yield* awaitTask(sum)).toEqual([3, true]);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 work may be a plain function, an effect that a plain function returns, or nothing', () => {
    play(function* (context) {
      expect(yield* awaitTask(asyncTask(context, () => 'plain'))).toBe('plain');
      expect(yield* awaitTask(asyncTask(context, (inner) => after(inner, 5, 'effects')))).toBe('effects');
      expect(yield* awaitTask(asyncTask(context, () => {}))).toBeUndefined();
    });
  });

  it('TSK-1 the time is 5,000 ms; when it is over the caller exits, and the linked task with it', () => {
    play(function* (context) {
      const before = context.now();
      const started: Task<unknown>[] = [];
      const reason = yield* endOf(context, function* (owner) {
        started.push(asyncTask(owner, after, [10_000, 'late']));
        yield* awaitTask(started[0]);
      });
      const [{ pid }] = started;
      expect(reason).toEqual({ tag: 'task', operation: 'await', reason: 'timeout', task: pid });
      expect(context.now() - before).toBe(5_000);
      expect(yield* isProcessAlive(pid)).toBe(false);
    });
  });

  it('TSK-1 a caller that catches the timeout never finds the late result in its mailbox, and cannot wait again', () => {
    play(function* (context) {
      const late = asyncTask(context, after, [50, 'late']);
      let thrown: unknown;
      try {
        yield* awaitTask(late, 10);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(TaskError);
      yield* sleep(100);
      expect(yield* isMailboxEmpty()).toBe(true);
      expect(yield* endOf(context, () => awaitTask(late))).toMatchObject({ error: { name: 'BadArgumentError' } });
    });
  });

  it('TSK-1 the crash of a task is the crash of its owner, by the link, before anything is awaited', () => {
    play(function* (context) {
      const reason = yield* endOf(context, function* (owner) {
        asyncTask(owner, crash);
        yield* sleep(1_000);
      });
      expect(reason).toMatchObject(onPurpose);
    });
  });

  it('TSK-1 an owner that traps exits exits with {task, reason}, or catches it; no EXIT is left behind', () => {
    play(function* (context) {
      context.trapExit(true);
      const failing = asyncTask(context, crash);
      let reason: unknown;
      try {
        yield* awaitTask(failing);
      } catch (error) {
        reason = (error as TaskError).reason;
      }
      expect(reason).toMatchObject({ tag: 'task', operation: 'await', reason: onPurpose, task: failing.pid });
      const going = asyncTask(context, () => 1);
      yield* sleep(5);
      expect(yield* awaitTask(going)).toBe(1);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 only the owner may wait, and once', () => {
    play(function* (context) {
      const mine = asyncTask(context, () => 1);
      const reason = yield* endOf(context, () => awaitTask(mine));
      expect(reason).toMatchObject({ error: { message: expect.stringContaining('a task of the calling process') } });
      expect(yield* awaitTask(mine)).toBe(1);
      for (const again of [awaitTask, yieldTask, shutdownTask, ignoreTask] as const) {
        let thrown: unknown;
        try {
          yield* again(mine as Task<never>) as Effects<unknown>;
        } catch (error) {
          thrown = error;
        }
        expect(String(thrown)).toContain('a task whose outcome nobody has taken');
      }
    });
  });

  it('TSK-1 several tasks share one time', () => {
    play(function* (context) {
      const before = context.now();
      const tasks = [30, 10, 20].map((ms) => asyncTask(context, after<number>, [ms, ms]));
      expect(yield* awaitTasks(tasks)).toEqual([30, 10, 20]);
      expect(context.now() - before).toBe(30);
      const reason = yield* endOf(context, (owner) =>
        awaitTasks([asyncTask(owner, after, [8, 1]), asyncTask(owner, after, [16, 2])], 10),
      );
      expect(reason).toMatchObject({ reason: 'timeout' });
    });
  });

  it('a result that is no term is a crash of the task', () => {
    play(function* (context) {
      context.trapExit(true);
      const bad = asyncTask(context, () => () => 1);
      expect(yield* yieldTask(bad)).toMatchObject({ ok: false, error: { error: { name: 'NotATermError' } } });
      const promise = asyncTask(context, () => Promise.resolve(1));
      expect(yield* yieldTask(promise)).toMatchObject({ ok: false, error: { error: { name: 'TypeError' } } });
    });
  });
});

describe('an async task', () => {
  it('TSK-1 an async function is work too', async () => {
    const engine = new VirtualEngine();
    const results: unknown[] = [];
    const work = async (context: AsyncContext<unknown>, a: number) => {
      await context.perform(sleep(5));
      return a * 2;
    };
    engine.spawn(function* (context: Context) {
      results.push(yield* awaitTask(asyncTask(context, work, [21])));
    });
    for (let round = 0; round < 10; round++) {
      engine.advance(10);
      await Promise.resolve();
    }
    expect(results).toEqual([42]);
  });
});

describe('yieldTask, shutdownTask, ignoreTask', () => {
  it('TSK-1 yield gives nothing when the time is over, and may be repeated', () => {
    play(function* (context) {
      const slow = asyncTask(context, after, [25, 'done']);
      expect(yield* yieldTask(slow, 10)).toBeUndefined();
      expect(yield* yieldTask(slow, 10)).toBeUndefined();
      expect(yield* yieldTask(slow, 10)).toEqual({ ok: true, value: 'done' });
    });
  });

  it('TSK-1 shutdown ends a task that has no result; the owner is not hit by the link', () => {
    play(function* (context) {
      const slow = asyncTask(context, after, [10_000, 'never']);
      expect(yield* shutdownTask(slow)).toBeUndefined();
      expect(yield* isProcessAlive(slow.pid)).toBe(false);
      const other = asyncTask(context, after, [10_000, 'never']);
      expect(yield* shutdownTask(other, 'brutalKill')).toBeUndefined();
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 shutdown returns a result that was there before it', () => {
    play(function* (context) {
      const quick = asyncTask(context, () => 'made it');
      yield* sleep(1);
      expect(yield* shutdownTask(quick)).toEqual({ ok: true, value: 'made it' });
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 a task that answers while it is shut down is not lost, one that does not end is killed', () => {
    play(function* (context) {
      const answering = asyncTask(context, function* (inner) {
        inner.trapExit(true);
        yield* receive(isExit);
        return 'last word';
      });
      yield* sleep(1);
      expect(yield* shutdownTask(answering)).toEqual({ ok: true, value: 'last word' });
      const deaf = asyncTask(context, function* (inner) {
        inner.trapExit(true);
        yield* receive(() => false);
      });
      yield* sleep(1);
      const before = context.now();
      expect(yield* shutdownTask(deaf, 30)).toEqual({ ok: false, error: 'killed' });
      expect(context.now() - before).toBe(30);
    });
  });

  it('TSK-1 shutdown of a task that has crashed says why', () => {
    play(function* (context) {
      context.trapExit(true);
      const failed = asyncTask(context, crash);
      yield* sleep(1);
      expect(yield* shutdownTask(failed)).toMatchObject({ ok: false, error: onPurpose });
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 an ignored task works on, unlinked and unheard', () => {
    play(function* (context) {
      const seen: string[] = [];
      const slow = asyncTask(context, function* () {
        yield* sleep(10);
        seen.push('worked');
        crash();
      });
      expect(yield* ignoreTask(slow)).toBeUndefined();
      yield* sleep(20);
      expect(seen).toEqual(['worked']);
      expect(yield* isMailboxEmpty()).toBe(true);
      const quick = asyncTask(context, () => 7);
      yield* sleep(1);
      expect(yield* ignoreTask(quick)).toEqual({ ok: true, value: 7 });
    });
  });
});

describe('tasks under a supervisor', () => {
  function* pool() {
    const started = yield* startLink(taskSupervisor({ childrenMax: 2 }));
    if (!started.ok) throw new Error('not started');
    return started.pid;
  }

  it('TSK-1 async_nolink reports a crash and leaves the owner alone', () => {
    play(function* (context) {
      const supervisorPid = yield* pool();
      const failing = yield* asyncNolink(supervisorPid, crash);
      expect(yield* yieldTask(failing)).toMatchObject({ ok: false, error: onPurpose });
      const fine = yield* asyncNolink(supervisorPid, after<string>, [5, 'fine']);
      expect((yield* whichChildren(supervisorPid)).map(({ pid }) => pid)).toEqual([fine.pid]);
      expect(yield* awaitTask(fine)).toBe('fine');
      yield* sleep(1);
      expect((yield* countChildren(supervisorPid)).active).toBe(0);
      expect(yield* isProcessAlive(context.self)).toBe(true);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('TSK-1 a supervised and linked task ends with its owner, a nolink task does not', () => {
    play(function* (context) {
      const supervisorPid = yield* pool();
      const tasks: Task<unknown>[] = [];
      yield* endOf(context, function* (owner) {
        tasks.push(yield* asyncUnder(supervisorPid, after, [50, 1]), yield* asyncNolink(supervisorPid, after, [50, 1]));
        owner.exit('over');
      });
      yield* sleep(1);
      expect(yield* isProcessAlive(tasks[0].pid)).toBe(false);
      expect(yield* isProcessAlive(tasks[1].pid)).toBe(true);
    });
  });

  it('TSK-1 a refused start throws, and an owner that dies before it watches leaves no task behind', () => {
    play(function* (context) {
      const supervisorPid = yield* pool();
      yield* asyncNolink(supervisorPid, after, [50, 1]);
      yield* asyncNolink(supervisorPid, after, [50, 1]);
      let thrown: unknown;
      try {
        yield* asyncNolink(supervisorPid, after, [50, 1]);
      } catch (error) {
        thrown = error;
      }
      expect((thrown as TaskError).reason).toMatchObject({ operation: 'start', reason: { tag: 'maxChildren' } });
      const dead = context.spawn(() => {});
      const orphan = context.spawn(task(() => 1) as never, [{ tag: '$task', alias: null, owner: dead }] as never);
      const ref = context.monitor(orphan);
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({ reason: 'shutdown' });
    });
  });

  it('TSK-1 a task in a child spec starts at once, runs, and is temporary or what the spec says', () => {
    play(function* (context) {
      const seen: unknown[] = [];
      const body = task(function* (_context, text: string) {
        yield* sleep(5);
        seen.push(text);
      });
      const tree = supervisor({
        strategy: 'oneForOne',
        children: [{ id: 'job', start: { body, args: ['ran'], name: 'job' }, restart: 'temporary' }],
      });
      const before = context.now();
      const started = yield* startLink(tree);
      expect([started.ok, context.now() - before]).toEqual([true, 0]);
      expect(context.whereis('job')).toBeDefined();
      yield* sleep(10);
      expect(seen).toEqual(['ran']);
      context.spawn(body, ['spawned']);
      yield* sleep(10);
      expect(seen).toEqual(['ran', 'spawned']);
    });
  });
});

describe('checkTask', () => {
  it('TSK-1 a handler finds the result of its task among its messages', () => {
    play(function* (context) {
      interface State {
        readonly task: Task<number>;
        readonly outcomes: readonly TaskOutcome<number>[];
      }
      const owner = genServer({
        init: (inner, observer: Pid<unknown>) => {
          inner.send(observer, 'ready');
          return ok<State & { observer: Pid<unknown> }>({
            observer,
            task: asyncTask(inner, after<number>, [5, 42]),
            outcomes: [],
          });
        },
        handleInfo(message, state: State & { observer: Pid<unknown> }, inner) {
          const outcome = checkTask(inner, state.task, message);
          inner.send(state.observer, outcome ?? { other: message });
          return noReply(state);
        },
      });
      const started = yield* start(owner, [context.self]);
      if (!started.ok) throw new Error('not started');
      expect(yield* receive()).toBe('ready');
      context.send(started.pid as Pid<unknown>, 'hello');
      expect(yield* receive()).toEqual({ other: 'hello' });
      expect(yield* receive()).toEqual({ ok: true, value: 42 });
    });
  });
});
