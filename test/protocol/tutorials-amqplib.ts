// RabbitMQ's seven tutorials in their JavaScript version, as amqplib's users write them: sender and receiver on
// connections of their own. Each body checks what the tutorial's page promises.
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { expect } from 'vitest';
import { Inbox } from '../support/inbox.ts';

/** One tutorial: its name, and its programs run against the broker at `url`. */
export interface Tutorial {
  readonly name: string;
  run(url: string): Promise<void>;
}

interface Programs {
  readonly sender: Channel;
  readonly receiver: Channel;
  readonly connections: readonly ChannelModel[];
}

/** Opens a sender and a receiver on two connections, and closes both in the end. */
async function between(url: string, run: (programs: Programs) => Promise<void>): Promise<void> {
  const connections = [await connect(url), await connect(url)];
  try {
    const [sender, receiver] = await Promise.all(connections.map((connection) => connection.createChannel()));
    await run({ sender, receiver, connections });
  } finally {
    for (const connection of connections) await connection.close();
  }
}

/** Binds a queue of its own to an exchange for some keys, and collects `key:body`. */
async function subscribe(channel: Channel, exchange: string, keys: readonly string[]): Promise<Inbox<string>> {
  const { queue } = await channel.assertQueue('', { exclusive: true });
  expect(queue).toMatch(/^amq\.gen-[\w-]{22}$/);
  for (const key of keys) await channel.bindQueue(queue, exchange, key);
  const inbox = new Inbox<string>();
  await channel.consume(queue, (message) => message && inbox.add(`${message.fields.routingKey}:${message.content}`), {
    noAck: true,
  });
  return inbox;
}

async function helloWorld(url: string): Promise<void> {
  await between(url, async ({ sender, receiver }) => {
    const queue = 'hello';
    await sender.assertQueue(queue, { durable: false });
    sender.sendToQueue(queue, Buffer.from('Hello World!'));
    await receiver.assertQueue(queue, { durable: false });
    const inbox = new Inbox<string>();
    await receiver.consume(queue, (message) => message && inbox.add(message.content.toString()), { noAck: true });
    expect(await inbox.one()).toBe('Hello World!');
    expect(await receiver.deleteQueue(queue)).toEqual({ messageCount: 0 });
  });
}

async function workQueues(url: string): Promise<void> {
  await between(url, async ({ sender, receiver, connections }) => {
    const queue = 'task_queue';
    await sender.assertQueue(queue, { durable: true });
    const tasks = new Inbox<{ worker: number; task: string; redelivered: boolean; done: () => void }>();
    const workers = [receiver, await connections[1].createChannel()];
    for (const [worker, channel] of workers.entries()) {
      await channel.assertQueue(queue, { durable: true });
      await channel.prefetch(1);
      await channel.consume(queue, (message) => {
        if (message === null) return;
        const { redelivered } = message.fields;
        tasks.add({ worker, task: message.content.toString(), redelivered, done: () => channel.ack(message) });
      });
    }
    for (const task of ['1', '2', '3', '4']) sender.sendToQueue(queue, Buffer.from(task), { persistent: true });
    // Fair dispatch: each worker has one task, and no more before it has acknowledged.
    const first = await tasks.take(2);
    expect(first.map(({ task }) => task)).toEqual(['1', '2']);
    expect(new Set(first.map(({ worker }) => worker)).size).toBe(2);
    expect(await sender.checkQueue(queue)).toMatchObject({ messageCount: 2, consumerCount: 2 });
    first[1].done();
    const [third] = await tasks.take(1);
    expect([third.worker, third.task]).toEqual([first[1].worker, '3']);
    // A worker that dies without acknowledging loses nothing: the other one gets its task.
    await workers[first[0].worker].close();
    third.done();
    const rest = [await tasks.one()];
    rest[0].done();
    rest.push(await tasks.one());
    rest[1].done();
    expect(rest.map(({ task, redelivered }) => [task, redelivered])).toEqual([
      ['1', true],
      ['4', false],
    ]);
    await sender.deleteQueue(queue);
  });
}

async function publishSubscribe(url: string): Promise<void> {
  await between(url, async ({ sender, receiver, connections }) => {
    await receiver.assertExchange('logs', 'fanout', { durable: false });
    const first = await subscribe(receiver, 'logs', ['']);
    const second = await subscribe(await connections[1].createChannel(), 'logs', ['']);
    sender.publish('logs', '', Buffer.from('info: Hello World!'));
    expect(await first.one()).toBe(':info: Hello World!');
    expect(await second.one()).toBe(':info: Hello World!');
    await sender.deleteExchange('logs');
  });
}

