// One client with two channels on one queue, step by step beside the reference model of a queue (reliability.md 2.b):
// after each step everything comes to rest, and deliveries, gets and counts are exactly the model's, under any schedule.
import fc from 'fast-check';
import { type Context, type Effects, isDown, receive } from '../../../src/process/index.ts';
import { QueueModel, shown } from '../../broker/queue-model.ts';
import type { Property } from '../check.ts';
import type { ChannelView } from './channel-view.ts';
import { Client } from './client.ts';
import { trace } from './trace.ts';
import { dataThreads, killer, optionsWith, type Plant, startBroker } from './world.ts';

const QUEUE = 'a';

export type LockstepOp =
  | { readonly do: 'publish'; readonly ch: number; readonly count: number }
  | { readonly do: 'consume'; readonly ch: number; readonly prefetch: number }
  | { readonly do: 'get' | 'close'; readonly ch: number }
  | {
      readonly do: 'settle';
      readonly ch: number;
      readonly pick: number;
      readonly how: 'acked' | 'requeued' | 'rejected';
    }
  /** Kills the queue's actor; left out while consumers of both channels would race for its next one. */
  | { readonly do: 'kill' };

const ch = fc.nat(1);
const op = (canKill: boolean): fc.Arbitrary<LockstepOp> =>
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ do: fc.constant('publish' as const), ch, count: fc.integer({ min: 1, max: 3 }) }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('consume' as const), ch, prefetch: fc.nat(3) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('get' as const), ch }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), ch }) },
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constant('settle' as const),
        ch,
        pick: fc.nat(5),
        how: fc.constantFrom('acked' as const, 'requeued' as const, 'rejected' as const),
      }),
    },
    ...(canKill ? [{ weight: 1, arbitrary: fc.constant({ do: 'kill' as const }) }] : []),
  );

/** The broker does what the model does, with kills of the queue's actor or without. */
export function lockstepProperty(canKill: boolean, threads: 0 | 2, plant: Plant = {}): Property<readonly LockstepOp[]> {
  return {
    programs: fc.array(op(canKill), { maxLength: 14 }),
    options: optionsWith(threads, plant),
    body: (program) =>
      function* root(context) {
        yield* startBroker(context, dataThreads(threads));
        const pair = new Pair(context, dataThreads(threads)[0]);
        for (const each of program) yield* pair.step(each);
      },
  };
}

type ModelConsumer = ReturnType<QueueModel['consume']>;

interface Consuming {
  readonly tag: string;
  readonly ch: number;
  readonly prefetch: number;
  model: ModelConsumer;
}

/** The broker's side and the model's, together. */
class Pair {
  private readonly model = new QueueModel();
  private readonly client: Client;
  private readonly context: Context<unknown>;
  private consumers: Consuming[] = [];
  /** Tags that the client still has and the queue no longer, by channel. */
  private readonly stale = [new Set<number>(), new Set<number>()];
  /** The model's number of each Message. */
  private readonly numbers = new Map<string, number>();

  constructor(context: Context<unknown>, thread: number) {
    this.context = context;
    const channels = [
      { confirms: false, shared: 0 },
      { confirms: true, shared: 0 },
    ];
    this.client = new Client(context, { name: 'c', thread, channels, ops: [] });
  }

  *step(op: LockstepOp): Effects<void> {
    if (op.do === 'kill') yield* this.kill();
    else yield* this.onChannel(op, yield* this.client.open(op.ch));
    yield* this.rest();
    this.compare(op);
  }

  private *onChannel(op: Exclude<LockstepOp, { do: 'kill' }>, view: ChannelView): Effects<void> {
    switch (op.do) {
      case 'publish':
        for (let count = 0; count < op.count; count++) {
          const number = this.numbers.size + 1;
          this.numbers.set(this.client.publish(view, QUEUE), number);
          this.model.publish(number);
        }
        return;
      case 'consume': {
        const tag = yield* this.client.consume(view, QUEUE, op.prefetch, false);
        this.consumers.push({ tag, ch: op.ch, prefetch: op.prefetch, model: this.model.consume(op.ch, op.prefetch) });
        return;
      }
      case 'get': {
        yield* this.client.get(view, QUEUE, false);
        const given = trace()
          .given.splice(0)
          .map((each) => this.shown(each));
        const expected = this.model.get(op.ch);
        if (given.join() !== (expected ?? '')) throw new Error(`B6 get gave ${given}, not ${expected}`);
        return;
      }
      case 'settle':
        return this.settle(op, view);
      case 'close':
        yield* this.client.close(view);
        this.model.leave(op.ch);
        this.stale[op.ch].clear();
        this.consumers = this.consumers.filter((consumer) => consumer.ch !== op.ch);
    }
  }

  private settle({ ch: channel, pick, how }: Extract<LockstepOp, { do: 'settle' }>, view: ChannelView): void {
    const tags = view.heldTags;
    if (tags.length === 0) return;
    const place = pick % tags.length;
    const stale = this.stale[channel];
    if (!stale.delete(tags[place])) {
      this.model.settle(channel, tags.slice(0, place).filter((tag) => !stale.has(tag)).length, how);
    }
    view.settle(place, false, how);
  }

  private *kill(): Effects<void> {
    if (new Set(this.consumers.map((consumer) => consumer.ch)).size > 1) return;
    const { ref } = this.context.spawnMonitor(killer, [QUEUE, 0]);
    yield* receive((message) => isDown(message, ref));
    for (const [channel, stale] of this.stale.entries()) {
      for (const tag of this.client.views[channel]?.heldTags ?? []) stale.add(tag);
    }
    this.model.crash();
    for (const consumer of this.consumers) consumer.model = this.model.consume(consumer.ch, consumer.prefetch);
  }

  /** All channels have what is theirs. */
  private *rest(): Effects<void> {
    for (const view of this.client.openViews()) view.flush();
    for (const view of this.client.openViews()) yield* this.client.counts(view, QUEUE);
    for (const view of this.client.openViews()) yield* this.client.counts(view, QUEUE);
  }

  private compare(op: LockstepOp): void {
    const given = trace().given.splice(0);
    for (const { tag, model } of this.consumers) {
      const real = given.filter(({ consumer }) => consumer === tag).map((each) => this.shown(each));
      const expected = model.got.splice(0);
      if (real.join() !== expected.join()) {
        throw new Error(`after ${JSON.stringify(op)} ${tag} got ${real}, not ${expected}`);
      }
    }
  }

  private shown({ id, redelivered }: { readonly id: string; readonly redelivered: boolean }): string {
    return shown(this.numbers.get(id) ?? 0, redelivered);
  }
}
