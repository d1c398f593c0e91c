// What each method of a channel does (digest 4 to 8). Methods that need no answer from another process run at once;
// the others are effects during which nothing else of this channel happens.
import {
  type BindExchange,
  type BindQueue,
  bindExchange,
  bindQueue,
  checkAccess,
  checkConsumeArguments,
  declareExchange,
  declareQueue,
  deleteExchange,
  noQueue,
  type Outcome,
  type QueueRecord,
  type Replica,
  unbindExchange,
  unbindQueue,
} from '../../broker/index.ts';
import type { Effects } from '../../process/index.ts';
import type { Channel } from './channel.ts';
import { checkBinding, checkExchangeDeclare, checkExchangeDelete, checkQueueDeclare } from './channel-access.ts';
import { CloseSignal, closeChannel, closeConnection, closeSignalOf } from './close-signal.ts';
import type { Method, MethodName, MethodOf } from './codec/index.ts';
import { giveHistory, newHistoryBinding } from './recent-history.ts';
import { consumeReplies, isReplyAddress, REPLY_TO } from './reply-to.ts';
import { refuseStream } from './stream-rules.ts';

const NOW: ReadonlySet<MethodName> = new Set<MethodName>([
  'basic.publish',
  'basic.ack',
  'basic.nack',
  'basic.reject',
  'basic.qos',
  'basic.recover-async',
  'confirm.select',
  'tx.select',
  'tx.rollback',
  'channel.flow',
  'access.request',
  'channel.close-ok',
]);

/** Whether a method has to wait for another process. */
export function isWaiting(method: Method): boolean {
  return !NOW.has(method.name);
}

/** Runs a method that needs no waiting. Throws CloseSignal. */
export function runNow(channel: Channel, method: Method): void {
  switch (method.name) {
    case 'basic.ack':
      channel.consumers.settle(method.deliveryTag, method.multiple, 'acked');
      break;
    case 'basic.nack':
      channel.consumers.settle(method.deliveryTag, method.multiple, method.requeue ? 'requeued' : 'rejected');
      break;
    case 'basic.reject':
      channel.consumers.settle(method.deliveryTag, false, method.requeue ? 'requeued' : 'rejected');
      break;
    case 'basic.qos':
      qos(channel, method);
      break;
    case 'basic.recover-async':
      recover(channel, method.requeue);
      break;
    case 'confirm.select':
      if (channel.mode === 'tx') closeChannel(406, 'cannot switch from tx to confirm mode');
      // A batch is all in confirm mode or not at all.
      channel.peers.sendPending();
      channel.mode = 'confirm';
      if (!method.nowait) channel.output.reply({ name: 'confirm.select-ok' });
      break;
    case 'tx.select':
      if (channel.mode === 'confirm') closeChannel(406, 'cannot switch from confirm to tx mode');
      channel.mode = 'tx';
      channel.output.reply({ name: 'tx.select-ok' });
      break;
    case 'tx.rollback':
      mustBeTransactional(channel);
      channel.publisher.rollback();
      channel.consumers.rollback();
      channel.output.reply({ name: 'tx.rollback-ok' });
      break;
    case 'channel.flow':
      if (!method.active) closeConnection(540, 'active=false');
      channel.output.reply({ name: 'channel.flow-ok', active: true });
      break;
    case 'access.request':
      channel.output.reply({ name: 'access.request-ok', ticket: 1 });
      break;
    default:
      closeConnection(503, 'unimplemented method');
      break;
  }
}

/** Runs a method that waits for queues or the metadata. Throws CloseSignal. */
export function* runMethod(channel: Channel, method: Method): Effects<void> {
  switch (method.name) {
    case 'exchange.declare':
    case 'exchange.delete':
    case 'exchange.bind':
    case 'exchange.unbind':
      return yield* exchangeMethod(channel, method);
    case 'queue.declare':
      return yield* queueDeclare(channel, method);
    case 'queue.bind':
    case 'queue.unbind':
      return yield* queueBinding(channel, method);
    case 'queue.purge':
      return yield* queuePurge(channel, method);
    case 'queue.delete':
      return yield* queueDelete(channel, method);
    case 'basic.consume':
      return yield* consume(channel, method);
    case 'basic.cancel':
      channel.consumers.sendSettlements();
      yield* channel.consumers.cancel(method.consumerTag);
      if (!method.nowait) channel.output.reply({ name: 'basic.cancel-ok', consumerTag: method.consumerTag });
      return;
    case 'basic.get':
      return yield* get(channel, method);
    case 'basic.recover':
      recover(channel, method.requeue);
      yield* channel.settleAll();
      channel.output.reply({ name: 'basic.recover-ok' });
      return;
    case 'tx.commit':
      mustBeTransactional(channel);
      channel.publisher.commit();
      channel.consumers.commit();
      channel.peers.sendPending();
      yield* channel.settleAll();
      channel.output.reply({ name: 'tx.commit-ok' });
      return;
    case 'channel.close':
      return yield* channel.close();
    default:
      return closeConnection(503, 'unimplemented method');
  }
}

