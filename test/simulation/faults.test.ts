// Faults of the kernel as data (reliability.md 2.a): crashes, deaths of threads, links that stand still, clocks that jump.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AsyncContext,
  type Context,
  isDown,
  type Process,
  pause,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';
import {
  type Deviation,
  decodeToken,
  findFailure,
  isFaultKey,
  loadModules,
  replay,
  type SimOptions,
  SimScheduler,
  type SimTape,
  schedules,
  simulate,
  simulateAsync,
  sweepCrashes,
  type Wiring,
} from '../../src/testing.ts';

const url = new URL('./thread-bodies.ts', import.meta.url).href;
const modules = await loadModules(url);
const body = (name: string): Mfa => ({ module: url, export: name });
const THREADS: SimOptions = { threads: 2, modules };

function* idle() {
  yield* receive((message) => message === 'stop');
}

/** Answers `{from, n}` with n; everything it was told is in its state only. */
const echoing = {
  label: 'echoing',
  handle(count: number, message: { from: Pid<number>; n: number }, context: Context<never>): number {
    context.send(message.from, message.n);
    return count + 1;
  },
};

describe('a crash', () => {
  it('ends a process at its step, as a kill does, and is heard', () => {
    const result = simulate({ deviations: [[1, 'crash root/0']] }, function* (context) {
      const { pid, ref } = context.spawnMonitor(idle, [], { label: 'idle' });
      const down = yield* receive<{ reason: unknown }>((message) => isDown(message, ref));
      return { reason: down.reason, isAlive: pid.target !== null };
    });
    expect(result.value).toEqual({ reason: 'killed', isAlive: false });
    expect(result.words.join()).toContain('root/0 crashes');
  });

  it('of somebody who does not live is left out', () => {
    const deviations: readonly Deviation[] = [[0, 'crash root/7']];
    const result = simulate({ deviations }, function* () {
      yield* sleep(10);
    });
    expect(result.isOk).toBe(true);
    expect(result.deviations).toEqual([]);
    expect(result.missed).toEqual(deviations);
    expect(result.describe()).toContain('left out, because it was not possible: step 0 crash root/7');
  });

  it('strikes only those that may be struck, and as often as it may', () => {
    const struck = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const faults = { crashes: 2, victims: ({ title }: { title: string }) => title === 'prey' };
      const { deviations } = simulate({ seed, faults }, function* (context) {
        for (const label of ['prey', 'other', 'prey']) context.spawn(idle, [], { label });
        for (let round = 0; round < 40; round++) yield* sleep(1);
      });
      expect(deviations.length).toBeLessThanOrEqual(2);
      for (const [, key] of deviations) struck.add(key);
    }
    expect([...struck].sort()).toEqual(['crash root/0', 'crash root/2']);
  });

  it('TST-1 input, schedule and crash shrink together, and the token replays all of it', () => {
    // A client that trusts its server to live: wrong only when the server crashes before it has answered.
    const program = (rounds: number) =>
      function* (context: Context<unknown>) {
        const server = context.spawn(echoing, [0]) as Pid<unknown>;
        context.spawn(idle, [], { label: 'bystander' });
        for (let n = 0; n < rounds; n++) {
          context.send(server, { from: context.self, n });
          if ((yield* receive(null, { afterMs: 1_000 })) === TIMEOUT) throw new Error('no answer');
        }
      };
    const property = fc.property(
      schedules({ faults: { crashes: 3 } }),
      fc.integer({ min: 1, max: 20 }),
      (tape, rounds) => simulate({ tape }, program(rounds)).isOk,
    );
    const details = fc.check(property, { seed: 1, numRuns: 500 });
    expect(details.failed).toBe(true);
    const [tape, rounds] = details.counterexample as [SimTape, number];
    expect(rounds).toBe(1);
    const again = replay(tape.token, program(rounds));
    expect(again.deviations.map(([, key]) => key)).toEqual(['crash root/0']);
    expect(again.failure?.tag).toBe('exit');
    expect(simulate({}, program(20)).isOk).toBe(true);
  });
});

