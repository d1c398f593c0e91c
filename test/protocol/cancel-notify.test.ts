// Consumer cancel notification (digest 7): a consumer hears of the end of its queue, if its client has asked to.
import { type ConsumeMessage, connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ amqpPort: 0, logger: 'silent' });
});
afterAll(() => broker.stop());

it('a deleted queue sends basic.cancel to its consumers, and the channel goes on', async () => {
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  await channel.assertQueue('gone');
  const heard = new Promise<ConsumeMessage | null>((resolve) => void channel.consume('gone', resolve));
  const other = await connection.createChannel();
  await other.deleteQueue('gone');
  expect(await heard).toBeNull();
  expect(await channel.assertQueue('next')).toMatchObject({ messageCount: 0 });
  await connection.close();
});

it('a client that has not asked for it hears nothing', async () => {
  await using client = await RawClient.connect(broker.amqpPort);
  const plain = [wire.shortstr('PLAIN'), wire.longstr('\0guest\0guest'), wire.shortstr('en_US')];
  client.send(wire.PROTOCOL_HEADER, wire.method(0, 10, 11, wire.table(), ...plain), wire.tuneOk(), wire.open);
  client.send(wire.channelOpen(1), wire.queueDeclare(1, 'quiet', 0), wire.consume(1, 'quiet', 'c'));
  await client.method('60.21');
  client.send(wire.queueDelete(1, 'quiet'));
  await client.method('50.41');
  client.send(wire.queueDeclare(1, 'after', 0));
  await client.method('50.11', 2);
  expect(client.frames.filter(({ name }) => name === '60.30')).toEqual([]);
});
