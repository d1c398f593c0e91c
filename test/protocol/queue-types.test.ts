// What RabbitMQ 3.10.8 answered to a client about queue types, delivery limits and their arguments, and what its plugin for
// delayed messages does: recorded from it, text by text.
import { type Channel, type ChannelModel, connect, type GetMessage, type Options } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { drained } from '../support/drained.ts';

let broker: Broker;
let connection: ChannelModel;
let lastQueue = 0;

beforeAll(async () => {
  broker = await startBroker({ amqpPort: 0, logger: 'silent' });
});
afterAll(() => broker.stop());

/** Runs something on a connection of its own; the result, or the server's word when it closes channel or connection. */
async function told(run: (channel: Channel, queue: string) => Promise<unknown>): Promise<unknown> {
  connection = await connect(broker.url);
  const words: string[] = [];
  const hear = (error: Error) => void words.push(/message "(.*)"$/s.exec(error.message)?.[1] ?? error.message);
  connection.on('error', hear);
  const channel = await connection.createChannel();
  channel.on('error', hear);
  try {
    return await run(channel, `t.${++lastQueue}`);
  } catch {
    // The word comes with an event of its own, behind the refusal of what was asked.
    await new Promise((resolve) => setImmediate(resolve));
    return words[0];
  } finally {
    await connection.close().catch(() => {});
  }
}

type Args = Readonly<Record<string, unknown>>;
const quorum = (args: Args = {}, more: Options.AssertQueue = {}): Options.AssertQueue => ({
  durable: true,
  arguments: { 'x-queue-type': 'quorum', ...args },
  ...more,
});

/** Sends a word and waits until the queue has it. */
async function send(channel: Channel, queue: string, ...words: readonly string[]): Promise<void> {
  for (const word of words) channel.sendToQueue(queue, Buffer.from(word));
  await channel.checkQueue(queue);
}

const take = async (channel: Channel, queue: string): Promise<GetMessage> => {
  const message = await channel.get(queue);
  if (message === false) throw new Error(`${queue} is empty`);
  return message;
};

describe('declaring', () => {
  const what = (queue = `t.${lastQueue + 1}`) => `queue '${queue}' in vhost '/'`;
  const refusals: readonly (readonly [Options.AssertQueue, (what: string) => string])[] = [
    [quorum({}, { durable: false }), (q) => `invalid property 'non-durable' for ${q}`],
    [quorum({}, { exclusive: true }), (q) => `invalid property 'exclusive-owner' for ${q}`],
    [quorum({}, { autoDelete: true }), (q) => `invalid property 'auto-delete' for ${q}`],
    [
      quorum({ 'x-max-priority': 'a' }),
      (q) => `invalid arg 'x-max-priority' for ${q} of queue type rabbit_quorum_queue`,
    ],
    [
      quorum({ 'x-queue-mode': 'lazy' }),
      (q) => `invalid arg 'x-queue-mode' for ${q} of queue type rabbit_quorum_queue`,
    ],
    [
      quorum({ 'x-message-ttl': -1 }, { durable: false }),
      (q) => `invalid arg 'x-message-ttl' for ${q}: {value_negative,-1}`,
    ],
    [
      quorum({ 'x-dead-letter-strategy': 'zz' }),
      (q) => `invalid arg 'x-dead-letter-strategy' for ${q}: invalid_dlx_strategy`,
    ],
    [
      quorum({ 'x-queue-leader-locator': 'zz' }),
      (q) => `invalid arg 'x-queue-leader-locator' for ${q}: invalid_queue_locator_arg`,
    ],
    [
      quorum({ 'x-quorum-initial-group-size': 0 }),
      (q) => `invalid arg 'x-quorum-initial-group-size' for ${q}: {value_zero,0}`,
    ],
    [
      { arguments: { 'x-quorum-initial-group-size': 3 } },
      (q) => `invalid arg 'x-quorum-initial-group-size' for ${q} of queue type rabbit_classic_queue`,
    ],
    [
      { arguments: { 'x-max-age': '1h' } },
      (q) => `invalid arg 'x-max-age' for ${q} of queue type rabbit_classic_queue`,
    ],
    [
      { arguments: { 'x-queue-type': 'nonsense' } },
      (q) => `invalid arg 'x-queue-type' for ${q}: "unsupported queue type 'nonsense'"`,
    ],
  ];
  it.each(refusals)('%j is refused', async (options, text) => {
    const name = what();
    expect(await told((channel, queue) => channel.assertQueue(queue, options))).toBe(
      `PRECONDITION_FAILED - ${text(name)}`,
    );
  });

  it.each([
    { 'x-delivery-limit': 3 },
    { 'x-delivery-limit': 'a' },
    { 'x-overflow': 'reject-publish-dlx' },
    { 'x-max-in-memory-length': 3 },
    { 'x-dead-letter-strategy': 'at-least-once' },
    { 'x-single-active-consumer': true },
  ])('a quorum queue takes %j', async (args) => {
    expect(await told((channel, queue) => channel.assertQueue(queue, quorum(args)))).toMatchObject({ messageCount: 0 });
  });

  it('the server names no quorum queue', async () => {
    expect(await told((channel) => channel.assertQueue('', quorum()))).toBe(
      'PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_quorum_queue',
    );
  });

  it('no type is the type classic', async () => {
    const twice = (first: Options.AssertQueue, second: Options.AssertQueue) =>
      told(async (channel, queue) => {
        await channel.assertQueue(queue, first);
        return channel.assertQueue(queue, second);
      });
    const classic = { arguments: { 'x-queue-type': 'classic' } };
    expect(await twice({}, classic)).toMatchObject({ messageCount: 0 });
    expect(await twice(classic, {})).toMatchObject({ messageCount: 0 });
    const name = what();
    expect(await twice(quorum(), {})).toBe(
      `PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for ${name}: received none but current is the value 'quorum' of type 'longstr'`,
    );
  });
});

