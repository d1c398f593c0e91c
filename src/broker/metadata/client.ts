// What channels and connections ask of the metadata, as effects. A change is asked of the metadata server; when it has
// answered, a channel that wants to see the change in its own replica catches up (`isBehind`, `catchUp`).
import { call, tryCall } from '../../behaviours/index.ts';
import { type Context, context as currentContext, type Effects } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import { type BrokerLimits, DEFAULT_LIMITS, entryRefusal, isEntryLimited, userNamed } from '../access/index.ts';
import { historyLength, mergedHistory, type Remembered } from '../exchange/index.ts';
import type { Message } from '../message.ts';
import type { Outcome, QueueMessage } from '../queue-server/protocol.ts';
import type {
  BindExchange,
  BindQueue,
  ChannelsClosed,
  DeclareExchange,
  DeclareQueue,
  DeleteExchange,
  Entered,
  Placed,
} from './protocol.ts';
import type { QueueRecord } from './records.ts';
import { awaitReplica, catchUp, type Replica, type ReplicaPid, replicaHere } from './thread-replica.ts';

/** The metadata is slow only while threads die; nobody gives up on it, its own end ends whoever waits. */
const PATIENCE_MS = Number.POSITIVE_INFINITY;
/** Counts that no limit looks at. */
const NOBODY = { onNode: 0, inVhost: 0, ofUser: 0 } as const;

/** exchange.declare (digest 5). Refusals: 403, 404, 406, 503. */
export function declareExchange(replica: Replica, wanted: DeclareExchange): Effects<Outcome<true>> {
  const { vhost, name, type, passive, durable, autoDelete, internal, arguments: args } = wanted;
  const plain = { vhost, name, type, passive, durable, autoDelete, internal, arguments: args };
  return call(replica.metadata, { tag: 'declareExchange', wanted: plain }, PATIENCE_MS);
}

/** exchange.delete. One that does not exist is fine. Refusals: 403, 406. */
export function deleteExchange(replica: Replica, { vhost, name, ifUnused }: DeleteExchange): Effects<Outcome<true>> {
  return call(replica.metadata, { tag: 'deleteExchange', wanted: { vhost, name, ifUnused } }, PATIENCE_MS);
}

/** exchange.bind. Refusals: 403, 404, 406. */
export function bindExchange(replica: Replica, wanted: BindExchange): Effects<Outcome<true>> {
  return call(replica.metadata, { tag: 'bindExchange', wanted: exchangeEnds(wanted) }, PATIENCE_MS);
}

/** exchange.unbind. Missing ends are fine. Refusals: 403. */
export function unbindExchange(replica: Replica, wanted: BindExchange): Effects<Outcome<true>> {
  return call(replica.metadata, { tag: 'unbindExchange', wanted: exchangeEnds(wanted) }, PATIENCE_MS);
}

/** queue.bind. Refusals: 403, 404, 405, 406. */
export function bindQueue(replica: Replica, wanted: BindQueue): Effects<Outcome<true>> {
  return call(replica.metadata, { tag: 'bindQueue', wanted: queueEnds(wanted) }, PATIENCE_MS);
}

/** queue.unbind. Missing ends are fine. Refusals: 403, 405. */
export function unbindQueue(replica: Replica, wanted: BindQueue): Effects<Outcome<true>> {
  return call(replica.metadata, { tag: 'unbindQueue', wanted: queueEnds(wanted) }, PATIENCE_MS);
}

/** queue.declare; an empty name lets the server choose one. Refusals: 403, 404, 405, 406, and 541 when no thread is left. */
export function declareQueue(replica: Replica, wanted: DeclareQueue): Effects<Outcome<QueueRecord>> {
  const { vhost, name, passive, durable, exclusive, autoDelete, arguments: args, connection } = wanted;
  const plain = { vhost, name, passive, durable, exclusive, autoDelete, arguments: args, connection };
  return call(replica.metadata, { tag: 'declareQueue', wanted: plain }, PATIENCE_MS);
}

