// A Message as bytes of the log. Its keys and what routing and expiry need are written beside the protocol's own bytes.
//
//    0  version          u8   1
//    1  flags            u8   bit 0: it has further keys
//    2  priority         u8
//    3  zero             u8
//    4  its own ttl      f64  ms, -1 for none
//   12  delay            f64  ms
//   20  properties end   u32
//   24  texts: format, exchange, routing key; with further keys their number as u16 and each of them.
//       A text is its length as u16 and its bytes in UTF-8.
//       properties, body
import { EntryFormatError, type MessageCodec } from '../../storage/index.ts';
import type { Message } from '../message.ts';

const VERSION = 1;
const FIXED_BYTES = 24;
const HAS_EXTRA_KEYS = 1;
/** Room for three texts of AMQP's longest, before it has to grow. */
const FIRST_BYTES = 4_096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Writes heads into one buffer that is used again. */
class HeadWriter {
  private bytes = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  write(message: Message): Uint8Array {
    const { view } = this;
    view.setUint8(0, VERSION);
    view.setUint8(1, message.extraKeys === null ? 0 : HAS_EXTRA_KEYS);
    view.setUint8(2, message.priority);
    view.setUint8(3, 0);
    view.setFloat64(4, message.ttlMs);
    view.setFloat64(12, message.delayMs);
    view.setUint32(20, message.propertiesEnd);
    this.at = FIXED_BYTES;
    this.text(message.format);
    this.text(message.exchange);
    this.text(message.routingKey);
    if (message.extraKeys !== null) {
      this.reserve(2);
      this.view.setUint16(this.at, message.extraKeys.length);
      this.at += 2;
      for (const key of message.extraKeys) this.text(key);
    }
    return this.bytes.subarray(0, this.at);
  }

  private text(text: string): void {
    this.reserve(2 + text.length * 3);
    const { written } = encoder.encodeInto(text, this.bytes.subarray(this.at + 2));
    this.view.setUint16(this.at, written);
    this.at += 2 + written;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const larger = new Uint8Array(2 * (this.at + bytes));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

class HeadReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  at = FIXED_BYTES;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2);
  }

  text(): string {
    const length = this.number();
    this.at += length;
    return decoder.decode(this.bytes.subarray(this.at - length, this.at));
  }

  get fixed() {
    const { view } = this;
    return {
      hasExtraKeys: (view.getUint8(1) & HAS_EXTRA_KEYS) !== 0,
      priority: view.getUint8(2),
      ttlMs: view.getFloat64(4),
      delayMs: view.getFloat64(12),
      propertiesEnd: view.getUint32(20),
    };
  }
}

const writer = new HeadWriter();

/** Writes and reads Messages. A decoded one is persistent: no other is ever written. */
export const messageCodec: MessageCodec<Message> = {
  encode(message) {
    const { bytes, propertiesEnd, bodyAt } = message;
    const head = writer.write(message);
    if (propertiesEnd === bodyAt) return [head, bytes];
    return [head, bytes.subarray(0, propertiesEnd), bytes.subarray(bodyAt)];
  },
  decode(bytes) {
    if (bytes.length < FIXED_BYTES || bytes[0] !== VERSION) {
      throw new EntryFormatError(`a stored Message has the version ${bytes[0]}, this program knows ${VERSION}`);
    }
    const reader = new HeadReader(bytes);
    const { hasExtraKeys, priority, ttlMs, delayMs, propertiesEnd } = reader.fixed;
    const format = reader.text();
    const exchange = reader.text();
    const routingKey = reader.text();
    const extraKeys = hasExtraKeys ? Array.from({ length: reader.number() }, () => reader.text()) : null;
    return {
      exchange,
      routingKey,
      extraKeys,
      bytes: bytes.subarray(reader.at),
      propertiesEnd,
      bodyAt: propertiesEnd,
      persistent: true,
      priority,
      ttlMs,
      delayMs,
      format,
    };
  },
};
