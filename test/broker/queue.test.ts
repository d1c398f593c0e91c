// One queue against the reference model, and the rules the model leaves out (B2 to B8, B15, B16).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldTable } from '../../src/broker/field-table.ts';
import type { Message } from '../../src/broker/message.ts';
import { Queue, queueSettings, Slab } from '../../src/broker/queue/index.ts';
import { MemoryQueueStore } from '../../src/storage/index.ts';
import { QueueModel, shown } from './queue-model.ts';

function message(id: number, options: Partial<Message> = {}): Message {
  const bytes = new Uint8Array([0, 0, id]);
  const rest = { extraKeys: null, persistent: false, priority: 0, ttlMs: -1, delayMs: 0, format: 'test', ...options };
  return { exchange: '', routingKey: String(id), bytes, propertiesEnd: 2, bodyAt: 2, ...rest };
}

interface Seen {
  readonly delivered: string[];
  readonly dead: string[];
}

function queueWith(args: FieldTable = new Map(), priorityMax = 0) {
  const byConsumer = new Map<number, string[]>();
  const positions = new Map<number, number[]>();
  const seen: Seen = { delivered: [], dead: [] };
  const slab = new Slab();
  const store = new MemoryQueueStore<Message>(priorityMax);
  const queue = new Queue(queueSettings(args), store, {
    deliver: (consumer, entry) => {
      const text = shown(Number(entry.message.routingKey), entry.redelivered);
      byConsumer.get(consumer.id)?.push(text) ?? byConsumer.set(consumer.id, [text]);
      seen.delivered.push(text);
      if (!consumer.noAck)
        positions.get(consumer.holder)?.push(entry.position) ?? positions.set(consumer.holder, [entry.position]);
    },
    deadLetter: (dead, reason) => seen.dead.push(`${dead.routingKey}:${reason}`),
    keep: (kept) => slab.keep(kept, null),
  });
  const add = (holder: number, prefetch = 0, options = {}) =>
    queue.consumers.add({
      holder,
      tag: '',
      noAck: false,
      exclusive: false,
      priority: 0,
      prefetch,
      credit: Infinity,
      ...options,
    });
  return { queue, store, seen, byConsumer, positions, add };
}

