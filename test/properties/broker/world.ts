// A whole broker in the simulator: its tree, two queues, clients that run their scripts at once, killers; then all come to
// rest, the queues are looked at, everybody leaves, what is left is taken out, and the run is judged.
import { call, startLink } from '../../../src/behaviours/index.ts';
import type { Message } from '../../../src/broker/index.ts';
import { brokerTree, METADATA_NAME, type MetadataPid } from '../../../src/broker/index.ts';
import {
  type AnyBody,
  type Context,
  type DownMessage,
  type Effects,
  type Handler,
  isDown,
  pause,
  receive,
  sleep,
} from '../../../src/process/index.ts';
import { bodyOf, type MethodOf } from '../../../src/protocols/amqp091/codec/index.ts';
import { formatReason, isMfa, type Mfa, type Pid, type Ref } from '../../../src/term/index.ts';
import { loadModules, type SimOptions } from '../../../src/testing.ts';
import type { Property } from '../check.ts';
import { type CalmReport, CHANNEL, Client } from './client.ts';
import { judge } from './judge.ts';
import { type Allowed, type BrokerProgram, type ClientScript, programs, QUEUES } from './script.ts';
import { newTrace, trace } from './trace.ts';

const url = (file: string): string => new URL(file, import.meta.url).href;
const QUEUE_SERVER: Mfa = { module: url('../../../src/broker/queue-server/queue-server.ts'), export: 'queueServer' };
const REPLICA: Mfa = { module: url('../../../src/broker/metadata/thread-replica.ts'), export: 'threadReplica' };
const CLIENT: Mfa = { module: url('./client.ts'), export: 'simClient' };

type Modules = Awaited<ReturnType<typeof loadModules>>;
/** A process body with its type forgotten: what a planted mistake wraps. */
export type LooseHandler = Handler<unknown, unknown, readonly unknown[]>;

const plain = await loadModules(QUEUE_SERVER.module, REPLICA.module, CLIENT.module, CHANNEL.module);

/** Mistakes for the broker's bodies. */
export interface Plant {
  readonly queue?: (handler: LooseHandler) => LooseHandler;
  readonly channel?: (handler: LooseHandler) => LooseHandler;
}

/** The broker's code as modules, with queues that write down what they take. */
export function modulesWith({ queue = (same) => same, channel = (same) => same }: Plant): Modules {
  const modules = new Map(plain);
  modules.set(QUEUE_SERVER.module, { queueServer: watched(queue(bodyOfModule(QUEUE_SERVER))) });
  modules.set(CHANNEL.module, { channel: channel(bodyOfModule(CHANNEL)) });
  return modules;
}

function bodyOfModule(mfa: Mfa): LooseHandler {
  return plain.get(mfa.module)?.[mfa.export] as LooseHandler;
}

/** Longer than a slow machine may be late. */
const REST_MS = 100;

const text = new TextDecoder();
const names = new Map<unknown, string>();

/** A queue that writes into the trace what it takes, before it takes it. */
function watched(handler: LooseHandler): LooseHandler {
  return {
    ...handler,
    init(context, ...args) {
      const record = args.at(-1) as { readonly name: string };
      names.set(context.self, record.name);
      return handler.init?.(context, ...args);
    },
    handle(state, message, context) {
      const { tag, messages } = message as { readonly tag?: unknown; readonly messages?: readonly Message[] };
      if (tag === 'publish' && messages !== undefined) {
        trace().takes(
          names.get(context.self) as string,
          messages.map((each) => text.decode(bodyOf(each))),
        );
      }
      return handler.handle(state, message, context);
    },
  };
}

/** The property that everything judged in judge.ts holds for such programs, on this many data threads. */
export function brokerProperty(allowed: Allowed, threads: 0 | 2, plant: Plant = {}): Property<BrokerProgram> {
  return {
    programs: programs(allowed),
    options: optionsWith(threads, plant),
    body: (program) => (context) => run(context, program, dataThreads(threads)),
  };
}

export function optionsWith(threads: 0 | 2, plant: Plant): SimOptions {
  return { threads, modules: modulesWith(plant), stepsMax: 60_000 };
}

/** Where queues and channels live: on the control thread where there are no others. */
export function dataThreads(threads: 0 | 2): readonly number[] {
  return threads === 0 ? [0] : [1, 2];
}

/** What the root of a run keeps: a client of its own, and the processes it has started. */
export class Boss {
  readonly client: Client;
  private readonly context: Context<unknown>;
  private readonly heard: { readonly tag: string }[] = [];
  private readonly watched = new Map<Ref, string>();

  constructor(context: Context<unknown>, thread: number) {
    this.context = context;
    const channels = [{ confirms: false, shared: 0 }];
    this.client = new Client(context, { name: 'boss', thread, channels, ops: [] }, (message) => this.hear(message));
  }

