// RabbitMQ's seven tutorials as users of rabbitmq-client write them: its publishers, consumers and RPC client, which
// declare what they need, use confirms by default and direct reply-to for RPC.
import { type AsyncMessage, Connection, type Consumer, type ConsumerProps, ConsumerStatus } from 'rabbitmq-client';
import { expect } from 'vitest';
import { Inbox } from '../support/inbox.ts';
import type { Tutorial } from './tutorials-amqplib.ts';

/** Opens two connections, and closes both in the end; an error that nobody expected fails the tutorial. */
async function between(url: string, run: (sender: Connection, receiver: Connection) => Promise<void>): Promise<void> {
  const errors: unknown[] = [];
  const connections = [new Connection(url), new Connection(url)];
  for (const connection of connections) connection.on('error', (error) => errors.push(error));
  try {
    for (const connection of connections) await connection.onConnect(5_000);
    await run(connections[0], connections[1]);
  } finally {
    for (const connection of connections) await connection.close();
  }
  expect(errors).toEqual([]);
}

/** A consumer that is ready, and what it receives. */
async function consume(
  connection: Connection,
  props: ConsumerProps,
): Promise<{ readonly consumer: Consumer; readonly inbox: Inbox<AsyncMessage> }> {
  const inbox = new Inbox<AsyncMessage>();
  const consumer = connection.createConsumer(props, (message) => inbox.add(message));
  await new Promise<void>((resolve, reject) => {
    consumer.once('ready', resolve);
    consumer.once('error', reject);
  });
  return { consumer, inbox };
}

async function helloWorld(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const { consumer, inbox } = await consume(receiver, { queue: 'hello', queueOptions: { durable: false } });
    const publisher = sender.createPublisher();
    await publisher.send('hello', 'Hello World!');
    expect((await inbox.one()).body).toBe('Hello World!');
    await publisher.close();
    await consumer.close();
    expect(await sender.queueDelete('hello')).toMatchObject({ messageCount: 0 });
  });
}

async function workQueues(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const options = { queue: 'tasks', queueOptions: { durable: true }, qos: { prefetchCount: 1 } };
    const started = new Inbox<{ worker: number; message: AsyncMessage; end: (status: ConsumerStatus) => void }>();
    const workers = [0, 1].map((worker) =>
      receiver.createConsumer(options, (message) => {
        return new Promise<ConsumerStatus>((end) => started.add({ worker, message, end }));
      }),
    );
    await Promise.all(workers.map((worker) => new Promise<void>((resolve) => worker.once('ready', resolve))));
    const publisher = sender.createPublisher({ confirm: true });
    for (const task of [1, 2, 3]) await publisher.send({ routingKey: 'tasks', durable: true }, { task });
    const [one, two] = await started.take(2);
    expect([one.message.body, two.message.body]).toEqual([{ task: 1 }, { task: 2 }]);
    expect(one.worker).not.toBe(two.worker);
    // A task that is given back comes again, flagged, before what was behind it.
    one.end(ConsumerStatus.REQUEUE);
    const again = await started.one();
    expect([again.message.body, again.message.redelivered]).toEqual([{ task: 1 }, true]);
    again.end(ConsumerStatus.ACK);
    two.end(ConsumerStatus.ACK);
    const three = await started.one();
    expect([three.message.body, three.message.redelivered]).toEqual([{ task: 3 }, false]);
    three.end(ConsumerStatus.ACK);
    await publisher.close();
    for (const worker of workers) await worker.close();
    expect(await sender.queueDelete('tasks')).toMatchObject({ messageCount: 0 });
  });
}

/** A consumer with a queue of its own, bound to an exchange for some keys. */
function subscribe(connection: Connection, exchange: string, type: string, keys: readonly string[]) {
  return consume(connection, {
    queueOptions: { exclusive: true },
    noAck: true,
    exchanges: [{ exchange, type, durable: false }],
    queueBindings: keys.map((routingKey) => ({ exchange, routingKey })),
  });
}

/** Publishes one Message per key, each with its confirm. */
async function publishAll(connection: Connection, exchange: string, keys: readonly string[]): Promise<void> {
  const publisher = connection.createPublisher({ confirm: true });
  for (const routingKey of keys) await publisher.send({ exchange, routingKey }, `a ${routingKey}`);
  await publisher.close();
}

const bodies = (messages: readonly AsyncMessage[]): unknown[] => messages.map(({ body }) => body);

