// Who waits for what at a deadlock, and what a run leaves behind (R12).
import { describe, expect, it } from 'vitest';
import { call, genServer, ok, type Request, reply, type ServerPid, startLink } from '../../src/behaviours/index.ts';
import { type Context, receive, register, sleep } from '../../src/process/index.ts';
import type { AnyPid, Pid } from '../../src/term/index.ts';
import { simulate } from '../../src/testing.ts';

type Ask = Request<{ readonly ask: AnyPid }, string>;

/** Asks another one before it answers: two that ask each other wait for ever. */
const asker = genServer({
  label: 'asker',
  init: () => ok(null),
  *handleCall({ ask }: Ask, _from, state: null, context) {
    const other = ask as ServerPid<Ask>;
    return reply(yield* call(other, { ask: context.self }, Number.POSITIVE_INFINITY), state);
  },
});

function* idle(_context: Context<unknown>) {
  yield* receive((message) => message === 'stop');
}

describe('a deadlock', () => {
  it('tells of each process what it waits for and what it leaves unread', () => {
    const result = simulate({}, function* (context) {
      const pid = context.spawn(idle, [], { label: 'idle' });
      context.spawn({ label: 'counter', handle: (count: number) => count + 1 }, [0]);
      context.send(pid as Pid<unknown>, 'another word');
      yield* receive();
    });
    expect(result.failure).toEqual({
      tag: 'deadlock',
      waiting: [
        'root(root) waits for any message',
        expect.stringMatching(/^root\/0\(idle\) waits for a message with .*"?stop.*, not the one in its mailbox$/),
        'root/1(counter) waits for its next message',
      ],
      cycle: [],
    });
  });

  it('names those who wait for the answers of each other', () => {
    const result = simulate({}, function* () {
      const one = yield* startLink(asker, []);
      const two = yield* startLink(asker, []);
      if (!one.ok || !two.ok) throw new Error('they do not start');
      yield* call(one.pid, { ask: two.pid }, Number.POSITIVE_INFINITY);
    });
    expect(result.failure).toMatchObject({
      tag: 'deadlock',
      waiting: [
        'root(root) waits for an answer of root/0(asker)',
        'root/0(asker) waits for an answer of root/1(asker), not the one in its mailbox',
        expect.stringMatching(/^root\/1\(asker\) waits for an answer of root\/0\(asker\)/),
      ],
      cycle: ['root/0(asker)', 'root/1(asker)', 'root/0(asker)'],
    });
    expect(result.describe()).toContain('in a circle: root/0(asker) > root/1(asker) > root/0(asker)');
  });
});

describe('R12 a leak', () => {
  const leaky = function* (context: Context<unknown>) {
    const pid = context.spawn(idle, [], { label: 'left', name: 'the name' });
    context.send(pid as Pid<unknown>, 'unread');
    context.sendAfter(1_000, 'the name', 'late');
    yield* sleep(1);
  };

  it('is told: processes, names, messages and timers', () => {
    expect(simulate({}, leaky).leaks).toEqual([
      "root/0(the name) is alive and has the name 'the name'",
      'root/0(the name) has not read 1 messages',
      '1 timers to names or other threads are running',
    ]);
  });

  it('fails where it must, and only where there is one', () => {
    const failing = simulate({ failOnLeaks: true }, leaky);
    expect(failing.failure?.tag).toBe('leaks');
    expect(failing.describe()).toContain('left behind: root/0(the name) is alive');
    const clean = simulate({ failOnLeaks: true }, function* (context) {
      yield* register('mine');
      const pid = context.spawn(idle);
      context.send(pid as Pid<unknown>, 'stop');
      yield* sleep(1);
    });
    expect(clean.isOk).toBe(true);
    expect(clean.leaks).toEqual([]);
  });
});
