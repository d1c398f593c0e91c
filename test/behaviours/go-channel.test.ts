// Go channels: what a Go programmer expects, and what happens when owners and waiting processes die.
import { describe, expect, it } from 'vitest';
import {
  asyncRange,
  asyncTask,
  awaitTask,
  closeGoChannel,
  collect,
  GO_LINGER_MS,
  type GoChannel,
  GoChannelError,
  goChannel,
  goChannelInfo,
  range,
  receiveFrom,
  sendTo,
} from '../../src/behaviours/index.ts';
import {
  type AsyncContext,
  type Context,
  type Effects,
  isDown,
  isProcessAlive,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { play, VirtualEngine } from '../support/virtual-engine.ts';

/** What an operation throws. */
function* failureOf(effects: Effects<unknown>): Effects<unknown> {
  try {
    yield* effects;
  } catch (error) {
    expect(error).toBeInstanceOf(GoChannelError);
    return (error as GoChannelError).reason.reason;
  }
  return 'nothing was thrown';
}

function* endOf(context: Context<unknown>, body: (context: Context<unknown>) => Effects<unknown>): Effects<unknown> {
  const { ref } = context.spawnMonitor(function* (inner: Context<unknown>) {
    yield* body(inner);
  });
  return ((yield* receive((message) => isDown(message, ref))) as { reason: unknown }).reason;
}

/** Work that sends all, noting when each send returned. */
function sending(channel: GoChannel<number>, values: readonly number[], log: string[]) {
  return function* (context: Context): Effects<void> {
    for (const value of values) {
      yield* sendTo(channel, value);
      log.push(`sent ${value} at ${context.now() - 1_000}`);
    }
  };
}

describe('a Go channel without a buffer', () => {
  it('a send returns when a receiver has the value', () => {
    play(function* (context) {
      const log: string[] = [];
      const numbers = goChannel<number>(context);
      const sender = asyncTask(context, sending(numbers, [1, 2], log));
      yield* sleep(10);
      expect(log).toEqual([]);
      expect(yield* receiveFrom(numbers)).toEqual({ ok: true, value: 1 });
      yield* sleep(10);
      expect(yield* receiveFrom(numbers)).toEqual({ ok: true, value: 2 });
      yield* awaitTask(sender);
      expect(log).toEqual(['sent 1 at 10', 'sent 2 at 20']);
    });
  });

  it('a receive waits for a sender; first come, first served', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context);
      const log: string[] = [];
      for (const name of ['a', 'b', 'c']) {
        context.spawn(function* () {
          const got = yield* receiveFrom(numbers);
          log.push(`${name} got ${got.ok ? got.value : 'nothing'}`);
        });
        yield* sleep(1);
      }
      expect(yield* goChannelInfo(numbers)).toMatchObject({ length: 0, receivers: 3, senders: 0 });
      for (const value of [1, 2]) yield* sendTo(numbers, value);
      yield* closeGoChannel(numbers);
      yield* sleep(1);
      expect(log).toEqual(['a got 1', 'b got 2', 'c got nothing']);
    });
  });
});

describe('a Go channel with a buffer', () => {
  it('takes as many values as it holds without a receiver, and gives them in order', () => {
    play(function* (context) {
      const log: string[] = [];
      const numbers = goChannel<number>(context, 2);
      const sender = asyncTask(context, sending(numbers, [1, 2, 3, 4], log));
      yield* sleep(10);
      expect(log).toEqual(['sent 1 at 0', 'sent 2 at 0']);
      expect(yield* goChannelInfo(numbers)).toEqual({
        length: 2,
        capacity: 2,
        isClosed: false,
        senders: 1,
        receivers: 0,
      });
      const got: unknown[] = [];
      for (let count = 0; count < 4; count++) got.push(yield* receiveFrom(numbers));
      expect(got).toEqual([1, 2, 3, 4].map((value) => ({ ok: true, value })));
      yield* awaitTask(sender);
    });
  });

  it('gives what it holds after its close, then nothing, for ever', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context, 3);
      for (const value of [1, 2, 3]) yield* sendTo(numbers, value);
      yield* closeGoChannel(numbers);
      expect(yield* collect(range(numbers))).toEqual([1, 2, 3]);
      expect(yield* receiveFrom(numbers)).toEqual({ ok: false });
      expect(yield* receiveFrom(numbers)).toEqual({ ok: false });
    });
  });
});

