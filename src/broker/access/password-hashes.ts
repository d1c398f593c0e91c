// Hashes of passwords as RabbitMQ keeps and exports them (features 1.6): base64 of four bytes of salt and the digest of
// salt and password. How long a check takes depends on what is given only, not on what is right (reliability 2.e).
import { md5 } from '@noble/hashes/legacy.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { equalBytes } from './bytes.ts';
import type { FastHashing, HashingAlgorithm } from './records.ts';
import { isSlowHash } from './slow-hashes.ts';

const SALT_BYTES = 4;
const DIGESTS = { sha256, sha512, md5 };
const encoder = new TextEncoder();

/** The hash of a password. `salt` is any text that nobody can guess; what is used of it are four bytes. */
export function hashPassword(password: string, salt: string, algorithm: FastHashing = 'sha256'): string {
  const saltBytes = sha256(encoder.encode(salt)).subarray(0, SALT_BYTES);
  return btoa(String.fromCharCode(...saltBytes, ...salted(saltBytes, password, algorithm)));
}

/** Whether the password is the one that was hashed. A malformed or empty hash has no password. */
export function isPassword(password: string, passwordHash: string, algorithm: FastHashing): boolean {
  const bytes = hashBytes(passwordHash, algorithm) ?? new Uint8Array(SALT_BYTES + DIGESTS[algorithm].outputLen);
  const given = salted(bytes.subarray(0, SALT_BYTES), password, algorithm);
  return equalBytes(given, bytes.subarray(SALT_BYTES)) && passwordHash !== '';
}

/** Whether a text is a hash of the algorithm. */
export function isPasswordHash(passwordHash: string, algorithm: HashingAlgorithm): boolean {
  return algorithm === 'scrypt' ? isSlowHash(passwordHash) : hashBytes(passwordHash, algorithm) !== null;
}

/** The bytes of a hash, or null where it is no base64 of the algorithm's length. */
function hashBytes(passwordHash: string, algorithm: FastHashing): Uint8Array | null {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(passwordHash)) return null;
  try {
    const bytes = Uint8Array.from(atob(passwordHash), (character) => character.charCodeAt(0));
    return bytes.length === SALT_BYTES + DIGESTS[algorithm].outputLen ? bytes : null;
  } catch {
    // atob refuses what has a wrong length.
    return null;
  }
}

function salted(salt: Uint8Array, password: string, algorithm: FastHashing): Uint8Array {
  return DIGESTS[algorithm](new Uint8Array([...salt, ...encoder.encode(password)]));
}

const SLOW_NAME = 'warren_password_hashing_scrypt';

/** What definitions call an algorithm. */
export function algorithmName(hashing: HashingAlgorithm): string {
  return hashing === 'scrypt' ? SLOW_NAME : `rabbit_password_hashing_${hashing}`;
}

/** The algorithm of that name, or null. */
export function algorithmNamed(name: string): HashingAlgorithm | null {
  const all: readonly HashingAlgorithm[] = ['sha256', 'sha512', 'md5', 'scrypt'];
  return all.find((hashing) => algorithmName(hashing) === name) ?? null;
}
