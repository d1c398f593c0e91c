// The whole broker with its log on the disk of a simulated machine (B1, B10, B24): a client publishes persistent messages
// and takes some; the disk fails and loses power, and the broker ends with its log as the program would; another one
// starts on what is left. At the end everything that was confirmed is there, once and in order, and nothing else.
import fc from 'fast-check';
import { startLink } from '../../../src/behaviours/index.ts';
import { brokerTree, DEFAULT_LIMITS } from '../../../src/broker/index.ts';
import { replicaHere } from '../../../src/broker/metadata/thread-replica.ts';
import { LOG_NAME } from '../../../src/broker/store/protocol.ts';
import { type Context, type Effects, pause, receive, TIMEOUT } from '../../../src/process/index.ts';
import { bodyOf, type Content, type Method, makeContent } from '../../../src/protocols/amqp091/codec/index.ts';
import type { FromChannel, Reply } from '../../../src/protocols/amqp091/envelope.ts';
import type { LogOptions } from '../../../src/storage/index.ts';
import type { AnyPid, Mfa, Pid, Ref } from '../../../src/term/index.ts';
import { heal, loadModules, simDisk } from '../../../src/testing.ts';
import type { Property } from '../check.ts';

export type DurableOp =
  | { readonly do: 'publish'; readonly count: number; readonly bytes: number }
  | { readonly do: 'take'; readonly isAcked: boolean }
  | { readonly do: 'wait' };

export interface DurableProgram {
  /** Bytes of messages that the queue may keep in memory. */
  readonly residentBytes: number;
  readonly ops: readonly DurableOp[];
}

const url = (file: string): string => new URL(`../../../src/${file}`, import.meta.url).href;
const CHANNEL: Mfa = { module: url('protocols/amqp091/channel.ts'), export: 'channel' };
const FORGETTING: Mfa = { module: import.meta.url, export: 'forgetting' };
const modules = await loadModules(
  CHANNEL.module,
  url('broker/queue-server/queue-server.ts'),
  url('broker/metadata/thread-replica.ts'),
  url('broker/store/log-agent.ts'),
);

const QUEUE = 'kept';
const SEGMENT_BYTES = 2_000;
/** Delivery mode 2 and nothing else. */
const PERSISTENT = new Uint8Array([0x10, 0, 2]);
const PATIENCE_MS = 10_000;
/** A broker whose disk fails again and again is given up. */
const STARTS_MAX = 20;
const NUMBER_CHARS = 6;

/** The broker or the channel is over. */
class Over extends Error {}

type Heard =
  | FromChannel
  | { readonly tag: 'EXIT'; readonly from: AnyPid }
  | { readonly tag: 'DOWN'; readonly ref: Ref };

/** Takes away what the processes of a thread have left for those after them. */
export function* forgetting(context: Context<unknown>): Effects<void> {
  yield* pause();
  context.kernel.locals.clear();
  context.env.words.fill(0);
}

/** One client over the lives of several brokers. */
class Publisher {
  readonly confirmed = new Set<number>();
  readonly taken = new Set<number>();
  last = 0;
  private readonly context: Context<unknown>;
  private readonly residentBytes: number;
  private readonly log: LogOptions;
  private readonly threads: readonly number[];
  private tree: AnyPid | null = null;
  /** The end of the tree was heard already. */
  private isOver = false;
  private channel: { readonly pid: Pid<unknown>; readonly ref: Ref } | null = null;
  private readonly replies: Reply[] = [];
  /** Of this channel: the numbers that wait for their confirm, by delivery tag. */
  private readonly unconfirmed = new Map<number, number>();
  private tags = 0;

  constructor(context: Context<unknown>, residentBytes: number, log: LogOptions, threads: readonly number[]) {
    this.threads = threads;
    this.context = context;
    this.residentBytes = residentBytes;
    this.log = { segmentBytes: SEGMENT_BYTES, ...log };
  }

  /** A broker that runs, and a channel of it. */
  *start(isDeclaring = true): Effects<void> {
    for (let tries = 0; tries < STARTS_MAX; tries++) {
      try {
        yield* this.tryStart(isDeclaring);
        return;
      } catch (error) {
        if (!(error instanceof Over)) throw error;
      }
    }
    throw new Error('B24 the broker does not start any more');
  }

