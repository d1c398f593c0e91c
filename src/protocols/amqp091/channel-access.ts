// What the user of a channel may do (digest 12 "Permissions"): checks before anything is looked up, as RabbitMQ does, with
// answers that are kept until the configuration changes. A change is honoured by the next method.
import {
  type FieldTable,
  type Grants,
  grantsOf,
  needsOf,
  type Operation,
  plainName,
  refusalOf,
} from '../../broker/index.ts';
import type { Channel } from './channel.ts';
import { CloseSignal, closeChannel } from './close-signal.ts';
import type { MethodOf } from './codec/index.ts';

/** Exchanges for which a channel remembers that it may publish. */
const PUBLISHABLE_MAX = 64;

export class ChannelAccess {
  private readonly channel: Channel;
  /** The configuration that the answers are from; it is immutable, so another one is a change. */
  private configuration: unknown = null;
  private grants: Grants | null = null;
  private readonly publishable = new Set<string>();

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** Throws CloseSignal with 403 for what the user may not do. */
  check(operation: Operation): void {
    const error = refusalOf(this.current(), needsOf(operation));
    if (error !== null) throw new CloseSignal(error);
  }

  /** The right to publish to an exchange, whether it exists or not. Throws CloseSignal. */
  checkPublish(exchange: string): void {
    this.current();
    if (this.publishable.has(exchange)) return;
    this.check({ do: 'publish', exchange, topic: null });
    if (this.publishable.size < PUBLISHABLE_MAX) this.publishable.add(exchange);
  }

  /** The right to publish to a topic exchange with that routing key. Throws CloseSignal. */
  checkTopic(exchange: string, routingKey: string): void {
    checkTopicWords(this.channel, routingKey);
    if (this.current().topics.size > 0) this.check({ do: 'publish', exchange, topic: routingKey });
  }

  /** The right to publish with that user-id: the user's own name, or any with the tag `impersonator`. Throws CloseSignal. */
  checkUserId(claimed: string): void {
    const { user } = this.channel.args;
    if (claimed === user || this.current().mayImpersonate) return;
    closeChannel(406, `user_id property set to '${claimed}' but authenticated user was '${user}'`);
  }

  private current(): Grants {
    const { replica, args } = this.channel;
    const { configuration } = replica.tables;
    if (this.grants !== null && this.configuration === configuration) return this.grants;
    this.configuration = configuration;
    this.publishable.clear();
    this.grants = grantsOf(configuration, args.user, args.vhost);
    return this.grants;
  }
}

/** Ends the channel with 406 for a key or pattern of more words than a topic exchange takes. */
function checkTopicWords(channel: Channel, routingKey: string): void {
  const { topicWords } = channel.args.limits;
  if (topicWords === Number.POSITIVE_INFINITY) return;
  const words = routingKey.split('.').length;
  if (words > topicWords)
    closeChannel(406, `routing key of ${words} words is longer than the limit topicWords (${topicWords})`);
}

/** exchange.declare. Names that nobody may declare are refused elsewhere, with a text of their own. */
export function checkExchangeDeclare(channel: Channel, method: MethodOf<'exchange.declare'>): void {
  const exchange = plainName(method.exchange);
  if (method.passive || exchange === '') return;
  const isNew = channel.replica.tables.exchange(channel.args.vhost, exchange) === undefined;
  const alternate = isNew ? textOf(method.arguments, 'alternate-exchange') : null;
  channel.access.check({ do: 'declareExchange', exchange, alternate });
}

export function checkExchangeDelete(channel: Channel, name: string): void {
  const exchange = plainName(name);
  if (exchange !== '' && !exchange.startsWith('amq.')) channel.access.check({ do: 'deleteExchange', exchange });
}

/** queue.declare. The server's own name is not known yet: any of its form stands for it. */
export function checkQueueDeclare(channel: Channel, method: MethodOf<'queue.declare'>): void {
  const { access, replica, args, context } = channel;
  const given = plainName(method.queue);
  if (method.passive || given.startsWith('amq.')) return;
  const queue = given === '' ? `amq.gen-${context.env.ids.next(22)}` : given;
  const isNew = replica.tables.queueByName(args.vhost, queue) === undefined;
  access.check({
    do: 'declareQueue',
    queue,
    deadLetter: isNew ? textOf(method.arguments, 'x-dead-letter-exchange') : null,
  });
}

/** Binding and unbinding. */
export function checkBinding(
  channel: Channel,
  from: string,
  to: { readonly on: 'queue' | 'exchange'; readonly name: string },
  routingKey: string,
): void {
  const source = plainName(from);
  const destination = { on: to.on, name: plainName(to.name) };
  const isDefault = source === '' || (destination.on === 'exchange' && destination.name === '');
  // The default exchange is refused to everybody, with another text.
  if (isDefault) return;
  const isTopic = channel.replica.tables.exchange(channel.args.vhost, source)?.type === 'topic';
  if (isTopic) checkTopicWords(channel, routingKey);
  channel.access.check({ do: 'bind', source, destination, topic: isTopic ? routingKey : null });
}

function textOf(args: FieldTable, name: string): string | null {
  const field = args.get(name);
  return field?.type === 'longstr' && typeof field.value === 'string' ? field.value : null;
}
