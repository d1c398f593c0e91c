// Direct reply-to (digest 9): a channel consumes from the pseudo queue `amq.rabbitmq.reply-to`; its requests carry the
// channel's own address, and whoever publishes to that address on the default exchange reaches the channel itself.
// The address is a registered name, so that it works from every thread and dies with the channel.
import type { FromQueue, Message } from '../../broker/index.ts';
import { type Effects, register } from '../../process/index.ts';
import type { Pid } from '../../term/index.ts';
import type { Channel } from './channel.ts';
import { closeChannel } from './close-signal.ts';

/** The pseudo queue. */
export const REPLY_TO = 'amq.rabbitmq.reply-to';
const ADDRESS_PREFIX = `${REPLY_TO}.`;
const OPAQUE_LENGTH = 22;

/** Whether a routing key or a queue name is the address of a channel. */
export function isReplyAddress(name: string): boolean {
  return name.startsWith(ADDRESS_PREFIX);
}

/** basic.consume of the pseudo queue. */
export function* consumeReplies(channel: Channel, tag: string, noAck: boolean): Effects<void> {
  if (!noAck) closeChannel(406, 'reply consumer cannot acknowledge');
  if (channel.consumers.replyAddress !== null) closeChannel(406, 'reply consumer already set');
  const address = ADDRESS_PREFIX + channel.context.env.ids.next(OPAQUE_LENGTH);
  const registered = yield* register(address);
  if (!registered.ok) throw new Error(`the reply address could not be registered: ${registered.error}`);
  channel.consumers.takeReplies(tag, address);
}

/** Sends a Message to the channel it is addressed to; false when that is gone. */
export function replyDirectly(channel: Channel, message: Message): boolean {
  const pid = channel.context.whereis(message.routingKey);
  if (pid === undefined) return false;
  channel.context.send(pid as Pid<FromQueue | DirectReply>, { tag: 'directReply', message });
  return true;
}

/** An answer on its way to the channel that asked. */
export interface DirectReply {
  readonly tag: 'directReply';
  readonly message: Message;
}
