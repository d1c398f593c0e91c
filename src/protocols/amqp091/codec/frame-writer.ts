// Frames to bytes for one socket, gathered until they are taken: one write per socket and slice, nothing made per
// frame. Bodies are split at frame_max - 8 (digest 2); long ones are handed over as views instead of copies. An error
// (CodecError 502 for what AMQP cannot carry) leaves the output as it was.
import { copyBytes } from './byte-copy.ts';
import { ByteWriter, putU32, putU64 } from './byte-writer.ts';
import type { Content } from './content.ts';
import {
  BASIC_CLASS,
  BODY_FRAME,
  CONTENT_HEADER_BYTES,
  END_MARKER,
  FRAME_HEADER_BYTES,
  HEADER_FRAME,
  HEARTBEAT_FRAME,
  METHOD_FRAME,
} from './frame-format.ts';
import { writeDeliverArguments } from './hot-methods.ts';
import { FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES, SEPARATE_BODY_BYTES } from './limits.ts';
import type { ContentMethod, Method } from './method-table.ts';
import { writeMethodPayload } from './methods.ts';
import { Output } from './output.ts';
import { PROTOCOL_HEADER } from './protocol-header.ts';

const CONTENT_OVERHEAD_BYTES = 2 * FRAME_OVERHEAD_BYTES + CONTENT_HEADER_BYTES;
const ZERO_DELIVERY = { deliveryTag: 0, redelivered: false };
// In a basic.deliver frame: behind the frame's header come ids (4), tag length (1), consumer tag, delivery tag.
const CONSUMER_TAG_AT = FRAME_HEADER_BYTES + 4;

/** Options of a writer. */
export type FrameWriterOptions = {
  /** Largest frame in bytes, 0 for no limit; 131072 before tune-ok. */
  readonly frameMax?: number;
  /** Bodies longer than this are not copied but handed over as views; 16384. `Infinity` copies always. */
  readonly separateBodyBytes?: number;
};

/** The frames that wait for one socket. */
export class FrameWriter {
  /** The agreed frame_max, 0 for none; settable at any time. */
  frameMax: number;
  private readonly separateBodyBytes: number;
  private readonly output = new Output();
  // The last basic.deliver as a frame: only tag and redelivered differ when the same consumer gets the same key again.
  private readonly deliver = new ByteWriter();
  private deliverChannel = -1;
  private deliverConsumerTag = '';
  private deliverExchange = '';
  private deliverRoutingKey = '';

