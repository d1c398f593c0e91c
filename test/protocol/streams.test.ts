// Streams as clients see them (x-queue-type: stream), with RabbitMQ's refusals: replay from anywhere by any number of
// consumers, credit by acknowledgement, the death of the stream's actor, a restart of the broker.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Channel, type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { queueProcesses } from '../support/broker-processes.ts';

const STREAM = { durable: true, arguments: { 'x-queue-type': 'stream' } };

async function open(broker: Broker): Promise<ChannelModel> {
  const connection = await connect(broker.url);
  connection.on('error', () => {});
  return connection;
}

async function fill(channel: ConfirmChannel, name: string, from: number, to: number): Promise<void> {
  for (let number = from; number < to; number++) channel.sendToQueue(name, Buffer.from(String(number)));
  await channel.waitForConfirms();
}

const offsetOf = (message: ConsumeMessage): number => message.properties.headers?.['x-stream-offset'];

/** A consumer that acks all; resolves with offsets and bodies when it has so many. */
function take(
  channel: Channel,
  name: string,
  count: number,
  offset: unknown,
  tag?: string,
): Promise<[number, string][]> {
  return new Promise((resolve, reject) => {
    const got: [number, string][] = [];
    const each = (message: ConsumeMessage | null): void => {
      if (message === null) {
        reject(new Error('cancelled'));
        return;
      }
      got.push([offsetOf(message), message.content.toString()]);
      channel.ack(message);
      if (got.length === count) resolve([...got]);
    };
    const options = { arguments: { 'x-stream-offset': offset }, ...(tag === undefined ? {} : { consumerTag: tag }) };
    channel.consume(name, each, options).catch(reject);
  });
}

const numbers = (from: number, to: number): [number, string][] =>
  Array.from({ length: to - from }, (_, at) => [from + at, String(from + at)]);

/** What the client hears when something is refused: of the channel or of the connection. */
async function refusal(broker: Broker, work: (channel: Channel) => Promise<unknown>): Promise<string> {
  const connection = await open(broker);
  const channel = await connection.createChannel();
  const heard = new Promise<string>((resolve) => {
    channel.on('error', (error: Error) => resolve(error.message));
    connection.on('error', (error: Error) => resolve(error.message));
  });
  work(channel).catch(() => {});
  const text = await heard;
  await connection.close().catch(() => {});
  return text.replace(/.*with message "(.*)"/, '$1');
}

describe.each([0, 2])('streams with %i data threads', (threads) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, threads, logger: 'error' });
  });
  afterAll(() => broker.stop());

  it('are read from anywhere, again and again, and nothing leaves them by an ack', async () => {
    const connection = await open(broker);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('s', STREAM);
    await fill(channel, 's', 0, 5);
    await fill(channel, 's', 5, 10);
    await channel.prefetch(3);
    expect(await take(channel, 's', 10, 'first')).toEqual(numbers(0, 10));
    expect(await take(channel, 's', 3, 7)).toEqual(numbers(7, 10));
    expect((await take(channel, 's', 1, 'last'))[0][0]).toBeGreaterThanOrEqual(5);
    expect(await take(channel, 's', 10, { '!': 'timestamp', value: 1 })).toEqual(numbers(0, 10));
    expect(await take(channel, 's', 10, '1h')).toEqual(numbers(0, 10));
    const next = take(channel, 's', 2, 'next', 'next');
    await channel.checkQueue('s');
    await fill(channel, 's', 10, 12);
    expect(await next).toEqual(numbers(10, 12));
    expect(await channel.checkQueue('s')).toMatchObject({ messageCount: 12 });
    await connection.close();
  });

  it('many consumers read side by side, each at its own pace, in order', async () => {
    const connection = await open(broker);
    const writer = await connection.createConfirmChannel();
    await writer.assertQueue('many', STREAM);
    await fill(writer, 'many', 0, 50);
    const reads = Array.from({ length: 6 }, async (_, index) => {
      const channel = await connection.createChannel();
      await channel.prefetch(index + 1);
      return take(channel, 'many', 200 - 10 * index, 10 * index);
    });
    await fill(writer, 'many', 50, 200);
    for (const [index, got] of (await Promise.all(reads)).entries()) expect(got).toEqual(numbers(10 * index, 200));
    await connection.close();
  });

  it('an unacked delivery holds back what is beyond the prefetch, and nothing comes twice', async () => {
    const connection = await open(broker);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('slow', STREAM);
    await fill(channel, 'slow', 0, 10);
    await channel.prefetch(4);
    const got: ConsumeMessage[] = [];
    const options = { arguments: { 'x-stream-offset': 'first' } };
    await channel.consume('slow', (message) => message !== null && got.push(message), options);
    await channel.checkQueue('slow');
    expect(got.map(offsetOf)).toEqual([0, 1, 2, 3]);
    channel.ack(got[1], true);
    while (got.length < 6) await channel.checkQueue('slow');
    await channel.checkQueue('slow');
    expect(got.map(offsetOf)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(got.every(({ fields }) => !fields.redelivered)).toBe(true);
    await connection.close();
  });

  it('outlive their actor: consumers go on where they were', async () => {
    const connection = await open(broker);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('crash', STREAM);
    await fill(channel, 'crash', 0, 20);
    await channel.prefetch(5);
    const all = take(channel, 'crash', 60, 'first');
    const next = take(channel, 'crash', 20, 'next', 'later');
    await channel.checkQueue('crash');
    for (let round = 2; round < 4; round++) {
      for (const { name, pid } of await queueProcesses(broker)) if (name === 'crash') broker.system.exit(pid, 'kill');
      await fill(channel, 'crash', 20 * round - 20, 20 * round);
    }
    await fill(channel, 'crash', 60, 61);
    expect(await all).toEqual(numbers(0, 60));
    expect(await next).toEqual(numbers(20, 40));
    await connection.close();
  });

  it('tell consumers that they are gone, and dead letters and exchanges reach them like any queue', async () => {
    const connection = await open(broker);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('letters', STREAM);
    await channel.assertQueue('dying', {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'letters' },
      messageTtl: 1,
    });
    await channel.bindQueue('letters', 'amq.fanout', '');
    channel.publish('amq.fanout', '', Buffer.from('0'));
    await channel.waitForConfirms();
    await fill(channel, 'dying', 1, 2);
    await channel.prefetch(1);
    expect(await take(channel, 'letters', 2, 'first')).toEqual(numbers(0, 2));
    const gone = take(channel, 'letters', 9, 'first', 'gone').catch((error: Error) => error.message);
    await channel.checkQueue('letters');
    await channel.deleteQueue('letters');
    expect(await gone).toBe('cancelled');
    await connection.close();
  });
});

