// Bytes of a socket to commands, in place and cut at any point (digest sections 1.1 and 2). A frame cut by a chunk's
// end is copied once; what is reported does not depend on the cuts. After an error inside an intact frame reading goes
// on (the connection awaits close-ok); after a broken frame or protocol header nothing more is read.
import { copyBytes } from './byte-copy.ts';
import { rawBytes } from './byte-writer.ts';
import { CodecError } from './codec-error.ts';
import { ContentAssembler } from './content-assembler.ts';
import { badFrameEnd, frameTooLarge, unexpectedFrame, unknownFrame } from './frame-errors.ts';
import {
  BODY_FRAME,
  CONTENT_HEADER_BYTES,
  channelOf,
  END_MARKER,
  FRAME_HEADER_BYTES,
  HEADER_FRAME,
  HEARTBEAT_FRAME,
  METHOD_FRAME,
  u32,
} from './frame-format.ts';
import type { FrameSink } from './frame-sink.ts';
import { PUBLISH_KEY } from './hot-methods.ts';
import { FRAME_BYTES_MAX, MESSAGE_BYTES_MAX } from './limits.ts';
import type { Method } from './method-table.ts';
import { carriesContent, decodeMethod } from './methods.ts';
import { isKnownProtocolHeader, PROTOCOL_HEADER_BYTES } from './protocol-header.ts';
import { PublishCache } from './publish-cache.ts';

// The part of a cut body frame that is kept for an error's text; the payload goes to the assembler at once.
const BODY_HEAD_BYTES = FRAME_HEADER_BYTES + 16;
// A larger memory for cut frames is let go after use, so that a quiet connection holds little.
const REST_BYTES_KEPT_MAX = 4096;
const NOTHING = new Uint8Array(0);

/** Limits of a reader. */
export type FrameReaderOptions = {
  /** Largest frame in bytes, 0 for no limit; 131072 before tune-ok. A payload of this many bytes is tolerated. */
  readonly frameMax?: number;
  /** Largest body in bytes; 134217728. */
  readonly bodyBytesMax?: number;
  /** False when reading what a server sends, which begins with a frame. */
  readonly expectsProtocolHeader?: boolean;
};

/** The parse state of one connection. */
export class FrameReader {
  private readonly contents: ContentAssembler;
  private readonly publishes = new PublishCache();
  private awaitsHeader: boolean;
  private isStopped = false;
  // The first bytes of a frame that is not complete; while `bodyLeft >= 0`, the head of the body frame under way.
  private rest: Uint8Array = NOTHING;
  private restBytes = 0;
  private bodyLeft = -1;

  constructor(options: FrameReaderOptions = {}) {
    this.contents = new ContentAssembler(
      options.frameMax ?? FRAME_BYTES_MAX,
      options.bodyBytesMax ?? MESSAGE_BYTES_MAX,
    );
    this.awaitsHeader = options.expectsProtocolHeader ?? true;
  }

  /** The agreed frame_max, 0 for none; settable at any time, also from the sink. */
  get frameMax(): number {
    return this.contents.frameMax;
  }

  set frameMax(bytes: number) {
    this.contents.frameMax = bytes;
  }

  /** Bytes of memory held for contents under way and for a frame that is not complete. */
  get heldBytes(): number {
    return this.contents.heldBytes + this.rest.length;
  }

  /** Ignores all further bytes and frees what is held. */
  stop(): void {
    this.isStopped = true;
    this.rest = NOTHING;
    this.restBytes = 0;
    this.bodyLeft = -1;
    this.contents.clear();
  }

  /**
   * Reads one chunk. Contents may be views of it, so it must not be written to afterwards. Throws nothing of its own;
   * what the sink throws ends the reading in an undefined place.
   */
  push(chunk: Uint8Array, sink: FrameSink): void {
    let at = 0;
    while (at < chunk.length && !this.isStopped) {
      if (this.awaitsHeader) at = this.readProtocolHeader(chunk, at, sink);
      else if (this.bodyLeft >= 0) at = this.continueBody(chunk, at, sink);
      else if (this.restBytes > 0) at = this.completeFrame(chunk, at, sink);
      else {
        at = this.readFrames(chunk, at, chunk.length, sink);
        if (at < chunk.length) at = this.completeFrame(chunk, at, sink);
      }
    }
  }

  private readProtocolHeader(chunk: Uint8Array, start: number, sink: FrameSink): number {
    const at = this.keep(chunk, start, PROTOCOL_HEADER_BYTES);
    if (this.restBytes < PROTOCOL_HEADER_BYTES) return at;
    const isAccepted = isKnownProtocolHeader(this.rest);
    this.awaitsHeader = false;
    this.restBytes = 0;
    if (!isAccepted) this.stop();
    sink.onProtocolHeader(isAccepted);
    return at;
  }

  /** Reads the whole frames of `start..end`; returns where the first incomplete one begins. */
  private readFrames(chunk: Uint8Array, start: number, end: number, sink: FrameSink): number {
    const isLasting = chunk !== this.rest;
    let at = start;
    while (end - at >= FRAME_HEADER_BYTES) {
      const type = chunk[at];
      const size = u32(chunk, at + 3);
      if (this.contents.isAboveLimit(size)) return this.refuseSize(chunk, at, end, sink);
      const payload = at + FRAME_HEADER_BYTES;
      const mark = payload + size;
      if (mark >= end) return at;
      if (chunk[mark] !== END_MARKER) {
        return this.fail(channelOf(chunk, at), badFrameEnd(type, chunk[mark], chunk, payload, mark), end, sink);
      }
      const channel = channelOf(chunk, at);
      if (type === METHOD_FRAME && size >= 4) {
        at = this.readMethod(chunk, payload, mark, end, isLasting, channel, sink);
      } else if (type === HEADER_FRAME && size >= CONTENT_HEADER_BYTES && channel !== 0) {
        at = this.contents.takeHeader(chunk, at, end, isLasting, sink);
      } else {
        this.readOther(type, chunk, payload, mark, channel, sink);
        at = mark + 1;
      }
      if (this.isStopped) return end;
    }
    return at;
  }

