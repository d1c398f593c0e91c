// call, cast, stop: GS-3, GS-4, GS-13, ALI-2. A caller's mailbox is looked at after each: nothing may be left in it.
import { describe, expect, it } from 'vitest';
import {
  CallError,
  call,
  cast,
  type From,
  genServer,
  noReply,
  ok,
  type Request,
  receiveResponse,
  reply,
  replyTo,
  sendRequest,
  start,
  stop,
  stopServer,
  tryCall,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isDown, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { play, VirtualEngine } from '../support/virtual-engine.ts';

type Slow =
  | Request<{ after: number }, string>
  | Request<'never', string>
  | Request<'twice', string>
  | Request<{ die: unknown }, string>;

const slow = genServer({
  init: () => ok([] as From[]),
  *handleCall(request: Slow, from, state: From[], context) {
    if (request === 'never') return noReply([...state, from]);
    if (request === 'twice') {
      replyTo(context, from, 'one');
      replyTo(context, from, 'two');
      return noReply(state);
    }
    if ('die' in request) return context.exit(request.die);
    yield* sleep(request.after);
    return reply(`after ${request.after}`, state);
  },
  handleCast: (_message: string, state: From[]) => noReply(state),
  terminate: () => sleep(5),
});

function* begin() {
  const started = yield* start(slow, [], { name: 'slow' });
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

/** The reason with which a process that makes this call ends. */
function* endOf(context: Context<unknown>, body: () => Effects<unknown>): Effects<unknown> {
  const { ref } = context.spawnMonitor(function* () {
    yield* body();
  });
  return ((yield* receive((message) => isDown(message, ref))) as { reason: unknown }).reason;
}

describe('call', () => {
  it('GS-3 an uncaught failure exits the caller with {call, reason, server, request}', () => {
    play(function* (context) {
      const server = yield* begin();
      expect(yield* endOf(context, () => call(server, { after: 50 }, 10))).toEqual({
        tag: 'call',
        reason: 'timeout',
        server,
        request: { after: 50 },
      });
    });
  });

  it('GS-3 the default timeout is 5,000 ms', () => {
    play(function* (context) {
      const server = yield* begin();
      const before = context.now();
      expect(yield* tryCall(server, 'never')).toEqual({ ok: false, error: 'timeout' });
      expect(context.now() - before).toBe(5_000);
    });
  });

  it('ALI-2 a reply after the timeout never reaches the mailbox, and no DOWN either', () => {
    play(function* (context) {
      const server = yield* begin();
      expect(yield* tryCall(server, { after: 50 }, 10)).toEqual({ ok: false, error: 'timeout' });
      yield* sleep(100);
      context.exit(server, 'kill');
      yield* sleep(1);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('ALI-2 a reply that was there when the time was over is returned', () => {
    const engine = new VirtualEngine();
    const results: unknown[] = [];
    engine.spawn(function* () {
      results.push(yield* tryCall(yield* begin(), { after: 5 }, 10));
    });
    engine.settle();
    // One jump: the server's timer and the caller's are both over before either process runs, and the server runs first.
    engine.jump(20);
    expect(results).toEqual([{ ok: true, value: 'after 5' }]);
  });

  it('ALI-2 a second reply to the same call leaks nothing', () => {
    play(function* () {
      const server = yield* begin();
      expect(yield* call(server, 'twice')).toBe('one');
      yield* sleep(1);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-4 after a timeout the server still does the work', () => {
    const done: string[] = [];
    const worker = genServer({
      init: () => ok(0),
      *handleCall(_request: Request<'work', null>, _from, state: number) {
        yield* sleep(50);
        done.push('work');
        return reply(null, state);
      },
    });
    play(function* () {
      const started = yield* start(worker);
      if (!started.ok) throw new Error();
      yield* tryCall(started.pid, 'work', 10);
      yield* sleep(100);
    });
    expect(done).toEqual(['work']);
  });

  it('GS-3 a dead server, an unknown name and oneself are noproc, noproc and callingSelf', () => {
    play(function* (context) {
      const server = yield* begin();
      context.exit(server, 'kill');
      expect(yield* tryCall(server, 'never')).toEqual({ ok: false, error: 'noproc' });
      expect(yield* tryCall('slow', 'never')).toEqual({ ok: false, error: 'noproc' });
      expect(yield* tryCall(context.self as unknown as typeof server, 'never')).toEqual({
        ok: false,
        error: 'callingSelf',
      });
    });
  });

  it.each(['normal', 'shutdown', { tag: 'mine', n: 1 }])(
    'GS-3 the caller learns the server’s own reason at once: %j',
    (reason) => {
      play(function* (context) {
        const server = yield* begin();
        const before = context.now();
        expect(yield* tryCall(server, { die: reason })).toEqual({ ok: false, error: reason });
        expect(context.now() - before).toBe(5);
        expect(yield* isMailboxEmpty()).toBe(true);
      });
    },
  );

  it('GS-3 a failed call can be caught, and says who and why', () => {
    play(function* () {
      const server = yield* begin();
      let caught: unknown;
      try {
        yield* call(server, 'never', 5);
      } catch (error) {
        caught = error;
      }
      expect(caught).toBeInstanceOf(CallError);
      expect((caught as CallError).message).toBe(`call to ${server} failed: timeout`);
    });
  });

  it('RCV-2 a call from a process with a long mailbox leaves that mailbox in order', () => {
    play(function* (context) {
      const server = yield* begin();
      for (let n = 0; n < 100; n++) context.send(context.self, n);
      yield* call(server, 'twice');
      for (let n = 0; n < 100; n++) expect(yield* receive()).toBe(n);
    });
  });

  it('a name works as a server, for calls and casts', () => {
    play(function* (context) {
      yield* begin();
      cast(context, 'slow', 'anything');
      expect(yield* call('slow', 'twice')).toBe('one');
    });
  });

  it('GS-5 a cast to nobody is fine', () => {
    play(function* (context) {
      cast(context, 'nobody', 'x');
      const pid = context.spawn(() => {});
      yield* sleep(1);
      cast(context, pid as unknown as Pid<never>, 'x' as never);
    });
  });
});

describe('sendRequest', () => {
  it('GS-14 many calls are under way at once, and their responses may be taken in any order', () => {
    play(function* (context) {
      const servers = [];
      for (let n = 0; n < 3; n++) {
        const started = yield* start(slow);
        if (started.ok) servers.push(started.pid);
      }
      const before = context.now();
      const pending = servers.map((server, n) => sendRequest(context, server, { after: 10 * (n + 1) }));
      const values: unknown[] = [];
      for (const one of pending.reverse()) values.push(yield* receiveResponse(one));
      expect(values).toEqual([30, 20, 10].map((ms) => ({ ok: true, value: `after ${ms}` })));
      expect(context.now() - before).toBe(30);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-14 an unknown name is a response, and a timeout gives the call up', () => {
    play(function* (context) {
      expect(yield* receiveResponse(sendRequest(context, 'nobody', 1))).toEqual({ ok: false, error: 'noproc' });
      const server = yield* begin();
      const pending = sendRequest(context, server, { after: 20 });
      expect(yield* receiveResponse(pending, 5)).toEqual({ ok: false, error: 'timeout' });
      yield* sleep(50);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });
});

describe('stopServer', () => {
  it('GS-13 returns when the server is dead', () => {
    play(function* (context) {
      const server = yield* begin();
      const before = context.now();
      yield* stopServer(server);
      expect(context.now() - before).toBe(5);
      expect(yield* tryCall(server, 'never')).toEqual({ ok: false, error: 'noproc' });
    });
  });

  it('GS-13 a structured reason that comes back equal is a success', () => {
    play(function* () {
      yield* stopServer(yield* begin(), { tag: 'shutdown', detail: [1, 2] });
    });
  });

  it.each([
    ['the server ends otherwise', 'other'],
    ['the server is unknown', 'noproc'],
    ['it takes too long', 'timeout'],
  ])('GS-13 the caller exits when %s', (_name, why) => {
    play(function* (context) {
      const stubborn = genServer({
        init: () => ok(0),
        *terminate() {
          yield* sleep(20);
          if (why === 'other') throw new Error('other');
        },
      });
      const started = yield* start(stubborn);
      if (!started.ok) throw new Error();
      const target = why === 'noproc' ? 'nobody' : started.pid;
      const reason = (yield* endOf(context, () => stopServer(target, 'normal', why === 'timeout' ? 5 : 100))) as {
        reason: unknown;
      };
      expect(reason).toMatchObject({ tag: 'call', reason: why === 'other' ? { tag: 'error' } : why });
      yield* sleep(50);
    });
  });

  it('a server that says stop in a call answers the call and is dead afterwards', () => {
    const quitting = genServer({
      init: () => ok(0),
      handleCall: (_request: Request<'quit', string>, _from, state: number) => stop('normal', state, 'bye'),
    });
    play(function* () {
      const started = yield* start(quitting);
      if (!started.ok) throw new Error();
      expect(yield* call(started.pid, 'quit')).toBe('bye');
      yield* sleep(1);
      expect(yield* tryCall(started.pid, 'quit')).toEqual({ ok: false, error: 'noproc' });
    });
  });
});
