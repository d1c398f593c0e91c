// Every public function is given what it does not take: each refuses by name, in the caller, and nothing wrong gets into
// a table, a timer or a mailbox, so the same system goes on working (issue: "Bad input").
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Context,
  call,
  cancelAnyTimer,
  cast,
  type Effects,
  genServer,
  lookup,
  offload,
  ok,
  processInfo,
  receive,
  register,
  registerKey,
  registry,
  type System,
  sleep,
  start,
  startChild,
  startLink,
  startSystem,
  startWith,
  stopServer,
  supervisor,
  tryCall,
  unregister,
} from '../../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the types are what is being violated.
type Wrong = any;
type Act = (context: Wrong, wrong: Wrong) => Effects<unknown> | unknown;

const WRONG: readonly (readonly [string, unknown])[] = [
  ['undefined', undefined],
  ['null', null],
  ['a number', 42],
  ['a bigint', 5n],
  ['an object', {}],
  ['an array', []],
  ['a function', () => true],
  ['a symbol', Symbol('wrong')],
  [
    'a thing that throws when it is looked at',
    new Proxy({}, { get: fail, has: fail, getPrototypeOf: fail, ownKeys: fail }),
  ],
];

function fail(): never {
  throw new Error('looked at');
}

/** Does not take any of the wrong values. */
const NOTHING_OF: Readonly<Record<string, Act>> = {
  'send to': (context, wrong) => context.send(wrong, 'x'),
  'trySend to': (context, wrong) => context.trySend(wrong, 'x'),
  whereis: (context, wrong) => context.whereis(wrong),
  link: (context, wrong) => context.link(wrong),
  unlink: (context, wrong) => context.unlink(wrong),
  monitor: (context, wrong) => context.monitor(wrong),
  demonitor: (context, wrong) => context.demonitor(wrong, { flush: true }),
  unalias: (context, wrong) => context.unalias(wrong),
  'exit another': (context, wrong) => context.exit(wrong, 'x'),
  'sendAfter to': (context, wrong) => context.sendAfter(1, wrong, 'x'),
  'sendAfter ms': (context, wrong) => context.sendAfter(wrong, context.self, 'x'),
  'startTimer ms': (context, wrong) => context.startTimer(wrong, context.self, 'x'),
  cancelTimer: (context, wrong) => context.cancelTimer(wrong),
  cancelAnyTimer: (_context, wrong) => cancelAnyTimer(wrong),
  sleep: (_context, wrong) => sleep(wrong),
  register: (_context, wrong) => register(wrong),
  unregister: (_context, wrong) => unregister(wrong),
  processInfo: (_context, wrong) => processInfo(wrong),
  offload: (_context, wrong) => offload(wrong),
  setLabel: (context, wrong) => context.setLabel(wrong),
  call: (_context, wrong) => call(wrong, 'x' as never),
  cast: (context, wrong) => cast(context, wrong, 'x' as never),
  stopServer: (_context, wrong) => stopServer(wrong),
  lookup: (_context, wrong) => lookup(wrong, 'x'),
  yield: function* (_context, wrong) {
    yield wrong;
  },
  perform: (context, wrong) => context.perform(wrong),
};

/** Those that take a number. */
const TIMES = ['sendAfter ms', 'startTimer ms', 'sleep'];

/** As above, but there `undefined` means the default. */
const NOTHING_BUT_DEFAULT: Readonly<Record<string, Act>> = {
  'receive afterMs': (_context, wrong) => receive(null, { afterMs: wrong ?? fail() }),
  'call timeoutMs': (context, wrong) => call(context.spawn(deaf), 'x' as never, wrong ?? fail()),
  'spawn with a placement': (context, wrong) => context.spawn(deaf, [], { placement: wrong ?? fail() }),
  'spawn with a name': (context, wrong) => context.spawn(deaf, [], { name: wrong ?? fail() }),
  'spawn with a label': (context, wrong) => context.spawn(deaf, [], { label: wrong ?? fail() }),
  'spawn with a priority': (context, wrong) => context.spawn(deaf, [], { priority: wrong ?? fail() }),
  'startLink timeoutMs': (_context, wrong) => startLink(echo, [], { timeoutMs: wrong ?? fail() }),
  'stopServer timeoutMs': (context, wrong) => stopServer(context.spawn(deaf), 'x', wrong ?? fail()),
  'register a process': (_context, wrong) => register('somebody', wrong ?? fail()),
};

