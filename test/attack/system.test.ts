// A system used as it must not be: junk sent to its root, which everybody knows as their parent, options of the wrong
// kind, a stop from inside. The system goes on for everybody else, and ends when it is told to (APP-1).
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Context, type Effects, isProcessAlive, startSystem } from '../../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the types are what is being violated.
type Wrong = any;

const strays: unknown[] = [];
const onStray = (reason: unknown) => void strays.push(reason);
process.on('uncaughtException', onStray);
process.on('unhandledRejection', onStray);
afterEach(() => {
  expect(strays).toEqual([]);
});

function* seven(context: Context<unknown>): Effects<number> {
  yield* isProcessAlive(context.self);
  return 7;
}

const JUNK: readonly unknown[] = [
  null,
  undefined,
  7,
  'work',
  {},
  { tag: 'work' },
  { tag: 'DOWN' },
  { tag: 'EXIT' },
  { tag: 'EXIT', from: 7, reason: 'x' },
  { tag: '$call', request: 1 },
  { tag: '$stop', reason: 'x' },
];

describe.each([0, 1])('a system with %i data threads', (threads) => {
  it('APP-1 outlives whatever is sent to its root, and says that it did not expect it', async () => {
    const told: unknown[] = [];
    const logger = { log: (_level: string, event: string) => void told.push(event) };
    await using system = await startSystem({ threads, logger });
    for (const junk of JUNK) system.send(system.self, junk as never);
    expect(await system.run(seven)).toBe(7);
    expect(await system.perform(seven)).toBe(7);
    expect(told.filter((event) => event === 'unexpected message')).toHaveLength(JUNK.length - 1);
    expect(told).not.toContain('process crashed');
  });

  it('APP-1 that is stopped from inside ends, and whoever asked from outside hears of it', async () => {
    const system = await startSystem({ threads, logger: 'silent' });
    const inside = system.run(async () => {
      await system.stop({ shutdownMs: 100 });
    });
    await expect(inside).rejects.toThrow('the process ended: ');
    await Promise.all([system.stop(), system.stop({ shutdownMs: 0 }), system[Symbol.asyncDispose]()]);
    expect(() => system.run(seven)).toThrow('the system is stopped');
    expect(() => system.send(system.self, 1 as never)).toThrow('the system is stopped');
  });
});

it('PRC-1 a resource whose close is async and rejects is told in the log, and ends nobody', async () => {
  const told: unknown[] = [];
  const logger = { log: (_level: string, event: string, data: Wrong) => void told.push([event, data.error]) };
  await using system = await startSystem({ logger });
  await system.run(function* (context: Context<unknown>): Effects<void> {
    context.own({ close: async () => Promise.reject(new Error('not closed')) } as Wrong);
    yield* isProcessAlive(context.self);
  });
  await vi.waitFor(() => expect(told).toEqual([['a resource did not close', 'Error: not closed']]));
});

it.each([
  [{ shutdown: 5 }, "stop has no option 'shutdown'; there are: shutdownMs"],
  [null, 'stop needs an object of options, got null'],
  [7, 'stop needs an object of options, got the number 7'],
])('APP-1 a stop with %j is refused, and the system runs on', async (options, text) => {
  const system = await startSystem({ logger: 'silent' });
  expect(() => system.stop(options as Wrong)).toThrow(text);
  expect(await system.run(seven)).toBe(7);
  await system.stop();
});

it.each([
  [{ strict: 'no' }, 'strict must be true or false, got "no"'],
  [{ net: 7 }, 'net must be an object, got the number 7'],
  [{ dataDir: 7 }, 'dataDir must be a directory, got the number 7'],
  [{ dataDir: '' }, 'dataDir must be a directory, got ""'],
  [{ threads: 1, watchdogMs: '5' }, 'watchdogMs must be a number, got "5"'],
  [{ threads: 1, ringBytes: '262144' }, 'ringBytes must be a number, got "262144"'],
  [{ limits: null }, 'limits must be an object, got null'],
  [{ limits: 7 }, 'limits must be an object, got the number 7'],
  [{ limits: { toString: 1 } }, "there is no limit 'toString'"],
])('APP-1 a start with %j is refused by name', async (options, text) => {
  await expect(startSystem(options as Wrong)).rejects.toThrow(text);
});

it.each([[() => {}], [() => 7], [() => Promise.resolve(7)]])(
  'APP-1 run says what it needs of the function %s',
  async (body) => {
    await using system = await startSystem({ logger: 'silent' });
    await expect(system.run(body as Wrong)).rejects.toThrow(
      /run needs a generator \(of a function\*\) or a promise from its function, got /,
    );
  },
);
