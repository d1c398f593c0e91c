// What an operator has set is there after a restart (B24).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';

const EVERYTHING = { configure: '.*', write: '.*', read: '.*' } as const;
const PASSWORD = 'nobody may read this';

function bytesIn(directory: string): string {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((file) => readFileSync(join(file.parentPath, file.name), 'latin1')).join('');
}

it('B24 users, permissions, limits and vhosts survive a restart, deleted ones stay deleted, and no password is in a file', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'warren-access-'));
  const start = (): Promise<Broker> => startBroker({ amqpPort: 0, logger: 'silent', dataDir });
  const open = (broker: Broker, vhost: string) =>
    connect({ hostname: '127.0.0.1', port: broker.amqpPort, username: 'u', password: PASSWORD, vhost });
  try {
    {
      await using broker = await start();
      const { admin } = broker;
      for (const name of ['kept', 'gone']) {
        await admin.addVhost(name, { description: name, limits: { queuesMax: 3 } });
        if (name === 'kept') await admin.setUser({ name: 'u', password: PASSWORD, tags: ['monitoring'] });
        await admin.setPermissions({ user: 'u', vhost: name, ...EVERYTHING });
        const connection = await open(broker, name);
        await (await connection.createChannel()).assertQueue('q');
        await connection.close();
      }
      await admin.setTopicPermissions({ user: 'u', vhost: 'kept', exchange: 'amq.topic', write: '^a', read: '' });
      await admin.deleteVhost('gone');
      await admin.setUser({ name: 'deleted', password: 'x' });
      await admin.deleteUser('deleted');
    }
    expect(bytesIn(dataDir)).not.toContain(PASSWORD);
    await using broker = await start();
    const { admin } = broker;
    expect((await admin.vhosts()).map(({ name, limits }) => [name, limits.queuesMax])).toEqual([
      ['/', null],
      ['kept', 3],
    ]);
    expect((await admin.users()).map(({ name, tags }) => [name, ...tags])).toEqual([
      ['guest', 'administrator'],
      ['u', 'monitoring'],
    ]);
    expect((await admin.permissions()).map(({ user, vhost }) => [user, vhost])).toEqual([
      ['guest', '/'],
      ['u', 'kept'],
    ]);
    expect(await admin.topicPermissions()).toHaveLength(1);
    const connection = await open(broker, 'kept');
    await (await connection.createChannel()).checkQueue('q');
    await connection.close();
    await expect(open(broker, 'gone')).rejects.toThrow();
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});
