// Assertions on mailboxes, probes and fixtures: what they take, what they leave, and what they say when they fail.
import { describe, expect, it } from 'vitest';
import { call, genServer, ok, type Request, reply } from '../../src/behaviours/index.ts';
import { type Context, receive, register, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  AssertReceiveError,
  assertReceive,
  FixtureError,
  refuteReceive,
  type SimBody,
  simulate,
  startProbe,
  supervised,
} from '../../src/testing.ts';

/** What the body throws. */
function errorOf(body: SimBody<unknown>): unknown {
  const { failure } = simulate({}, body);
  return failure?.tag === 'exit' ? failure.error : failure;
}

/** Sends its parent what it is told to, a millisecond apart. */
function* teller(context: Context<unknown>, ...messages: unknown[]) {
  for (const message of messages) {
    yield* sleep(1);
    context.send(context.parent as Pid<unknown>, message);
  }
}

describe('assertReceive', () => {
  it('takes the oldest message that fits and leaves the others', () => {
    const result = simulate({}, function* (context) {
      context.spawn(teller, [{ tag: 'a', n: 1 }, 'word', { tag: 'b', n: 2 }, { tag: 'a', n: 3 }]);
      return [
        yield* assertReceive({ tag: 'b' }),
        yield* assertReceive({ tag: 'a', n: (n: unknown) => n !== 1 }),
        yield* assertReceive('word'),
        yield* assertReceive(),
      ];
    });
    expect(result.value).toEqual([{ tag: 'b', n: 2 }, { tag: 'a', n: 3 }, 'word', { tag: 'a', n: 1 }]);
  });

  it('fails after its time, with what the mailbox holds', () => {
    const error = errorOf(function* (context) {
      context.spawn(teller, [{ tag: 'other' }]);
      yield* assertReceive({ tag: 'pong' }, { afterMs: 50 });
    });
    expect(error).toBeInstanceOf(AssertReceiveError);
    expect(String(error)).toContain(
      'no message that fits {"tag":"pong"} within 50 ms; the mailbox holds {"tag":"other"}',
    );
    expect((error as AssertReceiveError).mailbox).toEqual([{ tag: 'other' }]);
  });

  it('compares pids by identity and lists by length', () => {
    const result = simulate({}, function* (context) {
      const other = context.spawn(teller, [1]);
      context.send(context.self as Pid<unknown>, { from: other, list: [1, 2] });
      yield* refuteReceive({ from: context.self }, { afterMs: 0 });
      yield* refuteReceive({ list: [1] }, { afterMs: 0 });
      yield* refuteReceive({ missing: undefined }, { afterMs: 0 });
      yield* assertReceive({ from: other, list: [1, 2] }, { afterMs: 0 });
    });
    expect(result.failure).toBeNull();
  });
});

describe('refuteReceive', () => {
  it('waits its time and fails at the first message that fits', () => {
    const silent = simulate({}, function* (context) {
      yield* refuteReceive('late', { afterMs: 30 });
      return context.now();
    });
    expect(silent.value).toBe(30);
    const error = errorOf(function* (context) {
      context.spawn(teller, ['early', 'late']);
      yield* refuteReceive('late', { afterMs: 30 });
    });
    expect(String(error)).toContain('a message that must not come: late; the mailbox holds early');
  });
});

describe('a probe', () => {
  it('tells what it receives, sends in its own name, and hears links and monitors', () => {
    const result = simulate({ failOnLeaks: true }, function* (context) {
      const probe = startProbe(context);
      const echo = context.spawn(function* (own: Context<unknown>) {
        const { from } = yield* receive<{ from: Pid<unknown> }>();
        own.send(from, { tag: 'echo' });
        yield* receive((message) => message === 'end');
        throw new Error('as told');
      });
      probe.monitor(echo);
      probe.link(echo);
      probe.send(echo, { from: probe.pid });
      const heard = yield* probe.expect<{ tag: string }>({ tag: 'echo' });
      yield* probe.refute(undefined, { afterMs: 5 });
      probe.send(echo, 'end');
      yield* probe.expect({ tag: 'DOWN', object: echo });
      yield* probe.expect({ tag: 'EXIT', from: echo });
      context.unlink(probe.pid);
      probe.exit('normal');
      return heard.tag;
    });
    expect(result.value).toBe('echo');
  });

  it('fails with what it has got instead', () => {
    const error = errorOf(function* (context) {
      const probe = startProbe(context, { label: 'client' });
      context.send(probe.pid, 'another');
      yield* probe.expect('answer');
    });
    expect(error).toBeInstanceOf(AssertReceiveError);
    expect(String(error)).toContain('client has got no message that fits within 100 ms; the mailbox holds another');
    const refuted = errorOf(function* (context) {
      const probe = startProbe(context);
      context.send(probe.pid, 'another');
      yield* probe.refute('another');
    });
    expect(String(refuted)).toContain('probe has got another');
  });

  it('stands for a process that others find by name', () => {
    const result = simulate({}, function* (context) {
      const probe = startProbe(context, { name: 'store' });
      context.send('store', { tag: 'put' });
      yield* probe.expect({ tag: 'put' });
      return (yield* register('store')).ok;
    });
    expect(result.value).toBe(false);
  });
});

type Count = Request<'next', number>;

const counter = genServer({
  label: 'counter',
  init: (context, first: number, stopped?: string[]) => {
    context.trapExit(true);
    return ok({ count: first, stopped });
  },
  handleCall: (_request: Count, _from, state: { count: number; stopped: string[] | undefined }) =>
    reply(state.count + 1, { ...state, count: state.count + 1 }),
});

describe('supervised', () => {
  it('starts fixtures, restarts them, and leaves nothing when the body ends', () => {
    const result = simulate(
      { failOnLeaks: true },
      supervised(function* (context, start) {
        const pid = yield* start(counter, [40], { name: 'counter' });
        const first = yield* call(pid, 'next');
        context.exit(pid, 'kill');
        yield* sleep(1);
        return [first, yield* call('counter', 'next')];
      }),
    );
    expect(result.value).toEqual([41, 41]);
    expect(result.survivors).toEqual([]);
  });

  it('stops them in reverse order', () => {
    const order: string[] = [];
    const noting = (name: string) => ({
      label: name,
      init(context: Context<unknown>) {
        context.own({ close: () => order.push(name) });
        return null;
      },
      handle: () => null,
    });
    simulate(
      {},
      supervised(function* (_context, start) {
        for (const name of ['first', 'second', 'third']) yield* start(noting(name));
      }),
    ).value;
    expect(order).toEqual(['third', 'second', 'first']);
  });

  it('stops them when the body throws, and its error is the one that is told', () => {
    let isClosed = false;
    const result = simulate(
      {},
      supervised(function* (_context, start) {
        yield* start({
          init: (context: Context<unknown>) => context.own({ close: () => (isClosed = true) }),
          handle: () => undefined,
        });
        throw new Error('of the test');
      }),
    );
    expect(result.failure?.tag === 'exit' && String(result.failure.error)).toContain('of the test');
    expect(isClosed).toBe(true);
  });

  it('tells when a fixture does not start', () => {
    const failing = genServer({ init: (): never => ({ tag: 'stop', reason: 'no disk' }) as never });
    const error = errorOf(
      supervised(function* (_context, start) {
        yield* start(failing, []);
      }),
    );
    expect(error).toBeInstanceOf(FixtureError);
    expect(String(error)).toMatch(/fixture 1 does not start: .*no disk/);
  });
});