  private *tryStart(isDeclaring: boolean): Effects<void> {
    yield* this.end();
    const { context, residentBytes, threads } = this;
    const store = { log: this.log, residentBytesMax: residentBytes };
    const started = yield* startLink(brokerTree, [{ threads, frontEnds: threads.map(() => []), store }]);
    if (!started.ok) throw new Over();
    this.tree = started.pid;
    const args = { connection: context.self, channel: 1, vhost: '/', user: 'guest', wantsCancelNotify: true };
    this.channel = context.spawnMonitor<unknown>(
      CHANNEL,
      [{ ...args, consumerTimeoutMs: 1_800_000, limits: DEFAULT_LIMITS }],
      {
        placement: { thread: threads[0] },
      },
    );
    yield* this.ask({ name: 'confirm.select', nowait: false });
    if (!isDeclaring) return;
    const flags = { passive: false, durable: true, exclusive: false, autoDelete: false, nowait: false };
    yield* this.ask({ name: 'queue.declare', queue: QUEUE, ...flags, arguments: new Map() });
  }

  /** Ends what is left of the broker before. */
  *end(): Effects<void> {
    const { context, tree, channel } = this;
    this.tree = null;
    this.channel = null;
    this.tags = 0;
    this.unconfirmed.clear();
    this.replies.length = 0;
    if (channel !== null) context.exit(channel.pid, 'kill');
    // As the end of the program: nobody writes anything any more. The rest of the tree ends because its log has, and
    // no other broker starts before.
    const log = context.whereis(LOG_NAME);
    if (log !== undefined) context.exit(log, 'kill');
    const ended = (message: unknown) =>
      (message as Heard).tag === 'EXIT' && (message as { from: AnyPid }).from === tree;
    if (tree !== null && !this.isOver) yield* receive(ended);
    this.isOver = false;
    // Another program knows nothing of what this one had in memory.
    for (const thread of new Set([0, ...this.threads])) {
      const { ref } = context.spawnMonitor<unknown>(FORGETTING, [], { placement: { thread } });
      yield* receive((message) => (message as Heard).tag === 'DOWN' && (message as { ref: Ref }).ref === ref);
    }
  }

  private send(method: Method, content: Content | null = null): void {
    if (this.channel === null) throw new Over();
    this.context.send(this.channel.pid, { tag: 'commands', commands: [{ method, content }], bytes: 1 });
  }

  private *ask(method: Method): Effects<Reply> {
    this.send(method);
    for (;;) {
      const reply = this.replies.shift();
      if (reply !== undefined) return reply;
      yield* this.hear();
    }
  }

  publish(bytes: number): void {
    const number = ++this.last;
    this.unconfirmed.set(++this.tags, number);
    const text = `${number}`.padStart(NUMBER_CHARS, '0') + 'x'.repeat(bytes);
    const flags = { exchange: '', routingKey: QUEUE, mandatory: false, immediate: false };
    this.send({ name: 'basic.publish', ...flags }, makeContent(PERSISTENT, new TextEncoder().encode(text)));
  }

  /** The number of the message that was got, or null. */
  *get(noAck: boolean): Effects<{ readonly number: number; readonly tag: number } | null> {
    const { method, content } = yield* this.ask({ name: 'basic.get', queue: QUEUE, noAck });
    if (method.name !== 'basic.get-ok' || content === null) return null;
    const number = Number(new TextDecoder().decode(bodyOf(content)).slice(0, NUMBER_CHARS));
    return { number, tag: Number(method.deliveryTag) };
  }

  *take(isAcked: boolean): Effects<void> {
    const got = yield* this.get(false);
    if (got === null || !isAcked) return;
    this.taken.add(got.number);
    this.send({ name: 'basic.ack', deliveryTag: got.tag, multiple: false });
  }

  get isWaiting(): boolean {
    return this.unconfirmed.size > 0;
  }

