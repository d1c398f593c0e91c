// Mistakes to plant into the broker of a simulation: each is one that a broker really makes when nobody looks (reliability.md
// 2.b). They wrap the bodies of queues and channels, or give a queue another store to work with.

import type { Context } from '../../../src/process/index.ts';
import type { Channel } from '../../../src/protocols/amqp091/channel.ts';
import { type Entry, MemoryQueueStore, type NewEntry } from '../../../src/storage/index.ts';
import type { AnyPid } from '../../../src/term/index.ts';
import type { LooseHandler, Plant } from './world.ts';

type Store = MemoryQueueStore<unknown>;

/** What a queue's actor finds when it starts for the first time. */
interface Kept {
  readonly store: Store;
  readonly batches: Map<AnyPid, number>;
}

/** Queues that keep what they hold in another way. */
function keeping(make: () => Kept): Plant {
  return {
    queue: (handler) => ({
      ...handler,
      init(context, ...args) {
        const { id } = args.at(-1) as { readonly id: number };
        const { locals } = context.kernel;
        const key = `broker.queue.${id}`;
        if (!locals.has(key)) locals.set(key, make());
        return handler.init?.(context, ...args);
      },
    }),
  };
}

const storing = (make: () => Store): Plant => keeping(() => ({ store: make(), batches: new Map() }));

/** Queues that get some of their messages changed, or (null) not at all. */
export function hearing(change: (message: Readonly<Record<string, unknown>>) => unknown): Plant {
  return {
    queue: (handler) => ({
      ...handler,
      handle(state, message, context) {
        const changed = change(message as Readonly<Record<string, unknown>>);
        return changed === null ? state : handler.handle(state, changed, context);
      },
    }),
  };
}

/** Channels that are changed when they start. */
export function opening(change: (channel: Channel) => void): Plant {
  return {
    channel: (handler: LooseHandler) => ({
      ...handler,
      *init(context, ...args) {
        const made = handler.init?.(context, ...args) as Generator<never, Channel, unknown>;
        const channel = yield* made;
        change(channel);
        return channel;
      },
    }),
  };
}

/** What comes back goes to the end of the queue. */
class TailStore extends MemoryQueueStore<unknown> {
  override requeue(holder: number, position: number): Entry<unknown> | null {
    const entry = this.settle(holder, position);
    if (entry !== null) this.push(asNew(entry)).redelivered = true;
    return entry;
  }
}

function asNew({ message, priority, bytes, expiresAtMs }: Entry<unknown>): NewEntry<unknown> {
  return { message, priority, bytes, expiresAtMs, isPersistent: false };
}

export const requeueAtTail = storing(() => new TailStore(0));

/** What comes back is not flagged. */
class UnflaggedStore extends MemoryQueueStore<unknown> {
  override requeue(holder: number, position: number): Entry<unknown> | null {
    const entry = super.requeue(holder, position);
    if (entry !== null) entry.redelivered = false;
    return entry;
  }
}

export const requeueUnflagged = storing(() => new UnflaggedStore(0));

/** What a dead actor had given out is forgotten. */
class ForgetfulStore extends MemoryQueueStore<unknown> {
  override requeueAll(): void {}
}

export const forgetUnacked = storing(() => new ForgetfulStore(0));

/** Completes later, as a store that writes to a disk does; what an actor waited for when it died is told by nobody. */
class SlowStore extends MemoryQueueStore<unknown> {
  waiting: ((isSafe: boolean) => void)[] = [];
  actor: Context<unknown> | null = null;

  override commit(done: (isSafe: boolean) => void): void {
    this.waiting.push(done);
    this.actor?.sendAfter(COMMIT_MS, this.actor.self, COMMITTED);
  }
}

const COMMIT_MS = 1;
const COMMITTED = { tag: 'committed' } as const;

/** Queues with a slow store: no mistake by itself. */
function slow(makeBatches: () => Map<AnyPid, number>): Plant {
  const kept = keeping(() => ({ store: new SlowStore(0), batches: makeBatches() }));
  const stores = new WeakMap<AnyPid, SlowStore>();
  return {
    queue: (handler) => {
      const withStore = kept.queue?.(handler) as LooseHandler;
      return {
        ...withStore,
        init(context, ...args) {
          const made = withStore.init?.(context, ...args);
          const { id } = args.at(-1) as { readonly id: number };
          const { store } = context.kernel.locals.get(`broker.queue.${id}`) as { readonly store: SlowStore };
          store.actor = context;
          store.waiting = [];
          stores.set(context.self, store);
          return made;
        },
        handle(state, message, context) {
          if ((message as { readonly tag?: unknown }).tag !== COMMITTED.tag) {
            return withStore.handle(state, message, context);
          }
          for (const done of stores.get(context.self)?.waiting.splice(0) ?? []) done(true);
          return state;
        },
      };
    },
  };
}

export const slowStore = slow(() => new Map());

/** The new actor says that it has a batch less than it has: the batch is sent again. */
class ForgetfulBatches extends Map<AnyPid, number> {
  override get(pid: AnyPid): number | undefined {
    const batch = super.get(pid);
    return batch === undefined ? undefined : batch - 1;
  }
}

export const takeBatchAgain = slow(() => new ForgetfulBatches());

/** A consumer gets one more than its prefetch. */
export const prefetchOffByOne = hearing((message) => {
  const request = message.request as { readonly tag: string; readonly request: { readonly prefetch: number } };
  if (message.tag !== '$call' || request.tag !== 'consume' || request.request.prefetch === 0) return message;
  return {
    ...message,
    request: { ...request, request: { ...request.request, prefetch: request.request.prefetch + 1 } },
  };
});

/** A channel that dies is not noticed: what it held stays with it. */
export const deafToChannels = hearing((message) => (message.tag === 'DOWN' ? null : message));

/** A batch is taken the newest first. */
export const reversedBatches = hearing((message) => {
  if (message.tag !== 'publish') return message;
  return { ...message, messages: [...(message.messages as readonly unknown[])].reverse() };
});

/** Every settlement counts as a requeue: an acked Message comes again. */
export const ackRequeues = hearing((message) => {
  if (message.tag !== 'settle') return message;
  return { ...message, acked: [], requeued: [...(message.requeued as number[]), ...(message.acked as number[])] };
});

/** The channel's shared limit is one too high. */
export const sharedOffByOne = opening(({ consumers }) => {
  const set = consumers.setSharedPrefetch.bind(consumers);
  consumers.setSharedPrefetch = (limit) => set(limit + 1);
});

/** Publishes are confirmed when they are sent. */
export const confirmAtOnce = opening(({ peers }) => {
  const send = peers.sendPending.bind(peers);
  peers.sendPending = () => {
    send();
    for (const peer of peers.untaken()) peers.taken(peer, peer.lastBatch, null);
  };
});

/** Consumers do not come back to a queue whose actor died. */
export const consumersForgotten = opening(({ consumers }) => {
  consumers.consumeAgain = function* () {};
});

/** What a dead actor had not taken is not sent to the next one. */
export const batchesForgotten = opening(({ peers }) => {
  const down = peers.down.bind(peers);
  peers.down = (message) => {
    for (const peer of peers.untaken()) if (peer.ref === message.ref) peer.batches = [];
    down(message);
  };
});
