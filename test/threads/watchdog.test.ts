import { describe, expect, it } from 'vitest';
import type { Context, Effects } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { ASYNC_SPINNER, BLOCKER, ECHO, SPINNER } from '../actors/threads.ts';
import { at, fixture, next, nextDown } from './fixture.ts';

/** How much later than asked this thread's timers have come, in all, when the result is called. */
function measureLateness(): () => number {
  let lateMs = 0;
  let lastMs = performance.now();
  const interval = setInterval(() => {
    const now = performance.now();
    lateMs += Math.max(0, now - lastMs - 15);
    lastMs = now;
  }, 10);
  return () => {
    clearInterval(interval);
    return lateMs;
  };
}

describe('the watchdog', () => {
  it('SCH-6 names a runaway, ends its thread at the bound, and the thread runs again within a second of the spin', async () => {
    await using threads = await fixture({ watchdogMs: 300 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.trapExit(true);
      const spinner = context.spawnLink(SPINNER, [], at(1)) as Pid<unknown>;
      const innocent = context.spawnLink(ECHO, [], at(1)) as Pid<unknown>;
      const elsewhere = context.spawn(ECHO, [], at(2)) as Pid<unknown>;
      context.send(innocent, { from: context.self, warm: true });
      yield* next();
      const startMs = performance.now();
      const lateness = measureLateness();
      context.send(spinner, 'go');
      // Other threads do not notice.
      for (let n = 0; n < 50; n++) {
        context.send(elsewhere, { from: context.self, n });
        expect(yield* next()).toMatchObject({ n });
      }
      const news = [yield* next(), yield* next()];
      expect(news).toContainEqual({ tag: 'EXIT', from: spinner, reason: { tag: 'watchdog', ms: expect.any(Number) } });
      const cause = { tag: 'watchdog', ms: expect.any(Number) };
      expect(news).toContainEqual({ tag: 'EXIT', from: innocent, reason: { tag: 'threadDown', thread: 1, cause } });
      context.send(context.spawn(ECHO, [], at(1)) as Pid<unknown>, { from: context.self, back: true });
      expect(yield* next()).toMatchObject({ back: true });
      // A machine that gives us no time is not the watchdog's fault: its ticks do not count then.
      expect(performance.now() - startMs - lateness()).toBeLessThan(1_000);
      const warning = threads.lines.find(({ event }) => event === 'long handler');
      expect(warning?.data).toMatchObject({ thread: 1, pid: spinner.toString() });
    });
  });

  it('SCH-6 sees async code that spins outside of every slice', async () => {
    await using threads = await fixture({ watchdogMs: 200 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      context.spawnMonitor(ASYNC_SPINNER, [], at(1));
      expect(yield* nextDown()).toMatchObject({ tag: 'threadDown', cause: { tag: 'watchdog' } });
    });
  });

  it('SCH-6 ends a handler that blocks without using the CPU, after three times the bound', async () => {
    await using threads = await fixture({ watchdogMs: 100 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const { pid } = context.spawnMonitor(BLOCKER, [], at(1));
      const reason = (yield* nextDown()) as { tag: string; ms: number };
      expect(reason.tag).toBe('watchdog');
      expect(reason.ms).toBeGreaterThanOrEqual(300);
      expect(pid.origin.incarnation).toBe(1);
    });
  });

  it('lets idle threads and busy ones live', async () => {
    await using threads = await fixture({ watchdogMs: 150 });
    await threads.system.run(function* (context: Context<unknown>): Effects<void> {
      const echo = context.spawn(ECHO, [], at(1)) as Pid<unknown>;
      const untilMs = performance.now() + 600;
      while (performance.now() < untilMs) {
        context.send(echo, { from: context.self });
        yield* next();
      }
    });
    expect(threads.engine.info().map(({ incarnation }) => incarnation)).toEqual([1, 1]);
    expect(threads.lines.filter(({ level }) => level === 'error' || level === 'warning')).toEqual([]);
  });
});