/** The place of a queue's actor that has just begun: the one it was given when it was spawned, or a new one. */
export function* takePlace(context: Context, replica: Replica, record: QueueRecord): Effects<Placed> {
  yield* catchUp(context, replica);
  const { tables, metadata } = replica;
  const place = tables.placeOf(record.id);
  if (place?.pid === context.self) return { epoch: place.epoch, effective: tables.effectiveArguments(record) };
  const pid = context.self as AnyPid as Pid<QueueMessage>;
  const placed = yield* call(metadata, { tag: 'queuePlaced', id: record.id, pid });
  // Where a dead letter may go is known here before the first one leaves.
  yield* catchUp(context, replica);
  return placed;
}

/** Deletes the exclusive queues of a connection that closes; they are gone from all tables' version when it returns. */
export function* deleteExclusiveQueues(connection: AnyPid): Effects<void> {
  const context = yield* currentContext();
  const replica = yield* awaitReplica(context);
  yield* catchUp(context, replica);
  if (!replica.tables.ownsQueues(connection)) return;
  yield* call(replica.metadata, { tag: 'deleteExclusive', connection }, PATIENCE_MS);
}

/**
 * A connection opens a vhost, for as long as it lives. Null, or why it may not (530). The metadata is waited for only where
 * there is a limit.
 */
export function* enterVhost(
  connection: AnyPid,
  user: string,
  vhost: string,
  limits: BrokerLimits = DEFAULT_LIMITS,
): Effects<string | null> {
  const context = yield* currentContext();
  const replica = yield* awaitReplica(context);
  yield* catchUp(context, replica);
  const { metadata, tables } = replica;
  if (isEntryLimited(tables.configuration, { user, vhost }, limits)) {
    return yield* call(metadata, { tag: 'enterVhost', connection, user, vhost }, PATIENCE_MS);
  }
  const refusal = entryRefusal(tables.configuration, { user, vhost }, NOBODY, limits);
  if (refusal === null) {
    context.send(metadata as AnyPid as Pid<Entered>, { tag: 'entered', connection, user, vhost });
  }
  return refusal;
}

/** A connection opens one channel beside `open` others. Null, or why it may not (530). Asks only where there is a limit. */
export function* enterChannel(connection: AnyPid, user: string, open: number): Effects<string | null> {
  const replica = yield* awaitReplica(yield* currentContext());
  if (!areChannelsLimited(replica, user)) return null;
  return yield* call(replica.metadata, { tag: 'openChannel', connection, open }, PATIENCE_MS);
}

/** A channel of a connection has closed, and `open` are left. */
export function channelClosed(
  context: Pick<Context, 'send' | 'kernel'>,
  connection: AnyPid,
  user: string,
  open: number,
): void {
  const replica = replicaHere(context);
  if (replica === undefined || !areChannelsLimited(replica, user)) return;
  context.send(replica.metadata as AnyPid as Pid<ChannelsClosed>, { tag: 'channelsClosed', connection, open });
}

function areChannelsLimited({ tables }: Replica, user: string): boolean {
  return (userNamed(tables.configuration, user)?.limits.channelsMax ?? null) !== null;
}

function exchangeEnds({ vhost, source, destination, routingKey, arguments: args }: BindExchange): BindExchange {
  return { vhost, source, destination, routingKey, arguments: args };
}

function queueEnds({ vhost, exchange, queue, routingKey, arguments: args, connection }: BindQueue): BindQueue {
  return { vhost, exchange, queue, routingKey, arguments: args, connection };
}

/** What an exchange with a history has kept on all threads, oldest first. A thread that is dead has nothing any more. */
export function* recentHistory(replica: Replica, vhost: string, exchange: string): Effects<readonly Message[]> {
  const record = replica.tables.exchange(vhost, exchange);
  if (record === undefined) return [];
  const replicas = yield* call(replica.metadata, { tag: 'replicas' }, PATIENCE_MS);
  const histories: (readonly Remembered[])[] = [];
  for (const each of replicas) {
    const answer = yield* tryCall(each as ReplicaPid, { tag: 'history', vhost, exchange }, PATIENCE_MS);
    if (answer.ok) histories.push(answer.value);
  }
  return mergedHistory(histories, historyLength(record.arguments));
}