describe('a thread link', () => {
  const roundTrip = function* (context: Context<unknown>) {
    const pid = context.spawn(body('echo'), [], { placement: { thread: 1 } }) as Pid<unknown>;
    context.send(pid, { from: context.self, n: 1 });
    yield* receive((message) => (message as { n?: number }).n === 1);
    context.send(pid, 'stop');
    return context.now();
  };

  it('that is delayed carries nothing for so long, and then everything', () => {
    expect(simulate(THREADS, roundTrip).value).toBe(0);
    expect(simulate({ ...THREADS, deviations: [[0, 'delay 1>0 50']] }, roundTrip).value).toBe(50);
    expect(simulate({ ...THREADS, deviations: [[0, 'part 0 1 200']] }, roundTrip).value).toBe(200);
    expect(simulate({ ...THREADS, deviations: [[0, 'part 0 2 200']] }, roundTrip).value).toBe(0);
  });

  it('may stand still for two reasons, and goes on after the longer one', () => {
    const deviations: readonly Deviation[] = [
      [0, 'delay 1>0 50'],
      [1, 'delay 1>0 90'],
    ];
    expect(simulate({ ...THREADS, deviations }, roundTrip).value).toBe(90);
  });

  it('is cut in both directions by a partition, whichever thread is named first', () => {
    for (let step = 0; step < 6; step++) {
      const [one, other] = ['part 0 1 200', 'part 1 0 200'].map(
        (key) => simulate({ ...THREADS, deviations: [[step, key]] }, roundTrip).value,
      );
      expect(one, `step ${step}`).toBe(200);
      expect(other, `step ${step}`).toBe(200);
    }
  });

  it('that still stands when the body is over leaves nothing behind', () => {
    const result = simulate({ ...THREADS, deviations: [[0, 'part 0 1 60000']] }, function* (context) {
      context.spawn(body('echo'), [], { placement: { thread: 1 } });
      yield* sleep(1);
    });
    expect(result.isOk).toBe(true);
    expect(result.survivors).toHaveLength(1);
  });
});

describe('clocks', () => {
  it('jump: what was under way is late, and nothing fires early', () => {
    const late = function* (context: Context<unknown>) {
      const server = context.spawn(echoing, [0]) as Pid<unknown>;
      context.send(server, { from: context.self, n: 1 });
      yield* receive();
      return context.now();
    };
    expect(simulate({ deviations: [[2, 'jump 5000']] }, late).value).toBe(5_000);
  });

  it('that jump make timers due, which may fire before what was under way', () => {
    const impatient = function* (context: Context<unknown>) {
      const server = context.spawn(echoing, [0]) as Pid<unknown>;
      context.send(server, { from: context.self, n: 1 });
      return (yield* receive(null, { afterMs: 1_000 })) === TIMEOUT ? 'timeout' : 'answer';
    };
    const jump = [2, 'jump 5000'] as const;
    const firing = [
      [3, 'fire 0'],
      [4, 'run root'],
    ] as const;
    expect(simulate({ deviations: [jump] }, impatient).value).toBe('answer');
    expect(simulate({ deviations: [jump, ...firing] }, impatient).value).toBe('timeout');
    expect(simulate({ deviations: firing }, impatient).value).toBe('answer');
  });

  it('stand still when the body is over: neither timers nor faults come any more', () => {
    const late: [number, string][] = [[6, 'jump 50']];
    for (let step = 5; step < 12; step++) late.push([step, 'fire 0']);
    const result = simulate({ deviations: late }, function* (context) {
      const pids = [1, 2, 3].map(() =>
        context.spawn(function* sleeper() {
          yield* sleep(10);
        }),
      );
      yield* pause();
      // There is something to do behind the end.
      for (const pid of pids) context.send(pid as Pid<unknown>, 'late');
    });
    expect(result.isOk).toBe(true);
    expect(result.nowMs).toBe(0);
    expect(result.deviations).toEqual([]);
    expect(result.survivors).toHaveLength(3);
  });

  it('the wall clock is set and the monotonic one does not notice', () => {
    const clocks = function* (context: Context<unknown>) {
      const before = context.env.clock.wallTime();
      yield* sleep(10);
      yield* sleep(10);
      return [context.now(), context.env.clock.wallTime() - before];
    };
    expect(simulate({ deviations: [[1, 'wall -3600000']] }, clocks).value).toEqual([20, 20 - 3_600_000]);
  });

  it('a jump shrinks to about as much as is needed', () => {
    const found = findFailure({ faults: { clockJumps: 2 }, schedules: 2_000 }, function* (context) {
      const startMs = context.now();
      for (let round = 0; round < 20; round++) yield* sleep(0);
      if (context.now() - startMs > 100) throw new Error('late');
    });
    const { deviations } = (found as NonNullable<typeof found>).result;
    expect(deviations).toHaveLength(1);
    const jumpMs = Number(deviations[0][1].slice('jump '.length));
    expect(jumpMs).toBeGreaterThan(80);
    expect(jumpMs).toBeLessThanOrEqual(202);
  });
});