describe('what streams refuse, in the words of RabbitMQ', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    const connection = await open(broker);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue('s', STREAM);
    await channel.assertQueue('classic');
    await fill(channel, 's', 0, 3);
    await connection.close();
  });
  afterAll(() => broker.stop());

  const consume =
    (options: object, prefetch = 2) =>
    async (channel: Channel) => {
      await channel.prefetch(prefetch);
      return channel.consume('s', () => {}, options);
    };
  const declare = (options: object) => (channel: Channel) =>
    channel.assertQueue('x', {
      ...STREAM,
      ...options,
      arguments: { ...STREAM.arguments, ...('arguments' in options ? (options.arguments as object) : {}) },
    });
  const argument = (name: string, value: unknown) => declare({ arguments: { [name]: value } });
  const settle = (how: 'nack' | 'reject') => async (channel: Channel) => {
    await channel.prefetch(1);
    const options = { arguments: { 'x-stream-offset': 'first' } };
    return channel.consume('s', (message) => message !== null && channel[how](message), options);
  };
  const HARD = "not supported by stream queues queue 's' in vhost '/'";

  it.each<[string, (channel: Channel) => Promise<unknown>, string]>([
    ['basic.get', (channel) => channel.get('s'), `NOT_IMPLEMENTED - basic.get ${HARD}`],
    ['queue.purge', (channel) => channel.purgeQueue('s'), `NOT_IMPLEMENTED - queue.purge ${HARD}`],
    ['no-ack', consume({ noAck: true }), `NOT_IMPLEMENTED - automatic acknowledgement ${HARD}`],
    ['basic.nack', settle('nack'), `NOT_IMPLEMENTED - basic.nack and basic.reject ${HARD}`],
    ['basic.reject', settle('reject'), `NOT_IMPLEMENTED - basic.nack and basic.reject ${HARD}`],
    [
      'no prefetch',
      consume({}, 0),
      "PRECONDITION_FAILED - consumer prefetch count is not set for 'queue 's' in vhost '/''",
    ],
    [
      'x-priority',
      consume({ priority: 1 }),
      "PRECONDITION_FAILED - invalid arg 'x-priority' for queue 's' in vhost '/' of queue type rabbit_stream_queue",
    ],
    [
      'an offset that is none',
      consume({ arguments: { 'x-stream-offset': '5' } }),
      `PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 's' in vhost '/': {invalid_stream_offset_arg,{longstr,<<"5">>}}`,
    ],
    [
      'an offset of a classic queue',
      (channel) => channel.consume('classic', () => {}, { arguments: { 'x-stream-offset': 1 } }),
      "PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'classic' in vhost '/' of queue type rabbit_classic_queue",
    ],
    [
      'not durable',
      declare({ durable: false }),
      "PRECONDITION_FAILED - invalid property 'non-durable' for queue 'x' in vhost '/'",
    ],
    [
      'exclusive',
      declare({ exclusive: true }),
      "PRECONDITION_FAILED - invalid property 'exclusive-owner' for queue 'x' in vhost '/'",
    ],
    [
      'auto-delete',
      declare({ autoDelete: true }),
      "PRECONDITION_FAILED - invalid property 'auto-delete' for queue 'x' in vhost '/'",
    ],
    [
      'named by the server',
      (channel) => channel.assertQueue('', STREAM),
      'PRECONDITION_FAILED - Cannot declare a server-named queue for type rabbit_stream_queue',
    ],
    ...[
      ['x-message-ttl', 1],
      ['x-expires', 1],
      ['x-max-length', 1],
      ['x-dead-letter-exchange', 'e'],
      ['x-max-priority', 1],
      ['x-single-active-consumer', true],
      ['x-overflow', 'drop-head'],
      ['x-delivery-limit', 1],
      ['x-queue-mode', 'lazy'],
    ].map(([name, value]): [string, (channel: Channel) => Promise<unknown>, string] => [
      `${name}`,
      argument(`${name}`, value),
      `PRECONDITION_FAILED - invalid arg '${name}' for queue 'x' in vhost '/' of queue type rabbit_stream_queue`,
    ]),
    [
      'x-max-age',
      argument('x-max-age', '1x'),
      "PRECONDITION_FAILED - invalid arg 'x-max-age' for queue 'x' in vhost '/': invalid_max_age",
    ],
    [
      'x-stream-max-segment-size-bytes',
      argument('x-stream-max-segment-size-bytes', 4_000_000_000),
      'PRECONDITION_FAILED - Exceeded max value for x-stream-max-segment-size-bytes',
    ],
  ])('%s', async (_what, work, text) => {
    expect(await refusal(broker, work)).toBe(text);
  });
});

