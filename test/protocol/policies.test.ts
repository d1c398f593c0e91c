// Policies set on a running broker, as clients see them (features 1.5, B28). What a change does to messages that are there
// was recorded from RabbitMQ 3.10.8: limits hold at once, a time to live for what comes from then on.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfirmChannel, connect } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker.ts';
import { drained } from '../support/drained.ts';

async function withBroker(
  body: (broker: Broker, channel: ConfirmChannel) => Promise<void>,
  options: BrokerOptions = {},
): Promise<void> {
  await using broker = await startBroker({ amqpPort: 0, logger: 'silent', ...options });
  const connection = await connect(broker.url);
  const channel = await connection.createConfirmChannel();
  await body(broker, channel);
  await connection.close();
}

async function send(channel: ConfirmChannel, queue: string, ...words: readonly string[]): Promise<void> {
  for (const word of words) channel.sendToQueue(queue, Buffer.from(word), { persistent: true });
  await channel.waitForConfirms();
}

const countOf = async (channel: ConfirmChannel, queue: string) => (await channel.checkQueue(queue)).messageCount;

describe.each([0, 2])('policies with %i data threads', (threads) => {
  it('a smaller max-length drops and dead-letters at once, and holds no more when it is deleted', () =>
    withBroker(
      async ({ admin }, channel) => {
        await channel.assertQueue('jobs');
        await channel.assertQueue('dead');
        await send(channel, 'jobs', 'a', 'b', 'c', 'd');
        const definition = { 'max-length': 2, 'dead-letter-exchange': '', 'dead-letter-routing-key': 'dead' };
        await admin.setPolicy({ name: 'short', pattern: '^jobs$', applyTo: 'queues', definition });
        await expect.poll(() => countOf(channel, 'dead')).toBe(2);
        expect(await drained(channel, 'dead')).toBe('ab');
        await admin.deletePolicy('short');
        await send(channel, 'jobs', 'e', 'f');
        expect(await drained(channel, 'jobs')).toBe('cdef');
      },
      { threads },
    ));

  it('a queue that is declared later has the policy from its first message on', () =>
    withBroker(
      async ({ admin }, channel) => {
        await admin.setPolicy({
          name: 'full',
          pattern: '',
          definition: { 'max-length': 1, overflow: 'reject-publish' },
        });
        await channel.assertQueue('jobs');
        await send(channel, 'jobs', 'a');
        await expect(send(channel, 'jobs', 'b')).rejects.toThrow();
        expect(await drained(channel, 'jobs')).toBe('a');
      },
      { threads },
    ));

  it('an alternate exchange by policy takes what an exchange has no destination for, its own argument first', () =>
    withBroker(
      async ({ admin }, channel) => {
        await channel.assertQueue('lost');
        await channel.assertQueue('own');
        await channel.bindQueue('lost', 'amq.fanout', '');
        await channel.assertExchange('own-alternate', 'fanout');
        await channel.bindQueue('own', 'own-alternate', '');
        await channel.assertExchange('news', 'topic');
        await channel.assertExchange('more', 'topic', { alternateExchange: 'own-alternate' });
        const definition = { 'alternate-exchange': 'amq.fanout' };
        await admin.setPolicy({ name: 'alt', pattern: '^(news|more)', applyTo: 'exchanges', definition });
        for (const name of ['news', 'more']) channel.publish(name, 'k', Buffer.from(name));
        await channel.waitForConfirms();
        expect(await drained(channel, 'lost')).toBe('news');
        expect(await drained(channel, 'own')).toBe('more');
        await admin.deletePolicy('alt');
        channel.publish('news', 'k', Buffer.from('again'));
        await channel.waitForConfirms();
        expect(await countOf(channel, 'lost')).toBe(0);
      },
      { threads },
    ));
});

describe('a policy', () => {
  it('of a shorter time to live is for what comes from then on', () =>
    withBroker(async ({ admin }, channel) => {
      await channel.assertQueue('jobs');
      await send(channel, 'jobs', 'old');
      await admin.setPolicy({ name: 'ttl', pattern: '', definition: { 'message-ttl': 20 } });
      await send(channel, 'jobs', 'new');
      expect(await countOf(channel, 'jobs')).toBe(2);
      expect(await drained(channel, 'jobs')).toMatch(/^old/);
      await send(channel, 'jobs', 'newer');
      await expect.poll(() => countOf(channel, 'jobs')).toBe(0);
    }));

  it('that expires ends a queue nobody uses, and one that is deleted in time does not', () =>
    withBroker(async ({ admin }, channel) => {
      await channel.assertQueue('gone');
      await channel.assertQueue('kept');
      await admin.setPolicy({ name: 'a', pattern: 'gone', definition: { expires: 30 } });
      await admin.setPolicy({ name: 'b', pattern: 'kept', definition: { expires: 60_000 } });
      await admin.deletePolicy('b');
      let returned = 0;
      channel.on('return', () => returned++);
      const isGone = async () => {
        channel.sendToQueue('gone', Buffer.from(''), { mandatory: true });
        await channel.waitForConfirms();
        return returned > 0;
      };
      await expect.poll(isGone, { timeout: 5_000 }).toBe(true);
      expect(await countOf(channel, 'kept')).toBe(0);
    }));

  it('survives a restart, with what it means for the queues of before', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'warren-policies-'));
    const definition = { 'max-length': 2 };
    await withBroker(
      async ({ admin }, channel) => {
        await channel.assertQueue('jobs', { durable: true });
        await admin.setPolicy({ name: 'short', pattern: 'jobs', definition });
        await admin.setOperatorPolicy({ name: 'shorter', pattern: 'jobs', definition: { 'max-length': 1 } });
        await admin.setPolicy({ name: 'gone', pattern: 'jobs', priority: 9, definition: { 'max-length': 0 } });
        await admin.deletePolicy('gone');
      },
      { dataDir },
    );
    await withBroker(
      async ({ admin }, channel) => {
        expect((await admin.policies()).map(({ name }) => name)).toEqual(['short', 'shorter']);
        await send(channel, 'jobs', 'a', 'b');
        expect(await drained(channel, 'jobs')).toBe('b');
        await admin.deleteOperatorPolicy('shorter');
        await send(channel, 'jobs', 'a', 'b', 'c');
        expect(await drained(channel, 'jobs')).toBe('bc');
      },
      { dataDir },
    );
    await rm(dataDir, { recursive: true, force: true });
  });

  it('that is wrong, or of what does not exist, is refused with one clear line', () =>
    withBroker(async ({ admin }) => {
      const definition = { 'max-length': 1 };
      await expect(admin.setPolicy({ name: 'p', pattern: '(', definition })).rejects.toThrow('regular expression');
      await expect(admin.setPolicy({ name: 'p', vhost: 'no', pattern: '', definition })).rejects.toThrow(
        "vhost 'no' does not exist",
      );
      await expect(admin.deletePolicy('p')).rejects.toThrow("policy 'p' in vhost '/' does not exist");
      expect(await admin.policies()).toEqual([]);
    }));
});
