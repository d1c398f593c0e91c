// Laws that hold after every step of a queue with any arguments: conservation, redelivered flags, limits of consumers and
// of the queue, expiry, and that nothing waits while somebody could have it (B2, B4, B8, B15, B16, B18).
import fc from 'fast-check';
import { expect } from 'vitest';
import type { FieldTable } from '../../src/broker/field-table.ts';
import type { Message } from '../../src/broker/message.ts';
import { Queue, type QueueConsumer, type QueueSettings, queueSettings } from '../../src/broker/queue/index.ts';
import { type Entry, MemoryQueueStore } from '../../src/storage/index.ts';
import { messageOf, table } from './messages.ts';

const channel = fc.integer({ min: 1, max: 3 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('publish' as const),
      messages: fc.array(
        fc.record({
          priority: fc.nat(3),
          ttlMs: fc.constantFrom(-1, -1, 0, 5, 20),
          delayMs: fc.constantFrom(0, 0, 0, 4),
          bytes: fc.nat(3),
        }),
        { minLength: 1, maxLength: 4 },
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('consume' as const),
      channel,
      prefetch: fc.nat(3),
      noAck: fc.boolean(),
      priority: fc.integer({ min: -1, max: 1 }),
      credit: fc.constantFrom(1, 3, Infinity),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      picks: fc.array(fc.nat(99), { minLength: 1, maxLength: 4 }),
      how: fc.constantFrom('acked' as const, 'requeued' as const, 'rejected' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('credit' as const), pick: fc.nat(9), by: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('get' as const), channel, noAck: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('cancel' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave' as const), channel }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('purge' as const, 'crash' as const) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 10 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const settings = fc.record({
  'x-max-length': fc.option(fc.nat(4), { nil: null }),
  'x-max-length-bytes': fc.option(fc.nat(8), { nil: null }),
  'x-message-ttl': fc.option(fc.constantFrom(0, 10), { nil: null }),
  'x-max-priority': fc.option(fc.nat(2), { nil: null }),
  'x-overflow': fc.constantFrom('drop-head', 'reject-publish', 'reject-publish-dlx'),
  'x-single-active-consumer': fc.boolean(),
  'x-delivery-limit': fc.option(fc.nat(2), { nil: null }),
  'x-delayed-retry-min': fc.option(fc.constant(3), { nil: null }),
  'x-delayed-retry-type': fc.constantFrom('all', 'failed', 'returned'),
  'x-queue-type': fc.constantFrom('classic', 'classic', 'quorum'),
});

/** What the queue under test is made of; default: the broker's own. */
export interface QueueParts {
  readonly store?: (priorityMax: number) => MemoryQueueStore<Message>;
  readonly queue?: (...args: ConstructorParameters<typeof Queue>) => Queue;
}

/** A queue with everything that is known of it from outside. */
class Observed {
  readonly store: MemoryQueueStore<Message>;
  readonly settings: QueueSettings;
  queue: Queue;
  nowMs = 0;
  readonly counts = {
    published: 0,
    refused: 0,
    acked: 0,
    sent: 0,
    purged: 0,
    expired: 0,
    maxlen: 0,
    rejected: 0,
    delivery_limit: 0,
  };
  private readonly held = new Map<number, { readonly channel: number; readonly consumer: QueueConsumer | null }>();
  private readonly publishedAtMs = new Map<string, number>();
  private readonly delivered = new Set<string>();
  private readonly dueAtMs = new Map<string, number>();
  private readonly priorities = new Map<QueueConsumer, number>();
  private readonly parts: QueueParts;
  private isPublishing = false;

  constructor(args: FieldTable, parts: QueueParts) {
    this.parts = parts;
    this.settings = queueSettings(args);
    const { priorityMax } = this.settings;
    this.store = parts.store?.(priorityMax) ?? new MemoryQueueStore(priorityMax);
    this.queue = this.start();
  }

  private start(): Queue {
    const { queue = (...args) => new Queue(...args) } = this.parts;
    return queue(this.settings, this.store, {
      deliver: (consumer, entry) => this.onDelivery(consumer, entry),
      deadLetter: (_, reason) => this.counts[reason]++,
      keep: (message) => message,
    });
  }

  private onDelivery(consumer: QueueConsumer | null, entry: Entry<Message>): void {
    const { routingKey: id } = entry.message;
    expect(entry.redelivered, 'B4').toBe(this.delivered.has(id));
    this.delivered.add(id);
    expect(entry.returns, 'delivery limit').toBeLessThanOrEqual(this.settings.deliveryLimit);
    expect(this.nowMs, 'too early').toBeGreaterThanOrEqual(this.dueAtMs.get(id) ?? 0);
    const isFresh = this.isPublishing && this.publishedAtMs.get(id) === this.nowMs;
    if (entry.expiresAtMs >= 0 && !isFresh) expect(entry.expiresAtMs, 'B15').toBeGreaterThan(this.nowMs);
    if (consumer === null) return;
    expect(consumer.credit).toBeGreaterThanOrEqual(0);
    if (consumer.prefetch > 0) expect(consumer.unsettled, 'B8').toBeLessThanOrEqual(consumer.prefetch);
    const priority = this.priorities.get(consumer) as number;
    for (const other of this.eligible()) {
      expect(other.hasRoom && (this.priorities.get(other) as number) > priority, 'B18').toBe(false);
    }
    if (consumer.noAck) this.counts.sent++;
    else this.held.set(entry.position, { channel: consumer.holder, consumer });
  }

  private eligible(): QueueConsumer[] {
    const all = [...this.queue.consumers.all()];
    if (!this.settings.singleActiveConsumer) return all;
    return all.filter((consumer) => consumer === this.queue.consumers.next());
  }

  run(each: Step): void {
    const { queue, store, nowMs } = this;
    switch (each.op) {
      case 'publish': {
        const batch = each.messages.map(({ bytes, ...more }) => this.newMessage({ body: 'x'.repeat(bytes), ...more }));
        this.isPublishing = true;
        this.counts.refused += queue.publish(batch, nowMs)?.length ?? 0;
        this.isPublishing = false;
        return;
      }
      case 'consume': {
        const { channel: holder, prefetch, noAck, priority, credit } = each;
        const wanted = { holder, tag: '', noAck, exclusive: false, priority, prefetch, credit };
        this.priorities.set(queue.consumers.add(wanted), priority);
        queue.pump(nowMs);
        return;
      }
      case 'settle':
        this.settle(each.picks, each.how);
        return;
      case 'credit': {
        const consumer = this.pick(each.pick);
        if (consumer !== undefined) consumer.credit += each.by;
        queue.pump(nowMs);
        return;
      }
      case 'get': {
        const entry = queue.get(each.channel, each.noAck, nowMs);
        if (entry === null) return;
        this.onDelivery(null, entry);
        if (each.noAck) this.counts.sent++;
        else this.held.set(entry.position, { channel: each.channel, consumer: null });
        return;
      }
      case 'cancel': {
        const consumer = this.pick(each.pick);
        if (consumer !== undefined) queue.consumers.remove(consumer.id);
        queue.pump(nowMs);
        return;
      }
      case 'leave':
        this.forget((held) => held.channel === each.channel);
        queue.leave(each.channel, nowMs);
        return;
      case 'purge':
        this.counts.purged += store.purge();
        return;
      case 'crash':
        this.forget(() => true);
        this.queue = this.start();
        this.queue.recover(nowMs);
        return;
      case 'wait':
        this.nowMs += each.ms;
        queue.wake(this.nowMs);
        return;
    }
  }

  private newMessage(given: Parameters<typeof messageOf>[0]): Message {
    const message = messageOf({ ...given, routingKey: String(this.counts.published++) });
    this.publishedAtMs.set(message.routingKey, this.nowMs);
    this.dueAtMs.set(message.routingKey, this.nowMs + message.delayMs);
    return message;
  }

  private settle(picks: readonly number[], how: 'acked' | 'requeued' | 'rejected'): void {
    const settled = { acked: [], requeued: [], rejected: [] } as Record<typeof how, number[]>;
    const positions = [...this.held.keys()];
    const holder = this.held.get(positions[picks[0] % positions.length])?.channel ?? 0;
    const chosen = new Set(picks.map((pick) => positions[pick % positions.length]));
    for (const position of chosen) {
      if (this.held.get(position)?.channel !== holder) continue;
      this.held.delete(position);
      settled[how].push(position);
    }
    if (how === 'acked') this.counts.acked += settled.acked.length;
    this.queue.settle(holder, settled, this.nowMs);
  }

  private pick(index: number): QueueConsumer | undefined {
    const all = [...this.queue.consumers.all()];
    return all[index % all.length];
  }

  private forget(isGone: (held: { readonly channel: number }) => boolean): void {
    for (const [position, held] of this.held) if (isGone(held)) this.held.delete(position);
  }

  check(): void {
    const { store, queue, counts } = this;
    const { published, ...gone } = counts;
    // With reject-publish-dlx a refused message is a dead letter too.
    if (this.settings.overflow === 'reject-publish-dlx') gone.maxlen -= gone.refused;
    const left = Object.values(gone).reduce((sum, count) => sum + count, 0);
    expect(store.readyCount + store.heldCount + store.delayedCount + left, 'B2').toBe(published);
    expect(store.heldCount).toBe(this.held.size);
    for (const consumer of queue.consumers.all()) {
      const own = [...this.held.values()].filter((held) => held.consumer === consumer);
      expect(consumer.unsettled, 'B8').toBe(own.length);
    }
    if (store.readyCount === 0) return;
    expect(queue.nextWakeMs, 'B15').toBeGreaterThan(this.nowMs);
    expect(queue.consumers.next(), 'nobody with room while a message waits').toBeNull();
    if (this.settings.overflow !== 'drop-head') return;
    expect(store.readyCount, 'B16').toBeLessThanOrEqual(this.settings.maxLength);
    expect(store.readyBytes, 'B16').toBeLessThanOrEqual(this.settings.maxLengthBytes);
  }
}

/** Arguments of a queue and what is done with it. */
export const queueRuns = fc.tuple(settings, fc.array(step, { maxLength: 50 }));
export type QueueRun = typeof queueRuns extends fc.Arbitrary<infer R> ? R : never;

/** The laws hold after every step; throws where one does not. */
export function checkQueueLaws([given, steps]: QueueRun, parts: QueueParts = {}): void {
  const present = Object.entries(given).filter(([, value]) => value !== null);
  const args = table(Object.fromEntries(present) as Record<string, number | string | boolean>);
  const observed = new Observed(args, parts);
  for (const each of steps) {
    observed.run(each);
    observed.check();
  }
}