  constructor(options: FrameWriterOptions = {}) {
    this.frameMax = options.frameMax ?? FRAME_BYTES_MAX;
    this.separateBodyBytes = options.separateBodyBytes ?? SEPARATE_BODY_BYTES;
  }

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.output.pendingBytes;
  }

  /** Everything pending as one array, or null when there is nothing. Several pieces are joined by a copy. */
  take(): Uint8Array | null {
    const pieces = this.output.takeAll();
    if (pieces.length === 0) return null;
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }

  /** Everything pending in order, without copies: for one gathered write. Never written to again by this writer. */
  takeAll(): Uint8Array[] {
    return this.output.takeAll();
  }

  /** Lets go of unused memory; for a connection that has been quiet for a while. */
  trim(): void {
    this.output.trim();
  }

  /** The server's answer to a protocol header that it does not take. */
  writeProtocolHeader(): void {
    for (const octet of PROTOCOL_HEADER) this.output.writer.u8(octet);
  }

  /** A heartbeat frame. */
  writeHeartbeat(): void {
    this.output.room(FRAME_OVERHEAD_BYTES);
    const { writer } = this.output;
    writer.at = putFrameHeader(writer.bytes, writer.at, HEARTBEAT_FRAME, 0, 0);
    writer.bytes[writer.at++] = END_MARKER;
  }

  /** A method frame. */
  writeMethod(channel: number, method: Method): void {
    // Writing may move the pending bytes, so a long pending run is set aside first.
    this.output.room(64);
    const { writer } = this.output;
    const mark = writer.mark;
    try {
      writeMethodFrame(writer, channel, method);
    } catch (error) {
      writer.rewind(mark);
      throw error;
    }
  }

  /** A basic.ack, as confirms are. */
  writeAck(channel: number, deliveryTag: number, multiple: boolean): void {
    this.writeSettlement(channel, 80, deliveryTag, multiple ? 1 : 0);
  }

  /** A basic.nack. */
  writeNack(channel: number, deliveryTag: number, multiple: boolean, requeue: boolean): void {
    this.writeSettlement(channel, 120, deliveryTag, (multiple ? 1 : 0) | (requeue ? 2 : 0));
  }

  private writeSettlement(channel: number, methodId: number, deliveryTag: number, bits: number): void {
    this.output.room(FRAME_OVERHEAD_BYTES + 13);
    const { writer } = this.output;
    const { bytes } = writer;
    let at = putFrameHeader(bytes, writer.at, METHOD_FRAME, channel, 13);
    at = putU32(bytes, at, (BASIC_CLASS << 16) | methodId);
    at = putU64(bytes, at, deliveryTag);
    bytes[at] = bits;
    bytes[at + 1] = END_MARKER;
    writer.at = at + 2;
  }

  /** A method with its content: basic.return, basic.get-ok; basic.publish for a client. */
  writeContentMethod(channel: number, method: ContentMethod, content: Content): void {
    this.writeMethod(channel, method);
    this.writeContent(channel, content, 0);
  }

  /** A basic.deliver with its content. `deliveryTag` is below 2^53. */
  writeDeliver(
    channel: number,
    consumerTag: string,
    deliveryTag: number,
    redelivered: boolean,
    exchange: string,
    routingKey: string,
    content: Content,
  ): void {
    if (
      routingKey !== this.deliverRoutingKey ||
      channel !== this.deliverChannel ||
      consumerTag !== this.deliverConsumerTag ||
      exchange !== this.deliverExchange
    ) {
      this.prepareDeliver(channel, consumerTag, exchange, routingKey);
    }
    const frame = this.deliver.bytes;
    const tagAt = CONSUMER_TAG_AT + 1 + frame[CONSUMER_TAG_AT];
    putU64(frame, tagAt, deliveryTag);
    frame[tagAt + 8] = redelivered ? 1 : 0;
    this.writeContent(channel, content, this.deliver.at);
  }

  private prepareDeliver(channel: number, consumerTag: string, exchange: string, routingKey: string): void {
    const { deliver } = this;
    this.deliverChannel = -1;
    deliver.at = 0;
    deliver.reserve(FRAME_HEADER_BYTES);
    deliver.at = FRAME_HEADER_BYTES;
    writeDeliverArguments(deliver, consumerTag, exchange, routingKey, ZERO_DELIVERY);
    putFrameHeader(deliver.bytes, 0, METHOD_FRAME, channel, deliver.at - FRAME_HEADER_BYTES);
    deliver.u8(END_MARKER);
    this.deliverChannel = channel;
    this.deliverConsumerTag = consumerTag;
    this.deliverExchange = exchange;
    this.deliverRoutingKey = routingKey;
  }

  /** The first `prefixBytes` of the deliver frame, then header and body frames of the content. */
  private writeContent(channel: number, content: Content, prefixBytes: number): void {
    const { bytes: source, propertiesEnd, bodyAt } = content;
    const bodyBytes = source.length - bodyAt;
    const pieceMax = this.frameMax === 0 ? Infinity : this.frameMax - FRAME_OVERHEAD_BYTES;
    const isWhole = bodyBytes <= pieceMax && bodyBytes <= this.separateBodyBytes;
    const copied = isWhole ? bodyBytes : 0;
    this.output.room(prefixBytes + CONTENT_OVERHEAD_BYTES + propertiesEnd + copied);
    const { writer } = this.output;
    const target = writer.bytes;
    let at = prefixBytes === 0 ? writer.at : copyBytes(this.deliver.bytes, 0, prefixBytes, target, writer.at);
    at = putFrameHeader(target, at, HEADER_FRAME, channel, CONTENT_HEADER_BYTES + propertiesEnd);
    at = putU32(target, at, BASIC_CLASS << 16);
    at = putU64(target, at, bodyBytes);
    if (isWhole && bodyBytes > 0 && bodyAt - propertiesEnd === FRAME_OVERHEAD_BYTES) {
      // As it came in, with the framing between: one copy, then the framing is made ours.
      const end = copyBytes(source, 0, source.length, target, at);
      target[at + propertiesEnd] = END_MARKER;
      putFrameHeader(target, at + propertiesEnd + 1, BODY_FRAME, channel, bodyBytes);
      target[end] = END_MARKER;
      writer.at = end + 1;
      return;
    }
    at = copyBytes(source, 0, propertiesEnd, target, at);
    target[at++] = END_MARKER;
    writer.at = at;
    if (bodyBytes > 0) this.writeBody(channel, source, bodyAt, pieceMax);
  }

  private writeBody(channel: number, source: Uint8Array, bodyAt: number, pieceMax: number): void {
    const { output } = this;
    const { writer } = output;
    for (let from = bodyAt; from < source.length; ) {
      const to = Math.min(source.length, from + pieceMax);
      const isView = source.length - bodyAt > this.separateBodyBytes;
      output.room(FRAME_OVERHEAD_BYTES + (isView ? 0 : to - from));
      writer.at = putFrameHeader(writer.bytes, writer.at, BODY_FRAME, channel, to - from);
      if (isView) {
        output.addView(source.subarray(from, to));
        output.room(1);
      } else {
        writer.at = copyBytes(source, from, to, writer.bytes, writer.at);
      }
      writer.bytes[writer.at++] = END_MARKER;
      from = to;
    }
  }
}

function writeMethodFrame(writer: ByteWriter, channel: number, method: Method): void {
  writer.u8(METHOD_FRAME);
  writer.u16(channel);
  const mark = writer.mark;
  writer.u32(0);
  writeMethodPayload(writer, method);
  writer.closeLength(mark);
  writer.u8(END_MARKER);
}

function putFrameHeader(bytes: Uint8Array, at: number, type: number, channel: number, size: number): number {
  bytes[at] = type;
  bytes[at + 1] = channel >>> 8;
  bytes[at + 2] = channel;
  return putU32(bytes, at + 3, size);
}