async function routing(url: string): Promise<void> {
  await between(url, async ({ sender, receiver, connections }) => {
    await receiver.assertExchange('direct_logs', 'direct', { durable: false });
    const errors = await subscribe(receiver, 'direct_logs', ['error']);
    const all = await subscribe(await connections[1].createChannel(), 'direct_logs', ['info', 'warning', 'error']);
    for (const severity of ['info', 'error', 'debug', 'warning']) {
      sender.publish('direct_logs', severity, Buffer.from(`a ${severity}`));
    }
    expect(await all.take(3)).toEqual(['info:a info', 'error:a error', 'warning:a warning']);
    expect(await errors.one()).toBe('error:a error');
    expect(errors.size + all.size).toBe(0);
    await sender.deleteExchange('direct_logs');
  });
}

async function topics(url: string): Promise<void> {
  await between(url, async ({ sender, receiver, connections }) => {
    await receiver.assertExchange('topic_logs', 'topic', { durable: false });
    const orange = await subscribe(receiver, 'topic_logs', ['*.orange.*']);
    const rabbits = await subscribe(await connections[1].createChannel(), 'topic_logs', ['*.*.rabbit', 'lazy.#']);
    const keys = [
      'quick.orange.rabbit',
      'lazy.orange.elephant',
      'quick.orange.fox',
      'lazy.brown.fox',
      'lazy.pink.rabbit',
      'quick.brown.fox',
      'orange',
      'quick.orange.new.rabbit',
      'lazy.orange.new.rabbit',
    ];
    for (const key of keys) sender.publish('topic_logs', key, Buffer.from('x'));
    expect(await orange.take(3)).toEqual(['quick.orange.rabbit:x', 'lazy.orange.elephant:x', 'quick.orange.fox:x']);
    expect(await rabbits.take(5)).toEqual([
      'quick.orange.rabbit:x',
      'lazy.orange.elephant:x',
      'lazy.brown.fox:x',
      // Matched twice by the second queue's bindings, delivered once.
      'lazy.pink.rabbit:x',
      'lazy.orange.new.rabbit:x',
    ]);
    expect(orange.size + rabbits.size).toBe(0);
    await sender.deleteExchange('topic_logs');
  });
}

async function rpc(url: string): Promise<void> {
  await between(url, async ({ sender: client, receiver: server }) => {
    const fibonacci = (n: number): number => (n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2));
    await server.assertQueue('rpc_queue', { durable: false });
    await server.prefetch(1);
    await server.consume('rpc_queue', (message) => {
      if (message === null) return;
      const { replyTo, correlationId } = message.properties;
      const answer = String(fibonacci(Number(message.content.toString())));
      server.sendToQueue(replyTo, Buffer.from(answer), { correlationId });
      server.ack(message);
    });
    const { queue } = await client.assertQueue('', { exclusive: true });
    const answers = new Inbox<string>();
    await client.consume(
      queue,
      (message) => message && answers.add(`${message.properties.correlationId}=${message.content}`),
      { noAck: true },
    );
    for (const n of [10, 20, 1]) {
      client.sendToQueue('rpc_queue', Buffer.from(String(n)), { correlationId: `fib ${n}`, replyTo: queue });
    }
    expect(await answers.take(3)).toEqual(['fib 10=55', 'fib 20=6765', 'fib 1=1']);
    await server.deleteQueue('rpc_queue');
  });
}

async function publisherConfirms(url: string): Promise<void> {
  await between(url, async ({ receiver, connections }) => {
    const channel = await connections[0].createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    // One at a time.
    channel.sendToQueue(queue, Buffer.from('one'));
    await channel.waitForConfirms();
    // In batches.
    for (let index = 0; index < 100; index++) channel.sendToQueue(queue, Buffer.from(`batch ${index}`));
    await channel.waitForConfirms();
    // Asynchronously, each with its own answer; the last one goes nowhere and is confirmed all the same.
    const answers = new Inbox<unknown>();
    for (let index = 0; index < 50; index++) channel.sendToQueue(queue, Buffer.from(`${index}`), {}, answers.add);
    channel.sendToQueue('no such queue', Buffer.from('lost'), {}, answers.add);
    expect(await answers.take(51)).toEqual(Array.from({ length: 51 }, () => null));
    expect(await channel.checkQueue(queue)).toMatchObject({ messageCount: 151 });
    await expect(receiver.checkExchange('amq.direct')).resolves.toBeDefined();
  });
}

export const amqplibTutorials: readonly Tutorial[] = [
  { name: 'hello world', run: helloWorld },
  { name: 'work queues, with prefetch and acknowledgements', run: workQueues },
  { name: 'publish/subscribe', run: publishSubscribe },
  { name: 'routing', run: routing },
  { name: 'topics', run: topics },
  { name: 'RPC', run: rpc },
  { name: 'publisher confirms', run: publisherConfirms },
];