  /** Waits for one thing to happen. Throws when the broker or the channel is over, or silent. */
  *hear(): Effects<void> {
    const message = yield* receive<Heard>(null, { afterMs: PATIENCE_MS });
    if (message === TIMEOUT) throw new Over();
    switch (message.tag) {
      case 'EXIT':
        if (message.from !== this.tree) return;
        this.isOver = true;
        throw new Over();
      case 'DOWN':
        if (message.ref === this.channel?.ref) throw new Over();
        return;
      case 'ended':
        if (message.from === this.channel?.pid) throw new Over();
        return;
      case 'replies':
        this.replies.push(...message.replies);
        return;
      case 'confirms':
        for (const { deliveryTag, multiple, isAck } of message.confirms) this.settle(deliveryTag, multiple, isAck);
        return;
    }
  }

  private settle(deliveryTag: number, isMultiple: boolean, isAck: boolean): void {
    for (const [tag, number] of this.unconfirmed) {
      if (tag !== deliveryTag && !(isMultiple && tag < deliveryTag)) continue;
      this.unconfirmed.delete(tag);
      if (isAck) this.confirmed.add(number);
    }
  }

  *perform(op: DurableOp): Effects<void> {
    if (op.do === 'publish') for (let count = 0; count < op.count; count++) this.publish(op.bytes);
    else if (op.do === 'take') yield* this.take(op.isAcked);
    else while (this.isWaiting) yield* this.hear();
  }
}

const op: fc.Arbitrary<DurableOp> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      count: fc.integer({ min: 1, max: 3 }),
      bytes: fc.nat(600),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('take' as const), isAcked: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ do: 'wait' as const }) },
);

/** Holds under any faults of the disk but bits that read wrong. `log` is how the broker keeps its log. */
export const durableProperty = (log: LogOptions = {}, threads: 0 | 2 = 0): Property<DurableProgram> => ({
  programs: fc.record({
    residentBytes: fc.constantFrom(300, 1_000_000),
    ops: fc.array(op, { minLength: 1, maxLength: 8 }),
  }),
  options: { modules: new Map([...modules, [import.meta.url, { forgetting }]]), threads, stepsMax: 60_000 },
  body: ({ residentBytes, ops }) =>
    function* root(context: Context<unknown>): Effects<{ readonly confirmed: number }> {
      context.trapExit(true);
      const publisher = new Publisher(context, residentBytes, log, threads === 0 ? [0] : [1, 2]);
      yield* publisher.start();
      for (const each of ops) {
        try {
          yield* publisher.perform(each);
        } catch (error) {
          if (!(error instanceof Over)) throw error;
          yield* publisher.start();
        }
      }
      heal(context);
      yield* publisher.end();
      simDisk(context).cut('none', context.env.random);
      yield* publisher.start();
      const found: number[] = [];
      for (let got = yield* publisher.get(true); got !== null; got = yield* publisher.get(true)) found.push(got.number);
      judge(publisher, found);
      const configuration = replicaHere(context)?.tables.configuration;
      if (configuration !== undefined && (configuration.users.length !== 1 || configuration.vhosts.length !== 1))
        throw new Error(`B24 not the first user and vhost: ${JSON.stringify(configuration)}`);
      return { confirmed: publisher.confirmed.size };
    },
});

/** A channel that publishes as soon as the broker runs again, to a queue that is still being read. */
export const earlyPublish = (threads: 0 | 2) => ({
  options: durableProperty({}, threads).options,
  *body(context: Context<unknown>): Effects<readonly number[]> {
    context.trapExit(true);
    const publisher = new Publisher(context, 300, {}, threads === 0 ? [0] : [1, 2]);
    yield* publisher.start();
    publisher.publish(100);
    while (publisher.isWaiting) yield* publisher.hear();
    yield* publisher.end();
    yield* publisher.start(false);
    publisher.publish(100);
    while (publisher.isWaiting) yield* publisher.hear();
    const found: number[] = [];
    for (let got = yield* publisher.get(true); got !== null; got = yield* publisher.get(true)) found.push(got.number);
    judge(publisher, found);
    return found;
  },
});

function judge({ confirmed, taken, last }: Publisher, found: readonly number[]): void {
  const lost = [...confirmed].filter((number) => !found.includes(number) && !taken.has(number));
  if (lost.length > 0) throw new Error(`B1 confirmed and lost: ${lost} of ${found}`);
  const invented = found.filter((number) => !(number >= 1 && number <= last));
  if (invented.length > 0) throw new Error(`B24 never published: ${invented}`);
  if (found.some((number, index) => index > 0 && number <= found[index - 1]))
    throw new Error(`B5 out of order: ${found}`);
}