function mustBeTransactional(channel: Channel): void {
  if (channel.mode !== 'tx') closeChannel(406, 'channel is not transactional');
}

function qos(channel: Channel, { prefetchSize, prefetchCount, global }: MethodOf<'basic.qos'>): void {
  if (prefetchSize !== 0) closeConnection(540, `prefetch_size!=0 (${prefetchSize})`);
  if (global) channel.consumers.setSharedPrefetch(prefetchCount);
  else channel.consumers.prefetch = prefetchCount;
  channel.output.reply({ name: 'basic.qos-ok' });
}

function recover(channel: Channel, requeue: boolean): void {
  if (!requeue) closeConnection(540, 'requeue=false');
  channel.consumers.recover();
}

// ---- exchanges

type ExchangeMethod = MethodOf<'exchange.declare' | 'exchange.delete' | 'exchange.bind' | 'exchange.unbind'>;

function* exchangeMethod(channel: Channel, method: ExchangeMethod): Effects<void> {
  const { vhost } = channel.args;
  switch (method.name) {
    case 'exchange.declare': {
      checkExchangeDeclare(channel, method);
      const { exchange: name, ...rest } = method;
      orClose(yield* declareExchange(channel.replica, { ...rest, vhost, name }));
      if (!method.nowait) channel.output.reply({ name: 'exchange.declare-ok' });
      return;
    }
    case 'exchange.delete':
      checkExchangeDelete(channel, method.exchange);
      orClose(yield* deleteExchange(channel.replica, { vhost, name: method.exchange, ifUnused: method.ifUnused }));
      if (!method.nowait) channel.output.reply({ name: 'exchange.delete-ok' });
      return;
    default: {
      const binding = { ...method, vhost };
      checkBinding(channel, method.source, { on: 'exchange', name: method.destination }, method.routingKey);
      const isBind = method.name === 'exchange.bind';
      if (isBind) yield* bind(channel, binding, bindExchange);
      else orClose(yield* unbindExchange(channel.replica, binding));
      if (!method.nowait) channel.output.reply({ name: isBind ? 'exchange.bind-ok' : 'exchange.unbind-ok' });
    }
  }
}

// ---- queues

/** The name that a method means: an empty one is the last declared queue of the channel (digest 6). */
function nameOf(channel: Channel, name: string): string {
  if (name !== '') return name;
  return channel.lastQueue ?? closeChannel(404, 'no previously declared queue');
}

type QueueUse = 'purge' | 'consume' | 'get' | 'deleteQueue';

/** The queue that a method means, with the right to use it. */
function queueFor(channel: Channel, given: string, what: QueueUse): QueueRecord {
  const name = nameOf(channel, given);
  channel.access.check({ do: what, queue: name });
  const { vhost, connection } = channel.args;
  const record = channel.replica.tables.queueByName(vhost, name);
  if (record === undefined) throw new CloseSignal(noQueue(vhost, name));
  const error = checkAccess(record, connection);
  if (error !== null) throw new CloseSignal(error);
  return record;
}

function* queueDeclare(channel: Channel, method: MethodOf<'queue.declare'>): Effects<void> {
  const { vhost, connection } = channel.args;
  if (method.passive && isReplyAddress(method.queue)) return replyQueueDeclared(channel, method);
  checkQueueDeclare(channel, method);
  const { queue: name, ...rest } = method;
  const record = orClose(yield* declareQueue(channel.replica, { ...rest, vhost, name, connection }));
  yield* channel.caughtUp();
  channel.lastQueue = record.name;
  const counts = yield* channel.askQueue(record, { tag: 'counts', isUse: true });
  if (method.nowait) return;
  const { ready, consumers } = counts;
  channel.output.reply({
    name: 'queue.declare-ok',
    queue: record.name,
    messageCount: ready,
    consumerCount: consumers,
  });
}

function replyQueueDeclared(channel: Channel, { queue, nowait }: MethodOf<'queue.declare'>): void {
  if (channel.context.whereis(queue) === undefined) throw new CloseSignal(noQueue(channel.args.vhost, queue));
  if (!nowait) channel.output.reply({ name: 'queue.declare-ok', queue, messageCount: 0, consumerCount: 1 });
}

