// `warren store`: what it says of a sound log and of a damaged one, and that it never touches a directory in use.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import amqplib from 'amqplib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBroker } from '../../src/broker.ts';
import { runCommand } from '../support/command.ts';

let dir: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'warren-store-'));
  await using broker = await startBroker({ amqpPort: 0, dataDir: dir, logger: 'error' });
  const connection = await amqplib.connect(broker.url);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue('q', { durable: true });
  for (let count = 0; count < 50; count++)
    channel.sendToQueue('q', Buffer.from(`message ${count}`), { persistent: true });
  await channel.waitForConfirms();
  await connection.close();
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const segment = (): string =>
  join(dir, 'log', readdirSync(join(dir, 'log')).filter((name) => name.endsWith('.log'))[0]);

describe('warren store', () => {
  test('verify says that a log is sound, and how much is in it', async () => {
    const { code, stdout } = await runCommand(['store', 'verify', dir]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/segment 1: .*index sound[\s\S]*the log is sound\n$/)]);
    expect(stdout).toMatch(/with 5\d live messages/);
  });

  test('dump prints every record', async () => {
    const { code, stdout } = await runCommand(['store', 'dump', dir]);
    const publishes = stdout.split('\n').filter((line) => / publish row 2 /.test(line));
    expect([code, publishes.length]).toEqual([0, 50]);
  });

  test('compact says what it has brought, and a broker finds everything afterwards', async () => {
    const { code, stdout } = await runCommand(['store', 'compact', dir]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/bytes before, \d+ after/)]);
    await using broker = await startBroker({ amqpPort: 0, dataDir: dir, logger: 'error' });
    const connection = await amqplib.connect(broker.url);
    expect((await (await connection.createChannel()).checkQueue('q')).messageCount).toBe(50);
    await connection.close();
  });

  test('verify finds a flipped bit, and exits with 1', async () => {
    const bytes = readFileSync(segment());
    const damaged = Buffer.from(bytes);
    damaged[damaged.length >> 1] ^= 4;
    writeFileSync(segment(), damaged);
    const { code, stdout } = await runCommand(['store', 'verify', dir]);
    writeFileSync(segment(), bytes);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/are damaged[\s\S]*the log is damaged\n$/)]);
  });

  test('a directory in use, one without a log, and a missing argument end with one clear line', async () => {
    await using broker = await startBroker({ amqpPort: 0, dataDir: dir, logger: 'error' });
    expect(broker.amqpPort).toBeGreaterThan(0);
    for (const action of ['verify', 'dump', 'compact']) {
      const { code, stderr } = await runCommand(['store', action, dir]);
      expect([code, stderr]).toEqual([1, `warren: the data directory ${dir} is locked by process ${process.pid}\n`]);
    }
    const nowhere = await runCommand(['store', 'verify', join(dir, 'nowhere')]);
    expect([nowhere.code, nowhere.stderr]).toEqual([1, `warren: there is no log in ${join(dir, 'nowhere')}\n`]);
    const without = await runCommand(['store', 'verify']);
    expect([without.code, without.stderr]).toEqual([2, "warren: missing required argument 'dir'\n"]);
    const bare = await runCommand(['store']);
    expect([bare.code, bare.stderr]).toEqual([2, 'warren: store needs a command: verify, dump or compact\n']);
  });
});
