import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashPassword, isPassword } from '../../../src/broker/access/index.ts';

const ALGORITHMS = ['sha256', 'sha512', 'md5'] as const;

it('a hash that RabbitMQ made is checked as RabbitMQ does it', () => {
  for (const algorithm of ALGORITHMS) {
    const salt = Buffer.from([1, 200, 3, 4]);
    const digest = createHash(algorithm).update(salt).update('pässword').digest();
    const hash = Buffer.concat([salt, digest]).toString('base64');
    expect(isPassword('pässword', hash, algorithm)).toBe(true);
    expect(isPassword('password', hash, algorithm)).toBe(false);
  }
});

it('a hash has its own password only, with any salt and every algorithm', () => {
  const algorithm = fc.constantFrom(...ALGORITHMS);
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.string(), algorithm, (password, other, salt, hashing) => {
      const hash = hashPassword(password, salt, hashing);
      expect(isPassword(password, hash, hashing)).toBe(true);
      expect(isPassword(other, hash, hashing)).toBe(other === password);
    }),
    { numRuns: 50 },
  );
});

it('a user without a hash, or with a malformed one, has no password at all', () => {
  for (const hash of ['', 'AAAA', '====', 'no base64!']) {
    expect(isPassword('', hash, 'sha256')).toBe(false);
    expect(isPassword('x', hash, 'sha256')).toBe(false);
  }
});
