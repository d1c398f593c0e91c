// Question: what bytes does a raw AMQP 0-9-1 client send? Pure encoders for the load generator: methods, and
// publishes encoded once so that a run only patches the stamp in each body.
// Stamp, at the start of every body (big endian):
//   0        4          8            12
//   | stream | sequence | sent, us   | filler ...
// A stream is what one producer sends to one queue; `sent` is there when the body has 16 bytes or more.

/** Bytes around a frame's payload: type, channel, size, end octet. */
export const FRAME_OVERHEAD_BYTES = 8;
/** The largest frame the generator offers and sends. */
export const FRAME_BYTES_MAX = 131_072;
/** The smallest body: stream and sequence. */
export const BODY_BYTES_MIN = 8;
/** The smallest body that also carries its time of sending. */
export const TIMED_BODY_BYTES_MIN = 16;

const FRAME_END = 0xce;
const PERSISTENT = 2;

/** One field of a method: a short string, a long string, or an unsigned integer of that many bits. */
export type Field = { short: string } | { long: string } | { u8: number } | { u16: number } | { u32: number };

function encodeField(field: Field): Buffer {
  if ('short' in field) return Buffer.concat([Buffer.from([Buffer.byteLength(field.short)]), Buffer.from(field.short)]);
  if ('u8' in field) return Buffer.from([field.u8]);
  if ('u16' in field) return Buffer.from([field.u16 >> 8, field.u16 & 255]);
  const head = Buffer.alloc(4);
  if ('u32' in field) {
    head.writeUInt32BE(field.u32);
    return head;
  }
  head.writeUInt32BE(Buffer.byteLength(field.long));
  return Buffer.concat([head, Buffer.from(field.long)]);
}

/** A whole frame of the given type around a payload. */
export function frame(type: number, channel: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.alloc(payload.length + FRAME_OVERHEAD_BYTES);
  bytes[0] = type;
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 3);
  bytes.set(payload, 7);
  bytes[bytes.length - 1] = FRAME_END;
  return bytes;
}

/** A method frame: class and method ids, then the fields in order. */
export function method(channel: number, classId: number, methodId: number, fields: readonly Field[] = []): Buffer {
  const ids: Field[] = [{ u16: classId }, { u16: methodId }];
  return frame(1, channel, Buffer.concat([...ids, ...fields].map(encodeField)));
}

/** Many publishes of one stream in one buffer, ready to be stamped and written. */
export interface PublishBlock {
  readonly bytes: Buffer;
  readonly messages: number;
  /** Bytes from one publish to the next. */
  readonly strideBytes: number;
  /** Where the stamp of the first publish begins. */
  readonly stampOffset: number;
  readonly isTimed: boolean;
}

/** What every publish of a stream has in common. */
export interface PublishShape {
  readonly stream: number;
  readonly exchange: string;
  readonly routingKey: string;
  readonly bodyBytes: number;
  readonly isPersistent: boolean;
}

function encodePublish(shape: PublishShape): { bytes: Buffer; stampOffset: number } {
  const publish = method(1, 60, 40, [{ u16: 0 }, { short: shape.exchange }, { short: shape.routingKey }, { u8: 0 }]);
  const header = Buffer.alloc(shape.isPersistent ? 15 : 14);
  header.writeUInt16BE(60, 0);
  header.writeUInt32BE(shape.bodyBytes, 8);
  if (shape.isPersistent) {
    header.writeUInt16BE(0x1000, 12);
    header[14] = PERSISTENT;
  }
  const body = Buffer.alloc(shape.bodyBytes, 0x77);
  body.writeUInt32BE(shape.stream, 0);
  const parts = [publish, frame(2, 1, header)];
  const stampOffset = parts[0].length + parts[1].length + 7;
  const pieceBytes = FRAME_BYTES_MAX - FRAME_OVERHEAD_BYTES;
  for (let at = 0; at < body.length; at += pieceBytes) parts.push(frame(3, 1, body.subarray(at, at + pieceBytes)));
  return { bytes: Buffer.concat(parts), stampOffset };
}

/** Encodes `blockBytes` worth of publishes (at least one). Throws when the body is too small for its stamp. */
export function publishBlock(shape: PublishShape, blockBytes: number): PublishBlock {
  if (shape.bodyBytes < BODY_BYTES_MIN) throw new RangeError(`a body needs ${BODY_BYTES_MIN} bytes for its stamp`);
  const one = encodePublish(shape);
  const messages = Math.max(1, Math.floor(blockBytes / one.bytes.length));
  const bytes = Buffer.alloc(messages * one.bytes.length);
  for (let i = 0; i < messages; i += 1) bytes.set(one.bytes, i * one.bytes.length);
  const isTimed = shape.bodyBytes >= TIMED_BODY_BYTES_MIN;
  return { bytes, messages, strideBytes: one.bytes.length, stampOffset: one.stampOffset, isTimed };
}

/** Writes the sequences `first .. first + count - 1` and the time of sending into a block. */
export function stampBlock(block: PublishBlock, first: number, count: number, sentUs: number): void {
  const { bytes, strideBytes, isTimed } = block;
  let at = block.stampOffset + 4;
  for (let sequence = first; sequence < first + count; sequence += 1) {
    bytes[at] = sequence >>> 24;
    bytes[at + 1] = sequence >>> 16;
    bytes[at + 2] = sequence >>> 8;
    bytes[at + 3] = sequence;
    if (isTimed) {
      bytes[at + 4] = sentUs >>> 24;
      bytes[at + 5] = sentUs >>> 16;
      bytes[at + 6] = sentUs >>> 8;
      bytes[at + 7] = sentUs;
    }
    at += strideBytes;
  }
}

/** Bytes of one basic.ack frame. */
export const ACK_BYTES = 21;

/** Writes a basic.ack at `at`; delivery tags stay below 2^32 in any run. */
export function writeAck(bytes: Buffer, at: number, tag: number, isMultiple: boolean): number {
  bytes[at] = 1;
  bytes[at + 1] = 0;
  bytes[at + 2] = 1;
  bytes.writeUInt32BE(13, at + 3);
  bytes.writeUInt32BE(0x003c0050, at + 7);
  bytes.writeUInt32BE(0, at + 11);
  bytes.writeUInt32BE(tag, at + 15);
  bytes[at + 19] = isMultiple ? 1 : 0;
  bytes[at + 20] = FRAME_END;
  return at + ACK_BYTES;
}
