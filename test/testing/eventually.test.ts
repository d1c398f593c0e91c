// R21: after `heal` nothing is held back and nothing breaks, so what must come sooner or later comes.
import { describe, expect, it } from 'vitest';
import { type Context, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  eventually,
  findFailure,
  heal,
  loadModules,
  NotEventuallyError,
  type SimOptions,
  simulate,
} from '../../src/testing.ts';

const url = new URL('../simulation/thread-bodies.ts', import.meta.url).href;
const THREADS: SimOptions = { threads: 2, modules: await loadModules(url) };

/** Sends a word again and again until it is answered; a client that gives up after some tries where it is told to. */
const retrying = (triesMax: number) =>
  function* (context: Context<unknown>) {
    let answers = 0;
    context.spawnLink(function* client(own: Context<unknown>) {
      for (let n = 0; n < triesMax && answers === 0; n++) {
        const echo = own.spawn({ module: url, export: 'echo' }, [], { placement: { thread: 1 } }) as Pid<unknown>;
        own.send(echo, { from: own.self, n });
        const answer = yield* receive((message) => 'n' in (message as object), { afterMs: 50 });
        own.send(echo, 'stop');
        if (answer !== TIMEOUT) answers++;
      }
    });
    yield* sleep(200);
    heal(context);
    yield* eventually('an answer', () => answers > 0, { afterMs: 10_000 });
  };

const faults = {
  delays: 4,
  partitions: 4,
  threadDeaths: 2,
  crashes: 2,
  victims: ({ title }: { title: string }) => title === 'echo',
};

describe('eventually', () => {
  it('R21 holds for a client that tries until it is answered, whatever was done before', () => {
    expect(findFailure({ ...THREADS, faults, schedules: 300 }, retrying(Number.POSITIVE_INFINITY))).toBeNull();
  });

  it('R21 finds a client that gives up', () => {
    const found = findFailure({ ...THREADS, faults, schedules: 3_000 }, retrying(2));
    const failure = found?.result.failure;
    expect(failure?.tag === 'exit' && failure.error).toBeInstanceOf(NotEventuallyError);
    expect(String(failure?.tag === 'exit' && failure.error)).toContain('an answer: not within 10000 ms');
    expect(found?.result.words.length).toBeLessThanOrEqual(2);
  });

  it('looks by effects too, and at the very end of its time', () => {
    const result = simulate({}, function* (context) {
      yield* eventually('it is late', function* () {
        yield* sleep(1);
        return context.now() > 30;
      });
      const startMs = context.now();
      yield* eventually('the end', () => context.now() - startMs >= 25, { afterMs: 25 });
      return context.now() - startMs;
    });
    expect(result.value).toBe(25);
  });
});

describe('heal', () => {
  it('opens what stands still, releases what is held, and lets nothing happen any more', () => {
    const deviations = [
      [0, 'part 0 1 90000'],
      [6, 'crash root'],
    ] as const;
    const result = simulate({ ...THREADS, deviations }, function* (context) {
      const echo = context.spawn({ module: url, export: 'echo' }, [], { placement: { thread: 1 } }) as Pid<unknown>;
      context.send(echo, { from: context.self, n: 1 });
      heal(context);
      yield* receive((message) => 'n' in (message as object));
      for (let tick = 0; tick < 20; tick++) yield* sleep(1);
      return context.now();
    });
    expect(result.value).toBe(20);
    expect(result.missed).toEqual([[6, 'crash root']]);
  });

  it('is refused outside of a simulation', () => {
    expect(() => heal({ env: {} as never })).toThrow(TypeError);
  });
});
