// What a queue holds, taken out of it: the bodies in their order, one behind the other.
import type { Channel } from 'amqplib';

/** Gets messages until there is none; `noAck` takes them for good, without it they stay unacknowledged. */
export async function drained(channel: Channel, queue: string, noAck = true): Promise<string> {
  let words = '';
  for (let next = await channel.get(queue, { noAck }); next !== false; next = await channel.get(queue, { noAck })) {
    words += next.content;
  }
  return words;
}
