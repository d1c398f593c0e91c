// Writes terms into a byte area (format: tags.ts). What is written is a copy: a later change of the value is never seen.
// Refuses by name what is not a term: functions, symbols, class instances, cycles (as too deep a nesting).
import { NotATermError, Pid, Ref } from '../term/index.ts';
import type { ByteArea } from './byte-area.ts';
import type { Identities } from './identities.ts';
import { DEPTH_MAX, SHAPE_KEYS_MAX, SHARED_BYTES_MIN } from './limits.ts';
import { type ShapeNode, Shapes } from './shapes.ts';
import * as tags from './tags.ts';

/** Longer strings go through the host's encoder. */
const LOOP_CHARS_MAX = 63;
const textEncoder = new TextEncoder();

/** A place in the output to which an encoder can return. */
export interface EncoderMark {
  readonly end: number;
  readonly shapes: number;
}

/** The number by which the reader knows this shared memory. */
export type Share = (buffer: SharedArrayBuffer) => number;

export class TermEncoder {
  readonly area: ByteArea;
  readonly shapes = new Shapes();
  private readonly identities: Identities;
  private readonly share: Share | null;

  /** Without `share` everything is copied. */
  constructor(area: ByteArea, identities: Identities, share: Share | null = null) {
    this.area = area;
    this.identities = identities;
    this.share = share;
  }