  /** Starts a process whose end is watched. */
  start(body: AnyBody, args: readonly unknown[], thread: number): Pid<unknown> {
    const placement = thread === 0 ? undefined : { placement: { thread } };
    const { pid, ref } = this.context.spawnMonitor<unknown>(body as Mfa, args, placement);
    this.watched.set(ref, isMfa(body) ? body.export : 'killer');
    return pid;
  }

  private hear(message: unknown): void {
    const heard = message as DownMessage | { readonly tag: 'EXIT'; readonly reason: unknown };
    if (heard.tag === 'EXIT') throw new Error(`the broker ended: ${formatReason(heard.reason)}`);
    if (heard.tag !== 'DOWN') this.heard.push(heard);
    else if (heard.reason !== 'normal') {
      throw new Error(`${this.watched.get(heard.ref)} ended: ${formatReason(heard.reason)}`);
    } else this.heard.push({ tag: `${this.watched.get(heard.ref)} over` });
  }

  /** Waits until so many messages with that tag have come. */
  *told(tag: string, times: number): Effects<readonly unknown[]> {
    const found = () => this.heard.filter((message) => message.tag === tag);
    while (found().length < times) this.client.heard(yield* receive());
    return found();
  }
}

/** Starts the broker and declares its queues. Called once, first, by the root process. */
export function* startBroker(context: Context<unknown>, threads: readonly number[]): Effects<Boss> {
  names.clear();
  newTrace();
  context.trapExit(true);
  const tree = yield* startLink(brokerTree, [{ threads, frontEnds: threads.map(() => []) }]);
  if (!tree.ok) throw new Error(`no broker: ${formatReason(tree.error)}`);
  const boss = new Boss(context, threads[0]);
  yield* boss.client.setUp(yield* boss.client.open(0), QUEUES);
  return boss;
}

/** The root process. */
function* run(context: Context<unknown>, program: BrokerProgram, threads: readonly number[]): Effects<void> {
  const boss = yield* startBroker(context, threads);
  const view = yield* boss.client.open(0);
  const story = trace();
  const clients = program.clients.map((script, index) => {
    const thread = threads[index % threads.length];
    const named: ClientScript = { ...script, name: `c${index}`, thread };
    return boss.start(CLIENT, [named, context.self], thread);
  });
  for (const { queue, slices } of program.queueKills) boss.start(killer, [queue, slices], 0);
  yield* boss.told('killer over', program.queueKills.length);
  yield* boss.told('done', clients.length);
  for (const pid of clients) context.send(pid, { tag: 'go' });
  const reports = (yield* boss.told('calm', clients.length)) as readonly CalmReport[];
  // A queue hears of a channel's death when it hears of it; when time passes, everything under way has come.
  yield* sleep(REST_MS);
  for (const queue of QUEUES) {
    const wanted = reports.flatMap(({ consumers }) => consumers).filter((consumer) => consumer.queue === queue);
    checkCalm(queue, wanted, yield* boss.client.counts(view, queue));
  }
  for (const pid of clients) context.send(pid, { tag: 'go' });
  yield* boss.told('closed', clients.length);
  for (const queue of QUEUES) {
    const before = story.given.length;
    while (yield* boss.client.get(view, queue, true));
    story.drained.set(queue, story.given.splice(before));
  }
  judge(story, QUEUES);
}

/** All consumers are there, and none that could take more waits. */
function checkCalm(
  queue: string,
  wanted: CalmReport['consumers'],
  { consumerCount, messageCount }: MethodOf<'queue.declare-ok'>,
): void {
  if (consumerCount !== wanted.length)
    throw new Error(`B11 ${queue} has ${consumerCount} of ${wanted.length} consumers`);
  const isWaiting = messageCount > 0 && wanted.some(({ isUnlimited }) => isUnlimited);
  if (isWaiting) throw new Error(`B8 ${queue} keeps ${messageCount} from a consumer with room`);
}

/** Kills the actor that a queue has after so many slices, and ends when it is dead. */
export function* killer(context: Context<unknown>, queue: string, slices: number): Effects<void> {
  for (let slice = 0; slice < slices; slice++) yield* pause();
  const metadata = context.whereis(METADATA_NAME) as MetadataPid;
  const { events } = yield* call(metadata, { tag: 'subscribe', replica: context.self });
  const declared = events.find((event) => event.tag === 'queueDeclared' && event.record.name === queue);
  const id = declared?.tag === 'queueDeclared' ? declared.record.id : 0;
  for (const event of events) {
    if (event.tag !== 'queuePlaced' || event.id !== id) continue;
    trace().killQueue(queue);
    context.exit(event.place.pid, 'kill');
    const ref = context.monitor(event.place.pid);
    yield* receive((message) => isDown(message, ref));
  }
}