const settled = (how: 'acked' | 'requeued' | 'rejected', ...list: number[]) => ({
  acked: [],
  requeued: [],
  rejected: [],
  [how]: list,
});
const int = (value: number) => ({ type: 'signedint', value }) as const;
const args = (...pairs: [string, unknown][]): FieldTable => new Map(pairs as [string, never][]);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant('publish' as const), count: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('consume' as const),
      channel: fc.integer({ min: 1, max: 3 }),
      prefetch: fc.nat(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('get' as const), channel: fc.integer({ min: 1, max: 3 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      channel: fc.integer({ min: 1, max: 3 }),
      pick: fc.nat(9),
      how: fc.constantFrom('acked' as const, 'requeued' as const, 'rejected' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave' as const), channel: fc.integer({ min: 1, max: 3 }) }) },
);

describe('Queue', () => {
  it('B4 B6 B8 delivers, requeues in place and keeps to prefetch exactly as the model does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new QueueModel();
        const { queue, store, byConsumer, positions, add } = queueWith();
        const pairs: { id: number; got: string[] }[] = [];
        let published = 0;
        let gone = 0;
        for (const each of steps) {
          if (each.op === 'publish') {
            const batch = Array.from({ length: each.count }, () => message(published++));
            queue.publish(batch, 0);
            for (const one of batch) model.publish(Number(one.routingKey));
          } else if (each.op === 'consume') {
            const { id } = add(each.channel, each.prefetch);
            queue.pump(0);
            pairs.push({ id, got: model.consume(each.channel, each.prefetch).got });
          } else if (each.op === 'get') {
            const entry = queue.get(each.channel, false, 0);
            const text = entry === null ? null : shown(Number(entry.message.routingKey), entry.redelivered);
            expect(text).toBe(model.get(each.channel));
            if (entry !== null) positions.set(each.channel, [...(positions.get(each.channel) ?? []), entry.position]);
          } else if (each.op === 'settle') {
            const held = positions.get(each.channel) ?? [];
            if (held.length === 0) continue;
            const index = each.pick % held.length;
            const [position] = held.splice(index, 1);
            queue.settle(each.channel, settled(each.how, position), 0);
            model.settle(each.channel, index, each.how);
            if (each.how !== 'requeued') gone++;
          } else {
            positions.delete(each.channel);
            queue.leave(each.channel, 0);
            model.leave(each.channel);
          }
          expect(store.readyCount).toBe(model.ready.length);
          expect(store.readyCount + store.heldCount + gone).toBe(published);
          for (const { id, got } of pairs) expect(byConsumer.get(id) ?? []).toEqual(got);
        }
      }),
      { numRuns: 500 },
    );
  });

  const text = (value: string) => ({ type: 'longstr', value }) as const;

  /** What a consumer with a prefetch of one is given when it gives everything back `times` times. */
  function givenBack(given: FieldTable, times: number, waitMs = 0): ReturnType<typeof queueWith>['seen'] {
    const { queue, seen, positions, add } = queueWith(given);
    queue.publish([message(1), message(2)], 0);
    add(1, 1);
    queue.pump(0);
    for (let time = 0; time < times; time++) {
      const [position] = positions.get(1)?.splice(0) ?? [];
      if (position !== undefined) queue.settle(1, settled('requeued', position), time * waitMs);
      queue.wake((time + 1) * waitMs);
    }
    return seen;
  }

  it('x-delivery-limit: a message that came back more often than that is a dead letter', () => {
    const { delivered, dead } = givenBack(args(['x-delivery-limit', int(2)]), 3);
    expect(delivered).toEqual(['1', '1r', '1r', '2']);
    expect(dead).toEqual(['1:delivery_limit']);
  });

  it('x-delivery-limit counts what comes back from channels that end, not what an actor lost', () => {
    const { queue, store, seen } = queueWith(args(['x-delivery-limit', int(0)]));
    queue.publish([message(1)], 0);
    queue.get(1, false, 0);
    queue.recover(0);
    expect([store.readyCount, seen.dead]).toEqual([1, []]);
    queue.get(1, false, 0);
    queue.leave(1, 0);
    expect([store.readyCount, seen.dead]).toEqual([0, ['1:delivery_limit']]);
  });

  it('delayed retry: what comes back waits longer each time, and others go first', () => {
    const given = args(['x-delayed-retry-min', int(10)], ['x-delayed-retry-max', int(15)]);
    const { queue, store, seen, positions, add } = queueWith(given);
    queue.publish([message(1), message(2)], 0);
    add(1, 1);
    queue.pump(0);
    const back = (nowMs: number) => {
      const [position] = positions.get(1)?.splice(0) ?? [];
      queue.settle(1, settled('requeued', position), nowMs);
    };
    back(0);
    expect([seen.delivered, store.delayedCount, queue.nextWakeMs]).toEqual([['1', '2'], 1, 10]);
    queue.wake(10);
    back(10);
    expect([seen.delivered, store.delayedCount, queue.nextWakeMs]).toEqual([['1', '2', '1r'], 1, 20]);
    back(10);
    expect(queue.nextWakeMs).toBe(20);
    queue.wake(19);
    expect(seen.delivered).toHaveLength(3);
    queue.wake(20);
    back(20);
    queue.wake(25);
    expect(seen.delivered).toEqual(['1', '2', '1r', '2r', '1r']);
  });

  it.each([
    ['all', [0, 0]],
    ['failed', [0, 1]],
    ['returned', [1, 0]],
    ['disabled', [1, 1]],
  ] as const)('delayed retry of type %s', (type, ready) => {
    const readyAfter = (end: (queue: Queue) => void) => {
      const { queue, store } = queueWith(args(['x-delayed-retry-min', int(10)], ['x-delayed-retry-type', text(type)]));
      queue.publish([message(1)], 0);
      queue.get(1, false, 0);
      end(queue);
      return store.readyCount;
    };
    const failed = readyAfter((queue) => queue.settle(1, settled('requeued', 1), 0));
    expect([failed, readyAfter((queue) => queue.leave(1, 0))]).toEqual(ready);
  });

  it('a delayed message arrives in its time, behind what came before; its time to live begins then', () => {
    const { queue, store, seen, add } = queueWith();
    queue.publish([message(1, { delayMs: 10, ttlMs: 5 }), message(2, { delayMs: 5 }), message(3)], 0);
    expect([store.readyCount, store.delayedCount, queue.nextWakeMs]).toEqual([1, 2, 5]);
    queue.wake(9);
    queue.wake(14);
    add(1);
    queue.pump(14);
    expect(seen.delivered).toEqual(['3', '2', '1']);
  });

  it('B11 what is delayed survives its actor', () => {
    const { queue, store } = queueWith();
    queue.publish([message(1, { delayMs: 10 })], 0);
    const next = new Queue(queueSettings(new Map()), store, {
      deliver: () => {},
      deadLetter: () => {},
      keep: (same) => same,
    });
    next.recover(5);
    expect(next.nextWakeMs).toBe(10);
    next.wake(10);
    expect(store.readyCount).toBe(1);
  });

  it('a quorum queue without a limit lets others go before what is given back, one with a limit does not', () => {
    const quorum = ['x-queue-type', text('quorum')] as [string, unknown];
    expect(givenBack(args(quorum), 3).delivered).toEqual(['1', '2', '1r', '2r']);
    expect(givenBack(args(quorum, ['x-delivery-limit', int(9)]), 2).delivered).toEqual(['1', '1r', '1r']);
    expect(givenBack(new Map(), 2).delivered).toEqual(['1', '1r', '1r']);
  });

  it('B16 drop-head drops the oldest ready messages', () => {
    const { queue, store, seen } = queueWith(args(['x-max-length', int(2)]));
    expect(queue.publish([message(1), message(2), message(3)], 0)).toBe(null);
    expect([store.readyCount, seen.dead]).toEqual([2, ['1:maxlen']]);
  });

  it('B16 reject-publish refuses what would exceed, but not what a consumer takes at once', () => {
    const overflow = ['x-overflow', { type: 'longstr', value: 'reject-publish' }] as [string, unknown];
    const { queue, seen, add } = queueWith(args(['x-max-length', int(1)], overflow));
    expect(queue.publish([message(1), message(2)], 0)).toEqual([1]);
    add(1, 0, { noAck: true });
    expect(queue.publish([message(3), message(4)], 0)).toBe(null);
    expect([seen.delivered, seen.dead]).toEqual([['1', '3', '4'], []]);
  });

  it('B15 a message behind a longer-lived one waits, and is dropped when it gets to the head', () => {
    const { queue, store, seen } = queueWith();
    queue.publish([message(1, { ttlMs: 100 }), message(2, { ttlMs: 10 })], 0);
    queue.expire(50);
    expect([store.readyCount, seen.dead]).toEqual([2, []]);
    queue.expire(100);
    expect([store.readyCount, seen.dead]).toEqual([0, ['1:expired', '2:expired']]);
  });

  it('B15 TTL 0 goes to a consumer that waits, else it is expired at once', () => {
    const { queue, seen, add } = queueWith(args(['x-message-ttl', int(0)]));
    queue.publish([message(1)], 5);
    add(1, 1);
    queue.publish([message(2), message(3)], 5);
    expect([seen.delivered, seen.dead]).toEqual([['2'], ['1:expired', '3:expired']]);
  });

  it('B15 a requeue does not start the time to live again', () => {
    const { queue, seen, positions, add } = queueWith(args(['x-message-ttl', int(100)]));
    const consumer = add(1, 1);
    queue.publish([message(1)], 0);
    queue.consumers.remove(consumer.id);
    queue.settle(1, settled('requeued', ...(positions.get(1) ?? [])), 150);
    expect(seen.dead).toEqual(['1:expired']);
  });

  it('B18 higher priorities first, first come first served within one', () => {
    const { queue, seen, add } = queueWith(new Map(), 5);
    queue.publish(
      [0, 3, 1, 3, 9].map((priority, id) => message(id, { priority })),
      0,
    );
    add(1, 0, { noAck: true });
    queue.pump(0);
    expect(seen.delivered).toEqual(['4', '1', '3', '2', '0']);
  });

  it('B18 consumers of higher priority get everything they have room for', () => {
    const { queue, byConsumer, add } = queueWith();
    const low = add(1, 0);
    const high = add(2, 2, { priority: 10 });
    queue.publish(
      [1, 2, 3, 4].map((id) => message(id)),
      0,
    );
    expect([byConsumer.get(high.id), byConsumer.get(low.id)]).toEqual([
      ['1', '2'],
      ['3', '4'],
    ]);
  });

  it('B18 a single active consumer gets everything until it goes', () => {
    const { queue, byConsumer, add } = queueWith(args(['x-single-active-consumer', { type: 'bool', value: true }]));
    const first = add(1, 0, { noAck: true });
    const second = add(2, 0, { noAck: true });
    queue.publish([message(1), message(2)], 0);
    queue.leave(1, 0);
    queue.publish([message(3)], 0);
    expect([byConsumer.get(first.id), byConsumer.get(second.id)]).toEqual([['1', '2'], ['3']]);
  });

  it('gives a consumer without prefetch no more than its credit', () => {
    const { queue, seen, add } = queueWith();
    const consumer = add(1, 0, { noAck: true, credit: 2 });
    queue.publish(
      [1, 2, 3].map((id) => message(id)),
      0,
    );
    expect(seen.delivered).toEqual(['1', '2']);
    consumer.credit += 1;
    queue.pump(0);
    expect(seen.delivered).toEqual(['1', '2', '3']);
  });
});
