// Advisory class "secret disclosure", and who finds out what by trying to log in (reliability 1.3 and 2.e): planted
// passwords are in no log line of any level, in no answer and in no report, whichever way they came.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { startBrokerProcess } from '../support/command.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

const RIGHT = 'planted-right-password';
const WRONG = 'planted-wrong-password';

const capabilities = wire.table(
  wire.field('capabilities', 'F', wire.table(wire.field('authentication_failure_close', 't', wire.u8(1)))),
);
const startOk = (mechanism: string, response: Buffer) =>
  wire.method(0, 10, 11, capabilities, wire.shortstr(mechanism), wire.longstr(response), wire.shortstr('en_US'));
const plain = (user: string, password: string) => startOk('PLAIN', Buffer.from(`\0${user}\0${password}`));
const amqplain = (user: string, password: string) =>
  startOk(
    'AMQPLAIN',
    Buffer.concat([wire.field('LOGIN', 'S', wire.longstr(user)), wire.field('PASSWORD', 'S', wire.longstr(password))]),
  );

/** What a login is answered with: the reply code of a close, 0 for tune, null for silence. */
async function tried(amqpPort: number, login: Buffer, heard: string[] = []): Promise<number | null> {
  await using client = await RawClient.connect(amqpPort);
  client.send(wire.PROTOCOL_HEADER, login);
  const answer = await client.until(() => {
    if (client.frames.some(({ name }) => name === '10.30')) return 0;
    return client.closes()[0]?.code ?? (client.isOver ? null : undefined);
  }, 'an answer');
  for (const { payload } of client.frames) heard.push(payload.toString('latin1'));
  return answer;
}