describe('streams of a broker with a directory', () => {
  it('B1 are there after a restart with their offsets, and go on; what retention took stays gone', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-stream-'));
    const bounded = { 'x-stream-max-segment-size-bytes': 2_000, 'x-max-length-bytes': 6_000 };
    let first = 0;
    try {
      for (let run = 0; run < 3; run++) {
        await using broker = await startBroker({ amqpPort: 0, threads: run % 2, dataDir, logger: 'error' });
        const connection = await open(broker);
        const channel = await connection.createConfirmChannel();
        await channel.assertQueue('kept', STREAM);
        await channel.assertQueue('bounded', { ...STREAM, arguments: { ...STREAM.arguments, ...bounded } });
        await channel.prefetch(10);
        await fill(channel, 'kept', 100 * run, 100 * (run + 1));
        await fill(channel, 'bounded', 100 * run, 100 * (run + 1));
        expect(await take(channel, 'kept', 100 * (run + 1), 'first')).toEqual(numbers(0, 100 * (run + 1)));
        const left = (await channel.checkQueue('bounded')).messageCount;
        const from = 100 * (run + 1) - left;
        expect([left < 200, from >= first]).toEqual([true, true]);
        expect(await take(channel, 'bounded', left, 'first')).toEqual(numbers(from, from + left));
        first = from;
        await connection.close();
      }
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it('a stream beyond memory is read whole from the disk, by several at once', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-stream-'));
    try {
      await using broker = await startBroker({ amqpPort: 0, dataDir, logger: 'error', residentBytesMax: 0 });
      const connection = await open(broker);
      const channel = await connection.createConfirmChannel();
      await channel.assertQueue('big', STREAM);
      const body = Buffer.alloc(10_000, 'x');
      for (let count = 0; count < 600; count++) channel.sendToQueue('big', body);
      await channel.waitForConfirms();
      const readers = ['a', 'b', 'c'].map(async (tag, index) => {
        const reader = await connection.createChannel();
        await reader.prefetch(100);
        return (await take(reader, 'big', 600 - 150 * index, 150 * index, tag)).map(([offset]) => offset);
      });
      for (const [index, got] of (await Promise.all(readers)).entries()) {
        expect(got).toEqual(Array.from({ length: 600 - 150 * index }, (_, at) => 150 * index + at));
      }
      await connection.close();
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