describe('a quorum queue', () => {
  it('counts deliveries in a header and makes dead letters of what came back too often', async () => {
    const seen = await told(async (channel, queue) => {
      await channel.assertQueue(`${queue}.dead`);
      const dead = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': `${queue}.dead` };
      await channel.assertQueue(queue, quorum({ 'x-delivery-limit': 2, ...dead }));
      await send(channel, queue, 'm');
      const counts: unknown[] = [];
      for (let time = 0; time < 3; time++) {
        const message = await take(channel, queue);
        counts.push(message.fields.redelivered, message.properties.headers?.['x-delivery-count']);
        channel.nack(message);
      }
      const letter = await take(channel, `${queue}.dead`);
      const [death] = letter.properties.headers?.['x-death'] ?? [];
      return [...counts, death?.reason, death?.count, await channel.get(queue)];
    });
    expect(seen).toEqual([false, 0, true, 1, true, 2, 'delivery_limit', 1, false]);
  });

  it('tells a consumer the count only when there is one', async () => {
    const seen = await told(async (channel, queue) => {
      await channel.assertQueue(queue, quorum());
      await send(channel, queue, '1', '2');
      await channel.prefetch(1);
      const got: string[] = [];
      await new Promise<void>((resolve) => {
        channel.consume(queue, (message) => {
          if (message === null) return;
          got.push(`${message.content}:${message.properties.headers?.['x-delivery-count']}`);
          if (got.length < 3) channel.nack(message);
          else resolve();
        });
      });
      return got;
    });
    expect(seen).toEqual(['1:undefined', '2:undefined', '1:1']);
  });

  it('lets others go before what is given back, unless it has a limit', async () => {
    const order = (args: Args) =>
      told(async (channel, queue) => {
        await channel.assertQueue(queue, quorum(args));
        await send(channel, queue, '1', '2', '3', '4', '5');
        await take(channel, queue);
        await take(channel, queue);
        channel.nack(await take(channel, queue), true);
        return drained(channel, queue, false);
      });
    expect([await order({}), await order({ 'x-delivery-limit': 9 })]).toEqual(['45123', '12345']);
  });

  it('refuses a shared prefetch and conditions on its deletion with 540', async () => {
    const name = () => `queue 't.${lastQueue + 1}' in vhost '/'`;
    let queueName = name();
    const shared = await told(async (channel, queue) => {
      await channel.assertQueue(queue, quorum());
      await channel.prefetch(5, true);
      return channel.consume(queue, () => {});
    });
    expect(shared).toBe(`NOT_IMPLEMENTED - ${queueName} does not support global qos`);
    for (const [option, flag] of [
      ['ifUnused', 'if-unused'],
      ['ifEmpty', 'if-empty'],
    ]) {
      queueName = name();
      const deleted = await told(async (channel, queue) => {
        await channel.assertQueue(queue, quorum());
        return channel.deleteQueue(queue, { [option]: true });
      });
      const text = `queue.delete operations with ${flag} flag set are not supported by quorum queues`;
      expect(deleted).toBe(`NOT_IMPLEMENTED - cannot delete ${queueName}. ${text}`);
    }
  });
});

describe('an exchange of type x-delayed-message', () => {
  it('routes at once, and what is delayed arrives later, with its header turned', async () => {
    const seen = await told(async (channel, queue) => {
      await channel.assertExchange(`${queue}.x`, 'x-delayed-message', { arguments: { 'x-delayed-type': 'direct' } });
      await channel.assertQueue(queue);
      await channel.bindQueue(queue, `${queue}.x`, 'k');
      const got: unknown[] = [];
      const all = new Promise<void>((resolve) => {
        channel.consume(queue, (message) => {
          got.push(message?.content.toString(), message?.properties.headers?.['x-delay']);
          if (got.length === 6) resolve();
        });
      });
      for (const [word, delay] of [
        ['late', 120],
        ['soon', 40],
        ['now', undefined],
      ] as const) {
        const headers = delay === undefined ? {} : { 'x-delay': delay };
        channel.publish(`${queue}.x`, 'k', Buffer.from(word), { headers });
      }
      await all;
      return got;
    });
    expect(seen).toEqual(['now', undefined, 'soon', -40, 'late', -120]);
  });

  it('needs to be told how to route', async () => {
    expect(await told((channel, queue) => channel.assertExchange(queue, 'x-delayed-message', {}))).toBe(
      "PRECONDITION_FAILED - Invalid argument, 'x-delayed-type' must be an existing exchange type",
    );
  });
});

it('x-delayed-retry-min on any queue: what is given back comes again later', async () => {
  const seen = await told(async (channel, queue) => {
    await channel.assertQueue(queue, { arguments: { 'x-delayed-retry-min': 30 } });
    await send(channel, queue, '1', '2');
    const got: string[] = [];
    await channel.prefetch(1);
    await new Promise<void>((resolve) => {
      channel.consume(queue, (message) => {
        if (message === null) return;
        got.push(`${message.content}${message.fields.redelivered ? 'r' : ''}`);
        if (got.length === 1) channel.nack(message);
        else channel.ack(message);
        if (got.length === 3) resolve();
      });
    });
    return got;
  });
  expect(seen).toEqual(['1', '2', '1r']);
});
