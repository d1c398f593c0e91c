import { describe, expect, it } from 'vitest';
import { type Context, type Effects, type Process, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { BLOCKER, ECHO, FLOOD, NAMED, OFFLOADER, STRAY, STRAY_TIMER } from '../actors/threads.ts';
import { at, type Fixture, fixture, next, nextDown } from './fixture.ts';

const KILLED = { tag: 'threadDown', thread: 1, cause: 'killed' };

/** What the control scheduler and its side still hold. */
function held({ engine }: Fixture) {
  const { scheduler } = engine;
  return { processes: scheduler.processes.size, timers: scheduler.timers.size, names: scheduler.names.size };
}

describe('the death of a data thread', () => {
  it('THR-1 is heard once by each link and monitor, and its slot runs again', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.trapExit(true);
      const pid = context.spawnLink(ECHO, [], at(1)) as Pid<unknown>;
      const ref = context.monitor(pid);
      context.spawn(NAMED, ['bob', context.self], at(1));
      expect(yield* next()).toEqual({ registered: true });
      threads.engine.kill(1);
      expect(yield* next()).toEqual({ tag: 'EXIT', from: pid, reason: KILLED });
      expect(yield* next()).toEqual({ tag: 'DOWN', ref, object: pid, reason: KILLED });
      expect(context.whereis('bob')).toBeUndefined();
      // Placed while the slot is empty: it waits for the next incarnation.
      const again = context.spawn(ECHO, [], at(1)) as Pid<unknown>;
      expect(again.origin.incarnation).toBe(2);
      context.send(again, { from: context.self, n: 1 });
      expect(yield* next()).toMatchObject({ n: 1 });
    });
    expect(threads.engine.info()[0]).toMatchObject({ thread: 1, incarnation: 2, isUp: true });
  });

  it('APP-1 in the middle of a stop leaves no names: a thread that does not answer is ended with what it had', async () => {
    const threads = await fixture({ watchdogMs: 60_000 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.spawn(NAMED, ['bob', context.self], at(1));
      expect(yield* next()).toEqual({ registered: true });
      context.spawn(BLOCKER, [], at(1));
    });
    await threads.system.stop();
    expect(held(threads).names).toBe(0);
  });

  it('THR-1 100 deaths under load: nothing hangs, nothing is lost or left, everybody hears exactly once', async () => {
    await using threads = await fixture({ ringBytes: 4096 });
    const before = held(threads);
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.trapExit(true);
      const survivor = context.spawn(ECHO, [], at(2)) as Pid<unknown>;
      for (let round = 1; round <= 100; round++) {
        const echo = context.spawnLink(ECHO, [], at(1)) as Pid<unknown>;
        expect(echo.origin.incarnation).toBe(round);
        const refs = [context.monitor(echo), context.monitor(echo)];
        const named = context.spawnMonitor(NAMED, [`name${round}`, context.self], at(1));
        // Load in both directions of both pairs, in flight when the thread dies.
        context.spawn(FLOOD, [echo, 2_000, [1, 100]], at(2));
        context.spawn(FLOOD, [survivor, 2_000, [1, 100, 3_000]], at(1));
        context.send(echo, { from: context.self, round });
        const got = [yield* next(), yield* next()];
        expect(got).toContainEqual({ registered: true });
        threads.engine.kill(1);
        const news = [yield* next(), yield* next(), yield* next(), yield* next()] as {
          tag: string;
          reason: unknown;
          ref?: unknown;
        }[];
        expect(news.map(({ tag }) => tag).toSorted()).toEqual(['DOWN', 'DOWN', 'DOWN', 'EXIT']);
        for (const { reason } of news) expect(reason).toEqual(KILLED);
        expect(new Set(news.map(({ ref }) => ref))).toEqual(new Set([undefined, named.ref, ...refs]));
        expect(context.whereis(`name${round}`)).toBeUndefined();
      }
      const self = context as unknown as Process;
      expect([self.links?.size, self.monitors?.held.size, self.mailbox.length]).toEqual([0, 0, 0]);
      // The other thread has lived through it all.
      context.send(survivor, { from: context.self });
      expect(yield* next()).toEqual({ from: context.self });
      context.exit(survivor, 'kill');
    });
    expect(held(threads)).toEqual(before);
    expect(threads.engine.info()).toMatchObject([{ thread: 1 }, { thread: 2, incarnation: 1, isUp: true }]);
  }, 60_000);

  it('both data threads die at once and both run again', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      for (let round = 0; round < 5; round++) {
        for (const thread of [1, 2]) context.spawnMonitor(NAMED, [`name${round}.${thread}`, context.self], at(thread));
        yield* next();
        yield* next();
        threads.engine.kill(1);
        threads.engine.kill(2);
        const reasons = [yield* nextDown(), yield* nextDown()] as { thread: number }[];
        expect(reasons.map(({ thread }) => thread).toSorted()).toEqual([1, 2]);
      }
    });
  });

  it('a thread can die before it has started, again and again', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      for (let round = 0; round < 3; round++) {
        context.spawnMonitor(ECHO, [], at(1));
        // A slot whose thread died before it had started waits a little for its next try.
        while (threads.engine.info()[0].incarnation === 0) yield* sleep(10);
        threads.engine.kill(1);
        expect(yield* nextDown()).toEqual(KILLED);
      }
      const echo = context.spawn(ECHO, [], at(1)) as Pid<unknown>;
      context.send(echo, { from: context.self });
      expect(yield* next()).toEqual({ from: context.self });
    });
  });
});

