// Exchanges of type x-recent-history as clients see them; what is expected was recorded from RabbitMQ 3.10.8 with its
// plugin, but for bindings of exchanges, at which the plugin crashes.
import { type ConfirmChannel, connect } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../src/broker.ts';
import { drained } from '../support/drained.ts';

const TYPE = 'x-recent-history';
const SHORT = { arguments: { 'x-recent-history-length': 3 } };

async function publish(channel: ConfirmChannel, exchange: string, words: string, options = {}): Promise<void> {
  for (const word of words) channel.publish(exchange, `key-${word}`, Buffer.from(word), options);
  await channel.waitForConfirms();
}

describe.each([0, 2])('x-recent-history with %i data threads', (threads) => {
  async function withChannel(body: (channel: ConfirmChannel, other: ConfirmChannel) => Promise<void>): Promise<void> {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent', threads });
    const connections = [await connect(broker.url), await connect(broker.url)];
    const [one, other] = await Promise.all(connections.map((connection) => connection.createConfirmChannel()));
    await one.assertExchange('x', TYPE, SHORT);
    for (const queue of ['q', 'r']) await one.assertQueue(queue);
    await body(one, other);
    for (const connection of connections) await connection.close();
  }

  it('gives a queue that is bound the last Messages of all connections, in their order, as they were published', () =>
    withChannel(async (channel, other) => {
      await publish(channel, 'x', 'ab');
      await publish(other, 'x', 'c', { persistent: true, headers: { h: 1 } });
      await publish(channel, 'x', 'd');
      await channel.bindQueue('q', 'x', 'anything');
      const first = await channel.get('q', { noAck: true });
      expect(first).toMatchObject({ fields: { exchange: 'x', routingKey: 'key-b', redelivered: false } });
      const second = await channel.get('q', { noAck: true });
      expect(second).toMatchObject({ properties: { headers: { h: 1 }, deliveryMode: 2 } });
      expect(await drained(channel, 'q')).toBe('d');
    }));

  it('gives nothing to a binding that exists, again to one with another key, and goes on as a fanout', () =>
    withChannel(async (channel) => {
      await publish(channel, 'x', 'ab');
      await channel.bindQueue('q', 'x', '');
      expect(await drained(channel, 'q')).toBe('ab');
      await channel.bindQueue('q', 'x', '');
      expect(await drained(channel, 'q')).toBe('');
      await channel.bindQueue('q', 'x', 'other');
      expect(await drained(channel, 'q')).toBe('ab');
      await publish(channel, 'x', 'c');
      expect(await drained(channel, 'q')).toBe('c');
    }));

  it('confirms publishes around a binding each once', () =>
    withChannel(async (channel) => {
      await publish(channel, 'x', 'ab');
      channel.sendToQueue('r', Buffer.from('first'));
      const bound = channel.bindQueue('r', 'x', '');
      channel.sendToQueue('r', Buffer.from('last'));
      await Promise.all([bound, channel.waitForConfirms()]);
      expect(await drained(channel, 'r')).toBe('firstablast');
    }));

  it('remembers what came from other exchanges, and gives it to an exchange that is bound', () =>
    withChannel(async (channel) => {
      await channel.assertExchange('from', 'fanout');
      await channel.assertExchange('to', 'direct');
      await channel.bindExchange('x', 'from', '');
      await channel.bindQueue('q', 'to', 'key-b');
      await publish(channel, 'from', 'abcd');
      await channel.bindExchange('to', 'x', '');
      expect(await drained(channel, 'q')).toBe('b');
    }));

  it('forgets with the exchange, and says with mandatory that nothing is bound', () =>
    withChannel(async (channel) => {
      const returned = new Promise((resolve) => channel.once('return', resolve));
      await publish(channel, 'x', 'a', { mandatory: true });
      expect(await returned).toMatchObject({ fields: { replyText: 'NO_ROUTE' } });
      await channel.deleteExchange('x');
      await channel.assertExchange('x', TYPE);
      await channel.bindQueue('q', 'x', '');
      expect(await drained(channel, 'q')).toBe('');
    }));
});
