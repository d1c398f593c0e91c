// Callbacks that misbehave and servers that are used against themselves: every one ends in the documented reason, its
// clients hear it, nothing hangs and nothing stays behind.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AsyncContext,
  type Context,
  call,
  dynamicSupervisor,
  type Effects,
  genServer,
  isDown,
  noReply,
  ok,
  processInfo,
  receive,
  reply,
  replyTo,
  type System,
  sleep,
  start,
  startChild,
  startLink,
  startSystem,
  stopServer,
  supervisor,
  tryCall,
} from '../../src/index.ts';

// biome-ignore lint/suspicious/noExplicitAny: the types are what is being violated.
type Wrong = any;

let system: System;
const strays: unknown[] = [];
const onStray = (reason: unknown) => void strays.push(reason);

beforeAll(async () => {
  process.on('uncaughtException', onStray);
  process.on('unhandledRejection', onStray);
  system = await startSystem({ logger: 'silent' });
});
afterAll(async () => {
  await sleepOutside(5);
  process.off('uncaughtException', onStray);
  process.off('unhandledRejection', onStray);
  expect(strays).toEqual([]);
  // The root and nothing else: every server of every case has ended.
  expect([...system.engine.scheduler.processes.values()].map(({ self }) => String(self))).toEqual([
    String(system.self),
  ]);
  await system.stop();
});

const sleepOutside = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function cycle(): unknown {
  const round: { self?: unknown } = {};
  round.self = round;
  return round;
}

function* deaf(): Effects<void> {
  yield* receive(() => false);
}

/** Starts a server with these callbacks and calls it once: what the caller gets, and how the server ends. */
const callOnce = (callbacks: object, timeoutMs = 200) =>
  system.run(function* (context: Context<unknown>) {
    const { pid } = (yield* start(genServer({ init: () => ok(0), ...callbacks } as Wrong) as Wrong)) as Wrong;
    const ref = context.monitor(pid);
    const answer = yield* tryCall(pid, 'x' as never, timeoutMs);
    const alive = (yield* processInfo(pid)) !== undefined;
    if (alive) context.exit(pid, 'kill');
    yield* receive((message) => isDown(message, ref));
    return { answer: answer as Wrong, alive, monitors: (yield* processInfo(context.self))?.monitors.length };
  });

it('a name that is no callback is told, not ignored', () => {
  const misspelt = { init: () => ok(0), handlecall: () => reply(1, 0) };
  expect(() => genServer(misspelt as Wrong)).toThrow("genServer has no option 'handlecall'");
  const inherited = { init: () => ok(0), toString: () => 'server' };
  expect(() => genServer(inherited as Wrong)).toThrow("genServer has no option 'toString'");
});

describe('a callback', () => {
  const results: readonly (readonly [string, () => unknown, string])[] = [
    ['a promise', async () => reply(1, 1), 'a promise: callbacks are not async'],
    ['a promise that is rejected', () => Promise.reject(new Error('unheard')), 'a promise: callbacks are not async'],
    ['nothing', () => undefined, 'undefined'],
    ['a symbol', () => Symbol('s'), 'Symbol(s)'],
    ['a cycle', cycle, 'an object'],
    ['the result of init', () => ok(1), '{"tag":"ok"'],
    ['a reply made by hand of nonsense', () => ({ tag: 'replay' }), '{"tag":"replay"}'],
  ];
  it.each(results)('that returns %s crashes its server with badReturnValue', async (_name, handleCall, text) => {
    const { answer, alive, monitors } = await callOnce({ handleCall });
    expect(answer).toMatchObject({ ok: false, error: { tag: 'badReturnValue', callback: 'handleCall' } });
    expect(answer.error.text).toContain(text);
    expect([alive, monitors]).toEqual([false, 0]);
  });

  it('that never ends leaves the caller with a timeout, and the server can still be killed', async () => {
    const { answer, alive, monitors } = await callOnce({ handleCall: deaf }, 10);
    expect([answer, alive, monitors]).toEqual([{ ok: false, error: 'timeout' }, true, 0]);
  });

  it('that replies a value that is none crashes its server, terminate included', async () => {
    const ended: Wrong[] = [];
    const terminate = (reason: Wrong) => void ended.push(reason.error.name);
    for (const handleCall of [() => reply(() => 1, 0), () => reply(() => 1, 0, { continue: 1 })]) {
      const { answer, alive } = await callOnce({ handleCall, terminate });
      expect(answer).toMatchObject({ ok: false, error: { error: { name: 'NotATermError' } } });
      expect(alive).toBe(false);
    }
    expect(ended).toEqual(['NotATermError', 'NotATermError']);
  });

  it('that asks for a bad idle time, or a continuation that nobody handles, crashes its server', async () => {
    for (const timeoutMs of [Number.NaN, -1, '5', Symbol('x')] as Wrong[]) {
      const { answer } = await callOnce({ handleCall: () => noReply(0, { timeoutMs }) });
      expect(answer).toMatchObject({ ok: false, error: { tag: 'error', error: { name: 'RangeError' } } });
    }
    const { answer } = await callOnce({ handleCall: () => noReply(0, { continue: 1 }) });
    expect(answer.error.error.message).toContain('has no handleContinue');
  });

  it('that answers twice, or answers nonsense, gives one reply', async () => {
    const handleCall = (_request: unknown, from: Wrong, _state: unknown, context: Context<unknown>) => {
      replyTo(context, from, 'first');
      replyTo(context, from, 'second');
      return reply('third', 0);
    };
    expect(await callOnce({ handleCall })).toEqual({ answer: { ok: true, value: 'first' }, alive: true, monitors: 0 });
    const toNobody = (_request: unknown, _from: unknown, _state: unknown, context: Context<unknown>) => {
      replyTo(context, {} as never, 1);
      return noReply(0);
    };
    const { answer } = await callOnce({ handleCall: toNobody });
    expect(answer.error.error.name).toBe('BadArgumentError');
  });

  it('that is no function is refused when the server is defined', () => {
    for (const name of ['init', 'handleCall', 'handleCast', 'handleInfo', 'handleContinue', 'terminate']) {
      expect(() => genServer({ init: () => ok(0), [name]: 7 } as Wrong), name).toThrow(`genServer: ${name} needs`);
    }
  });
});

