// The engine itself: one schedule per seed, virtual time, failures that say what they are.
import { describe, expect, it } from 'vitest';
import { type AsyncContext, type Context, type Effects, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  BadTokenError,
  checkSchedules,
  findFailure,
  replay,
  type SimBody,
  type SimOptions,
  simulate,
  simulateAsync,
  tapeOf,
} from '../../src/testing.ts';

function* relay(context: Context<unknown>) {
  for (;;) {
    const { to, n } = yield* receive<{ to: Pid<unknown>; n: number }>();
    context.send(to, n);
  }
}

function thrown(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

/** Two relays send to the root; in which order is up to the schedule. */
function* twoRelays(context: Context<unknown>) {
  const relays = [context.spawn(relay), context.spawn(relay)];
  for (const [n, pid] of relays.entries()) context.send(pid as Pid<unknown>, { to: context.self, n });
  return [yield* receive<number>(), yield* receive<number>()];
}

describe('simulate', () => {
  it('TST-5 time is virtual and costs nothing', () => {
    const result = simulate({}, function* (context) {
      yield* sleep(30 * 86_400_000);
      return context.now();
    });
    expect(result.value).toBe(30 * 86_400_000);
    expect(result.steps).toBeLessThan(10);
  });

  it('R17 the same seed gives the same run, another seed another one', () => {
    const run = (seed: number) => simulate({ seed, strategy: { tag: 'uniform' } }, twoRelays);
    expect(run(5).hash).toBe(run(5).hash);
    const orders = new Set(Array.from({ length: 50 }, (_, seed) => run(seed).value.join()));
    expect(orders).toEqual(new Set(['0,1', '1,0']));
  });

  it('TST-2 a token replays the run exactly', () => {
    const found = findFailure({}, function* (context) {
      const order = yield* twoRelays(context);
      if (order[0] === 1) throw new Error('the second came first');
    });
    const { token, hash, deviations } = (found as NonNullable<typeof found>).result;
    expect(deviations.length).toBe(1);
    const again = replay(token, function* (context) {
      return (yield* twoRelays(context)).join();
    });
    expect(again.value).toBe('1,0');
    expect(again.steps).toBeGreaterThan(5);
    expect(replay(token, twoRelays).hash).toBe(replay(token, twoRelays).hash);
    expect(hash).toHaveLength(16);
  });

  it('a token that is none is refused by name', () => {
    const garbage = [
      '',
      '...',
      's1.1',
      's1.x y.W10',
      's2.1.W10',
      's1.1.e30',
      's1.1.%%%',
      's1.1.W10.W10',
      's1.1.W10.e30.',
    ];
    for (const token of [...garbage, undefined, null, 7, {}, ['s1.1.W10']]) {
      expect(() => replay(token as string, twoRelays)).toThrow(BadTokenError);
      expect(() => tapeOf(token as string)).toThrow(BadTokenError);
    }
    expect(replay(' s1.1.W10\n', twoRelays).isOk).toBe(true);
  });

  it.each<[string, SimOptions, SimOptions]>([
    ['threads 2, and here it is 0', { threads: 2 }, {}],
    ['threads 0, and here it is 1', {}, { threads: 1 }],
    ['timerJitterMs 5, and here it is 20', { timerJitterMs: 5 }, {}],
    ['net.latencyMs 3, and here it is 4', { net: { latencyMs: 3 } }, { net: { latencyMs: 4 } }],
    ['net.windowBytes 65536, and here it is 9', {}, { net: { windowBytes: 9 } }],
    ['disk.latencyMs 3, and here it is 0', { disk: { latencyMs: 3 } }, { disk: {} }],
  ])('TST-2 a token of a run with other options is refused by their name: %s', (name, then, now) => {
    const { token, hash } = simulate({ ...then, seed: 3 }, twoRelays);
    const refused = expect.objectContaining({
      name: 'BadTokenError',
      message: expect.stringContaining(name) as string,
    });
    expect(thrown(() => replay(token, twoRelays, now))).toEqual(refused);
    expect(thrown(() => simulate({ ...now, tape: tapeOf(token) }, twoRelays))).toEqual(refused);
    expect(replay(token, twoRelays, then).hash).toBe(hash);
    const tape = tapeOf(token);
    expect(simulate({ ...then, tape }, twoRelays).hash).toBe(hash);
    expect(tape.token).toBe(token);
    // What does not change what happens may be another one.
    expect(replay(token, twoRelays, { ...then, history: 5, stepsMax: 99_999, checks: false, strict: false }).hash).toBe(
      hash,
    );
  });

  it('names processes by spawn path', () => {
    const result = simulate({ seed: 3, strategy: { tag: 'uniform' } }, twoRelays);
    for (const [, key] of result.deviations) expect(key).toMatch(/^(run|deliver|fire|hold) (root|\d)/);
  });

  it('a run without end fails after its steps, and time goes on in a world that never rests', () => {
    const result = simulate({ stepsMax: 20_000 }, function* (context) {
      context.sendAfter(5, context.self, 'late');
      let isLate = false;
      context.send(context.self as Pid<unknown>, 'again');
      for (;;) {
        const message = yield* receive();
        if (message === 'late') isLate = true;
        else if (isLate && context.now() < 5) throw new Error('early');
        if (message === 'again') context.send(context.self as Pid<unknown>, 'again');
        if (isLate && context.now() > 50) return 'late';
      }
    });
    expect(result.value).toBe('late');
    const endless = simulate({ stepsMax: 500 }, function* (context) {
      for (;;) {
        context.send(context.self as Pid<unknown>, 1);
        yield* receive();
      }
    });
    expect(endless.failure).toEqual({ tag: 'stepsExceeded', steps: 500 });
  });

  it('R12 what nobody has stopped is counted, and fails where it must', () => {
    const leaky = function* (context: Context<unknown>) {
      context.spawn(relay, [], { label: 'left' });
      yield* sleep(1);
    };
    expect(simulate({}, leaky).survivors).toEqual(['root/0(left)']);
    expect(simulate({ failOnSurvivors: true }, leaky).failure).toEqual({
      tag: 'survivors',
      survivors: ['root/0(left)'],
    });
  });

  it('R17 chance from outside the simulation is noticed', () => {
    let calls = 0;
    const body = function* (context: Context<unknown>) {
      if (calls++ % 2 === 1) context.send(context.spawn(relay) as Pid<unknown>, { to: context.self, n: 1 });
      yield* sleep(1);
    };
    expect(simulate({ checkRepeatable: true }, body).failure?.tag).toBe('notRepeatable');
  });

  /** Something that is another one in each run, as if from outside the simulation. */
  const DIFFERENT: readonly (readonly [string, (n: number) => unknown])[] = [
    ['a text', (n) => `run ${n}`],
    ['a number with a fraction', (n) => 1 + n / 1_000],
    ['a big integer', (n) => 2n ** 80n + BigInt(n)],
    ['bytes', (n) => Uint8Array.of(0, n)],
    ['a field deep inside', (n) => ({ a: [{ b: { c: n % 2 === 0 } }] })],
    ['the name of a field', (n) => ({ [`f${n}`]: 1 })],
    ['null and undefined', (n) => (n % 2 === 0 ? null : undefined)],
    ['a map', (n) => new Map([[1, `${n}`]])],
    ['a set', (n) => new Set([`${n}`])],
    ['the order of a list', (n) => (n % 2 === 0 ? ['a', 'b'] : ['b', 'a'])],
  ];
  const sends = function* (context: Context<unknown>, what: unknown) {
    const pid = context.spawn(function* () {
      yield* receive();
    });
    context.send(pid as Pid<unknown>, what);
    yield* sleep(1);
  };

  it.each(DIFFERENT)('R17 what differs only in what is sent is noticed: %s', (_, make) => {
    let runs = 0;
    const result = simulate({ checkRepeatable: true }, (context) => sends(context, make(runs++)));
    expect(result.failure?.tag).toBe('notRepeatable');
    const same = simulate({ checkRepeatable: true }, (context) => sends(context, make(1)));
    expect([same.isOk, same.hash]).toEqual([true, simulate({}, (context) => sends(context, make(2))).hash]);
  });

  it.each(DIFFERENT)('R17 what differs only in what the body returns is noticed: %s', (_, make) => {
    let runs = 0;
    const body = (n: () => number) =>
      function* () {
        yield* sleep(1);
        return make(n());
      };
    expect(
      simulate(
        { checkRepeatable: true },
        body(() => runs++),
      ).failure?.tag,
    ).toBe('notRepeatable');
    expect(
      simulate(
        { checkRepeatable: true },
        body(() => 1),
      ).isOk,
    ).toBe(true);
  });

  it('R17 what differs only in how the body ends, or in the reason of a death, is noticed', () => {
    let runs = 0;
    const tag = (body: SimBody<unknown>) => simulate({ checkRepeatable: true }, body).failure?.tag;
    const throwing = (text: () => string) =>
      function* (): Effects<void> {
        yield* sleep(1);
        throw new Error(text());
      };
    expect(tag(throwing(() => `run ${runs++}`))).toBe('notRepeatable');
    // The stack of the error tells which of the two runs it was.
    expect(tag(throwing(() => 'the same'))).toBe('exit');
    const dying = (text: () => string) =>
      function* (context: Context<unknown>) {
        context.monitor(
          context.spawn(() => {
            throw new Error(text());
          }),
        );
        yield* receive();
      };
    expect(tag(dying(() => `run ${runs++}`))).toBe('notRepeatable');
    expect(tag(dying(() => 'the same'))).toBe(undefined);
  });

  it('R17 a value in a circle, with a getter that throws or of a class can be returned', () => {
    class Account {
      readonly balance = Symbol('balance');
    }
    const result = simulate({ checkRepeatable: true }, function* () {
      yield* sleep(1);
      const circle: Record<string, unknown> = { account: new Account(), call: () => 1, map: new Map() };
      Object.defineProperty(circle, 'rude', { enumerable: true, get: () => sleep(Number.NaN) });
      circle.self = circle;
      circle.proxy = new Proxy({}, { getPrototypeOf: () => sleep(Number.NaN) as never });
      let deep: unknown = circle;
      for (let level = 0; level < 100_000; level++) deep = [deep];
      circle.deep = deep;
      return circle;
    });
    expect(result.isOk).toBe(true);
  });

  it('R17 the search notices a text that differs in the runs that it makes twice', () => {
    let runs = 0;
    const found = findFailure({ schedules: 1 }, (context) => sends(context, `run ${runs++}`));
    expect(found?.result.failure?.tag).toBe('notRepeatable');
  });

  it('what a process draws by chance does not depend on the schedule', () => {
    const body = function* (context: Context<unknown>) {
      const root = context.self as Pid<unknown>;
      for (let n = 0; n < 3; n++) {
        context.spawn((child: Context<unknown>) => child.send(root, [n, child.random(), child.env.ids.next(8)]));
      }
      const drawn: unknown[] = [];
      for (let n = 0; n < 3; n++) drawn.push(yield* receive());
      return drawn.map(String).sort().join();
    };
    const seeds = Array.from({ length: 20 }, (_, index) => index);
    const runs = seeds.map((seed) =>
      simulate({ seed: 7, deviations: simulate({ seed, strategy: { tag: 'uniform' } }, body).deviations }, body),
    );
    expect(new Set(runs.map((run) => run.value)).size).toBe(1);
    expect(new Set(runs.map((run) => run.hash)).size).toBeGreaterThan(1);
  });

  it('R4 a process that is killed before its first slice runs nothing', () => {
    let entered = 0;
    const result = simulate({}, function* (context) {
      const pid = context.spawn(() => entered++);
      context.exit(pid, 'kill');
      yield* sleep(1);
    });
    expect(result.isOk).toBe(true);
    checkSchedules({ schedules: 50 }, function* (context) {
      const pid = context.spawnLink(function* () {
        yield* receive();
      });
      context.unlink(pid);
      context.exit(pid, 'kill');
      yield* sleep(1);
    });
    expect(entered).toBeLessThanOrEqual(1);
  });

  it('checkSchedules throws the shrunk failure with its token and the steps in words', () => {
    const check = () =>
      checkSchedules({}, function* (context) {
        const order = yield* twoRelays(context);
        if (order[0] === 1) throw new Error('the second came first');
      });
    expect(check).toThrow(/the second came first[\s\S]*replay with s1\.[\s\S]*step \d+: /);
  });
});

describe('simulateAsync', () => {
  it('runs async bodies on the same schedule each time', async () => {
    const body = async (context: AsyncContext<unknown>) => {
      const pid = context.spawn(async (child: AsyncContext<unknown>) => {
        const from = (await child.perform(receive())) as Pid<unknown>;
        await Promise.resolve();
        child.send(from, 'answer');
      });
      context.send(pid as Pid<unknown>, context.self);
      const answer = await context.perform(receive(null, { afterMs: 1_000 }));
      return answer === TIMEOUT ? 'timeout' : answer;
    };
    const runs = [await simulateAsync({ seed: 3 }, body), await simulateAsync({ seed: 3 }, body)];
    expect(runs[0].value).toBe('answer');
    expect(runs[0].hash).toBe(runs[1].hash);
  });

  it("an await that is not the simulation's fails by name, and by the wait before it", async () => {
    const foreign = new Promise((resolve) => setTimeout(resolve, 5));
    const rogue = (waits: number) =>
      simulateAsync({}, function* (context) {
        const body = async (own: AsyncContext<unknown>) => {
          for (let wait = 0; wait < waits; wait++) await own.perform(sleep(1));
          await foreign;
        };
        context.spawn(body, [], { label: 'rogue' });
        yield* sleep(10);
      });
    const process = 'root/0(rogue)';
    const first = await rogue(0);
    expect(first.failure).toEqual({ tag: 'uncontrolledAwait', process, after: null });
    expect(first.describe()).toContain('before its first context.perform');
    const later = await rogue(2);
    const after = expect.stringMatching(/simulate\.test\.ts:\d+:\d+/);
    expect(later.failure).toEqual({ tag: 'uncontrolledAwait', process, after });
    expect(later.describe()).toMatch(/behind the perform at .*simulate\.test\.ts/);
  });

  it('the synchronous form refuses async bodies', () => {
    const result = simulate({}, function* (context) {
      context.spawn(async () => {}, [], { label: 'async' });
      yield* sleep(1);
    });
    expect(result.failure).toEqual({ tag: 'asyncBody', process: 'root/0(async)' });
  });
});
