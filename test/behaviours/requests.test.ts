// Requests under way, and names that registries keep: GS-14, REG-2.
import { describe, expect, it } from 'vitest';
import {
  abandonRequest,
  type CallError,
  call,
  castVia,
  checkResponse,
  genServer,
  type Labelled,
  noReply,
  ok,
  type Request,
  RequestIds,
  receiveAny,
  registry,
  reply,
  sendRequest,
  sendVia,
  start,
  startLink,
  stopServer,
  supervisor,
  tryCall,
  via,
  waitAny,
  waitResponse,
  whereisKey,
  whereisVia,
} from '../../src/behaviours/index.ts';
import { type Effects, isDown, isProcessAlive, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import type { AnyPid, Pid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

type Slow = Request<{ readonly ms: number; readonly value: string }, string> | Request<'die', string>;

const slow = genServer({
  init: () => ok(null),
  *handleCall(request: Slow, _from, state: null, context) {
    if (request === 'die') return context.exit('on purpose');
    yield* sleep(request.ms);
    return reply(request.value, state);
  },
  handleCast: (message: { readonly to: Pid<unknown> }, state: null, context) => {
    context.send(message.to, { cast: context.self });
    return noReply(state);
  },
});

function* begin() {
  const started = yield* start(slow);
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

function* isMailboxEmpty(): Effects<boolean> {
  return (yield* receive(null, { afterMs: 0 })) === TIMEOUT;
}

describe('one request', () => {
  it('GS-14 wait keeps the request valid after its time', () => {
    play(function* (context) {
      const pending = sendRequest(context, yield* begin(), { ms: 25, value: 'late' });
      expect(yield* waitResponse(pending, 10)).toBe(TIMEOUT);
      expect(yield* waitResponse(pending, 10)).toBe(TIMEOUT);
      expect(yield* waitResponse(pending, 10)).toEqual({ ok: true, value: 'late' });
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-14 an abandoned request leaves nothing, whether its response is here or not', () => {
    play(function* (context) {
      const server = yield* begin();
      const early = sendRequest(context, server, { ms: 10, value: 'x' });
      expect(yield* abandonRequest(early)).toBe(true);
      const late = sendRequest(context, server, { ms: 0, value: 'x' });
      yield* sleep(50);
      expect(yield* abandonRequest(late)).toBe(false);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-14 check finds the response among the messages of a handler; so is a death, and a name that nobody has', () => {
    play(function* (context) {
      const server = yield* begin();
      const pending = sendRequest(context, server, { ms: 5, value: 'here' });
      context.send(context.self, 'noise');
      expect(checkResponse(yield* receive(), pending)).toBeUndefined();
      expect(checkResponse(yield* receive(), pending)).toEqual({ ok: true, value: 'here' });
      const dying = sendRequest(context, server, 'die');
      expect(checkResponse(yield* receive(), dying)).toEqual({ ok: false, error: 'on purpose' });
      const nobody = sendRequest(context, 'nobody', 1);
      expect(checkResponse(yield* receive(), nobody)).toEqual({ ok: false, error: 'noproc' });
      expect(yield* waitResponse(sendRequest(context, 'nobody', 1), 0)).toEqual({ ok: false, error: 'noproc' });
      const self = sendRequest(context, context.self as never, 1 as never);
      expect(yield* waitResponse(self, 0)).toEqual({ ok: false, error: 'callingSelf' });
    });
  });
});

describe('a collection of requests', () => {
  it('GS-14 gives responses as they come, with their labels', () => {
    play(function* (context) {
      const ids = new RequestIds<string, string>();
      for (const ms of [30, 10, 20]) ids.add(sendRequest(context, yield* begin(), { ms, value: `v${ms}` }), `l${ms}`);
      ids.add(sendRequest(context, yield* begin(), 'die'), 'dead');
      ids.add(sendRequest(context, 'nobody', 0) as never, 'nobody');
      expect(ids.labels()).toEqual(['l30', 'l10', 'l20', 'dead', 'nobody']);
      const seen: unknown[] = [];
      while (ids.size > 0) {
        const { label, response } = (yield* receiveAny(ids, 1_000)) as Labelled<string, string>;
        seen.push([label, response.ok ? response.value : response.error]);
      }
      expect(seen).toEqual([
        ['nobody', 'noproc'],
        ['dead', 'on purpose'],
        ['l10', 'v10'],
        ['l20', 'v20'],
        ['l30', 'v30'],
      ]);
      expect(yield* receiveAny(ids, 1_000)).toBeUndefined();
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-14 receive gives all of them up when the time is over, wait does not', () => {
    play(function* (context) {
      const ids = new RequestIds<string, number>();
      for (const ms of [20, 30]) ids.add(sendRequest(context, yield* begin(), { ms, value: 'x' }), ms);
      expect(yield* waitAny(ids, 10)).toBe(TIMEOUT);
      expect(ids.size).toBe(2);
      expect(yield* waitAny(ids, 10)).toEqual({ label: 20, response: { ok: true, value: 'x' } });
      expect(yield* receiveAny(ids, 1)).toBe(TIMEOUT);
      expect(ids.size).toBe(0);
      yield* sleep(100);
      expect(yield* isMailboxEmpty()).toBe(true);
    });
  });

  it('GS-14 check takes a response out, and no request is in a collection twice', () => {
    play(function* (context) {
      const ids = new RequestIds<string, string>();
      const pending = sendRequest(context, yield* begin(), { ms: 1, value: 'x' });
      ids.add(pending, 'one');
      expect(() => ids.add(pending, 'two')).toThrow(/a request that is not in it/);
      expect(ids.check('noise')).toBeUndefined();
      expect(ids.check(yield* receive())).toEqual({ label: 'one', response: { ok: true, value: 'x' } });
      expect(ids.size).toBe(0);
      const self = new RequestIds<unknown, string>();
      self.add(sendRequest(context, context.self as never, 1 as never), 'me');
      expect(yield* waitAny(self, 0)).toEqual({ label: 'me', response: { ok: false, error: 'callingSelf' } });
    });
  });
});

/** A registry that hears of deaths late. */
const lateRegistry = genServer({
  init: (context) => {
    context.trapExit(true);
    return ok({ pid: null as AnyPid | null, asked: 0 });
  },
  handleCall(request: Request<{ tag: string }, unknown>, from, state: { pid: AnyPid | null; asked: number }) {
    if (request.tag === 'lookup') return reply(state.pid === null ? [] : [{ pid: state.pid, value: null }], state);
    if (state.pid === null || state.asked > 2) return reply({ ok: true }, { pid: from.caller, asked: 0 });
    const error = { tag: 'alreadyRegistered', pid: state.pid };
    return reply({ ok: false, error }, { ...state, asked: state.asked + 1 });
  },
});

describe('via names', () => {
  function* sessions() {
    const started = yield* startLink(registry, ['unique'], { name: 'sessions' });
    if (!started.ok) throw new Error('not started');
    return started.pid;
  }

  it('REG-2 a process starts under a key of a registry, and is called, stopped and sent to by it', () => {
    play(function* (context) {
      const names = yield* sessions();
      const ann = via('sessions', 'ann');
      const started = yield* start(slow, [], { name: ann });
      expect(started.ok && (yield* whereisKey(names, 'ann'))).toBe(started.ok && started.pid);
      expect(yield* whereisVia(ann)).toBe(started.ok && started.pid);
      expect(yield* call(ann, { ms: 1, value: 'hello' })).toBe('hello');
      expect(yield* tryCall(via(names, 'ann'), { ms: 1, value: 'by pid' })).toEqual({ ok: true, value: 'by pid' });
      expect(yield* castVia(ann, { to: context.self })).toBe(true);
      expect(yield* receive()).toEqual({ cast: started.ok && started.pid });
      yield* stopServer(ann);
      yield* sleep(1);
      expect(yield* whereisVia(ann)).toBeUndefined();
      expect(yield* sendVia(ann, 1)).toBe(false);
    });
  });

  it('REG-2 a taken key is alreadyStarted, and the start leaves the first one alone', () => {
    play(function* () {
      yield* sessions();
      const name = via('sessions', 7);
      const first = yield* start(slow, [], { name });
      const second = yield* start(slow, [], { name });
      if (!first.ok) throw new Error('not started');
      expect(second).toEqual({ ok: false, error: { tag: 'alreadyStarted', pid: first.pid } });
      yield* sleep(1);
      expect(yield* isProcessAlive(first.pid)).toBe(true);
    });
  });

  it('REG-2 a key that nobody has, and a registry that is not there, are noproc', () => {
    play(function* (context) {
      yield* sessions();
      for (const name of [via('sessions', 'nobody'), via('no registry', 1)]) {
        expect(yield* tryCall(name, 1)).toEqual({ ok: false, error: 'noproc' });
        let thrown: unknown;
        try {
          yield* call(name, 1);
        } catch (error) {
          thrown = error;
        }
        expect((thrown as CallError).reason).toMatchObject({ tag: 'call', reason: 'noproc', server: name });
      }
      const failed = yield* start(slow, [], { name: via('no registry', 1) });
      expect(failed).toMatchObject({ ok: false, error: { tag: 'call', reason: 'noproc' } });
      expect(() => via(1 as never, 1)).toThrow(/via needs a pid or a name/);
      const { ref } = context.spawnMonitor(function* () {
        yield* start(function* () {}, [], { name: via('sessions', 1) });
      });
      expect(yield* receive((message) => isDown(message, ref))).toMatchObject({
        reason: { error: { message: expect.stringContaining('a via name needs a body that takes a start ticket') } },
      });
    });
  });

  it('REG-2 any process that answers as a registry does is one; a key of the dead is asked for until it is free', () => {
    play(function* (context) {
      yield* start(lateRegistry, [], { name: 'late' });
      const name = via('late', 'k');
      const first = yield* start(slow, [], { name });
      if (!first.ok) throw new Error('not started');
      expect(yield* call(name, { ms: 0, value: 'x' })).toBe('x');
      context.exit(first.pid, 'kill');
      const second = yield* start(slow, [], { name });
      expect(second.ok).toBe(true);
    });
  });

  it('REG-2 a supervised child keeps its key over restarts', () => {
    play(function* (context) {
      yield* sessions();
      const name = via('sessions', 'child');
      const tree = supervisor({
        strategy: 'oneForOne',
        children: [{ id: 'child', start: { body: slow, name } }],
      });
      yield* startLink(tree);
      const before = (yield* whereisVia(name)) as AnyPid;
      context.exit(before, 'kill');
      yield* sleep(1);
      const after = yield* whereisVia(name);
      expect(after).toBeDefined();
      expect(after).not.toBe(before);
    });
  });
});
