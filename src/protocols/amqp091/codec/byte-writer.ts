// Writing typed values into memory that grows. The pending bytes are `start..at`; growing moves them to new memory and
// never touches the old, which may already belong to a socket. Positions kept over a write are marks (relative).
import { copyBytes } from './byte-copy.ts';
import { CodecError } from './codec-error.ts';
import { SHORTSTR_BYTES_MAX } from './limits.ts';
import { encodeText } from './text.ts';

const scratch = new DataView(new ArrayBuffer(8));
const NOTHING = new Uint8Array(0);

/** Uninitialised memory of its own (small sizes come from the host's pool). */
export function rawBytes(bytes: number): Uint8Array {
  return bytes < 4096 ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
}

/** Bytes under construction. */
export class ByteWriter {
  bytes: Uint8Array = NOTHING;
  start = 0;
  at = 0;

  /** Makes room for `count` more bytes behind `at`. */
  reserve(count: number): void {
    if (count > this.bytes.length - this.at) this.grow(count);
  }

  private grow(count: number): void {
    const pending = this.at - this.start;
    const next = rawBytes(Math.max(256, pending * 2, pending + count));
    copyBytes(this.bytes, this.start, this.at, next, 0);
    this.replace(next, pending);
  }

  /** Continues in other memory, of which the first `pending` bytes are written already. */
  replace(bytes: Uint8Array, pending: number): void {
    this.bytes = bytes;
    this.start = 0;
    this.at = pending;
  }

  /** The place of the next byte, valid while the memory grows. */
  get mark(): number {
    return this.at - this.start;
  }

  /** Forgets everything written behind a mark. */
  rewind(mark: number): void {
    this.at = this.start + mark;
  }

  u8(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  u16(value: number): void {
    this.reserve(2);
    this.bytes[this.at++] = value >>> 8;
    this.bytes[this.at++] = value;
  }

  u32(value: number): void {
    this.reserve(4);
    this.at = putU32(this.bytes, this.at, value);
  }

  /** An unsigned 64-bit number below 2^53. */
  u64(value: number): void {
    this.reserve(8);
    this.at = putU64(this.bytes, this.at, value);
  }

  /** A 64-bit number, signed or not. */
  u64Exact(value: bigint): void {
    this.u32(Number(BigInt.asUintN(32, value >> 32n)));
    this.u32(Number(BigInt.asUintN(32, value)));
  }

  float(value: number): void {
    scratch.setFloat32(0, value);
    this.u32(scratch.getUint32(0));
  }

  double(value: number): void {
    scratch.setFloat64(0, value);
    this.u32(scratch.getUint32(0));
    this.u32(scratch.getUint32(4));
  }

  /** A short string; 502 above 255 bytes. */
  shortstr(text: string): void {
    if (text.length > SHORTSTR_BYTES_MAX) throw tooLong(text);
    this.reserve(1 + text.length * 3);
    const from = this.at + 1;
    const end = encodeText(text, this.bytes, from);
    if (end - from > SHORTSTR_BYTES_MAX) throw tooLong(text);
    this.bytes[from - 1] = end - from;
    this.at = end;
  }

  /** A long string of text or bytes. */
  longstr(value: string | Uint8Array): void {
    const mark = this.mark;
    this.u32(0);
    if (typeof value === 'string') {
      this.reserve(value.length * 3);
      this.at = encodeText(value, this.bytes, this.at);
    } else {
      this.raw(value, 0, value.length);
    }
    this.closeLength(mark);
  }

  /** The bytes `start..end` as they are. */
  raw(bytes: Uint8Array, start: number, end: number): void {
    this.reserve(end - start);
    this.at = copyBytes(bytes, start, end, this.bytes, this.at);
  }

  /** Writes into the four bytes at `mark` how many bytes came behind them. */
  closeLength(mark: number): void {
    putU32(this.bytes, this.start + mark, this.mark - mark - 4);
  }

  /** A copy of the pending bytes. */
  copy(): Uint8Array {
    return new Uint8Array(this.bytes.subarray(this.start, this.at));
  }
}

/** Writes an unsigned 32-bit number and returns the offset behind it. */
export function putU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** Writes an unsigned 64-bit number below 2^53 and returns the offset behind it. */
export function putU64(bytes: Uint8Array, at: number, value: number): number {
  putU32(bytes, at, Math.floor(value / 4_294_967_296));
  return putU32(bytes, at + 4, value % 4_294_967_296);
}

function tooLong(text: string): CodecError {
  return new CodecError(502, `short string of ${Buffer.byteLength(text)} bytes is longer than ${SHORTSTR_BYTES_MAX}`);
}
