import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../src/env/host/index.ts';
import type { Context, Effects } from '../../src/process/index.ts';
import type { Pid, Ref } from '../../src/term/index.ts';
import { NoThreadError, startThreads, ThreadStartError } from '../../src/threads/index.ts';
import { COUNTER, ECHO, FLOOD, NAMED, SPAWNER } from '../actors/threads.ts';
import { at, fixture, next, nextDown } from './fixture.ts';

describe('signals between threads', () => {
  const cases = {
    'full rings': [1, 100, 200],
    'oversize records': [5_000, 300_000],
    'full rings and oversize records at once': [1, 200, 1, 5_000, 0, 1_000, 255, 20_000],
  };
  it.each(Object.entries(cases))('SIG-1 keep their order and lose nothing: %s', async (_, sizes) => {
    await using threads = await fixture({ ringBytes: 1024, outboxBytesMax: 50_000 });
    const count = sizes.includes(300_000) ? 200 : 5_000;
    const counted = await threads.system.run(function* (context: Context<unknown>): Effects<unknown> {
      const { pid } = context.spawnMonitor(COUNTER, [context.self, count, sizes], at(2));
      context.spawn(FLOOD, [pid, count, sizes], at(1));
      return yield* next(15_000);
    });
    expect(counted).toEqual({ counted: count });
  });

  it('pids, refs and Map keys are the same objects after A -> B -> A', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const echo = context.spawn(ECHO, [], at(1)) as Pid<unknown>;
      const ref = context.makeRef();
      const map = new Map<unknown, number>([
        [context.self, 1],
        [echo, 2],
        [ref, 3],
      ]);
      context.send(echo, { from: context.self, echo, ref, map });
      const back = (yield* next()) as { from: unknown; echo: unknown; ref: unknown; map: Map<unknown, number> };
      expect(back.from).toBe(context.self);
      expect(back.echo).toBe(echo);
      expect(back.ref).toBe(ref);
      expect([...back.map].every(([key, value]) => map.get(key) === value)).toBe(true);
    });
  });

  it('spawnLink, spawnMonitor, exit, aliases and timers work towards another thread', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.trapExit(true);
      const linked = context.spawnLink(ECHO, [], at(1)) as Pid<unknown>;
      const { pid, ref } = context.spawnMonitor(ECHO, [], at(2));
      const alias = context.alias('reply');
      context.send(linked, { from: alias as Ref });
      expect(yield* next()).toEqual({ from: alias });
      context.sendAfter(5, linked, { from: context.self, late: true });
      expect(yield* next()).toMatchObject({ late: true });
      context.exit(linked, 'enough');
      expect(yield* next()).toEqual({ tag: 'EXIT', from: linked, reason: 'enough' });
      context.exit(pid, 'kill');
      expect(yield* next()).toEqual({ tag: 'DOWN', ref, object: pid, reason: 'killed' });
    });
    expect(threads.engine.signalsCrossed().every(({ sent, received }) => sent > 0 && received > 0)).toBe(true);
  });

  it('a process of one data thread ties itself to one of another', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.spawn(SPAWNER, [context.self, ECHO, [], 2], at(1));
      const { pid } = (yield* next()) as { pid: Pid<unknown> };
      expect(pid.origin.thread).toBe(2);
      context.exit(pid, 'boom');
      expect(yield* next()).toEqual({ tag: 'EXIT', from: pid, reason: 'boom' });
      expect(yield* next()).toMatchObject({ tag: 'DOWN', object: pid, reason: 'boom' });
    });
  });

  it('0-5 a closure for another thread is refused, and the error says what to write', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      expect(() => context.spawn(function* () {} as never, [], at(1))).toThrow('a function cannot cross threads');
      expect(() => context.spawn(function* () {} as never, [], at(1))).toThrow('import.meta.url');
      expect(() => context.spawn(ECHO, [() => {}], at(1))).toThrow('a function is not a term');
    });
  });

  it('REG-1 a name registered on one thread is known on all, and free when its owner is dead', async () => {
    await using threads = await fixture();
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const { pid } = context.spawnMonitor(NAMED, ['bob', context.self], at(1));
      expect(yield* next()).toEqual({ registered: true });
      expect(context.whereis('bob')).toBe(pid);
      context.spawn(NAMED, ['bob', context.self], at(2));
      expect(yield* next()).toEqual({ registered: false });
      context.exit(pid, 'kill');
      expect(yield* nextDown()).toBe('killed');
      context.spawn(NAMED, ['bob', context.self], at(2));
      expect(yield* next()).toEqual({ registered: true });
    });
  });
});

describe('placement', () => {
  it('any spreads over the data threads; with another process means its thread; an unknown thread throws', async () => {
    await using threads = await fixture({ threads: 3, placement: 'roundRobin' });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const spread = Array.from({ length: 6 }, () => context.spawn(ECHO, [], { placement: 'any' }).origin.thread);
      expect(spread.toSorted()).toEqual([1, 1, 2, 2, 3, 3]);
      const first = context.spawn(ECHO, [], at(2));
      expect(context.spawn(ECHO, [], { placement: { with: first } }).origin).toBe(first.origin);
      expect(context.spawn(ECHO, [], { placement: { with: context.self } }).origin).toBe(context.self.origin);
      expect(() => context.spawn(ECHO, [], at(4))).toThrow(NoThreadError);
      expect(context.spawn(ECHO, [], at(0)).origin.thread).toBe(0);
    });
  });

  it('without data threads everything is here', async () => {
    await using threads = await fixture({ threads: 0 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      expect(context.spawn(ECHO, [], { placement: 'any' }).origin).toBe(context.self.origin);
      expect(() => context.spawn(ECHO, [], at(1))).toThrow('one thread');
    });
  });
});

describe('starting', () => {
  it('rejects when a data thread cannot start, and leaves nothing behind', async () => {
    const envModule = { module: 'file:///no/such/module.ts', export: 'env' };
    const failed = startThreads({ threads: 2, strict: true, logger: silentLogger, envModule });
    await expect(failed).rejects.toThrow(ThreadStartError);
  });

  it.each([{ threads: -1 }, { threads: 1.5 }, { threads: 255 }, { ringBytes: 1000 }, { watchdogMs: 0 }])(
    'refuses %o',
    async (options) => {
      await expect(startThreads({ threads: 1, strict: true, logger: silentLogger, ...options })).rejects.toThrow(
        RangeError,
      );
    },
  );
});