describe('init', () => {
  it('that throws after it has started children takes them along, and the starter gets the error', async () => {
    const outcome = await system.run(function* (context: Context<unknown>) {
      const children: Wrong[] = [];
      const failing = genServer({
        *init(own: Context<unknown>) {
          children.push(own.spawnLink(deaf));
          children.push(((yield* startLink(genServer({ init: () => ok(0) }) as Wrong)) as Wrong).pid);
          children.push(
            ((yield* startLink(supervisor({ children: [{ id: 'c', start: { body: deaf } }] }))) as Wrong).pid,
          );
          throw new Error('after three children');
        },
      } as Wrong);
      const refs = [];
      const started = (yield* start(failing as Wrong)) as Wrong;
      for (const child of children) refs.push(context.monitor(child));
      for (const ref of refs) yield* receive((message) => isDown(message, ref));
      return [children.length, started];
    });
    expect(outcome).toMatchObject([3, { ok: false, error: { error: { message: 'after three children' } } }]);
  });

  it('that stops itself, exits itself, kills itself or never ends is an error of the start', async () => {
    const errors = await system.run(function* () {
      const inits: Wrong[] = [
        (context: Context<unknown>) => context.exit(context.self, 'kill'),
        (context: Context<unknown>) => context.exit('own way'),
        (context: Context<unknown>) => stopServer(context.self),
        (context: Context<unknown>) => call(context.self as never, 1 as never),
        deaf,
      ];
      const found: Wrong[] = [];
      for (const init of inits) {
        const started = (yield* start(genServer({ init }) as Wrong, [], { timeoutMs: 30 } as Wrong)) as Wrong;
        found.push(started.error.reason ?? started.error);
      }
      return found;
    });
    expect(errors).toEqual(['killed', 'own way', 'callingSelf', 'callingSelf', 'timeout']);
  });
});

describe('terminate', () => {
  const endOf = (terminate: Wrong, extra: object = {}) =>
    system.run(function* (context: Context<unknown>) {
      const definition = genServer({ init: () => ok(0), terminate, ...extra } as Wrong);
      const { pid } = (yield* start(definition as Wrong)) as Wrong;
      const ref = context.monitor(pid);
      context.send(pid, { tag: '$stop', reason: 'normal' });
      const down = yield* receive((message) => isDown(message, ref), { afterMs: 2_000 });
      return (down as Wrong).reason;
    });

  it('that throws, exits or returns nonsense ends the server once', async () => {
    let runs = 0;
    const odd = await endOf(() => {
      runs++;
      throw Object.create(null);
    });
    expect(odd).toMatchObject({ tag: 'error', error: { name: 'nocatch' } });
    expect(await endOf((_r: unknown, _s: unknown, context: Context<unknown>) => context.exit({ tag: 'mine' }))).toEqual(
      {
        tag: 'mine',
      },
    );
    expect(await endOf(() => Symbol('x'))).toBe('normal');
    expect(runs).toBe(1);
  });

  it('that calls its own server, stops it again, or is stopped by somebody else meanwhile, ends', async () => {
    const own = (_r: unknown, _s: unknown, context: Context<unknown>) => call(context.self as never, 1 as never);
    expect(await endOf(own)).toMatchObject({ tag: 'call', reason: 'callingSelf' });
    const again = (_r: unknown, _s: unknown, context: Context<unknown>) => stopServer(context.self);
    expect(await endOf(again)).toMatchObject({ tag: 'call', reason: 'callingSelf' });
    const twice = await system.run(function* (context: Context<unknown>) {
      const terminate = function* () {
        yield* sleep(5);
      };
      const { pid } = (yield* start(genServer({ init: () => ok(0), terminate } as Wrong) as Wrong)) as Wrong;
      const stopping = context.spawnMonitor(() => stopServer(pid));
      const also = context.spawnMonitor(() => stopServer(pid));
      const ends: Wrong[] = [];
      for (const { ref } of [stopping, also]) ends.push(((yield* receive((m) => isDown(m, ref))) as Wrong).reason);
      return ends;
    });
    expect(twice).toEqual(['normal', 'normal']);
  });

  it('that is async is a crash, since nobody would wait for it', async () => {
    const reason = await endOf(() => Promise.reject(new Error('unheard')));
    expect(reason).toMatchObject({ tag: 'badReturnValue', callback: 'terminate' });
  });

  it('that never ends is cut by its supervisor’s shutdown time', async () => {
    const startedMs = performance.now();
    await system.run(function* () {
      const init = (context: Context<unknown>) => {
        context.trapExit(true);
        return ok(0);
      };
      const child = { id: 'c', start: { body: genServer({ init, terminate: deaf } as Wrong) as Wrong }, shutdown: 20 };
      const { pid } = (yield* start(supervisor({ children: [child] }))) as Wrong;
      yield* stopServer(pid, 'shutdown');
    });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });
});

