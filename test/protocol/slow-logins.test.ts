// Logins whose hashes are slow: right and wrong ones, many at once, and after the password has changed (reliability 2.e).
import { connect } from 'amqplib';
import { describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';

const PERMISSION = { vhost: '/', configure: '.*', write: '.*', read: '.*' };
const urlOf = ({ amqpPort }: Broker, user: string, password: string) =>
  `amqp://${user}:${password}@127.0.0.1:${amqpPort}`;

async function mayConnect(broker: Broker, user: string, password: string): Promise<boolean> {
  try {
    await (await connect(urlOf(broker, user, password))).close();
    return true;
  } catch (error) {
    expect(String(error)).toMatch(/ACCESS.REFUSED/);
    return false;
  }
}

describe.each([0, 2])('slow hashes with %i data threads', (threads) => {
  it('let in who has the password, and nobody else, before and after it changes', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent', threads });
    await broker.admin.setUser({ name: 'slow', password: 'one', hashing: 'scrypt' });
    await broker.admin.setPermissions({ user: 'slow', ...PERMISSION });
    expect(await mayConnect(broker, 'slow', 'one')).toBe(true);
    expect(await mayConnect(broker, 'slow', 'two')).toBe(false);
    expect(await mayConnect(broker, 'nobody', 'one')).toBe(false);
    expect(await mayConnect(broker, 'guest', 'guest')).toBe(true);
    await broker.admin.setUser({ name: 'slow', password: 'two' });
    expect(await mayConnect(broker, 'slow', 'one')).toBe(false);
    expect(await mayConnect(broker, 'slow', 'two')).toBe(true);
    expect(JSON.stringify(await broker.admin.users())).not.toContain('scrypt');
    const { users } = await broker.admin.exportDefinitions();
    const hashing_algorithm = 'warren_password_hashing_scrypt';
    expect(users).toContainEqual(expect.objectContaining({ name: 'slow', hashing_algorithm }));
    await broker.admin.deleteUser('slow');
    expect(await mayConnect(broker, 'slow', 'two')).toBe(false);
  });

  it('a hundred connections of one user that come together cost each thread one check', async () => {
    await using broker = await startBroker({ amqpPort: 0, logger: 'silent', threads });
    for (const name of ['first', 'slow']) {
      await broker.admin.setUser({ name, password: 'one', hashing: 'scrypt' });
      await broker.admin.setPermissions({ user: name, ...PERMISSION });
    }
    const start = performance.now();
    expect(await mayConnect(broker, 'first', 'one')).toBe(true);
    const before = performance.now();
    const all = await Promise.all(Array.from({ length: 100 }, () => connect(urlOf(broker, 'slow', 'one'))));
    // A hundred checks would take a hundred times as long as the first one.
    expect(performance.now() - before).toBeLessThan((before - start) * 40);
    for (const connection of all) await connection.close();
  });
});

it('a user whose hash is slow is taken over from definitions as it is', async () => {
  await using broker = await startBroker({ amqpPort: 0, logger: 'silent', threads: 0 });
  await broker.admin.setUser({ name: 'slow', password: 'one', hashing: 'scrypt' });
  await broker.admin.setPermissions({ user: 'slow', ...PERMISSION });
  const definitions = await broker.admin.exportDefinitions();
  await using other = await startBroker({ amqpPort: 0, logger: 'silent', threads: 0, definitions });
  expect(await mayConnect(other, 'slow', 'one')).toBe(true);
  expect(await mayConnect(other, 'slow', 'two')).toBe(false);
});

it('hashing that is none is refused with a clear message', async () => {
  await using broker = await startBroker({ amqpPort: 0, logger: 'silent', threads: 0 });
  const made = broker.admin.setUser({ name: 'u', password: 'p', hashing: 'bcrypt' as 'scrypt' });
  await expect(made).rejects.toThrow("hashing of user 'u' is sha256, sha512, md5 or scrypt; got bcrypt");
  const given = broker.admin.setUser({ name: 'u', passwordHash: '$scrypt$', hashing: 'scrypt' });
  await expect(given).rejects.toThrow("the password hash of user 'u' is not one of scrypt");
});