async function publishSubscribe(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const subscribers = [
      await subscribe(receiver, 'rc.logs', 'fanout', ['']),
      await subscribe(receiver, 'rc.logs', 'fanout', ['']),
    ];
    await publishAll(sender, 'rc.logs', ['one', 'two']);
    for (const { inbox } of subscribers) expect(bodies(await inbox.take(2))).toEqual(['a one', 'a two']);
    for (const { consumer } of subscribers) await consumer.close();
    await sender.exchangeDelete({ exchange: 'rc.logs' });
  });
}

async function routing(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const errors = await subscribe(receiver, 'rc.direct_logs', 'direct', ['error']);
    const all = await subscribe(receiver, 'rc.direct_logs', 'direct', ['info', 'warning', 'error']);
    await publishAll(sender, 'rc.direct_logs', ['info', 'error', 'debug', 'warning']);
    expect(bodies(await all.inbox.take(3))).toEqual(['a info', 'a error', 'a warning']);
    expect(bodies(await errors.inbox.take(1))).toEqual(['a error']);
    for (const { consumer } of [errors, all]) await consumer.close();
    await sender.exchangeDelete({ exchange: 'rc.direct_logs' });
  });
}

async function topics(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const orange = await subscribe(receiver, 'rc.topic_logs', 'topic', ['*.orange.*']);
    const rabbits = await subscribe(receiver, 'rc.topic_logs', 'topic', ['*.*.rabbit', 'lazy.#']);
    const keys = ['quick.orange.rabbit', 'lazy.orange.elephant', 'quick.brown.fox', 'lazy', 'lazy.pink.rabbit'];
    await publishAll(sender, 'rc.topic_logs', keys);
    expect(bodies(await orange.inbox.take(2))).toEqual(['a quick.orange.rabbit', 'a lazy.orange.elephant']);
    expect(bodies(await rabbits.inbox.take(4))).toEqual([
      'a quick.orange.rabbit',
      'a lazy.orange.elephant',
      'a lazy',
      'a lazy.pink.rabbit',
    ]);
    expect(orange.inbox.size + rabbits.inbox.size).toBe(0);
    for (const { consumer } of [orange, rabbits]) await consumer.close();
    await sender.exchangeDelete({ exchange: 'rc.topic_logs' });
  });
}

async function rpc(url: string): Promise<void> {
  await between(url, async (sender, receiver) => {
    const props = { queue: 'rc.rpc', queueOptions: { durable: false }, qos: { prefetchCount: 1 } };
    const server = receiver.createConsumer(props, async ({ body }, reply) => {
      await reply({ square: body.n * body.n });
    });
    await new Promise<void>((resolve) => server.once('ready', resolve));
    const client = sender.createRPCClient({ confirm: true });
    const answers = await Promise.all([3, 4, 5].map((n) => client.send('rc.rpc', { n })));
    expect(bodies(answers)).toEqual([{ square: 9 }, { square: 16 }, { square: 25 }]);
    await client.close();
    await server.close();
    await sender.queueDelete('rc.rpc');
  });
}

async function publisherConfirms(url: string): Promise<void> {
  await between(url, async (sender) => {
    await sender.queueDeclare({ queue: 'rc.confirms', exclusive: true });
    const returned = new Inbox<unknown>();
    const publisher = sender.createPublisher({ confirm: true });
    publisher.on('basic.return', ({ routingKey }) => returned.add(routingKey));
    await publisher.send('rc.confirms', 'one');
    await Promise.all(Array.from({ length: 100 }, (_, index) => publisher.send('rc.confirms', `batch ${index}`)));
    // Unroutable and mandatory: returned first, then confirmed.
    await publisher.send({ routingKey: 'no such queue', mandatory: true }, 'back');
    expect(await returned.one()).toBe('no such queue');
    expect(await sender.queueDeclare({ queue: 'rc.confirms', passive: true })).toMatchObject({ messageCount: 101 });
    expect((await sender.basicGet('rc.confirms'))?.body).toBe('one');
    await publisher.close();
  });
}

export const rabbitmqClientTutorials: readonly Tutorial[] = [
  { name: 'hello world', run: helloWorld },
  { name: 'work queues, with prefetch, acknowledgements and requeue', run: workQueues },
  { name: 'publish/subscribe', run: publishSubscribe },
  { name: 'routing', run: routing },
  { name: 'topics', run: topics },
  { name: 'RPC over direct reply-to', run: rpc },
  { name: 'publisher confirms', run: publisherConfirms },
];