  /** Appends one term. On NotATermError the caller takes back what was written. */
  term(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'number':
        this.number(value);
        return;
      case 'string':
        this.string(value);
        return;
      case 'object':
        if (value === null) this.byte(tags.NULL);
        else this.object(value, depth);
        return;
      case 'boolean':
        this.byte(value ? tags.TRUE : tags.FALSE);
        return;
      case 'undefined':
        this.byte(tags.UNDEFINED);
        return;
      case 'bigint':
        this.byte(tags.BIGINT);
        this.string(value.toString(16));
        return;
      default:
        throw new NotATermError(`a ${typeof value}`, '');
    }
  }

  /** Where the next byte goes; for {@link rollBack}. */
  mark(): EncoderMark {
    return { end: this.area.end, shapes: this.shapes.count };
  }

  /** Takes back everything that was written since `mark`. */
  rollBack(mark: EncoderMark): void {
    this.area.end = mark.end;
    this.shapes.rollBack(mark.shapes);
  }

  byte(value: number): void {
    const { area } = this;
    area.reserve(1);
    area.bytes[area.end++] = value;
  }

  /** An unsigned LEB128 below 2^32. */
  count(value: number): void {
    const { area } = this;
    area.reserve(5);
    let rest = value;
    while (rest > 0x7f) {
      area.bytes[area.end++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    area.bytes[area.end++] = rest;
  }

  number(value: number): void {
    const { area } = this;
    area.reserve(9);
    const int = value | 0;
    if (int === value && (int !== 0 || !Object.is(value, -0))) {
      if (int >= 0 && int < 128) area.bytes[area.end++] = int;
      else {
        const { bytes, end } = area;
        bytes[end] = tags.INT32;
        bytes[end + 1] = int;
        bytes[end + 2] = int >> 8;
        bytes[end + 3] = int >> 16;
        bytes[end + 4] = int >> 24;
        area.end = end + 5;
      }
      return;
    }
    area.bytes[area.end++] = tags.FLOAT64;
    area.view.setFloat64(area.end, value, true);
    area.end += 8;
  }

  string(value: string): void {
    const { length } = value;
    if (length > LOOP_CHARS_MAX || !this.shortString(value, length)) this.longString(value);
  }

  pid(pid: Pid<never>): void {
    const { origin } = pid;
    if (origin === this.identities.own) this.identities.exportPid(pid);
    if (origin.node === this.identities.own.node) this.byte(tags.PID);
    else {
      this.byte(tags.FAR_PID);
      this.string(origin.node);
    }
    this.byte(origin.thread);
    this.count(origin.incarnation);
    this.number(pid.serial);
  }

  ref(ref: Ref): void {
    const { origin } = ref;
    if (origin === this.identities.own) this.identities.exportRef(ref);
    if (origin.node === this.identities.own.node) this.byte(tags.REF);
    else {
      this.byte(tags.FAR_REF);
      this.string(origin.node);
    }
    this.byte(origin.thread);
    this.count(origin.incarnation);
    this.number(ref.serial);
  }

  private shortString(value: string, length: number): boolean {
    const { area } = this;
    area.reserve(length + 1);
    const { bytes, end } = area;
    bytes[end] = tags.STRING_BASE + length;
    for (let index = 0; index < length; index++) {
      const code = value.charCodeAt(index);
      if (code > 255) return false;
      bytes[end + 1 + index] = code;
    }
    area.end = end + 1 + length;
    return true;
  }

  private longString(value: string): void {
    const { area } = this;
    // Lone surrogates are no UTF-8: such a string travels as the 16-bit units it is made of.
    if (!value.isWellFormed()) {
      this.byte(tags.UTF16);
      this.count(value.length);
      area.reserve(value.length * 2);
      for (let index = 0; index < value.length; index++) {
        area.view.setUint16(area.end, value.charCodeAt(index), true);
        area.end += 2;
      }
      return;
    }
    const bytes = textEncoder.encode(value);
    this.byte(tags.UTF8);
    this.count(bytes.length);
    this.raw(bytes);
  }

  private raw(bytes: Uint8Array): void {
    const { area } = this;
    area.reserve(bytes.length);
    if (bytes.length > 32) area.bytes.set(bytes, area.end);
    else for (let index = 0; index < bytes.length; index++) area.bytes[area.end + index] = bytes[index];
    area.end += bytes.length;
  }

  private object(value: object, depth: number): void {
    if (depth > DEPTH_MAX) throw new NotATermError('a cycle or a structure nested deeper than 1,000 levels', '');
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) this.plain(value as Readonly<Record<string, unknown>>, depth);
    else if (prototype === Array.prototype) this.array(value as readonly unknown[], depth);
    else if (value instanceof Pid) this.pid(value);
    else if (value instanceof Ref) this.ref(value);
    else if (value instanceof Uint8Array) this.someBytes(value);
    else if (prototype === null) this.dictionary(tags.BARE, value as Readonly<Record<string, unknown>>, depth);
    else if (value instanceof Map) this.map(value, depth);
    else if (value instanceof Set) {
      this.byte(tags.SET);
      this.count(value.size);
      for (const item of value) this.term(item, depth + 1);
    } else throw new NotATermError(`an instance of ${prototype.constructor?.name || 'a class'}`, '');
  }

  private someBytes(value: Uint8Array): void {
    if (value.length >= SHARED_BYTES_MIN && this.share !== null && value.buffer instanceof SharedArrayBuffer) {
      this.byte(tags.SHARED);
      this.count(this.share(value.buffer));
      this.number(value.byteOffset);
      this.number(value.length);
      return;
    }
    this.byte(tags.BYTES);
    this.count(value.length);
    this.raw(value);
  }

  private plain(value: Readonly<Record<string, unknown>>, depth: number): void {
    const { shapes } = this;
    let node: ShapeNode | null = shapes.root;
    let keys = 0;
    for (const key in value) {
      keys++;
      node = keys > SHAPE_KEYS_MAX ? null : node.child(key, shapes);
      if (node === null) break;
    }
    if (node === null) {
      this.dictionary(tags.DICTIONARY, value, depth);
      return;
    }
    if (node.id >= 0) {
      this.byte(tags.SHAPE);
      this.count(node.id);
    } else {
      shapes.define(node);
      this.byte(tags.SHAPE_NEW);
      this.count(keys);
      for (const key in value) this.string(key);
    }
    for (const key in value) this.term(value[key], depth + 1);
  }

  private dictionary(tag: number, value: Readonly<Record<string, unknown>>, depth: number): void {
    const keys = Object.keys(value);
    this.byte(tag);
    this.count(keys.length);
    for (const key of keys) {
      this.string(key);
      this.term(value[key], depth + 1);
    }
  }

  private array(value: readonly unknown[], depth: number): void {
    const { length } = value;
    const { end } = this.area;
    const shapes = this.shapes.count;
    this.byte(tags.ARRAY);
    this.count(length);
    for (let index = 0; index < length; index++) {
      const item = value[index];
      if (item === undefined && !(index in value)) {
        this.area.end = end;
        this.shapes.rollBack(shapes);
        this.sparse(value, depth);
        return;
      }
      this.term(item, depth + 1);
    }
  }

  private sparse(value: readonly unknown[], depth: number): void {
    const indexes = Object.keys(value).map(Number);
    this.byte(tags.SPARSE);
    this.count(value.length);
    this.count(indexes.length);
    for (const index of indexes) {
      this.count(index);
      this.term(value[index], depth + 1);
    }
  }

  private map(value: ReadonlyMap<unknown, unknown>, depth: number): void {
    this.byte(tags.MAP);
    this.count(value.size);
    for (const [key, item] of value) {
      this.term(key, depth + 1);
      this.term(item, depth + 1);
    }
  }
}
