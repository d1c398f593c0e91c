// Reads what term-encoder.ts wrote. The bytes come from the same program, so a malformed stream is a broken invariant:
// it throws and stops the thread.
import type { ByteArea } from './byte-area.ts';
import type { Identities } from './identities.ts';
import { StringCache } from './string-cache.ts';
import * as tags from './tags.ts';

const textDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
const UNITS_AT_ONCE = 4096;
/** Short byte strings share stretches of memory, as the host's own buffers do: a stretch for each would cost 1 us. */
const POOL_BYTES = 16_384;
const POOLED_BYTES_MAX = 2048;

/** The shared memory of that number. */
export type SharedAt = (id: number) => SharedArrayBuffer;

export class TermDecoder {
  area: ByteArea;
  /** Where the next byte is read. */
  at = 0;
  /** True while the area holds one record and is not used again. */
  mayKeepArea = false;
  private readonly identities: Identities;
  private readonly sharedAt: SharedAt;
  private readonly strings = new StringCache();
  private shapes: (readonly string[])[] = [];
  private pool = new ArrayBuffer(POOL_BYTES);
  private poolAt = 0;

  constructor(area: ByteArea, identities: Identities, sharedAt: SharedAt = refuseShared) {
    this.area = area;
    this.identities = identities;
    this.sharedAt = sharedAt;
  }

  /** Forgets all shapes, at the record at which the writer did. */
  resetShapes(): void {
    this.shapes = [];
  }

  term(): unknown {
    const tag = this.area.bytes[this.at++];
    if (tag < tags.STRING_BASE) return tag;
    if (tag < tags.NULL) return this.shortString(tag - tags.STRING_BASE);
    switch (tag) {
      case tags.SHAPE:
        return this.shaped(this.shapes[this.count()]);
      case tags.PID:
      case tags.FAR_PID:
        return this.pidBody(tag);
      case tags.REF:
      case tags.FAR_REF:
        return this.refBody(tag);
      case tags.NULL:
        return null;
      case tags.UNDEFINED:
        return undefined;
      case tags.FALSE:
        return false;
      case tags.TRUE:
        return true;
      case tags.INT32:
        return this.int32();
      case tags.FLOAT64:
        return this.float64();
      case tags.BYTES:
        return this.rawBytes(this.count());
      case tags.SHARED:
        return new Uint8Array(this.sharedAt(this.count()), this.number(), this.number());
      case tags.ARRAY:
        return this.array(this.count());
      default:
        return this.rare(tag);
    }
  }

  /** A term that is known to be a number. */
  number(): number {
    return this.term() as number;
  }

  /** A term that is known to be a pid. */
  pid() {
    return this.pidBody(this.area.bytes[this.at++]);
  }

  /** A term that is known to be a ref. */
  ref() {
    return this.refBody(this.area.bytes[this.at++]);
  }

  count(): number {
    const { bytes } = this.area;
    let byte = bytes[this.at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80; shift += 7) {
      byte = bytes[this.at++];
      value |= (byte & 0x7f) << shift;
    }
    return value >>> 0;
  }

  private rare(tag: number): unknown {
    switch (tag) {
      case tags.BIGINT:
        return bigintOf(this.term() as string);
      case tags.UTF8:
        return this.utf8(this.count());
      case tags.UTF16:
        return this.utf16(this.count());
      case tags.SPARSE:
        return this.sparse();
      case tags.DICTIONARY:
        return this.dictionary({});
      case tags.BARE:
        return this.dictionary(Object.create(null) as Record<string, unknown>);
      case tags.SHAPE_NEW:
        return this.newShape();
      case tags.MAP:
        return this.map();
      case tags.SET:
        return new Set(this.array(this.count()));
      default:
        throw new Error(`the wire holds an unknown tag ${tag}`);
    }
  }

  private shortString(length: number): string {
    const { at } = this;
    this.at = at + length;
    return this.strings.get(this.area.bytes, at, length);
  }

  private int32(): number {
    const { bytes } = this.area;
    const { at } = this;
    this.at = at + 4;
    return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  }

  private float64(): number {
    this.at += 8;
    return this.area.view.getFloat64(this.at - 8, true);
  }

  private rawBytes(length: number): Uint8Array {
    const { at } = this;
    this.at = at + length;
    // A copy: a view of the area would change under the reader. Except where most of it would be copied for nothing.
    if (this.mayKeepArea && length > this.area.bytes.length / 2) return this.area.bytes.subarray(at, at + length);
    if (length > POOLED_BYTES_MAX) return this.area.bytes.slice(at, at + length);
    if (this.poolAt + length > POOL_BYTES) {
      this.pool = new ArrayBuffer(POOL_BYTES);
      this.poolAt = 0;
    }
    const bytes = new Uint8Array(this.pool, this.poolAt, length);
    this.poolAt += (length + 7) & ~7;
    if (length > 32) bytes.set(this.area.bytes.subarray(at, at + length));
    else for (let index = 0; index < length; index++) bytes[index] = this.area.bytes[at + index];
    return bytes;
  }

  private utf8(length: number): string {
    this.at += length;
    return textDecoder.decode(this.area.bytes.subarray(this.at - length, this.at));
  }

  private utf16(length: number): string {
    let text = '';
    for (let left = length; left > 0; left -= UNITS_AT_ONCE) {
      const units: number[] = [];
      for (let index = Math.min(left, UNITS_AT_ONCE); index > 0; index--) {
        units.push(this.area.view.getUint16(this.at, true));
        this.at += 2;
      }
      text += String.fromCharCode(...units);
    }
    return text;
  }

  private array(length: number): unknown[] {
    const items: unknown[] = [];
    for (let index = 0; index < length; index++) items.push(this.term());
    return items;
  }

  private sparse(): unknown[] {
    const items: unknown[] = new Array(this.count());
    for (let left = this.count(); left > 0; left--) {
      const index = this.count();
      items[index] = this.term();
    }
    return items;
  }

  private shaped(keys: readonly string[]): object {
    const object: Record<string, unknown> = {};
    for (let index = 0; index < keys.length; index++) setOwn(object, keys[index], this.term());
    return object;
  }

  private newShape(): object {
    const keys = this.array(this.count()) as string[];
    this.shapes.push(keys);
    return this.shaped(keys);
  }

  private dictionary(object: Record<string, unknown>): object {
    for (let left = this.count(); left > 0; left--) {
      const key = this.term() as string;
      setOwn(object, key, this.term());
    }
    return object;
  }

  private map(): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    for (let left = this.count(); left > 0; left--) {
      const key = this.term();
      map.set(key, this.term());
    }
    return map;
  }

  private pidBody(tag: number) {
    const origin = this.origin(tag === tags.FAR_PID);
    return this.identities.pid(origin, this.number());
  }

  private refBody(tag: number) {
    const origin = this.origin(tag === tags.FAR_REF);
    return this.identities.ref(origin, this.number());
  }

  private origin(isFar: boolean) {
    const node = isFar ? (this.term() as string) : this.identities.own.node;
    const thread = this.area.bytes[this.at++];
    return this.identities.originOf(node, thread, this.count());
  }
}

function refuseShared(id: number): never {
  throw new Error(`the wire names shared memory ${id} where none is handed over`);
}

function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  // Assigning to this one name would change the prototype instead of making a field.
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else object[key] = value;
}

function bigintOf(hexadecimal: string): bigint {
  return hexadecimal.startsWith('-') ? -BigInt(`0x${hexadecimal.slice(1)}`) : BigInt(`0x${hexadecimal}`);
}
