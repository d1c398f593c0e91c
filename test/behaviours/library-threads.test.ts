// What the death of a thread means for tasks, Go channels, groups, partitions and persistent terms (THR-1): who waits
// hears of it, and what is supervised comes back on the thread's new incarnation.
import { afterEach, describe, expect, test } from 'vitest';
import {
  asyncTask,
  type Context,
  call,
  type Effects,
  GoChannelError,
  type GroupEvent,
  getTerm,
  goChannel,
  goChannelInfo,
  isProcessAlive,
  membersOf,
  monitorGroup,
  onReceive,
  partitionFor,
  partitionSupervisor,
  partitions,
  persistentTerms,
  processGroups,
  putTerm,
  receive,
  receiveFrom,
  type System,
  select,
  sleep,
  startLink,
  startSystem,
  whereisPartition,
  yieldTask,
} from '../../src/index.ts';
import type { Pid } from '../../src/term/index.ts';
import type { ThreadsEngine } from '../../src/threads/index.ts';
import { libraryActor } from '../actors/library.ts';
import { SERVER, type TestServerPid } from '../actors/server.ts';

let system: System;
afterEach(() => system.stop());

const kill = (thread: number) => (system.engine as ThreadsEngine).kill(thread);
const threadDown = { tag: 'threadDown', thread: 1, cause: 'killed' };

async function run<T>(body: (context: Context<unknown>) => Effects<T>): Promise<T> {
  system = await startSystem({ threads: 2, logger: 'silent', strict: true });
  return await system.run(body);
}

/** The next message that has this field. */
function* having<T>(field: string): Effects<T> {
  return (yield* receive((message) => typeof message === 'object' && message !== null && field in message)) as T;
}

const isEvent = (tag: GroupEvent['tag']) => (message: unknown) => (message as GroupEvent).tag === tag;

/** Repeats until it gives something: a thread that died comes back in its own time. */
function* until<T>(attempt: () => Effects<T | undefined>): Effects<T> {
  for (;;) {
    const value = yield* attempt();
    if (value !== undefined) return value;
    yield* sleep(5);
  }
}

describe('threads, the library when one dies', () => {
  test('TSK-1 the outcome of a task on it is threadDown', async () => {
    const outcome = await run(function* (context) {
      context.trapExit(true);
      const started = asyncTask(context, libraryActor('endless'), [], { placement: { thread: 1 } });
      // It has started there.
      expect(yield* isProcessAlive(started.pid)).toBe(true);
      kill(1);
      return yield* yieldTask(started, 10_000);
    });
    expect(outcome).toEqual({ ok: false, error: threadDown });
  });

  test('MON-1 who waits on a Go channel that lived there fails, in a receive and in a select', async () => {
    const reasons = await run(function* (context) {
      const here = goChannel<number>(context);
      const there = goChannel<number>(context, 0, { placement: { thread: 1 } });
      const failures: unknown[] = [];
      const waits = [
        () => receiveFrom(there) as Effects<unknown>,
        () => select({ here: onReceive(here), there: onReceive(there) }) as Effects<unknown>,
      ];
      for (const wait of waits) {
        const asker = context.self;
        context.spawn(function* (inner: Context<unknown>) {
          try {
            yield* wait();
          } catch (error) {
            inner.send(asker, { failed: error instanceof GoChannelError ? error.reason.reason : String(error) });
          }
        });
      }
      yield* until(function* () {
        return (yield* goChannelInfo(there)).receivers === waits.length ? true : undefined;
      });
      kill(1);
      for (const _ of waits) failures.push((yield* having<{ failed: unknown }>('failed')).failed);
      return failures;
    });
    expect(reasons).toEqual([threadDown, threadDown]);
  });

  test('PG-1 its members are gone everywhere, and processes of its new incarnation can join', async () => {
    const counts = await run(function* (context) {
      yield* startLink(processGroups('scope', { threads: [0, ...system.engine.threads] }));
      yield* monitorGroup('scope', 'room');
      const join = (thread: number) =>
        context.spawn(libraryActor('groupMember'), [context.self, 'scope', 'room'], { placement: { thread } });
      for (const thread of [1, 1, 2]) {
        join(thread);
        yield* receive(isEvent('groupJoin'));
      }
      const seen = [membersOf(context, 'scope', 'room').length];
      kill(1);
      yield* receive(isEvent('groupLeave'));
      seen.push(membersOf(context, 'scope', 'room').length);
      yield* until(function* () {
        yield* sleep(0);
        const scope = context.whereis('groups/scope/1');
        return scope !== undefined && scope.origin.incarnation === 2 ? scope : undefined;
      });
      join(1);
      yield* receive(isEvent('groupJoin'));
      return [...seen, membersOf(context, 'scope', 'room').length];
    });
    expect(counts).toEqual([3, 1, 2]);
  });

  test('PAR-1 its copies come back there, under their names; the others never stopped', async () => {
    const result = await run(function* (context) {
      const set = partitions<TestServerPid>('set', 4);
      const start = { body: SERVER, args: [context.self as Pid<unknown>] };
      yield* startLink(partitionSupervisor(set, { start, threads: system.engine.threads }));
      const before = [0, 1, 2, 3].map((key) => whereisPartition(context, set, key));
      kill(1);
      const after = yield* until(function* () {
        yield* sleep(0);
        const now = [0, 1, 2, 3].map((key) => whereisPartition(context, set, key));
        return now.every((pid) => pid !== undefined) && now[0] !== before[0] && now[2] !== before[2] ? now : undefined;
      });
      const answers: unknown[] = [];
      for (const key of [0, 1, 2, 3]) answers.push(yield* call(partitionFor(set, key), { do: 'echo', value: key }));
      return { before, after, answers };
    });
    expect(result.answers).toEqual([0, 1, 2, 3]);
    expect(result.after.map((pid) => pid?.origin.thread)).toEqual([1, 2, 1, 2]);
    expect(result.after.map((pid) => pid?.origin.incarnation)).toEqual([2, 1, 2, 1]);
    expect([result.after[1], result.after[3]]).toEqual([result.before[1], result.before[3]]);
  });

  test('PT-1 a write does not wait for it, and its new incarnation reads what was written', async () => {
    const read = await run(function* (context) {
      yield* startLink(persistentTerms({ threads: [0, ...system.engine.threads] }));
      yield* putTerm('k', 'before');
      kill(1);
      yield* putTerm('k', 'meanwhile');
      const placement = { thread: 1 };
      const there = yield* until(function* () {
        const { pid, ref } = context.spawnMonitor(libraryActor('termReader'), [context.self, 'k'], { placement });
        const answer = yield* receive<{ read?: unknown }>(
          (message) => (message as { read?: unknown }).read !== undefined || (message as { ref?: unknown }).ref === ref,
        );
        context.demonitor(ref, { flush: true });
        return answer.read === 'meanwhile' ? pid : undefined;
      });
      yield* putTerm('k', 'after');
      return [there.origin.incarnation, getTerm(context, 'k')];
    });
    expect(read).toEqual([2, 'after']);
  });
});
