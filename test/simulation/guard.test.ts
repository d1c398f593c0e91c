// What a simulation cannot control fails by the name of the process and of the call (reliability.md 2.a).
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { Effects } from '../../src/process/index.ts';
import { type AsyncContext, type Context, receive, sleep } from '../../src/process/index.ts';
import { checkSchedules, simulate, simulateAsync } from '../../src/testing.ts';

const here = new URL(import.meta.url).pathname;
const CALLS: readonly (readonly [string, () => unknown])[] = [
  ['Date.now', () => Date.now()],
  ['new Date', () => new Date()],
  ['Date', () => Date()],
  ['performance.now', () => performance.now()],
  ['process.hrtime', () => process.hrtime()],
  ['process.hrtime.bigint', () => process.hrtime.bigint()],
  ['process.uptime', () => process.uptime()],
  ['AbortSignal.timeout', () => AbortSignal.timeout(1)],
  ['MessageChannel', () => new MessageChannel()],
  ['Math.random', () => Math.random()],
  ['crypto.randomUUID', () => crypto.randomUUID()],
  ['crypto.getRandomValues', () => crypto.getRandomValues(new Uint8Array(4))],
  ['setTimeout', () => setTimeout(() => {}, 1)],
  ['setInterval', () => setInterval(() => {}, 1)],
  ['setImmediate', () => setImmediate(() => {})],
  ['fetch', () => fetch('http://localhost:1')],
  ['node:crypto.randomUUID', () => randomUUID()],
  ['node:fs.readFileSync', () => readFileSync(here)],
  ['node:fs.existsSync', () => existsSync(here)],
  ['node:fs/promises.readFile', () => readFile(here)],
  ['node:net.connect', () => connect(1)],
];

/** Calls something behind an await, and hears nothing of what comes of it. */
async function swallowed(call: () => unknown): Promise<void> {
  await Promise.resolve();
  try {
    await call();
  } catch {
    // Swallowed.
  }
}

function swallowing(): void {
  try {
    Date.now();
  } catch {
    // Swallowed.
  }
}

/** A process that calls something, below a root that only waits. */
const caller = (call: () => unknown) =>
  function* (context: Context<unknown>) {
    context.spawn(() => void call(), [], { label: 'caller' });
    yield* sleep(5);
  };

describe('the guard', () => {
  it.each(CALLS)('fails a process that calls %s', (name, call) => {
    const result = simulate({}, caller(call));
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root/0(caller)', call: name });
    expect(result.describe()).toMatch(/^root\/0\(caller\) calls .+: (use|give) /);
  });

  it('sees a call that the process wraps in a try', () => {
    const result = simulate({}, function* () {
      try {
        Math.random();
      } catch {
        // Swallowed.
      }
      yield* sleep(1);
    });
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root(root)', call: 'Math.random' });
  });

  it('lets pass what is no chance: dates of a given time, microtasks, output', () => {
    const result = simulate({}, function* () {
      console.log('a simulated process may print');
      const date = new Date(86_400_000);
      queueMicrotask(() => {});
      yield* sleep(1);
      return [date.toISOString(), date instanceof Date, Date.UTC(1970, 0, 2)];
    });
    expect(result.value).toEqual(['1970-01-02T00:00:00.000Z', true, 86_400_000]);
  });

  it('tells a misspelt option or fault instead of leaving it out', () => {
    const body = function* (): Effects<void> {};
    expect(() => simulate({ stepMax: 1 } as never, body)).toThrow("a simulation has no option 'stepMax'");
    expect(() => simulate({ faults: { crash: 1 } as never }, body)).toThrow("faults has no option 'crash'");
  });

  it('is off where the test says so, and outside of slices', () => {
    expect(
      simulate(
        { guard: false },
        caller(() => Date.now()),
      ).isOk,
    ).toBe(true);
    const originals = [Date, Math.random, setTimeout, crypto.randomUUID];
    expect(
      simulate(
        {},
        caller(() => {}),
      ).isOk,
    ).toBe(true);
    expect([Date, Math.random, setTimeout, crypto.randomUUID]).toEqual(originals);
    expect(Object.hasOwn(crypto, 'randomUUID')).toBe(false);
    expect(existsSync(here)).toBe(true);
    expect(Date.now()).toBeGreaterThan(0);
    expect(randomUUID()).toHaveLength(36);
  });

  it('watches async bodies behind their awaits too', async () => {
    const result = await simulateAsync({}, function* (context) {
      context.spawn(
        async () => {
          await Promise.resolve();
          await new Promise((resolve) => setTimeout(resolve, 5));
        },
        [],
        { label: 'rogue' },
      );
      yield* sleep(10);
    });
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root/0(rogue)', call: 'setTimeout' });
  });

  it.each(CALLS)(
    'sees %s behind an await of the root, in a try, as the last thing that happens',
    async (name, call) => {
      const result = await simulateAsync({}, async (context: AsyncContext<unknown>) => {
        await context.perform(sleep(1));
        await swallowed(call);
        return 'well';
      });
      expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root', call: name });
    },
  );

  it('sees what is swallowed by a process that then waits for ever, and tells it rather than the deadlock', async () => {
    const result = await simulateAsync({}, async (context: AsyncContext<unknown>) => {
      await swallowed(() => Date.now());
      await context.perform(receive());
    });
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root', call: 'Date.now' });
  });

  it('tells the call rather than the error that a process makes of it', async () => {
    const result = await simulateAsync({}, async (context: AsyncContext<unknown>) => {
      await context.perform(sleep(1));
      await swallowed(() => fetch('http://localhost:1'));
      throw new Error('no answer');
    });
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root', call: 'fetch' });
  });

  it('tells the call rather than the await of what it should have brought', async () => {
    const never = new Promise(() => {});
    const result = await simulateAsync({}, async () => {
      await swallowed(() => Math.random());
      await never;
    });
    expect(result.failure).toEqual({ tag: 'uncontrolledCall', process: 'root', call: 'Math.random' });
  });

  it('sees what is called when the body has returned and the rest comes to rest, or is killed', () => {
    const settling = simulate({}, function* (context) {
      yield* sleep(1);
      context.spawn(swallowing, [], { label: 'late' });
    });
    const call = { tag: 'uncontrolledCall', process: 'root/0(late)', call: 'Date.now' };
    expect(settling.failure).toEqual(call);
    const killed = simulate({}, function* (context) {
      const late = function* () {
        try {
          yield* receive();
        } finally {
          swallowing();
        }
      };
      context.spawn(late, [], { label: 'late' });
      yield* sleep(1);
    });
    // What ends a process that is killed runs no code of its own.
    expect(killed.isOk).toBe(true);
  });

  it('finds the one schedule under which a process reaches for the host', () => {
    const body = function* (context: Context<unknown>) {
      for (const n of [1, 2]) context.spawn((child: Context<unknown>) => child.send(context.self as never, n as never));
      if ((yield* receive()) === 2) Date.now();
      yield* receive();
    };
    expect(() => checkSchedules({}, body)).toThrow(/root\(root\) calls Date\.now[\s\S]*step \d+: /);
  });
});
