// The gen-server's rules, GS-1, GS-5...12, each on virtual time.
import { describe, expect, it } from 'vitest';
import {
  call,
  cast,
  type From,
  fail,
  genServer,
  ignore,
  noReply,
  ok,
  type Request,
  reply,
  replyTo,
  start,
  startLink,
  stop,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, isExit, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { hasTag, type Pid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

type Test = Pid<unknown>;

/** Takes what is in the mailbox. */
function* drain(): Effects<unknown[]> {
  const messages: unknown[] = [];
  for (;;) {
    const message = yield* receive(null, { afterMs: 0 });
    if (message === TIMEOUT) return messages;
    messages.push(message);
  }
}

/** A server that does what it is told and tells the test what it saw. */
type Told =
  | Request<{ tag: 'echo'; value: unknown }, unknown>
  | Request<{ tag: 'later' }, string>
  | Request<{ tag: 'quit'; reason: unknown }, string>
  | Request<{ tag: 'bad' }, never>
  | Request<{ tag: 'throw' }, never>
  | Request<{ tag: 'exit'; reason: unknown }, never>
  | Request<{ tag: 'idle'; ms: number }, string>
  | Request<{ tag: 'then'; what: string }, string>;

const told = genServer({
  label: 'told',
  init(context, test: Test, traps: boolean = false) {
    context.trapExit(traps);
    return ok({ test, waiting: [] as From[] });
  },
  handleCall(request: Told, from, state, context) {
    switch (request.tag) {
      case 'echo':
        return reply(request.value, state);
      case 'later':
        return noReply({ ...state, waiting: [...state.waiting, from] });
      case 'quit':
        return stop(request.reason, state, 'bye');
      case 'bad':
        return { tag: 'nonsense' } as never;
      case 'throw':
        throw new Error('boom');
      case 'exit':
        return context.exit(request.reason);
      case 'idle':
        return reply('armed', state, { timeoutMs: request.ms });
      case 'then':
        return reply('first', state, { continue: request.what });
    }
  },
  handleCast(message: { tag: 'answer'; value: string }, state, context) {
    for (const from of state.waiting) replyTo(context, from, message.value);
    return noReply({ ...state, waiting: [] });
  },
  handleInfo(message, state, context) {
    context.send(state.test, { tag: 'info', message });
    return noReply(state);
  },
  handleContinue(continuation, state, context) {
    context.send(state.test, { tag: 'continued', continuation });
    return noReply(state);
  },
  terminate(reason, state, context) {
    context.send(state.test, { tag: 'terminated', reason });
  },
});

/** Starts `told` for a test that traps exits. */
function* begin(context: Context<unknown>, traps = false) {
  context.trapExit(true);
  const started = yield* startLink(told, [context.self, traps]);
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

describe('calls, casts and other messages', () => {
  it('GS-3 a call returns what handleCall replied', () => {
    const value = play(function* (context) {
      return yield* call(yield* begin(context), { tag: 'echo', value: 7 });
    });
    expect(value).toBe(7);
  });

  it('GS-5 cast, other messages and calls of one client are handled in the order in which they were sent', () => {
    const seen: string[] = [];
    const server = genServer({
      init: () => ok(null),
      handleCall: (_request: Request<{ tag: 'c' }, null>, _from, state: null) => {
        seen.push('call');
        return reply(null, state);
      },
      handleCast: (_message: 'x', state: null) => {
        seen.push('cast');
        return noReply(state);
      },
      handleInfo: (_message: 'i', state: null) => {
        seen.push('info');
        return noReply(state);
      },
    });
    play(function* (context) {
      const started = yield* start(server);
      if (!started.ok) throw new Error();
      cast(context, started.pid, 'x');
      context.send(started.pid, 'i');
      cast(context, started.pid, 'x');
      yield* call(started.pid, { tag: 'c' });
    });
    expect(seen).toEqual(['cast', 'info', 'cast', 'call']);
  });

  it('GS-5 a server without handleInfo logs other messages and goes on', () => {
    const answer = play(function* (context, engine) {
      const started = yield* start(
        genServer({
          init: () => ok(0),
          handleCall: (_request: Request<'get', number>, _from, state: number) => reply(state, state),
        }),
      );
      if (!started.ok) throw new Error();
      context.send(started.pid as Test, { tag: 'stray' });
      const value = yield* call(started.pid, 'get');
      return { value, logged: engine.logged('unexpected message').length };
    });
    expect(answer).toEqual({ value: 0, logged: 1 });
  });

  it('GS-5 a call to a server without handleCall crashes it, and the reason says why', () => {
    const down = play(function* (context) {
      const started = yield* start(genServer({ label: 'mute', init: () => ok(0) }));
      if (!started.ok) throw new Error();
      const ref = context.monitor(started.pid);
      context.send(started.pid as Test, { tag: '$call', from: { alias: ref, caller: context.self }, request: 'hello' });
      return (yield* receive((message) => isDown(message, ref))) as { reason: { error: { message: string } } };
    });
    expect(down.reason.error.message).toMatch(/mute has no handleCall.*hello/);
  });

  it('GS-6 a call may be answered later, from anywhere, once', () => {
    const result = play(function* (context) {
      const server = yield* begin(context);
      context.spawn(
        function* (client: Context<unknown>, test: Test) {
          client.send(test, { tag: 'got', value: yield* call(server, { tag: 'later' }) });
        },
        [context.self],
      );
      yield* sleep(10);
      cast(context, server, { tag: 'answer', value: 'at last' });
      cast(context, server, { tag: 'answer', value: 'again' });
      yield* sleep(10);
      return yield* drain();
    });
    expect(result).toEqual([{ tag: 'got', value: 'at last' }]);
  });

  it('section 9-10 a callback that waits lets no other message in', () => {
    const order: string[] = [];
    const slow = genServer({
      init: () => ok(0),
      *handleCast(message: string, state: number) {
        order.push(`${message} begins`);
        yield* sleep(5);
        order.push(`${message} ends`);
        return noReply(state);
      },
    });
    play(function* (context) {
      const started = yield* start(slow);
      if (!started.ok) throw new Error();
      cast(context, started.pid, 'a');
      cast(context, started.pid, 'b');
      yield* sleep(100);
    });
    expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('GS-8 a result of another shape crashes the server with badReturnValue', () => {
    const messages = play(function* (context) {
      const server = yield* begin(context);
      context.spawn(function* () {
        yield* call(server, { tag: 'bad' });
      });
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toMatchObject([
      { tag: 'terminated', reason: { tag: 'badReturnValue', callback: 'handleCall' } },
      { tag: 'EXIT', reason: { tag: 'badReturnValue' } },
    ]);
  });
});

describe('continue and idle timeouts', () => {
  it('GS-9 the reply of a result goes out before its continuation, and that runs before queued messages', () => {
    const order: string[] = [];
    const server = genServer({
      init: () => ok(0),
      handleCall(_request: Request<'go', string>, _from, state: number, context) {
        context.send(context.self as Test, 'queued before');
        return reply('now', state, { continue: 1 });
      },
      handleInfo(message: string, state: number) {
        order.push(String(message));
        return noReply(state);
      },
      *handleContinue(continuation, state: number) {
        order.push(`continue ${continuation}`);
        yield* sleep(1);
        return continuation === 1 ? noReply(state, { continue: 2 }) : noReply(state);
      },
    });
    play(function* () {
      const started = yield* start(server);
      if (!started.ok) throw new Error();
      order.push(yield* call(started.pid, 'go'));
      yield* sleep(20);
    });
    expect(order.filter((line) => line !== 'now')).toEqual(['continue 1', 'continue 2', 'queued before']);
    expect(order.indexOf('now')).toBeLessThan(order.indexOf('continue 2'));
  });

  it('GS-9 the continuation of init runs before messages that were sent to self during init', () => {
    const order: unknown[] = [];
    const server = genServer({
      init(context) {
        context.send(context.self, 'self');
        return ok(0, { continue: 'c' });
      },
      handleContinue(continuation, state: number) {
        order.push(continuation);
        return noReply(state);
      },
      handleInfo(message: string, state: number) {
        order.push(message);
        return noReply(state);
      },
    });
    play(function* () {
      yield* start(server);
      yield* sleep(1);
    });
    expect(order).toEqual(['c', 'self']);
  });

  it('GS-10 the idle timeout comes once, after so long without a message', () => {
    const seen = play(function* (context) {
      const server = yield* begin(context);
      yield* call(server, { tag: 'idle', ms: 50 });
      yield* sleep(49);
      const early = yield* drain();
      yield* sleep(200);
      return { early, late: yield* drain() };
    });
    expect(seen).toEqual({ early: [], late: [{ tag: 'info', message: { tag: 'idleTimeout' } }] });
  });

  it('GS-10 any message cancels the idle timeout, and it is not armed again by itself', () => {
    const seen = play(function* (context) {
      const server = yield* begin(context);
      yield* call(server, { tag: 'idle', ms: 50 });
      yield* sleep(40);
      context.send(server as Test, 'unrelated');
      yield* sleep(200);
      return yield* drain();
    });
    expect(seen).toEqual([{ tag: 'info', message: 'unrelated' }]);
  });

  it('GS-10 an idle timeout that had fired when a message was there first is dropped', () => {
    const seen = play(function* (context, engine) {
      const server = yield* begin(context);
      yield* call(server, { tag: 'idle', ms: 5 });
      // The timer fires while the message is already in the mailbox, before the server runs.
      context.send(server as Test, 'first');
      engine.nowMs += 10;
      engine.scheduler.fireTimers(engine.nowMs);
      yield* call(server, { tag: 'idle', ms: 1000 });
      yield* sleep(500);
      return yield* drain();
    });
    expect(seen).toEqual([{ tag: 'info', message: 'first' }]);
  });
});

describe('ending', () => {
  it('GS-7 terminate runs before the reply of a stop is sent', () => {
    const seen = play(function* (context) {
      const server = yield* begin(context);
      const value = yield* call(server, { tag: 'quit', reason: 'normal' });
      const messages = yield* drain();
      return { value, first: messages[0] };
    });
    // The call has returned and the news of terminate is already there.
    expect(seen).toEqual({ value: 'bye', first: { tag: 'terminated', reason: 'normal' } });
  });

  it('GS-7 the reply of a stop is sent even when terminate fails, and the exit reason is that failure', () => {
    const seen = play(function* (context) {
      context.trapExit(true);
      const started = yield* startLink(
        genServer({
          init: () => ok(0),
          handleCall: (_request: Request<'quit', string>, _from, state: number) => stop('normal', state, 'bye'),
          *terminate() {
            yield* sleep(1);
            throw new Error('terminate failed');
          },
        }),
      );
      if (!started.ok) throw new Error();
      const value = yield* call(started.pid, 'quit');
      const exit = (yield* receive(isExit)) as { reason: { error: { message: string } } };
      return { value, why: exit.reason.error.message };
    });
    expect(seen).toEqual({ value: 'bye', why: 'terminate failed' });
  });

  it.each([
    ['a throw', { tag: 'throw' } as const, 'error'],
    ['an exit', { tag: 'exit', reason: { tag: 'mine' } } as const, 'mine'],
  ])('GS-11 terminate runs after %s in a callback, with the reason', (_name, request, tag) => {
    const messages = play(function* (context) {
      const server = yield* begin(context);
      context.spawn(function* () {
        yield* call(server, request);
      });
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toHaveLength(2);
    expect(messages[0]).toMatchObject({ tag: 'terminated', reason: { tag } });
    expect(messages[1]).toMatchObject({ tag: 'EXIT', reason: { tag } });
  });

  it('GS-11 terminate does not run on a kill', () => {
    const messages = play(function* (context) {
      context.exit(yield* begin(context, true), 'kill');
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toMatchObject([{ tag: 'EXIT', reason: 'killed' }]);
  });

  it('GS-11 terminate does not run when a server that does not trap gets an exit', () => {
    const messages = play(function* (context) {
      context.exit(yield* begin(context, false), 'shutdown');
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toMatchObject([{ tag: 'EXIT', reason: 'shutdown' }]);
  });

  it('GS-11 a stranger’s shutdown of a trapping server is just a message', () => {
    const messages = play(function* (context) {
      const server = yield* begin(context, true);
      context.spawn((stranger: Context<unknown>) => stranger.exit(server, 'shutdown'));
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toMatchObject([{ tag: 'info', message: { tag: 'EXIT', reason: 'shutdown' } }]);
  });

  it.each(['shutdown', 'normal'])('GS-11, GS-12 a trapping server stops when its parent ends %s', (reason) => {
    const messages = play(function* (context) {
      context.spawn(
        function* (parent: Context<unknown>, test: Test) {
          yield* startLink(told, [test, true]);
          parent.exit(reason);
        },
        [context.self],
      );
      yield* sleep(1);
      return yield* drain();
    });
    expect(messages).toEqual([{ tag: 'terminated', reason }]);
  });

  it('GS-12 a server that does not trap lives on when its parent ends normal', () => {
    const answer = play(function* (context) {
      context.spawn(
        function* (parent: Context<unknown>, test: Test) {
          const started = yield* startLink(told, [test, false]);
          if (started.ok) parent.send(test, { tag: 'server', pid: started.pid });
        },
        [context.self],
      );
      const { pid } = (yield* receive((message) => hasTag(message, 'server'))) as { pid: never };
      yield* sleep(1);
      return yield* call(pid as string, { tag: 'echo', value: 'alive' });
    });
    expect(answer).toBe('alive');
  });

  it('PL-1 a stop for a clean reason logs no crash, a stop for another one does', () => {
    const crashes = play(function* (context, engine) {
      for (const reason of ['normal', 'shutdown', { tag: 'shutdown', detail: 1 }, 'oops']) {
        yield* call(yield* begin(context), { tag: 'quit', reason });
      }
      yield* sleep(1);
      return engine.logged('process crashed').map((line) => line.reason);
    });
    expect(crashes).toEqual(['oops']);
  });
});

describe('init', () => {
  const init = (result: () => unknown) => genServer({ init: () => result() as never });

  it('GS-1 startLink returns only when init is done, generator or not', () => {
    const order: string[] = [];
    play(function* () {
      const started = yield* startLink(
        genServer({
          *init() {
            yield* sleep(30);
            order.push('init');
            return ok(0);
          },
        }),
      );
      order.push(started.ok ? 'started' : 'failed');
    });
    expect(order).toEqual(['init', 'started']);
  });

  it.each([
    ['ignore', () => ignore(), { tag: 'ignored' }],
    ['fail', () => fail({ tag: 'nope' }), { tag: 'nope' }],
    ['stop', () => stop({ tag: 'why' }), { tag: 'why' }],
    ['a bad return', () => 17, { tag: 'badReturnValue', callback: 'init', text: '17, not a result such as ok(state)' }],
  ])(
    'GS-1 init with %s: the starter gets the error, no EXIT stays behind, the name is free',
    (_name, result, error) => {
      const seen = play(function* (context) {
        context.trapExit(true);
        const started = yield* startLink(init(result), [], { name: 'taken' });
        return { started, owner: context.whereis('taken'), left: yield* drain() };
      });
      expect(seen).toEqual({ started: { ok: false, error }, owner: undefined, left: [] });
    },
  );

  it('GS-1 a throw in init is the error of the start', () => {
    const seen = play(function* (context) {
      context.trapExit(true);
      const crashing = init(() => {
        throw new Error('in init');
      });
      const started = yield* startLink(crashing);
      return { started, left: yield* drain() };
    });
    expect(seen).toMatchObject({
      started: { ok: false, error: { tag: 'error', error: { message: 'in init' } } },
      left: [],
    });
  });

  it.each([
    ['stop', () => stop('because'), 'because'],
    ['ignore', () => ignore(), null],
    ['fail', () => fail('because'), null],
  ])('GS-1 a linked starter that does not trap: %s', (_name, result, reason) => {
    const down = play(function* (context) {
      const { ref } = context.spawnMonitor(function* () {
        yield* startLink(init(result));
      });
      return (yield* receive((message) => isDown(message, ref))) as { reason: unknown };
    });
    expect(down.reason).toEqual(reason ?? 'normal');
  });

  it('a definition can be spawned directly as well', () => {
    const value = play(function* (context) {
      return yield* call(context.spawn(told, [context.self as Test, false]), { tag: 'echo', value: 'x' });
    });
    expect(value).toBe('x');
  });
});

describe('immer', () => {
  interface State {
    readonly list: number[];
    readonly other: { readonly n: number };
  }
  const states: State[] = [];
  const drafting = genServer({
    immer: true,
    init: () => ok<State>({ list: [1], other: { n: 0 } }),
    handleCall(request: Request<{ push: number }, readonly number[]>, _from, state: State) {
      if (request.push < 0) {
        state.list.push(request.push);
        throw new Error('after a change');
      }
      state.list.push(request.push);
      return reply(state.list, state);
    },
    handleCast(_message: 'look', state: State) {
      states.push(state);
      return noReply(state);
    },
  });

  it('a callback may change the draft and reply with a part of it; what did not change is shared', () => {
    const answers = play(function* () {
      const started = yield* start(drafting);
      if (!started.ok) throw new Error();
      return [yield* call(started.pid, { push: 2 }), yield* call(started.pid, { push: 3 })];
    });
    expect(answers).toEqual([
      [1, 2],
      [1, 2, 3],
    ]);
  });
});