  private readMethod(
    chunk: Uint8Array,
    start: number,
    mark: number,
    end: number,
    isLasting: boolean,
    channel: number,
    sink: FrameSink,
  ): number {
    const next = mark + 1;
    const error = this.contents.methodError(channel);
    if (error !== null) {
      this.report(channel, error, sink);
      return next;
    }
    const method = this.decode(chunk, start, mark, channel, sink);
    if (method === null) return next;
    if (channel !== 0 && carriesContent(method.name)) {
      return this.contents.takeMethod(chunk, next, end, isLasting, channel, method, sink);
    }
    sink.onCommand(channel, method, null);
    return next;
  }

  private decode(chunk: Uint8Array, start: number, end: number, channel: number, sink: FrameSink): Method | null {
    try {
      const isPublish = u32(chunk, start) === PUBLISH_KEY;
      return isPublish ? this.publishes.decode(chunk, start, end) : decodeMethod(chunk, start, end);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.report(channel, error, sink);
      return null;
    }
  }

  private readOther(
    type: number,
    chunk: Uint8Array,
    start: number,
    mark: number,
    channel: number,
    sink: FrameSink,
  ): void {
    const isContent = type === BODY_FRAME || (type === HEADER_FRAME && mark - start >= CONTENT_HEADER_BYTES);
    const isHeartbeat = type === HEARTBEAT_FRAME && mark === start;
    if (isContent && channel !== 0) this.contents.takeBody(chunk, start, mark, channel, sink);
    else if (isHeartbeat && channel === 0) return;
    else if (isContent || isHeartbeat) this.report(channel, unexpectedFrame(type, chunk, start, mark), sink);
    else this.report(channel, unknownFrame(type, chunk, start, mark), sink);
  }

  private report(channel: number, error: CodecError, sink: FrameSink): void {
    this.contents.drop(channel);
    sink.onError(channel, error);
  }

  /** The end of all reading: where frames begin and end is no longer known. */
  private fail(channel: number, error: CodecError, end: number, sink: FrameSink): number {
    this.stop();
    sink.onError(channel, error);
    return end;
  }

  private refuseSize(bytes: Uint8Array, at: number, end: number, sink: FrameSink): number {
    const error = frameTooLarge(bytes[at], u32(bytes, at + 3), this.frameMax);
    return this.fail(channelOf(bytes, at), error, end, sink);
  }

  /** Begins or goes on with the frame in `rest`, which is not complete; returns what is behind the bytes taken. */
  private completeFrame(chunk: Uint8Array, start: number, sink: FrameSink): number {
    let at = this.keep(chunk, start, FRAME_HEADER_BYTES);
    if (this.restBytes < FRAME_HEADER_BYTES) return at;
    const size = u32(this.rest, 3);
    if (this.contents.isAboveLimit(size)) return this.refuseSize(this.rest, 0, chunk.length, sink);
    const total = FRAME_HEADER_BYTES + size + 1;
    const channel = channelOf(this.rest, 0);
    if (this.rest[0] === BODY_FRAME && total > BODY_HEAD_BYTES + 1 && this.contents.acceptsBody(channel, size)) {
      at = this.keep(chunk, at, BODY_HEAD_BYTES);
      if (this.restBytes < BODY_HEAD_BYTES) return at;
      this.contents.takePart(this.rest, FRAME_HEADER_BYTES, BODY_HEAD_BYTES, channel);
      this.bodyLeft = total - 1 - BODY_HEAD_BYTES;
      return at;
    }
    at = this.keep(chunk, at, total);
    if (this.restBytes < total) return at;
    this.readFrames(this.rest, 0, total, sink);
    this.forgetRest();
    return at;
  }

  /** Passes the payload of the body frame under way on to its content, then checks the end marker. */
  private continueBody(chunk: Uint8Array, start: number, sink: FrameSink): number {
    const channel = channelOf(this.rest, 0);
    const at = Math.min(start + this.bodyLeft, chunk.length);
    this.contents.takePart(chunk, start, at, channel);
    this.bodyLeft -= at - start;
    if (at === chunk.length) return at;
    if (chunk[at] !== END_MARKER) {
      const payloadEnd = FRAME_HEADER_BYTES + u32(this.rest, 3);
      const error = badFrameEnd(BODY_FRAME, chunk[at], this.rest, FRAME_HEADER_BYTES, payloadEnd);
      return this.fail(channel, error, chunk.length, sink);
    }
    this.bodyLeft = -1;
    this.forgetRest();
    this.contents.finishPart(channel, sink);
    return at + 1;
  }

  /** Copies bytes to `rest` until it has `bytes` of them or the chunk ends; returns what is behind them. */
  private keep(chunk: Uint8Array, start: number, bytes: number): number {
    const at = Math.min(chunk.length, start + bytes - this.restBytes);
    if (at <= start) return start;
    const needed = this.restBytes + at - start;
    if (needed > this.rest.length) {
      const grown = rawBytes(Math.max(64, needed * 2));
      copyBytes(this.rest, 0, this.restBytes, grown, 0);
      this.rest = grown;
    }
    copyBytes(chunk, start, at, this.rest, this.restBytes);
    this.restBytes = needed;
    return at;
  }

  private forgetRest(): void {
    this.restBytes = 0;
    if (this.rest.length > REST_BYTES_KEPT_MAX) this.rest = NOTHING;
  }
}
