// Users, vhosts, permissions and limits over real sockets, with what RabbitMQ 3.10.8 answered to the same client: recorded
// from it, text by text.
import { type Channel, type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';

const EVERYTHING = { configure: '.*', write: '.*', read: '.*' } as const;
const SECRET = 'a password nobody may read';

let broker: Broker;
const logged: string[] = [];

beforeAll(async () => {
  const log = (...line: readonly unknown[]) => void logged.push(JSON.stringify(line));
  broker = await startBroker({ amqpPort: 0, threads: 1, logger: { log } });
});
afterAll(() => broker.stop());

beforeEach(async () => {
  const { admin } = broker;
  for (const { name } of await admin.vhosts()) if (name !== '/') await admin.deleteVhost(name);
  for (const { name } of await admin.users()) if (name !== 'guest') await admin.deleteUser(name);
  await admin.addVhost('v');
  await admin.setUser({ name: 'u', password: SECRET });
  await admin.setPermissions({ user: 'u', vhost: 'v', ...EVERYTHING });
});

interface Client {
  readonly connection: ChannelModel;
  /** What the server said when it closed something. */
  readonly words: string[];
  /** The server's last word, when the connection is closed. */
  readonly closed: Promise<string>;
}

async function open(user = 'u', password = SECRET, vhost = 'v'): Promise<Client> {
  const { amqpPort: port } = broker;
  const connection = await connect({ hostname: '127.0.0.1', port, username: user, password, vhost });
  const words: string[] = [];
  connection.on('error', (error: Error) => void words.push(wordsOf(error)));
  const closed = new Promise<string>((resolve) => {
    connection.once('close', (error?: Error) => resolve(error === undefined ? '' : wordsOf(error)));
  });
  return { connection, words, closed };
}

const wordsOf = (error: Error): string => /message "(.*)"$/s.exec(error.message)?.[1] ?? error.message;

/** What the server says to something that is done on a channel of its own. */
async function told({ connection }: Client, run: (channel: Channel) => unknown): Promise<string> {
  const channel = await connection.createChannel();
  const words: string[] = [];
  channel.on('error', (error: Error) => void words.push(wordsOf(error)));
  try {
    await run(channel);
    await channel.close();
  } catch {
    // The word comes with an event of its own, behind the refusal of what was asked.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return words[0] ?? 'ok';
}

/** Whether opening fails, and how. */
const refused = (...who: Parameters<typeof open>): Promise<string> => open(...who).then(() => 'ok', wordsOf);

describe('logging in', () => {
  it('takes the password of a user, in its clear or hashed form, and no other', async () => {
    await (await open()).connection.close();
    expect(await refused('u', 'other')).toMatch(
      /ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN/,
    );
    expect(await refused('nobody', '')).toMatch(/ACCESS_REFUSED - Login was refused/);
    // base64(01 02 03 04 ++ sha256(01 02 03 04 ++ "secret")), as rabbitmqctl exports it.
    const { createHash } = await import('node:crypto');
    const salt = Buffer.from([1, 2, 3, 4]);
    const digest = createHash('sha256').update(salt).update('secret').digest();
    await broker.admin.setUser({ name: 'u', passwordHash: Buffer.concat([salt, digest]).toString('base64') });
    expect(await refused('u', SECRET)).toMatch(/ACCESS_REFUSED/);
    await (await open('u', 'secret')).connection.close();
  });

  it('needs a vhost that is there and in which the user has any permission', async () => {
    await broker.admin.clearPermissions('u', 'v');
    expect(await refused()).not.toBe('ok');
    expect(await refused('u', SECRET, 'missing')).not.toBe('ok');
  });

  it('a user who has failed ten times from an address is refused there with the right password too', async () => {
    await broker.admin.setUser({ name: 'tried', password: SECRET });
    await broker.admin.setPermissions({ user: 'tried', vhost: 'v', ...EVERYTHING });
    const wrong = await Promise.all(Array.from({ length: 10 }, () => refused('tried', 'wrong')));
    expect(wrong).not.toContain('ok');
    expect(await refused('tried', SECRET)).not.toBe('ok');
    // Lines cross from a data thread, behind the word to the client.
    await vi.waitFor(() => expect(logged.join('\n')).toMatch(/too many failures/));
    await (await open()).connection.close();
  });

  it('no password is in any log or in what is told of users', async () => {
    await refused('u', 'a wrong one that nobody may read either');
    expect(logged.join('\n')).not.toMatch(/nobody may read/);
    expect(JSON.stringify(await broker.admin.users())).not.toMatch(/password|nobody may read/);
  });
});

describe('permissions', () => {
  const cases: readonly (readonly [string, (channel: Channel) => unknown, string])[] = [
    ['a declaration', (channel) => channel.assertQueue('n'), "queue 'n'"],
    ['a redeclaration', (channel) => channel.assertQueue('q'), "queue 'q'"],
    ['an exchange', (channel) => channel.assertExchange('x', 'fanout'), "exchange 'x'"],
    ['deleting nothing', (channel) => channel.deleteQueue('nope'), "queue 'nope'"],
    ['deleting no exchange', (channel) => channel.deleteExchange('nope'), "exchange 'nope'"],
    ['binding', (channel) => channel.bindQueue('nope', 'e', ''), "queue 'nope'"],
    ['unbinding an exchange', (channel) => channel.unbindExchange('f', 'e', ''), "exchange 'f'"],
    ['getting', (channel) => channel.get('nope'), "queue 'nope'"],
    ['consuming', (channel) => channel.consume('q', () => {}), "queue 'q'"],
    ['purging', (channel) => channel.purgeQueue('q'), "queue 'q'"],
    ['publishing', (channel) => published(channel, 'nope', 'k'), "exchange 'nope'"],
    ['publishing to the default exchange', (channel) => published(channel, '', 'q'), "exchange 'amq.default'"],
  ];

  /** Waits until the server has read what was published. */
  async function published(channel: Channel, exchange: string, routingKey: string): Promise<void> {
    channel.publish(exchange, routingKey, Buffer.from(''));
    await channel.checkQueue('q');
  }

  it('B23 somebody without any is refused each operation, before anything is looked up', async () => {
    const client = await open();
    await told(client, (channel) => channel.assertQueue('q'));
    await broker.admin.setPermissions({ user: 'u', vhost: 'v', configure: '', write: '', read: '' });
    for (const [what, run, refusal] of cases) {
      const wanted = `ACCESS_REFUSED - access to ${refusal} in vhost 'v' refused for user 'u'`;
      expect([what, await told(client, run)]).toEqual([what, wanted]);
    }
    expect(await told(client, (channel) => channel.checkQueue('q'))).toBe('ok');
    const system = await told(client, (channel) => channel.deleteExchange('amq.topic'));
    expect(system).toBe("ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost 'v' not allowed");
    await client.connection.close();
  });

  it('a channel that has published is refused its next publish once the permission is taken', async () => {
    const client = await open();
    const word = await told(client, async (channel) => {
      await channel.assertQueue('q');
      await published(channel, '', 'q');
      await broker.admin.setPermissions({ user: 'u', vhost: 'v', configure: '.*', write: '^$', read: '.*' });
      await published(channel, '', 'q');
    });
    expect(word).toBe("ACCESS_REFUSED - access to exchange 'amq.default' in vhost 'v' refused for user 'u'");
    await client.connection.close();
  });

  it('a dead letter exchange has to be writable, and its queue readable', async () => {
    const client = await open();
    const declare = (channel: Channel) => channel.assertQueue('n', { deadLetterExchange: 'f' });
    await broker.admin.setPermissions({ user: 'u', vhost: 'v', configure: '.*', write: '', read: '.*' });
    expect(await told(client, declare)).toMatch(/access to exchange 'f' in vhost 'v' refused/);
    await broker.admin.setPermissions({ user: 'u', vhost: 'v', configure: '.*', write: '.*', read: '' });
    expect(await told(client, declare)).toMatch(/access to queue 'n' in vhost 'v' refused/);
    await client.connection.close();
  });

  it('a server-named queue is allowed by the form of its name', async () => {
    await broker.admin.setPermissions({ user: 'u', vhost: 'v', configure: '^amq\\.gen', write: '', read: '' });
    const client = await open();
    expect(await told(client, (channel) => channel.assertQueue('', { exclusive: true }))).toBe('ok');
    await client.connection.close();
  });

  it('a user-id is the name of the user, or any name with the tag impersonator, taken and given while connected', async () => {
    const client = await open();
    const claim = () =>
      told(client, async (channel) => {
        channel.publish('', 'nobody', Buffer.from('a'), { userId: 'somebody' });
        await channel.checkExchange('');
      });
    const refusal = "PRECONDITION_FAILED - user_id property set to 'somebody' but authenticated user was 'u'";
    expect(await claim()).toBe(refusal);
    await broker.admin.setUser({ name: 'u', tags: ['monitoring', 'impersonator'] });
    expect(await claim()).not.toBe(refusal);
    await broker.admin.setUser({ name: 'u', tags: [] });
    expect(await claim()).toBe(refusal);
    await client.connection.close();
  });

  it('topic permissions are honoured by the next publish of an open channel', async () => {
    const client = await open();
    await told(client, async (channel) => {
      await channel.assertQueue('q');
      await channel.assertExchange('e', 'topic');
    });
    expect(await told(client, (channel) => published(channel, 'e', 'z.1'))).toBe('ok');
    await broker.admin.setTopicPermissions({
      user: 'u',
      vhost: 'v',
      exchange: 'e',
      write: '^a\\.',
      read: '^{username}',
    });
    const topic = (key: string) =>
      `ACCESS_REFUSED - access to topic '${key}' in exchange 'e' in vhost 'v' refused for user 'u'`;
    expect(await told(client, (channel) => published(channel, 'e', 'z.1'))).toBe(topic('z.1'));
    expect(await told(client, (channel) => published(channel, 'e', 'a.1'))).toBe('ok');
    expect(await told(client, (channel) => channel.bindQueue('q', 'e', 'z'))).toBe(topic('z'));
    expect(await told(client, (channel) => channel.bindQueue('q', 'e', 'u.z'))).toBe('ok');
    await client.connection.close();
  });
});

describe('live changes', () => {
  it('the connections of a deleted user and of a deleted vhost are closed with 320', async () => {
    const ofUser = await open();
    await broker.admin.setUser({ name: 'other', password: 'x' });
    await broker.admin.setPermissions({ user: 'other', vhost: 'v', ...EVERYTHING });
    const inVhost = await open('other', 'x');
    await told(inVhost, (channel) => channel.assertQueue('q'));
    await broker.admin.deleteUser('u');
    expect(await ofUser.closed).toBe("CONNECTION_FORCED - user 'u' is deleted");
    expect(await refused()).toMatch(/ACCESS_REFUSED/);
    await broker.admin.deleteVhost('v');
    expect(await inVhost.closed).toBe("CONNECTION_FORCED - vhost 'v' is deleted");
    expect(await refused('other', 'x')).not.toBe('ok');
    await broker.admin.addVhost('v');
    await broker.admin.setPermissions({ user: 'other', vhost: 'v', ...EVERYTHING });
    const again = await open('other', 'x');
    const gone = await told(again, (channel) => channel.checkQueue('q'));
    expect(gone).toBe("NOT_FOUND - no queue 'q' in vhost 'v'");
    await again.connection.close();
  });
});

describe('limits', () => {
  it('connections of a vhost and of a user', async () => {
    const { admin } = broker;
    await admin.setVhostLimits('v', { connectionsMax: 1 });
    const first = await open();
    expect(await refused()).not.toBe('ok');
    await admin.setVhostLimits('v', { connectionsMax: null });
    await admin.setUserLimits('u', { connectionsMax: 2 });
    const second = await open();
    expect(await refused()).not.toBe('ok');
    await second.connection.close();
    await first.connection.close();
  });

  it('channels of a user, over all its connections, closed ones not counted', async () => {
    await broker.admin.setUserLimits('u', { channelsMax: 2 });
    const first = await open();
    const second = await open();
    await first.connection.createChannel();
    expect(await told(second, () => {})).toBe('ok');
    await second.connection.createChannel();
    await expect(second.connection.createChannel()).rejects.toThrow();
    await second.closed;
    expect(second.words).toEqual([
      "NOT_ALLOWED - number of channels opened for user 'u' has reached the maximum allowed user limit of (2)",
    ]);
    await first.connection.close();
  });

  it('queues of a vhost; those that exist may still be declared', async () => {
    await broker.admin.setVhostLimits('v', { queuesMax: 1 });
    const client = await open();
    const declare = (queue: string) => told(client, (channel) => channel.assertQueue(queue));
    expect(await declare('a')).toBe('ok');
    expect(await declare('b')).toBe(
      "PRECONDITION_FAILED - cannot declare queue 'b': queue limit in vhost 'v' (1) is reached",
    );
    expect(await declare('a')).toBe('ok');
    await client.connection.close();
  });
});

it('a change that is no good is refused with a clear error, and changes nothing', async () => {
  const { admin } = broker;
  const before = await admin.permissions();
  const missing = { name: 'AdminError', reason: 'notFound' };
  await expect(admin.deleteUser('nobody')).rejects.toMatchObject({ ...missing, message: 'User nobody does not exist' });
  await expect(admin.deleteVhost('nov')).rejects.toMatchObject({
    ...missing,
    message: 'Virtual host nov does not exist',
  });
  const permission = { user: 'u', vhost: 'v', ...EVERYTHING };
  await expect(admin.setPermissions({ ...permission, user: 'nobody' })).rejects.toMatchObject(missing);
  const invalid = { name: 'AdminError', reason: 'invalid' };
  await expect(admin.setPermissions({ ...permission, read: '(' })).rejects.toMatchObject(invalid);
  await expect(admin.setUser({ name: 'x', passwordHash: 'AAAA' })).rejects.toMatchObject(invalid);
  await expect(admin.setUser({ name: '', password: 'x' })).rejects.toMatchObject(invalid);
  await expect(admin.setUserLimits('u', { channelsMax: -1 })).rejects.toMatchObject(invalid);
  expect(await admin.permissions()).toEqual(before);
});
