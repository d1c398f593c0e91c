// SHA-256, SHA-512 and MD5 of short texts (FIPS 180-4, RFC 1321), for password hashes. They are the broker's own because
// the broker runs on any engine, the simulated one too, and none of the engine's interfaces hashes.
import type { HashingAlgorithm } from './records.ts';

/** The digest of the bytes. */
export function digestOf(algorithm: HashingAlgorithm, bytes: Uint8Array): Uint8Array {
  if (algorithm === 'md5') return md5(bytes);
  return algorithm === 'sha256' ? sha256(bytes) : sha512(bytes);
}

const MASK_64 = (1n << 64n) - 1n;
const PRIMES = primes(80);
/** Fractions of roots of primes, 64 bits each; SHA-256 uses the upper halves. */
const CUBE_ROOTS = PRIMES.map((prime) => root(BigInt(prime) << 192n, 3n) & MASK_64);
const SQUARE_ROOTS = PRIMES.slice(0, 8).map((prime) => root(BigInt(prime) << 128n, 2n) & MASK_64);
const K_256 = Int32Array.from(CUBE_ROOTS.slice(0, 64), (each) => Number(each >> 32n) | 0);
const H_256 = Int32Array.from(SQUARE_ROOTS, (each) => Number(each >> 32n) | 0);
const K_MD5 = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32) | 0);
const SHIFTS_MD5 = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];

function primes(count: number): number[] {
  const found: number[] = [];
  for (let each = 2; found.length < count; each++) if (found.every((prime) => each % prime !== 0)) found.push(each);
  return found;
}

/** The integer root, by halving. */
function root(value: bigint, degree: bigint): bigint {
  let low = 0n;
  let high = 1n << 80n;
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** The bytes, one bit, zeros, and the length in bits. */
function padded(bytes: Uint8Array, block: number, isLittle: boolean): DataView {
  const lengthBytes = block / 8;
  const size = Math.ceil((bytes.length + 1 + lengthBytes) / block) * block;
  const view = new DataView(new ArrayBuffer(size));
  const all = new Uint8Array(view.buffer);
  all.set(bytes);
  all[bytes.length] = 0x80;
  view.setBigUint64(size - 8, BigInt(bytes.length) * 8n, isLittle);
  return view;
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function sha256(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64, false);
  const hash = H_256.slice();
  const words = new Int32Array(64);
  for (let at = 0; at < view.byteLength; at += 64) {
    for (let index = 0; index < 16; index++) words[index] = view.getInt32(at + index * 4);
    for (let index = 16; index < 64; index++) {
      const early = words[index - 15];
      const late = words[index - 2];
      const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      words[index] = (words[index - 16] + s0 + words[index - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let index = 0; index < 64; index++) {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K_256[index] + words[index]) | 0;
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => {
      hash[index] += word;
    });
  }
  const out = new DataView(new ArrayBuffer(32));
  hash.forEach((word, index) => {
    out.setInt32(index * 4, word);
  });
  return new Uint8Array(out.buffer);
}

function rotate64(word: bigint, by: bigint): bigint {
  return ((word >> by) | (word << (64n - by))) & MASK_64;
}

function sha512(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 128, false);
  let hash = SQUARE_ROOTS;
  for (let at = 0; at < view.byteLength; at += 128) {
    const words: bigint[] = [];
    for (let index = 0; index < 80; index++) {
      if (index < 16) {
        words.push(view.getBigUint64(at + index * 8));
        continue;
      }
      const early = words[index - 15];
      const late = words[index - 2];
      const s0 = rotate64(early, 1n) ^ rotate64(early, 8n) ^ (early >> 7n);
      const s1 = rotate64(late, 19n) ^ rotate64(late, 61n) ^ (late >> 6n);
      words.push((words[index - 16] + s0 + words[index - 7] + s1) & MASK_64);
    }
    let [a, b, c, d, e, f, g, h] = hash;
    for (let index = 0; index < 80; index++) {
      const s1 = rotate64(e, 14n) ^ rotate64(e, 18n) ^ rotate64(e, 41n);
      const t1 = h + s1 + ((e & f) ^ (~e & MASK_64 & g)) + CUBE_ROOTS[index] + words[index];
      const s0 = rotate64(a, 28n) ^ rotate64(a, 34n) ^ rotate64(a, 39n);
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) & MASK_64, c, b, a, (t1 + t2) & MASK_64];
    }
    const last = [a, b, c, d, e, f, g, h];
    hash = hash.map((word, index) => (word + last[index]) & MASK_64);
  }
  const out = new DataView(new ArrayBuffer(64));
  hash.forEach((word, index) => {
    out.setBigUint64(index * 8, word);
  });
  return new Uint8Array(out.buffer);
}

function md5(bytes: Uint8Array): Uint8Array {
  const view = padded(bytes, 64, true);
  const hash = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let at = 0; at < view.byteLength; at += 64) {
    let [a, b, c, d] = hash;
    for (let index = 0; index < 64; index++) {
      const round = index >> 4;
      const mixed = [(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)][round];
      const word = [index, 5 * index + 1, 3 * index + 5, 7 * index][round] % 16;
      const sum = (a + mixed + K_MD5[index] + view.getInt32(at + word * 4, true)) | 0;
      [a, d, c, b] = [d, c, b, (b + rotate(sum, 32 - SHIFTS_MD5[round * 4 + (index % 4)])) | 0];
    }
    [a, b, c, d].forEach((word, index) => {
      hash[index] += word;
    });
  }
  const out = new DataView(new ArrayBuffer(16));
  hash.forEach((word, index) => {
    out.setInt32(index * 4, word, true);
  });
  return new Uint8Array(out.buffer);
}
