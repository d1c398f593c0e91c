// Hashes of passwords as RabbitMQ keeps and exports them (features 1.6): base64 of four bytes of salt and the digest of
// salt and password. How long a check takes depends on what is given only, not on what is right (reliability 2.e).
import { digestOf } from './digests.ts';
import type { HashingAlgorithm } from './records.ts';

const SALT_BYTES = 4;
const DIGEST_BYTES: Readonly<Record<HashingAlgorithm, number>> = { sha256: 32, sha512: 64, md5: 16 };
const encoder = new TextEncoder();

/** The hash of a password. `salt` is any text that nobody can guess; what is used of it are four bytes. */
export function hashPassword(password: string, salt: string, algorithm: HashingAlgorithm = 'sha256'): string {
  const saltBytes = digestOf('sha256', encoder.encode(salt)).subarray(0, SALT_BYTES);
  return base64(joined(saltBytes, salted(saltBytes, password, algorithm)));
}

/** Whether the password is the one that was hashed. A malformed or empty hash has no password. */
export function isPassword(password: string, passwordHash: string, algorithm: HashingAlgorithm): boolean {
  const bytes = hashBytes(passwordHash, algorithm) ?? new Uint8Array(SALT_BYTES + DIGEST_BYTES[algorithm]);
  const given = salted(bytes.subarray(0, SALT_BYTES), password, algorithm);
  let difference = 0;
  given.forEach((byte, index) => {
    difference |= byte ^ bytes[SALT_BYTES + index];
  });
  return difference === 0 && passwordHash !== '';
}

/** The bytes of a hash, or null where it is no base64 of the algorithm's length. */
export function hashBytes(passwordHash: string, algorithm: HashingAlgorithm): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(passwordHash)) return null;
  try {
    const bytes = Uint8Array.from(atob(passwordHash), (character) => character.charCodeAt(0));
    return bytes.length === SALT_BYTES + DIGEST_BYTES[algorithm] ? bytes : null;
  } catch {
    // atob refuses what has a wrong length.
    return null;
  }
}

function salted(salt: Uint8Array, password: string, algorithm: HashingAlgorithm): Uint8Array {
  return digestOf(algorithm, joined(salt, encoder.encode(password)));
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
