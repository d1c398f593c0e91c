// Definitions in RabbitMQ's JSON, both ways (features 1.11). The corpus is an export of RabbitMQ 3.10.8 as its rabbitmqctl
// wrote it, lists of pairs in the place of some objects included.
import { readFileSync } from 'node:fs';
import { connect } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { whichChildren } from '../../src/behaviours/index.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import { reserveTcpPort } from '../../src/env/host/index.ts';
import type { Pid } from '../../src/term/index.ts';

const CORPUS = readFileSync(new URL('../broker/definitions/rabbitmq-3.10.8.json', import.meta.url), 'utf8');
const start = (definitions?: object | string): Promise<Broker> =>
  startBroker({ amqpPort: 0, logger: 'silent', ...(definitions === undefined ? {} : { definitions }) });

type Section = readonly Record<string, unknown>[];
const sorted = (section: Section) => section.map((entry) => JSON.stringify(entry)).sort();

describe('definitions of RabbitMQ 3.10.8', () => {
  it('are there when the broker has started: users, vhosts, policies, exchanges, queues, bindings', async () => {
    await using broker = await start(CORPUS);
    const connection = await connect(broker.url);
    const channel = await connection.createChannel();
    await channel.assertQueue('jobs', {
      durable: true,
      arguments: { 'x-max-length': 5, 'x-dead-letter-exchange': 'dlx', 'x-single-active-consumer': true },
    });
    await channel.assertQueue('q', { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    await channel.assertExchange('hx', 'headers', { durable: true, alternateExchange: 'dlx' });
    channel.publish('hx', 'k', Buffer.from('by header'), { headers: { a: 1, b: 'x', c: { d: [1, true] } } });
    channel.publish('hx', 'k', Buffer.from('by alternate'), { headers: { a: 2 } });
    channel.publish('tx', 't.a', Buffer.from('transient'));
    await channel.checkQueue('jobs');
    expect(String((await channel.get('transient')) && (await channel.checkQueue('jobs')).messageCount)).toBe('2');
    await connection.close();
    const policies = await broker.admin.policies();
    expect(policies.map(({ name, vhost, isOperator }) => [name, vhost, isOperator])).toEqual([
      ['short', 'other', false],
      ['p', '/', false],
      ['hard', 'other', true],
      ['p', '/', true],
    ]);
    const ann = await connect(`${broker.url.replace('guest:guest', 'ann:secret')}/other`);
    await ann.close();
  });

  it.each([0, 2])(
    'are there for a client that connects before startBroker resolves, with %d data threads',
    async (threads) => {
      const { tcpPort } = await reserveTcpPort('127.0.0.1', 0);
      const queues = Array.from({ length: 300 }, (_, index) => ({ vhost: '/', name: `q${index}`, durable: true }));
      const firstLook = async (): Promise<string> => {
        for (;;) {
          const connection = await connect(`amqp://127.0.0.1:${tcpPort}`).catch(() => null);
          if (connection === null) continue;
          connection.on('error', () => {});
          const channel = await connection.createChannel();
          channel.on('error', () => {});
          const seen = await channel.checkQueue('q299').then(
            () => 'the last queue',
            (error: Error) => error.message,
          );
          await connection.close();
          return seen;
        }
      };
      const looking = firstLook();
      await using _broker = await startBroker({
        amqpPort: tcpPort,
        threads,
        logger: 'silent',
        definitions: { queues },
      });
      expect(await looking).toBe('the last queue');
    },
  );

  it('hold nobody back later: what listens comes back with its thread', async () => {
    await using broker = await start({ queues: [{ vhost: '/', name: 'kept', durable: true }] });
    const trees = () => broker.system.perform(() => whichChildren('broker.threads'));
    const [first] = await trees();
    broker.system.exit(first.pid as Pid, 'kill');
    await expect.poll(async () => (await trees())[0].pid !== first.pid).toBe(true);
    const look = async () => {
      const connection = await connect(broker.url);
      const { queue } = await (await connection.createChannel()).checkQueue('kept');
      await connection.close();
      return queue;
    };
    await expect.poll(() => look().catch(() => null)).toBe('kept');
  });

  it('come out as they went in, and mean the same again', async () => {
    await using broker = await start(CORPUS);
    const out = await broker.admin.exportDefinitions();
    const given = JSON.parse(CORPUS) as Record<string, Section>;
    for (const section of ['permissions', 'topic_permissions', 'queues', 'bindings', 'policies'] as const) {
      const normal = (entries: Section) =>
        sorted(entries.map((entry) => Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))));
      expect(normal(out[section] as Section), section).toEqual(normal(given[section]));
    }
    const hashes = (users: Section) => users.map(({ name, password_hash }) => [name, password_hash]).sort();
    expect(hashes(out.users as Section)).toEqual(hashes(given.users));
    expect(out.parameters).toContainEqual({
      component: 'vhost-limits',
      vhost: 'other',
      name: 'limits',
      value: { 'max-connections': 10, 'max-queues': 20 },
    });
    await using second = await start(out);
    const again = await second.admin.exportDefinitions();
    for (const section of Object.keys(out) as (keyof typeof out)[]) {
      const [one, other] = [again[section], out[section]];
      if (Array.isArray(one)) expect(sorted(one), section).toEqual(sorted(other as Section));
    }
    await second.admin.importDefinitions(JSON.stringify(out));
    expect(await second.admin.exportDefinitions()).toEqual(again);
  });
});

describe('definitions that are wrong', () => {
  it.each([
    ['{', 'definitions are no JSON'],
    [[], 'definitions must be a JSON object'],
    [{ queues: 1 }, 'queues must be a list'],
    [{ queues: [{ vhost: '/', name: 'a' }, 5] }, 'queues[1]: an object is wanted'],
    [{ queues: [{ vhost: '/', name: 'a', arguments: { 'x-expires': 0 } }] }, "queues[0] 'a': invalid arg 'x-expires'"],
    [{ queues: [{ vhost: 'no', name: 'a' }] }, "queues[0]: there is no vhost 'no'"],
    [{ exchanges: [{ vhost: '/', name: 'a', type: 'x' }] }, "exchanges[0] 'a': type 'x' is not known"],
    [
      { bindings: [{ vhost: '/', source: 'amq.topic', destination: 'a', destination_type: 'queue' }] },
      "bindings[0]: there is no queue 'a' in vhost '/'",
    ],
    [{ users: [{ name: 'a', password_hash: 'x' }] }, "users[0] 'a': password_hash is no hash of sha256"],
    [{ permissions: [{ user: 'a', vhost: '/', configure: '', write: '', read: '' }] }, "there is no user 'a'"],
    [
      { policies: [{ vhost: '/', name: 'p', pattern: '(', definition: { 'max-length': 1 } }] },
      "policies[0] 'p': pattern should be regular expression",
    ],
  ])('%j are refused as a whole, with the entry and what is wrong with it', async (wrong, text) => {
    await using broker = await start();
    const before = await broker.admin.exportDefinitions();
    const given = typeof wrong === 'string' || Array.isArray(wrong) ? wrong : { vhosts: [{ name: 'new' }], ...wrong };
    await expect(broker.admin.importDefinitions(given)).rejects.toThrow(text);
    expect(await broker.admin.exportDefinitions()).toEqual(before);
  });

  it('keep a broker from starting', async () => {
    await expect(start('{')).rejects.toThrow('definitions: definitions are no JSON');
  });
});