describe('a token', () => {
  it('R17 replays schedule and faults exactly, step by step', () => {
    const faults = { crashes: 2, threadDeaths: 1, delays: 1, partitions: 1, clockJumps: 1, jitters: 2, wallJumps: 1 };
    const run = (options: SimOptions) =>
      simulate({ ...THREADS, ...options, history: 0 }, function* (context) {
        for (const thread of [1, 2, 0]) {
          const { pid, ref } = context.spawnMonitor(body('counter'), [context.self, 3], { placement: { thread } });
          context.send(pid as Pid<unknown>, 'stop');
          yield* receive((message) => isDown(message, ref), { afterMs: 500 });
        }
        return context.env.clock.wallTime() + context.random();
      });
    let withFaults = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const first = run({ seed, strategy: 'portfolio', faults });
      const again = run(decodeToken(first.token));
      expect(again.hash, `seed ${seed}`).toBe(first.hash);
      expect(again.deviations).toEqual(first.deviations);
      expect(again.missed).toEqual([]);
      expect(again.outcome).toEqual(first.outcome);
      if (first.deviations.some(([, key]) => isFaultKey(key))) withFaults++;
    }
    expect(withFaults).toBeGreaterThan(75);
  });
});

describe('an async process', () => {
  it('that is crashed while it awaits does nothing any more', async () => {
    let isOver = false;
    const result = await simulateAsync({ deviations: [[3, 'crash root/0']] }, function* (context) {
      const { ref } = context.spawnMonitor(async (own: AsyncContext<unknown>) => {
        await own.perform(sleep(10));
        isOver = true;
      });
      const down = yield* receive<{ reason: unknown }>((message) => isDown(message, ref), { afterMs: 100 });
      return down === TIMEOUT ? 'nothing' : (down as { reason: unknown }).reason;
    });
    expect(result.deviations).toEqual([[3, 'crash root/0']]);
    expect(result.value).toBe('killed');
    expect(isOver).toBe(false);
  });
});

describe('a planted mistake', () => {
  it('R5 a kernel that tells nobody of a crash is seen in the sweep of crashes', () => {
    class Silent extends SimScheduler {
      override terminate(process: Process, reason: unknown): void {
        if (reason === 'killed')
          for (const [ref] of process.monitors?.watchers.entries() ?? []) process.monitors?.watchers.delete(ref);
        super.terminate(process, reason);
      }
    }
    const body = function* (context: Context<unknown>) {
      const { pid, ref } = context.spawnMonitor(idle, [], { label: 'idle' });
      yield* sleep(1);
      context.send(pid as Pid<unknown>, 'stop');
      yield* receive((message) => isDown(message, ref), { afterMs: 50 });
    };
    expect(sweepCrashes({}, body).check().failed).toBe(0);
    const wiring: Wiring = { scheduler: (...args) => new Silent(...args) };
    const { first } = sweepCrashes({ wiring }, body);
    expect(first?.failure).toMatchObject({ tag: 'invariant', rule: 'R5' });
  });

  it('THR-1 a link that is open again before its time is seen by what comes over it', () => {
    const early = function* (context: Context<unknown>) {
      const pid = context.spawn(body('echo'), [], { placement: { thread: 1 } }) as Pid<unknown>;
      context.send(pid, { from: context.self, n: 1 });
      yield* receive((message) => (message as { n?: number }).n === 1);
      context.send(pid, 'stop');
      if (context.now() < 50) throw new Error('early');
    };
    expect(simulate({ ...THREADS, deviations: [[0, 'delay 1>0 50']] }, early).isOk).toBe(true);
    expect(simulate({ ...THREADS, deviations: [[0, 'delay 1>0 49']] }, early).isOk).toBe(false);
  });
});

describe('all faults at once', () => {
  it('R1-R12 THR-1 the runtime keeps its rules whatever is done to it', () => {
    const faults = { crashes: 2, threadDeaths: 1, delays: 2, partitions: 2, clockJumps: 1, jitters: 2, wallJumps: 1 };
    const kinds = new Set<string>();
    for (let seed = 1; seed <= 400; seed++) {
      const result = simulate({ ...THREADS, seed, strategy: 'portfolio', faults }, function* (context) {
        context.trapExit(true);
        for (let round = 0; round < 6; round++) {
          const { pid, ref } = context.spawnMonitor(body('counter'), [context.self, 3], {
            placement: { thread: 1 + (round % 2) },
          });
          context.link(pid);
          yield* receive((message) => isDown(message, ref), { afterMs: 5 });
          context.send(pid as Pid<unknown>, 'stop');
          const down = yield* receive((message) => isDown(message, ref), { afterMs: 120_000 });
          const isKnown = context.demonitor(ref, { flush: true });
          if (down === TIMEOUT && isKnown) throw new Error('never heard');
        }
      });
      if (!result.isOk) throw new Error(result.describe());
      for (const [, key] of result.deviations) kinds.add(key.slice(0, key.indexOf(' ')));
    }
    for (const kind of ['crash', 'die', 'delay', 'part', 'jump', 'wall']) expect(kinds).toContain(kind);
  });
});