describe('closing', () => {
  it('a send on a closed channel and a second close fail; a sender that waits fails when it is closed', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context);
      const waiting = asyncTask(context, () => failureOf(sendTo(numbers, 1)));
      yield* sleep(1);
      yield* closeGoChannel(numbers);
      expect(yield* awaitTask(waiting)).toBe('closed');
      expect(yield* failureOf(sendTo(numbers, 2))).toBe('closed');
      expect(yield* failureOf(closeGoChannel(numbers))).toBe('closed');
      const reason = yield* endOf(context, () => sendTo(numbers, 3));
      expect(reason).toEqual({ tag: 'goChannel', reason: 'closed', channel: numbers.pid });
    });
  });

  it('what a range or a send leaves in the mailbox is nothing', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context, 1);
      yield* sendTo(numbers, 1);
      yield* closeGoChannel(numbers);
      yield* collect(range(numbers));
      expect(yield* receive(null, { afterMs: 0 })).toBe(TIMEOUT);
    });
  });
});

describe('deaths', () => {
  it('the owner ends before it closes: whoever waits fails with its reason, whoever comes later with noproc', () => {
    play(function* (context) {
      let numbers: GoChannel<number> | undefined;
      const owner = context.spawn(function* (inner: Context<unknown>) {
        numbers = goChannel<number>(inner);
        yield* receive();
      });
      yield* sleep(1);
      const channel = numbers as GoChannel<number>;
      const waiting = asyncTask(context, () => failureOf(sendTo(channel, 1)));
      yield* sleep(1);
      context.exit(owner, 'over');
      expect(yield* awaitTask(waiting)).toEqual({ tag: 'ownerDown', reason: 'over' });
      expect(yield* failureOf(receiveFrom(channel))).toBe('noproc');
      expect(yield* isProcessAlive(channel.pid)).toBe(false);
    });
  });

  it('a dead process that waited to send has sent nothing, one that waited to receive takes nothing away', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context);
      const sender = context.spawn(() => sendTo(numbers, 1) as never);
      yield* sleep(1);
      context.exit(sender, 'kill');
      const other = asyncTask(context, () => sendTo(numbers, 2));
      expect(yield* receiveFrom(numbers)).toEqual({ ok: true, value: 2 });
      yield* awaitTask(other);
      const receiver = context.spawn(() => receiveFrom(numbers) as never);
      yield* sleep(1);
      context.exit(receiver, 'kill');
      yield* sleep(1);
      const mine = asyncTask(context, () => receiveFrom(numbers));
      yield* sleep(1);
      yield* sendTo(numbers, 3);
      expect(yield* awaitTask(mine)).toEqual({ ok: true, value: 3 });
    });
  });

  it('a closed channel outlives its owner until its receivers know of the close', () => {
    play(function* (context) {
      let numbers: GoChannel<number> | undefined;
      const log: unknown[] = [];
      context.spawn(function* (inner: Context<unknown>) {
        const channel = goChannel<number>(inner, 5);
        numbers = channel;
        for (const value of [1, 2, 3]) yield* sendTo(channel, value);
        yield* sleep(5);
        yield* closeGoChannel(channel);
      });
      yield* sleep(1);
      const channel = numbers as GoChannel<number>;
      context.spawn(function* () {
        const all = range(channel);
        while (yield* all.next()) {
          log.push(all.value);
          yield* sleep(10);
        }
        log.push('closed');
      });
      yield* sleep(20);
      expect(yield* isProcessAlive(channel.pid)).toBe(true);
      yield* sleep(50);
      expect(log).toEqual([1, 2, 3, 'closed']);
      expect(yield* isProcessAlive(channel.pid)).toBe(false);
    });
  });

  it('values for which nobody has come stay for a minute after the end of the owner', () => {
    play(function* (context) {
      const channels: GoChannel<number>[] = [];
      yield* endOf(context, function* (inner) {
        for (let count = 0; count < 2; count++) {
          const channel = goChannel<number>(inner, 5);
          channels.push(channel);
          yield* sendTo(channel, 7);
          yield* closeGoChannel(channel);
        }
      });
      yield* sleep(GO_LINGER_MS - 100);
      expect(yield* collect(range(channels[0]))).toEqual([7]);
      expect(yield* isProcessAlive(channels[0].pid)).toBe(false);
      expect(yield* isProcessAlive(channels[1].pid)).toBe(true);
      yield* sleep(200);
      expect(yield* isProcessAlive(channels[1].pid)).toBe(false);
    });
  });

  it('a process that is killed with values to come does not keep its channel', () => {
    play(function* (context) {
      const channels: GoChannel<number>[] = [];
      let reader: Pid<never> | undefined;
      yield* endOf(context, function* (inner) {
        const channel = goChannel<number>(inner, 5);
        channels.push(channel);
        for (const value of [1, 2, 3]) yield* sendTo(channel, value);
        yield* closeGoChannel(channel);
        reader = context.spawn(function* () {
          yield* receiveFrom(channel);
          yield* receive();
        });
        yield* sleep(1);
      });
      yield* sleep(GO_LINGER_MS + 1);
      expect(yield* isProcessAlive(channels[0].pid)).toBe(true);
      context.exit(reader as Pid<never>, 'kill');
      yield* sleep(1);
      expect(yield* isProcessAlive(channels[0].pid)).toBe(false);
    });
  });

  it('the channel itself is killed: its users fail with the reason', () => {
    play(function* (context) {
      const numbers = goChannel<number>(context);
      const waiting = asyncTask(context, () => failureOf(receiveFrom(numbers)));
      yield* sleep(1);
      context.exit(numbers.pid, 'kill');
      expect(yield* awaitTask(waiting)).toBe('killed');
    });
  });
});

