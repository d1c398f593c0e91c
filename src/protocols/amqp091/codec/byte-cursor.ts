// Reading typed values from a region of bytes, every length checked against what remains before anything is made.
// A region that ends too early raises 501 `cannot decode <<...>>` with the ids of the method being read (digest 2).
import { CodecError, cannotDecode, malformedUtf8 } from './codec-error.ts';
import { decodeText, decodeTextLossless } from './text.ts';

const scratch = new DataView(new ArrayBuffer(8));

/** A position in the bytes `start..end`. The bytes are only read; what it returns never aliases them. */
export class ByteCursor {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  at: number;
  /** Where the innermost container under way ends; nothing is read beyond it. */
  limit: number;
  private readonly classId: number;
  private readonly methodId: number;
  private sawMalformedText = false;

  constructor(bytes: Uint8Array, start: number, end: number, classId = 0, methodId = 0) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.at = start;
    this.limit = end;
    this.classId = classId;
    this.methodId = methodId;
  }

  /** Passes over `count` bytes and returns where they begin; 501 when fewer remain. */
  skip(count: number): number {
    const from = this.at;
    if (count > this.limit - from) throw this.undecodable();
    this.at = from + count;
    return from;
  }

  /** Enters a container of `size` bytes that must lie in the present one; returns the limit to `leave` with. */
  enter(size: number): number {
    const outer = this.limit;
    if (size > outer - this.at) throw this.undecodable();
    this.limit = this.at + size;
    return outer;
  }

  /** Leaves the container whose `enter` returned `outer`. */
  leave(outer: number): void {
    this.limit = outer;
  }

  u8(): number {
    return this.bytes[this.skip(1)];
  }

  u16(): number {
    const from = this.skip(2);
    return (this.bytes[from] << 8) | this.bytes[from + 1];
  }

  u32(): number {
    const from = this.skip(4);
    const { bytes } = this;
    return ((bytes[from] << 24) | (bytes[from + 1] << 16) | (bytes[from + 2] << 8) | bytes[from + 3]) >>> 0;
  }

  /** An unsigned 64-bit number; above 2^53 the nearest double. */
  u64(): number {
    const high = this.u32();
    return high * 4_294_967_296 + this.u32();
  }

  /** An unsigned 64-bit number, exact. */
  u64Exact(): bigint {
    const high = BigInt(this.u32());
    return (high << 32n) | BigInt(this.u32());
  }

  float(): number {
    scratch.setUint32(0, this.u32());
    return scratch.getFloat32(0);
  }

  double(): number {
    scratch.setUint32(0, this.u32());
    scratch.setUint32(4, this.u32());
    return scratch.getFloat64(0);
  }

  /** A short string that must be UTF-8. Whether it was is told by `finish`, after everything else was found sound. */
  shortstr(): string {
    const length = this.u8();
    const from = this.skip(length);
    const text = decodeText(this.bytes, from, from + length);
    if (text === null) this.sawMalformedText = true;
    return text ?? '';
  }

  /** A short string of any bytes; see `decodeTextLossless`. */
  shortstrLossless(): string {
    const length = this.u8();
    const from = this.skip(length);
    return decodeTextLossless(this.bytes, from, from + length);
  }

  /** A copy of the bytes of a long string. */
  longstr(): Uint8Array {
    const length = this.u32();
    const from = this.skip(length);
    return new Uint8Array(this.bytes.subarray(from, from + length));
  }

  /** Ends the reading: 501 when bytes are left over, then 501 when a short string was not UTF-8. */
  finish(): void {
    if (this.at !== this.end) throw this.undecodable();
    if (this.sawMalformedText) throw malformedUtf8();
  }

  /** 501 for the whole region. */
  undecodable(): CodecError {
    return cannotDecode(this.bytes, this.start, this.end, this.classId, this.methodId);
  }

  /** 502 for a value inside the region that has no meaning. */
  illegal(text: string): CodecError {
    return new CodecError(502, text, this.classId, this.methodId);
  }
}