describe('a supervisor', () => {
  it('whose child starts another under the same supervisor in its init gets stuck only as long as the child', async () => {
    const outcome = await system.run(function* () {
      const { pid } = (yield* start(dynamicSupervisor())) as Wrong;
      const inner = { start: { body: deaf } };
      const init = function* () {
        yield* startChild(pid, inner);
        return ok(0);
      };
      const nested = yield* startChild(pid, { start: { body: genServer({ init }) as Wrong, timeoutMs: 20 } });
      const after = yield* startChild(pid, inner);
      yield* stopServer(pid, 'shutdown');
      return [nested, after];
    });
    expect(outcome).toMatchObject([{ ok: false, error: 'timeout' }, { ok: true }]);
  });

  it('whose spec throws, or whose child cannot even be spawned, fails to start with the reason', async () => {
    const outcome = await system.run(function* () {
      const throwing = yield* start(
        supervisor((): never => {
          throw Object.create(null);
        }),
      );
      const badPlace = { id: 'c', start: { body: deaf, placement: { thread: 77 } as const } };
      const place = yield* start(supervisor({ children: [badPlace] }));
      return [throwing, place];
    });
    expect(outcome).toMatchObject([
      { ok: false, error: { error: { name: 'nocatch' } } },
      { ok: false, error: { tag: 'shutdown', detail: { id: 'c', reason: { error: { name: 'NoThreadError' } } } } },
    ]);
  });
});

describe('a system', () => {
  it('whose root was killed answers everybody who waits, refuses more, and can be stopped', async () => {
    const own = await startSystem({ logger: 'silent' });
    const waiting = [own.run(deaf), own.perform(deaf)].map((promise) => promise.then(() => 'done', String));
    const left = own.spawn(deaf);
    await sleepOutside(5);
    own.exit(own.self, 'kill');
    expect(await Promise.all(waiting)).toEqual([
      expect.stringContaining('killed'),
      expect.stringContaining('SystemEndedError'),
    ]);
    expect(() => own.spawn(deaf)).toThrow('the root process');
    expect(() => own.run(deaf)).toThrow('the root process');
    expect(left.target).not.toBeNull();
    await own.stop();
    expect(left.target).toBeNull();
  });

  it('whose root is held by work that never ends stops within its bound', async () => {
    const own = await startSystem({ logger: 'silent' });
    const held = own.perform(deaf).then(() => 'done', String);
    own.spawn(deaf);
    await sleepOutside(5);
    const startedMs = performance.now();
    await own.stop({ shutdownMs: 50 });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
    expect(await held).toContain('SystemEndedError');
  });

  it('that is stopped from inside, twice at once, stops once', async () => {
    const own = await startSystem({ logger: 'silent' });
    const inside = own
      .run(async (context: AsyncContext<unknown>) => {
        await own.stop();
        context.setLabel('a dead process does nothing');
        return 'survived';
      })
      .then(String, String);
    await Promise.all([own.stop(), own.stop()]);
    expect(await inside).toMatch(/shutdown|killed/);
    expect(() => own.run(deaf)).toThrow('stopped');
  });

  it('with a logger that throws goes on', async () => {
    const logger = {
      log: () => {
        throw new Error('disk full');
      },
    };
    const own = await startSystem({ logger });
    const reason = await own
      .run(() => {
        throw new Error('reported');
      })
      .catch(String);
    expect(reason).toContain('reported');
    expect(
      await own.run(function* () {
        yield* sleep(1);
        return 'alive';
      }),
    ).toBe('alive');
    await own.stop();
  });

  it('whose resources do not close, or are none, ends its processes all the same', async () => {
    const reason = await system.run(function* (context: Context<unknown>) {
      let closed = 0;
      const { ref } = context.spawnMonitor((own: Context<unknown>) => {
        own.own({
          close: () => {
            throw Object.create(null);
          },
        });
        own.own({ close: () => void closed++ });
      });
      const down = (yield* receive((message) => isDown(message, ref))) as Wrong;
      return [down.reason, closed];
    });
    expect(reason).toEqual(['normal', 1]);
  });
});
