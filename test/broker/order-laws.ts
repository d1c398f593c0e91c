// The order law of a queue (B18): whoever takes a message gets the oldest of the highest priority that is ready, a
// message that comes back has its old place, and with a single active consumer it is the first subscriber who gets
// everything, and then the one of the highest priority that has waited longest.
import fc from 'fast-check';
import { Queue, type QueueConsumer, queueSettings } from '../../src/broker/queue/index.ts';
import { MemoryQueueStore } from '../../src/storage/index.ts';
import { messageOf, table } from './messages.ts';
import type { QueueParts } from './queue-laws.ts';

const channel = fc.integer({ min: 1, max: 3 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ op: fc.constant('publish' as const), priority: fc.nat(4) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('consume' as const),
      channel,
      prefetch: fc.nat(3),
      priority: fc.integer({ min: 0, max: 2 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      pick: fc.nat(99),
      how: fc.constantFrom('acked' as const, 'requeued' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('get' as const), channel }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('cancel' as const), pick: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('leave' as const), channel }) },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface Known {
  readonly id: string;
  readonly order: number;
  readonly priority: number;
  /** The position of a delivery, and who has it. */
  position: number;
  holder: number;
}

class Ordered {
  private readonly queue: Queue;
  private readonly priorityMax: number;
  private readonly isSingle: boolean;
  private readonly ready = new Set<Known>();
  private readonly held = new Set<Known>();
  private readonly byId = new Map<string, Known>();
  /** Subscribed, in this order. */
  private line: { readonly consumer: QueueConsumer; readonly priority: number; readonly channel: number }[] = [];
  private active: QueueConsumer | null = null;

  constructor(priorityMax: number, isSingle: boolean, { store, queue }: QueueParts) {
    this.priorityMax = priorityMax;
    this.isSingle = isSingle;
    const settings = queueSettings(table({ 'x-max-priority': priorityMax, 'x-single-active-consumer': isSingle }));
    const contents = store?.(priorityMax) ?? new MemoryQueueStore(priorityMax);
    this.queue = (queue ?? ((...args) => new Queue(...args)))(settings, contents, {
      deliver: (consumer, { position, message }) => this.taken(consumer, position, message.routingKey),
      deadLetter: () => {},
      keep: (message) => message,
    });
  }

  /** The one that has to be next. */
  private due(): Known | undefined {
    return [...this.ready].sort((a, b) => b.priority - a.priority || a.order - b.order)[0];
  }

  private taken(consumer: QueueConsumer | null, position: number, id: string): void {
    const due = this.due();
    if (due?.id !== id) throw new Error(`B18 ${id} is out of turn: it is that of ${due?.id}`);
    if (this.isSingle && consumer !== null && consumer !== this.active)
      throw new Error('B18 somebody else than the single active consumer is served');
    this.ready.delete(due);
    due.position = position;
    due.holder = consumer?.holder ?? due.holder;
    this.held.add(due);
  }

  run(each: Step): void {
    const { queue } = this;
    switch (each.op) {
      case 'publish': {
        const id = `${this.byId.size}`;
        const priority = Math.min(each.priority, this.priorityMax);
        const known = { id, order: this.byId.size, priority, position: 0, holder: 0 };
        this.byId.set(id, known);
        this.ready.add(known);
        queue.publish([messageOf({ routingKey: id, priority: each.priority })], 0);
        return;
      }
      case 'consume': {
        const { channel: holder, prefetch, priority } = each;
        const wanted = { holder, tag: '', noAck: false, exclusive: false, priority, prefetch, credit: Infinity };
        const consumer = queue.consumers.add(wanted);
        this.line.push({ consumer, priority, channel: holder });
        this.active ??= consumer;
        queue.pump(0);
        return;
      }
      case 'settle': {
        const known = [...this.held][each.pick % this.held.size];
        if (known === undefined) return;
        this.held.delete(known);
        if (each.how === 'requeued') this.ready.add(known);
        queue.settle(known.holder, { acked: [], requeued: [], rejected: [], [each.how]: [known.position] }, 0);
        return;
      }
      case 'get': {
        const entry = queue.get(each.channel, false, 0);
        if (entry === null) return;
        this.taken(null, entry.position, entry.message.routingKey);
        (this.byId.get(entry.message.routingKey) as Known).holder = each.channel;
        return;
      }
      case 'cancel': {
        const gone = this.line[each.pick % this.line.length];
        if (gone === undefined) return;
        this.unsubscribe((other) => other === gone);
        queue.consumers.remove(gone.consumer.id);
        queue.pump(0);
        return;
      }
      case 'leave':
        this.unsubscribe((other) => other.channel === each.channel);
        for (const known of this.held) {
          if (known.holder !== each.channel) continue;
          this.held.delete(known);
          this.ready.add(known);
        }
        queue.leave(each.channel, 0);
        return;
    }
  }

  private unsubscribe(isGone: (each: Ordered['line'][number]) => boolean): void {
    const gone = new Set(this.line.filter(isGone).map(({ consumer }) => consumer));
    this.line = this.line.filter(({ consumer }) => !gone.has(consumer));
    if (this.active === null || !gone.has(this.active)) return;
    const [next] = [...this.line].sort((a, b) => b.priority - a.priority);
    this.active = next?.consumer ?? null;
  }
}

/** The highest priority of a queue, whether it has a single active consumer, and what is done with it. */
export const orderRuns = fc.tuple(fc.nat(3), fc.boolean(), fc.array(step, { maxLength: 40 }));
export type OrderRun = typeof orderRuns extends fc.Arbitrary<infer R> ? R : never;

/** The law holds for every delivery; throws where it does not. */
export function checkOrder([priorityMax, isSingle, steps]: OrderRun, parts: QueueParts = {}): void {
  const ordered = new Ordered(priorityMax, isSingle, parts);
  for (const each of steps) ordered.run(each);
}
