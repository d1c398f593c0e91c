// Slow hashes: what they are, which of them are accepted, and what is remembered of a verified login (reliability 2.e).
import { scryptSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { isFastLogin, isPasswordHash, slowUser, type UserRecord } from '../../../src/broker/access/index.ts';
import { hashSlowly, isSlowPassword } from '../../../src/broker/access/slow-hashes.ts';
import { VERIFIED_MAX, VerifiedLogins } from '../../../src/broker/access/verified-logins.ts';

const HASH = hashSlowly('pässword', 'any text');
const SALT = HASH.split('$')[3];
const cheap = (password: string, cost: string, salt = SALT) => {
  const [N, r, p] = cost.split(' ').map(Number);
  const key = scryptSync(password, Buffer.from(salt, 'base64'), 32, { N: 2 ** N, r, p, maxmem: 2 ** 28 })
    .toString('base64')
    .slice(0, 43);
  return `$scrypt$ln=${N},r=${r},p=${p}$${salt}$${key}`;
};

function user(name: string, passwordHash: string, hashing: UserRecord['hashing'] = 'scrypt'): UserRecord {
  const limits = { connectionsMax: null, channelsMax: null };
  return { name, passwordHash, hashing, tags: [], isLoopbackOnly: false, limits };
}

it('a slow hash is the scrypt of the host, and has its own password only', () => {
  expect(HASH).toBe(cheap('pässword', '15 8 1'));
  expect(isSlowPassword('pässword', HASH)).toBe(true);
  expect(isSlowPassword('password', HASH)).toBe(false);
  expect(isSlowPassword('x', cheap('x', '4 8 2'))).toBe(true);
});

it.each([
  '',
  HASH.slice(1),
  `${HASH}A`,
  HASH.replace('r=8', 'r=0'),
  HASH.replace('p=1', 'p=9'),
  HASH.replace('ln=15', 'ln=17'),
  HASH.replace('ln=15', 'ln=99'),
  HASH.replace(SALT, 'short'),
  HASH.replace('scrypt', 'argon2id'),
])('what is no hash, or costs too much, is refused and has no password: %s', (hash) => {
  expect(isPasswordHash(hash, 'scrypt')).toBe(false);
  expect(isSlowPassword('pässword', hash)).toBe(false);
});

it('the fast check refuses users with slow hashes, and a slow hash is found for every name where there is one', () => {
  const users = [user('a', 'AAAA', 'md5'), user('b', HASH), user('c', HASH)];
  expect(isFastLogin({ users }, { user: 'b', password: 'pässword' })).toBe(false);
  expect(slowUser({ users }, 'c')?.name).toBe('c');
  expect(slowUser({ users }, 'a')?.name).toBe('b');
  expect(slowUser({ users }, 'nobody')?.name).toBe('b');
  expect(slowUser({ users: users.slice(0, 1) }, 'a')).toBeUndefined();
});

it('a verified login is good for that password and that hash only', () => {
  const logins = new VerifiedLogins('key');
  const before = user('u', 'hash 1');
  expect(logins.has(before, 'p')).toBe(false);
  logins.add(before, 'p');
  expect(logins.has(before, 'p')).toBe(true);
  expect(logins.has(before, 'q')).toBe(false);
  expect(logins.has(user('v', 'hash 1'), 'p')).toBe(false);
  expect(logins.has(user('u', 'hash 2'), 'p')).toBe(false);
  expect(logins.has(before, 'p')).toBe(false);
});

it('remembers no password in the clear, and no more users than its bound', () => {
  const logins = new VerifiedLogins('key');
  logins.add(user('u', 'h'), 'planted-secret');
  const seen: unknown[] = [];
  JSON.stringify([...(logins as unknown as { byUser: Map<string, unknown> }).byUser], (_key, value) => {
    seen.push(value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value);
    return value;
  });
  expect(seen.filter((value) => typeof value === 'string').join()).not.toContain('planted-secret');
  for (let count = 0; count < VERIFIED_MAX; count++) logins.add(user(`u${count}`, 'h'), 'p');
  expect(logins.size).toBe(VERIFIED_MAX);
  expect(logins.has(user('u', 'h'), 'planted-secret')).toBe(false);
});
