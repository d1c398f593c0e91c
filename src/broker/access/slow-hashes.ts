// Slow hashes of passwords (reliability 2.e): scrypt (RFC 7914) with a salt of its own for each user, written
// `$scrypt$ln=15,r=8,p=1$salt$key`. They cost a tenth of a second and 32 MiB on purpose, so they are made and checked where
// they hold nobody up: in the offload pool, never on a thread that serves and never in the pool that syncs disks.
import { scrypt } from '@noble/hashes/scrypt.js';
import { sha256 } from '@noble/hashes/sha2.js';
import type { Mfa } from '../../term/index.ts';
import { equalBytes } from './bytes.ts';

const SALT_BYTES = 16;
const KEY_BYTES = 32;
const COST_LOG2 = 15;
const BLOCK = 8;
/** What a hash that is imported may cost: bytes of memory, and how often that memory is filled. */
const MEMORY_BYTES_MAX = 2 ** 26;
const PASSES_MAX = 4;
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43})$/;

/** {@link hashSlowly} and {@link isSlowPassword} for the offload pool. */
export const HASH_SLOWLY: Mfa = { module: import.meta.url, export: 'hashSlowly' };
export const IS_SLOW_PASSWORD: Mfa = { module: import.meta.url, export: 'isSlowPassword' };

interface SlowHash {
  readonly cost: { readonly N: number; readonly r: number; readonly p: number; readonly dkLen: number };
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

/** The hash of a password. `salt` is any text that nobody can guess; what is used of it are 16 bytes. */
export function hashSlowly(password: string, salt: string): string {
  const saltBytes = sha256(new TextEncoder().encode(salt)).subarray(0, SALT_BYTES);
  const key = scrypt(password, saltBytes, { N: 2 ** COST_LOG2, r: BLOCK, p: 1, dkLen: KEY_BYTES });
  return `$scrypt$ln=${COST_LOG2},r=${BLOCK},p=1$${base64(saltBytes)}$${base64(key)}`;
}

/** Whether the password is the one that was hashed. What is no hash has no password. */
export function isSlowPassword(password: string, hash: string): boolean {
  const parsed = parse(hash);
  return parsed !== null && equalBytes(scrypt(password, parsed.salt, parsed.cost), parsed.key);
}

/** Whether a text is such a hash, and one that does not cost too much to check. */
export function isSlowHash(hash: string): boolean {
  return parse(hash) !== null;
}

function parse(hash: string): SlowHash | null {
  const found = FORM.exec(hash);
  if (found === null) return null;
  const [log2, r, p] = found.slice(1, 4).map(Number);
  const N = 2 ** log2;
  if (log2 < 1 || r < 1 || p < 1 || p > PASSES_MAX || 128 * N * r > MEMORY_BYTES_MAX) return null;
  if (found[4].length % 4 === 1) return null;
  return { cost: { N, r, p, dkLen: KEY_BYTES }, salt: bytesOf(found[4]), key: bytesOf(found[5]) };
}

/** Without the padding, as the form has it. */
function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('=', '');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
