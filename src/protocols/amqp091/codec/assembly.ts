// One content on its way in: a method, its header frame, its body frames (digest 2, "Order on one channel", with
// RabbitMQ's 505 texts). Memory grows with what arrived, never with what was announced; a body above the limit is
// counted and dropped, and judged when all of it has come.

import { copyBytes } from './byte-copy.ts';
import { rawBytes } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import type { Content } from './content.ts';
import { BASIC_CLASS, CONTENT_HEADER_BYTES, u32 } from './frame-format.ts';
import type { Method } from './method-table.ts';
import { methodIds } from './methods.ts';

// New memory is this many times what has arrived, so that bytes are copied about once more at the most.
const GROWTH = 4;
const FIRST_BYTES = 1024;

/** A content of which a part has come. `bodyBytes` is -1 until its header frame came. */
export class Assembly {
  readonly method: Method;
  bodyBytes = -1;
  received = 0;
  propertiesEnd = 0;
  isTooLarge = false;
  bytes: Uint8Array | null = null;

  constructor(method: Method) {
    this.method = method;
  }

  /** Bytes of memory held. */
  get heldBytes(): number {
    return this.bytes === null ? 0 : this.bytes.length;
  }

  /** True once the header frame and the announced number of body bytes came. */
  get isComplete(): boolean {
    return this.received === this.bodyBytes;
  }

  /** What is assembled; only when complete and not too large. */
  get content(): Content {
    return { bytes: this.bytes as Uint8Array, propertiesEnd: this.propertiesEnd, bodyAt: this.propertiesEnd };
  }

  /** Takes the payload `start..end` of a header frame of the right class. */
  takeHeader(chunk: Uint8Array, start: number, end: number, bodyBytesMax: number): void {
    this.bodyBytes = u32(chunk, start + 4) * 4_294_967_296 + u32(chunk, start + 8);
    this.isTooLarge = this.bodyBytes > bodyBytesMax;
    const properties = end - start - CONTENT_HEADER_BYTES;
    this.propertiesEnd = properties;
    if (this.isTooLarge) return;
    this.bytes = rawBytes(properties + Math.min(this.bodyBytes, FIRST_BYTES));
    copyBytes(chunk, start + CONTENT_HEADER_BYTES, end, this.bytes, 0);
  }

  /** Takes `start..end` of the payload of a body frame; not more than is still missing. */
  takeBody(chunk: Uint8Array, start: number, end: number): void {
    const at = this.propertiesEnd + this.received;
    this.received += end - start;
    if (this.bytes === null) return;
    const needed = at + end - start;
    if (needed > this.bytes.length) {
      const grown = rawBytes(Math.min(this.propertiesEnd + this.bodyBytes, needed * GROWTH));
      copyBytes(this.bytes, 0, at, grown, 0);
      this.bytes = grown;
    }
    copyBytes(chunk, start, end, this.bytes, at);
  }

  /** What is wrong with a header frame's payload `start..end` at this point, or null. */
  headerError(chunk: Uint8Array, start: number): CodecError | null {
    if (this.bodyBytes >= 0) return this.unexpected('expected content body, got non content body frame instead');
    const weight = (chunk[start + 2] << 8) | chunk[start + 3];
    const classId = (chunk[start] << 8) | chunk[start + 1];
    if (weight !== 0) return this.expectedHeader('non content header frame');
    return classId === BASIC_CLASS ? null : this.expectedHeader(`one for class ${classId}`);
  }

  /** What is wrong with a body frame of `size` bytes at this point, or null. */
  bodyError(size: number): CodecError | null {
    if (this.bodyBytes < 0) return this.expectedHeader('non content header frame');
    if (size <= this.bodyBytes - this.received) return null;
    const { methodId } = methodIds(this.method.name);
    const text = `content body of ${this.received + size} bytes is longer than the announced ${this.bodyBytes}`;
    return new CodecError(501, text, BASIC_CLASS, methodId);
  }

  /** The error of a method frame at this point. */
  methodError(): CodecError {
    return this.bodyBytes < 0
      ? this.expectedHeader('non content header frame')
      : this.unexpected('expected content body, got non content body frame instead');
  }

  /** 406 for a body above the limit, after all of it came. */
  tooLargeError(bodyBytesMax: number): CodecError {
    const { methodId } = methodIds(this.method.name);
    const text = `message size ${this.bodyBytes} is larger than configured max size ${bodyBytesMax}`;
    return new CodecError(406, text, BASIC_CLASS, methodId);
  }

  private expectedHeader(got: string): CodecError {
    return this.unexpected(`expected content header for class ${BASIC_CLASS}, got ${got} instead`);
  }

  private unexpected(text: string): CodecError {
    return new CodecError(505, text, BASIC_CLASS, methodIds(this.method.name).methodId);
  }
}

/** 505 for a header or body frame where a method frame has to come. */
export function expectedMethod(): CodecError {
  return new CodecError(505, 'expected method frame, got non method frame instead');
}