/** What is thrown; a value that throws when it is looked at may be heard itself. */
const NAMED = /^(BadArgumentError|RangeError|NotAnEffectError|NotATermError|Error: looked at)/;

function* deaf(): Effects<void> {
  yield* receive(() => false);
}

const echo = genServer({ init: () => ok(0) });

let system: System;
const strays: unknown[] = [];
const onStray = (reason: unknown) => void strays.push(reason);

beforeAll(async () => {
  process.on('uncaughtException', onStray);
  process.on('unhandledRejection', onStray);
  system = await startSystem({ logger: 'silent' });
});
afterAll(async () => {
  await system.stop();
  process.off('uncaughtException', onStray);
  process.off('unhandledRejection', onStray);
  expect(strays).toEqual([]);
});

/** The error with which a process ends that does `act`, or 'nothing'. */
async function errorOf(act: Act, wrong: unknown): Promise<string> {
  const body = function* (context: Context<unknown>): Effects<void> {
    context.trapExit(true);
    const result = act(context, wrong);
    if (typeof (result as Wrong)?.next === 'function') yield* result as Effects<unknown>;
  };
  return system.run(body).then(
    () => 'nothing',
    (error: Error) => error.message.replace('the process ended: ', ''),
  );
}

describe('a wrong argument is refused by name', () => {
  it.each(Object.keys(NOTHING_OF))('%s', async (name) => {
    for (const [what, wrong] of WRONG) {
      if (what === 'a number' && TIMES.includes(name)) continue;
      expect(await errorOf(NOTHING_OF[name], wrong), what).toMatch(NAMED);
    }
  });

  it.each(Object.keys(NOTHING_BUT_DEFAULT))('%s', async (name) => {
    for (const [what, wrong] of WRONG.slice(name.endsWith('Ms') ? 3 : 2)) {
      expect(await errorOf(NOTHING_BUT_DEFAULT[name], wrong), what).toMatch(NAMED);
    }
  });

  it.each([Number.NaN, -1, 2 ** 32, '5'])('a time of %s, by whatever takes a time', async (ms) => {
    for (const name of ['sendAfter ms', 'startTimer ms', 'sleep']) {
      expect(await errorOf(NOTHING_OF[name], ms), name).toMatch(/^RangeError: a time must be/);
    }
    for (const name of ['receive afterMs', 'call timeoutMs', 'startLink timeoutMs', 'stopServer timeoutMs']) {
      expect(await errorOf(NOTHING_BUT_DEFAULT[name], ms), name).toMatch(/^RangeError: a time must be/);
    }
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '5', 5n, null])('bump by %s', async (count) => {
    expect(await errorOf((context, wrong) => context.bump(wrong), count)).toMatch(/^BadArgumentError: bump needs/);
  });

  it('a handler that is async or a generator, which would never run', async () => {
    const spawn: Act = (context, body) => context.spawn(body);
    expect(await errorOf(spawn, { handle: async () => 0 })).toMatch(/^BadArgumentError: spawn needs a plain function/);
    expect(await errorOf(spawn, { *handle() {} })).toMatch(/^BadArgumentError: spawn needs a plain function/);
  });

  it('yield for yield*, with what to write instead', async () => {
    const text = await errorOf(function* () {
      yield receive() as Wrong;
    }, null);
    expect(text).toContain('write `yield* receive()`');
  });
});