function* queueBinding(channel: Channel, method: MethodOf<'queue.bind' | 'queue.unbind'>): Effects<void> {
  const { vhost, connection } = channel.args;
  const queue = nameOf(channel, method.queue);
  // With an empty queue name an empty routing key means that name as well (digest 6).
  const routingKey = method.queue === '' && method.routingKey === '' ? queue : method.routingKey;
  checkBinding(channel, method.exchange, { on: 'queue', name: queue }, routingKey);
  const binding = { vhost, connection, queue, exchange: method.exchange, routingKey, arguments: method.arguments };
  if (method.name === 'queue.bind') {
    yield* bind(channel, binding, bindQueue);
    if (!method.nowait) channel.output.reply({ name: 'queue.bind-ok' });
  } else {
    orClose(yield* unbindQueue(channel.replica, binding));
    channel.output.reply({ name: 'queue.unbind-ok' });
  }
}

function* bind<B extends BindQueue | BindExchange>(
  channel: Channel,
  wanted: B,
  ask: (replica: Replica, wanted: B) => Effects<Outcome<true>>,
): Effects<void> {
  const historic = newHistoryBinding(channel, wanted);
  orClose(yield* ask(channel.replica, wanted));
  if (historic !== null) yield* giveHistory(channel, historic);
}

function* queuePurge(channel: Channel, method: MethodOf<'queue.purge'>): Effects<void> {
  const record = queueFor(channel, method.queue, 'purge');
  refuseStream(record, 'queue.purge');
  const messageCount = yield* channel.askQueue(record, { tag: 'purge' });
  if (!method.nowait) channel.output.reply({ name: 'queue.purge-ok', messageCount });
}

function* queueDelete(channel: Channel, method: MethodOf<'queue.delete'>): Effects<void> {
  const name = nameOf(channel, method.queue);
  channel.access.check({ do: 'deleteQueue', queue: name });
  const known = channel.replica.tables.queueByName(channel.args.vhost, name);
  const messageCount =
    known === undefined ? 0 : yield* deleteNow(channel, queueFor(channel, name, 'deleteQueue'), method);
  if (!method.nowait) channel.output.reply({ name: 'queue.delete-ok', messageCount });
}

/** Deletes a queue that is there; returns how many messages went with it. */
function* deleteNow(
  channel: Channel,
  record: QueueRecord,
  { ifUnused, ifEmpty }: MethodOf<'queue.delete'>,
): Effects<number> {
  try {
    return orClose(yield* channel.askQueue(record, { tag: 'delete', ifUnused, ifEmpty }));
  } catch (error) {
    // Deleted by another, or by an actor that died before it could say so: what is not there counts as deleted (digest 6).
    if (closeSignalOf(error).code === 404) return 0;
    throw error;
  }
}

// ---- consuming

function* consume(channel: Channel, method: MethodOf<'basic.consume'>): Effects<void> {
  const { noAck, exclusive, nowait } = method;
  const name = nameOf(channel, method.queue);
  const tag = method.consumerTag === '' ? `amq.ctag-${channel.context.env.ids.next(22)}` : method.consumerTag;
  if (channel.consumers.has(tag)) closeConnection(530, `attempt to reuse consumer tag '${tag}'`);
  const { consumersPerChannel } = channel.args.limits;
  if (channel.consumers.count >= consumersPerChannel) {
    closeConnection(530, `reached maximum (${consumersPerChannel}) of consumers per channel (consumersPerChannel)`);
  }
  if (name === REPLY_TO) yield* consumeReplies(channel, tag, noAck);
  else {
    const record = queueFor(channel, name, 'consume');
    const error = checkConsumeArguments(record, method.arguments);
    if (error !== null) throw new CloseSignal(error);
    yield* channel.consumers.consume(record, { tag, noAck, exclusive, arguments: method.arguments });
    channel.recheck.begin();
  }
  if (!nowait) channel.output.reply({ name: 'basic.consume-ok', consumerTag: tag });
}

function* get(channel: Channel, method: MethodOf<'basic.get'>): Effects<void> {
  const record = queueFor(channel, method.queue, 'get');
  refuseStream(record, 'basic.get');
  const self = channel.context.self as never;
  const fetched = yield* channel.askQueue(record, { tag: 'get', channel: self, noAck: method.noAck });
  const peer = channel.peers.find(record.id);
  if (fetched === null || peer === null) {
    channel.output.reply({ name: 'basic.get-empty' });
    return;
  }
  peer.isAttached = true;
  const { seq, redelivered, message, readyLeft } = fetched;
  const deliveryTag = channel.consumers.fetched(peer, seq, method.noAck);
  const { exchange, routingKey } = message;
  const reply = {
    name: 'basic.get-ok',
    deliveryTag,
    redelivered,
    exchange,
    routingKey,
    messageCount: readyLeft,
  } as const;
  channel.output.reply(reply, message);
}

function orClose<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw new CloseSignal(outcome.error);
}