describe('misuse', () => {
  it('is refused by name', () => {
    play(function* (context) {
      for (const capacity of [-1, 0.5, Number.NaN, '1' as never]) {
        expect(() => goChannel(context, capacity)).toThrow(/goChannel needs a capacity of 0 or more/);
      }
      expect(() => sendTo({} as never, 1 as never).next()).toThrow(/sendTo needs a Go channel/);
      expect(() => range(goChannel(context)).value).toThrow(/after next/);
      expect(yield* receive(null, { afterMs: 0 })).toBe(TIMEOUT);
    });
  });

  it('a message of a stranger is logged and dropped', () => {
    play(function* (context, engine) {
      const numbers = goChannel<number>(context, 1);
      context.send(numbers.pid as Pid<unknown>, 'hello');
      yield* sendTo(numbers, 1);
      expect(engine.logged('unexpected message')).toHaveLength(1);
    });
  });
});

describe('an async body', () => {
  it('ranges over a channel with for await', async () => {
    const engine = new VirtualEngine();
    const got: number[] = [];
    engine.spawn(function* (context: Context<unknown>) {
      const numbers = goChannel<number>(context, 1);
      context.spawn(async (inner: AsyncContext<unknown>) => {
        for await (const value of asyncRange(inner, numbers)) got.push(value);
        got.push(-1);
      });
      for (const value of [1, 2, 3]) yield* sendTo(numbers, value);
      yield* closeGoChannel(numbers);
      yield* sleep(1_000);
    });
    for (let round = 0; round < 40; round++) {
      engine.advance(1);
      await Promise.resolve();
    }
    expect(got).toEqual([1, 2, 3, -1]);
  });
});