describe('secret disclosure', () => {
  it.each(['debug', 'info', 'warning', 'error'])('no password is told or logged at the level %s', async (level) => {
    const directory = await mkdtemp(join(tmpdir(), 'warren-secrets-'));
    const definitions = join(directory, 'definitions.json');
    const user = { name: 'planted', password: RIGHT, tags: '' };
    const permission = { user: 'planted', vhost: '/', configure: '.*', write: '.*', read: '.*' };
    await writeFile(definitions, JSON.stringify({ users: [user], vhosts: [{ name: '/' }], permissions: [permission] }));
    try {
      const options = ['--memory', '--amqp-port', '0', '--threads', '1', '--definitions', definitions];
      const broker = await startBrokerProcess([...options, '--log-level', level]);
      const heard: string[] = [];
      const { amqpPort } = broker;
      expect(await tried(amqpPort, plain('planted', RIGHT), heard)).toBe(0);
      expect(await tried(amqpPort, amqplain('planted', RIGHT), heard)).toBe(0);
      expect(await tried(amqpPort, plain('planted', WRONG), heard)).toBe(403);
      expect(await tried(amqpPort, amqplain('planted', WRONG), heard)).toBe(403);
      // Misplaced: in a response that is none, and behind a mechanism that is none.
      expect(await tried(amqpPort, startOk('PLAIN', Buffer.from(`${WRONG}\0`)), heard)).toBe(null);
      expect(await tried(amqpPort, startOk('XPLAIN', Buffer.from(`\0planted\0${WRONG}`)), heard)).toBe(null);
      const { stdout, stderr } = await broker.command.end();
      const all = [...heard, stdout, stderr].join('\n');
      const secrets = [RIGHT, WRONG].flatMap((secret) => [secret, Buffer.from(secret).toString('base64').slice(2, -4)]);
      expect(secrets.filter((secret) => all.includes(secret))).toEqual([]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it('no password or hash is in a report of the broker or in what it says of users', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    await broker.admin.setUser({ name: 'planted', password: RIGHT });
    const client = await RawClient.connect(broker.amqpPort);
    client.send(wire.PROTOCOL_HEADER, plain('planted', RIGHT));
    await client.method('10.30');
    const { users } = await broker.admin.exportDefinitions();
    const hash = (users as readonly { name: string; password_hash?: string }[]).find(({ name }) => name === 'planted');
    const all = JSON.stringify([await broker.admin.users(), await broker.admin.permissions()]);
    expect([all.includes(RIGHT), all.includes(hash?.password_hash ?? 'none')]).toEqual([false, false]);
    const error = await broker.admin.setUser({ name: '', password: WRONG }).then(String, String);
    expect(error).not.toContain(WRONG);
    await client[Symbol.asyncDispose]();
  });
});

describe('trying to log in', () => {
  const timed = async ({ amqpPort }: Broker, login: Buffer) => {
    const fromMs = performance.now();
    const answer = await tried(amqpPort, login);
    return { answer, ms: performance.now() - fromMs };
  };

  it('a name that no user has takes as long as a wrong password', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent' });
    await broker.admin.setUser({ name: 'slow', password: RIGHT, hashing: 'scrypt' });
    const least = async (user: string) => {
      const times = [];
      for (let time = 0; time < 4; time++) times.push((await timed(broker, plain(user, WRONG))).ms);
      return Math.min(...times);
    };
    const [known, unknown] = [await least('slow'), await least('nobody')];
    expect(unknown).toBeGreaterThan(known / 3);
    expect(known).toBeGreaterThan(unknown / 3);
  });

  it('a refusal waits for 3 s in the profile hardened, and nobody waits with it', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent', profile: 'hardened' });
    const refused = timed(broker, plain('guest', WRONG));
    const good = await timed(broker, plain('guest', 'guest'));
    expect(good.answer).toBe(0);
    expect(good.ms).toBeLessThan(2_000);
    const { answer, ms } = await refused;
    expect(answer).toBe(403);
    expect(ms).toBeGreaterThan(2_900);
  });
});

describe('who tries many users from one address', () => {
  it('is refused unseen when loginFailuresPerAddress are used up, which RabbitMQ has not', async () => {
    const logged: string[] = [];
    const logger = { log: (_level: string, event: string) => logged.push(event) };
    await using bounded = await startBroker({ amqpPort: 0, logger, limits: { loginFailuresPerAddress: 3 } });
    for (const user of ['a', 'b', 'c']) expect(await tried(bounded.amqpPort, plain(user, WRONG))).toBe(403);
    expect(logged.filter((event) => event.endsWith('too many failures'))).toEqual([]);
    expect(await tried(bounded.amqpPort, plain('d', WRONG))).toBe(403);
    // Lines cross from a data thread, behind the word to the client.
    await vi.waitFor(() => expect(logged.filter((event) => event.endsWith('too many failures'))).toHaveLength(1));
    await using free = await startBroker({ amqpPort: 0, logger: 'silent' });
    for (let user = 0; user < 120; user++) expect(await tried(free.amqpPort, plain(`u${user}`, WRONG))).toBe(403);
    expect(await tried(free.amqpPort, plain('guest', 'guest'))).toBe(0);
  });

  it('costs twenty lines of the log a second, and the rest is counted', async () => {
    const logged: Readonly<Record<string, unknown>>[] = [];
    const logger = {
      log: (_level: string, event: string, data = {}) => {
        if (event.startsWith('login refused')) logged.push({ event, ...data });
      },
    };
    await using broker = await startBroker({ amqpPort: 0, logger });
    const flood = Array.from({ length: 200 }, (_, user) => tried(broker.amqpPort, plain(`u${user}`, WRONG)));
    await Promise.all(flood);
    await expect
      .poll(async () => {
        await tried(broker.amqpPort, plain('last', WRONG));
        const told = logged.reduce((sum, { leftOut = 0 }) => sum + 1 + Number(leftOut), 0);
        return logged.some(({ leftOut }) => Number(leftOut) > 50) && told > 200;
      })
      .toBe(true);
  });
});

describe('a warning of the well-known password', () => {
  const warnings = async (host: string, users: object[] = []): Promise<readonly string[]> => {
    const logged: string[] = [];
    const logger = { log: (level: string, event: string) => logged.push(`${level}: ${event}`) };
    await using _broker = await startBroker({ amqpPort: 0, host, logger, definitions: { users } });
    return logged.filter((line) => line.includes('default password'));
  };

  it('is written where the broker listens to other machines', async () => {
    expect(await warnings('0.0.0.0')).toEqual([
      'warning: the default user has its default password; it can log in from this machine only',
    ]);
    expect(await warnings('127.0.0.1')).toEqual([]);
    expect(await warnings('localhost')).toEqual([]);
    expect(await warnings('0.0.0.0', [{ name: 'guest', password: 'other', tags: '' }])).toEqual([]);
  });
});
