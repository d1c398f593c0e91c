// Binding to an exchange that keeps its last Messages (x-recent-history): what is newly bound gets them, before the
// client hears that it is bound.
import {
  type BindExchange,
  type BindingRecord,
  type BindQueue,
  type DestinationKey,
  keepsHistory,
  type Message,
  recentHistory,
  routeMessage,
} from '../../broker/index.ts';
import type { Effects } from '../../process/index.ts';
import type { Channel } from './channel.ts';

/** A binding that does not exist yet, whose source keeps a history; null for every other. */
export function newHistoryBinding(channel: Channel, wanted: BindQueue | BindExchange): BindingRecord | null {
  const { tables } = channel.replica;
  const { vhost, routingKey, arguments: args } = wanted;
  const source = 'exchange' in wanted ? wanted.exchange : wanted.source;
  const record = tables.exchange(vhost, source);
  if (record === undefined || !keepsHistory(record)) return null;
  const destination = destinationOf(channel, wanted);
  // Bound to itself it would only remember everything twice.
  if (destination === null || (destination.kind === 'exchange' && destination.name === source)) return null;
  const binding = { source, destination, routingKey, arguments: args };
  return tables.routing(vhost)?.hasBinding(binding) === false ? binding : null;
}

function destinationOf({ replica }: Channel, wanted: BindQueue | BindExchange): DestinationKey | null {
  if ('destination' in wanted) return { kind: 'exchange', name: wanted.destination };
  const queue = replica.tables.queueByName(wanted.vhost, wanted.queue);
  return queue === undefined ? null : { kind: 'queue', queueId: queue.id };
}

/** Publishes what the source of a new binding has kept to where it leads. */
export function* giveHistory(channel: Channel, { source, destination }: BindingRecord): Effects<void> {
  const { vhost } = channel.args;
  const messages = yield* recentHistory(channel.replica, vhost, source);
  const { tables } = channel.replica;
  const queuesFor = (message: Message) =>
    destination.kind === 'queue' ? [destination.queueId] : routeMessage(tables, vhost, message, destination.name);
  channel.publisher.replay(messages, queuesFor);
}