describe('what nobody catches on a data thread', () => {
  it('a stray rejection is the exit of the async process that owns it', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const neighbour = context.spawn(ECHO, [], at(1)) as Pid<unknown>;
      context.spawnMonitor(STRAY, [], at(1));
      expect(yield* nextDown()).toMatchObject({ tag: 'error', error: { message: 'stray' } });
      context.send(neighbour, { from: context.self });
      expect(yield* next()).toEqual({ from: context.self });
    });
    expect(threads.lines).toContainEqual(expect.objectContaining({ event: 'stray rejection' }));
  });

  it('an error that belongs to nobody ends the thread, and its cause says what it was', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.spawnMonitor(STRAY_TIMER, [], at(1));
      expect(yield* nextDown()).toMatchObject({
        tag: 'threadDown',
        thread: 1,
        cause: { tag: 'error', error: { message: 'of nobody' } },
      });
      context.send(context.spawn(ECHO, [], at(1)) as Pid<unknown>, { from: context.self });
      expect(yield* next()).toEqual({ from: context.self });
    });
  });
});

describe('offload', () => {
  it.each([0, 1])(
    'SCH-5 runs a function in the pool for a process on thread %i and answers with a term',
    async (thread) => {
      await using threads = await fixture();
      await threads.system.run(function* (context: Context<unknown>): Effects<void> {
        const ask = (name: string, args: readonly unknown[]) =>
          context.spawnMonitor(OFFLOADER, [context.self, name, args], at(thread));
        ask('add', [2, 3]);
        expect(yield* next()).toEqual({ ok: true, value: 5 });
        yield* nextDown();
        const ref = context.makeRef();
        ask('giveBack', [{ pid: context.self, map: new Map([[ref, -0]]) }]);
        expect(yield* next()).toEqual({ ok: true, value: { pid: context.self, map: new Map([[ref, -0]]) } });
        yield* nextDown();
        ask('fail', []);
        expect(yield* next()).toMatchObject({
          ok: false,
          error: { error: { name: 'RangeError', message: 'failed on purpose' } },
        });
        yield* nextDown();
        ask('notATerm', []);
        expect(yield* next()).toMatchObject({ ok: false, error: { error: { name: 'NotATermError' } } });
        yield* nextDown();
        ask('missing', []);
        expect(yield* next()).toMatchObject({ ok: false });
      });
    },
  );

  it.each([0, 1])('SCH-5 is aborted when its process on thread %i dies', async (thread) => {
    await using threads = await fixture({ offloadWorkers: 1 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const { pid } = context.spawnMonitor(OFFLOADER, [context.self, 'burn', []], at(thread));
      // Given to the pool before this one, which needs the same worker.
      context.exit(pid, 'kill');
      yield* nextDown();
      context.spawn(OFFLOADER, [context.self, 'add', [1, 1]], at(thread));
      expect(yield* next()).toEqual({ ok: true, value: 2 });
    });
  });
});