describe('a bad spec', () => {
  const specs: readonly (readonly [string, unknown, string])[] = [
    ['no spec', undefined, 'badFlags'],
    ['a list', [], 'badChildren'],
    ['no children', { children: 7 }, 'badChildren'],
    ['a child that is none', { children: [null] }, 'badSpec'],
    ['a child without a body', { children: [{ id: 'a', start: {} }] }, 'badStart'],
    ['a start time', { children: [{ id: 'a', start: { body: deaf, timeoutMs: Number.NaN } }] }, 'badTimeout'],
    ['a shutdown time', { children: [{ id: 'a', start: { body: deaf }, shutdown: 2 ** 40 }] }, 'badShutdown'],
    ['a cycle as id', { children: [{ id: cycle(), start: { body: deaf } }] }, 'badId'],
    ['a symbol as strategy', { strategy: Symbol('x'), children: [] }, 'badStrategy'],
    ['an intensity', { intensity: 5n, children: [] }, 'badIntensity'],
  ];

  it.each(specs)('%s fails the start of the supervisor with its tag', async (_name, spec, tag) => {
    const started = await system.run(() => start(supervisor(spec as never)));
    expect(started).toMatchObject({ ok: false, error: { error: { tag } } });
  });

  it('in a call to a supervisor is refused, and the supervisor lives', async () => {
    const answers = await system.run(function* () {
      const { pid } = (yield* start(supervisor({ children: [] }))) as Wrong;
      const template = { id: 'a', start: { body: deaf } };
      const simple = (yield* start(supervisor({ strategy: 'simpleOneForOne', children: [template] }))) as Wrong;
      const got = [yield* startChild(pid, undefined as never), yield* startChild(pid, { id: 'b' } as never)];
      got.push(yield* startWith(simple.pid, 7 as never), yield* tryCall(pid, null as never) as Wrong);
      got.push(yield* tryCall(simple.pid, 'nonsense' as never) as Wrong);
      yield* stopServer(pid);
      yield* stopServer(simple.pid);
      return got;
    });
    const refused = (tag: string) => ({ ok: false, error: { tag: 'badChildSpec', error: { tag } } });
    const unknown = { ok: true, value: { ok: false, error: { tag: 'notSupported' } } };
    expect(answers).toMatchObject([refused('badSpec'), refused('badStart'), refused('badArgs'), unknown, unknown]);
  });

  function cycle(): unknown {
    const round: { self?: unknown } = {};
    round.self = round;
    return round;
  }
});

describe('names and refs that are right in kind', () => {
  it('but empty, taken, huge or of the dead end in the documented result', async () => {
    const results = await system.run(function* (context: Context<unknown>) {
      const dead = context.spawn(() => {});
      yield* sleep(1);
      const huge = 'n'.repeat(1_000_000);
      const got = [yield* register(''), yield* register('for the dead', dead), yield* register(huge)];
      got.push(yield* register('a second name'), yield* register(huge, context.spawn(deaf)));
      return { got, found: context.whereis(huge) === context.self, gone: yield* unregister(huge) };
    });
    const no = (error: string) => ({ ok: false, error });
    expect(results).toEqual({
      got: [no('badName'), no('noproc'), { ok: true }, no('hasName'), no('alreadyRegistered')],
      found: true,
      gone: true,
    });
  });

  it('but not the caller’s own, or used before, do nothing', async () => {
    const results = await system.run(function* (context: Context<unknown>) {
      const alias = context.alias();
      const other = context.spawn(
        (theirs: Context<unknown>, to: Wrong) => {
          theirs.send(to, [theirs.demonitor(alias, { flush: true }), theirs.unalias(alias), theirs.cancelTimer(alias)]);
        },
        [context.self],
      );
      const theirs = yield* receive();
      const mine = [
        context.unalias(alias),
        context.unalias(alias),
        context.demonitor(alias),
        context.cancelTimer(alias),
      ];
      context.send(alias, 'too late');
      context.unlink(other);
      return { theirs, mine, left: yield* receive(null, { afterMs: 0 }) };
    });
    expect(results).toMatchObject({ theirs: [false, false, false], mine: [true, false, false, false] });
    expect(typeof results.left).toBe('symbol');
  });

  it('a key of a registry that cannot be compared is refused before anything is linked', async () => {
    const links = await system.run(function* (context: Context<unknown>) {
      const { pid } = (yield* start(registry, ['unique'])) as Wrong;
      try {
        yield* registerKey(pid, {} as never);
      } catch (error) {
        return [(error as Error).name, (yield* processInfo(context.self))?.links.length];
      }
      return 'nothing';
    });
    expect(links).toEqual(['BadArgumentError', 0]);
  });
});

describe('options of a system', () => {
  it.each([
    [{ threads: -1 }],
    [{ threads: 1.5 }],
    [{ threads: '2' }],
    [{ threads: 1, watchdogMs: 0 }],
    [{ threads: 1, watchdogMs: Number.NaN }],
    [{ limits: { sliceReductions: 0 } }],
    [{ limits: { turnMs: Number.NaN } }],
    [{ limits: { nonsense: 1 } }],
    [{ logger: 'loud' }],
    [{ logger: {} }],
    [{ logger: null }],
  ])('%j is refused with a RangeError', async (options) => {
    await expect(startSystem(options as never)).rejects.toThrow(RangeError);
  });

  it('a stop with a bad time is refused, and the system can still be stopped', async () => {
    const own = await startSystem({ logger: 'silent' });
    expect(() => own.stop({ shutdownMs: Number.NaN })).toThrow(RangeError);
    await own.stop({ shutdownMs: 100 });
  });
});
