// The contents under way on one connection, one per channel at most; channels interleave freely (digest 2). A content
// whose header frame and one body frame lie in the same chunk is handed over as one view of it, without any state.
import { Assembly, expectedMethod } from './assembly.ts';
import type { CodecError } from './codec-error.ts';
import {
  BASIC_CLASS,
  BODY_FRAME,
  CONTENT_HEADER_BYTES,
  channelOf,
  END_MARKER,
  FRAME_HEADER_BYTES,
  HEADER_FRAME,
  u32,
} from './frame-format.ts';
import type { FrameSink } from './frame-sink.ts';
import type { Method } from './method-table.ts';

/** Contents of one connection. All `take...` functions get whole frames with a sound end marker. */
export class ContentAssembler {
  /** The agreed frame_max, 0 for none. */
  frameMax: number;
  /** Bytes of memory held for contents under way. */
  heldBytes = 0;
  private readonly bodyBytesMax: number;
  private readonly assemblies = new Map<number, Assembly>();

  constructor(frameMax: number, bodyBytesMax: number) {
    this.frameMax = frameMax;
    this.bodyBytesMax = bodyBytesMax;
  }

  /** Whether a payload of this size is refused: RabbitMQ tolerates frame_max bytes where frame_max - 8 are allowed. */
  isAboveLimit(size: number): boolean {
    return size > this.frameMax && this.frameMax !== 0;
  }

  /** What is wrong with a method frame on this channel now, or null. */
  methodError(channel: number): CodecError | null {
    if (this.assemblies.size === 0) return null;
    return this.assemblies.get(channel)?.methodError() ?? null;
  }

  /**
   * Begins the content of `method`, whose header frame may follow at `at`; returns what is behind all that was taken.
   * `isLasting` is false when the chunk will be written to again, so that nothing may be a view of it.
   */
  takeMethod(
    chunk: Uint8Array,
    at: number,
    end: number,
    isLasting: boolean,
    channel: number,
    method: Method,
    sink: FrameSink,
  ): number {
    const after = isLasting ? this.takeWhole(chunk, at, end, channel, method, sink) : at;
    if (after === at) this.assemblies.set(channel, new Assembly(method));
    return after;
  }

  /** Takes the header frame that begins at `at`; returns what is behind all that was taken. */
  takeHeader(chunk: Uint8Array, at: number, end: number, isLasting: boolean, sink: FrameSink): number {
    const channel = channelOf(chunk, at);
    const payload = at + FRAME_HEADER_BYTES;
    const mark = payload + u32(chunk, at + 3);
    const assembly = this.assemblies.get(channel);
    if (assembly === undefined) {
      sink.onError(channel, expectedMethod());
      return mark + 1;
    }
    const error = assembly.headerError(chunk, payload);
    if (error !== null) {
      this.drop(channel);
      sink.onError(channel, error);
      return mark + 1;
    }
    if (isLasting) {
      // Taken off first, because the sink is called inside.
      this.assemblies.delete(channel);
      const after = this.takeWhole(chunk, at, end, channel, assembly.method, sink);
      if (after !== at) return after;
      this.assemblies.set(channel, assembly);
    }
    assembly.takeHeader(chunk, payload, mark, this.bodyBytesMax);
    this.heldBytes += assembly.heldBytes;
    this.finish(channel, assembly, sink);
    return mark + 1;
  }

  /** Takes the payload `start..end` of a body frame. */
  takeBody(chunk: Uint8Array, start: number, end: number, channel: number, sink: FrameSink): void {
    const assembly = this.assemblies.get(channel);
    const error = assembly === undefined ? expectedMethod() : assembly.bodyError(end - start);
    if (error === null) {
      this.takePart(chunk, start, end, channel);
      this.finishPart(channel, sink);
      return;
    }
    this.drop(channel);
    sink.onError(channel, error);
  }

  /** Whether a body frame of `size` bytes is in order now, so that its payload may be taken in parts. */
  acceptsBody(channel: number, size: number): boolean {
    const assembly = this.assemblies.get(channel);
    return assembly !== undefined && assembly.bodyError(size) === null;
  }

  /** Takes a part of an accepted body frame's payload. */
  takePart(chunk: Uint8Array, start: number, end: number, channel: number): void {
    const assembly = this.assemblies.get(channel) as Assembly;
    this.heldBytes -= assembly.heldBytes;
    assembly.takeBody(chunk, start, end);
    this.heldBytes += assembly.heldBytes;
  }

  /** Ends a body frame whose parts were taken and whose end marker was sound. */
  finishPart(channel: number, sink: FrameSink): void {
    this.finish(channel, this.assemblies.get(channel) as Assembly, sink);
  }

  /** Forgets the content under way on a channel, if there is one. */
  drop(channel: number): void {
    const assembly = this.assemblies.get(channel);
    if (assembly === undefined) return;
    this.heldBytes -= assembly.heldBytes;
    this.assemblies.delete(channel);
  }

  /** Forgets everything. */
  clear(): void {
    this.assemblies.clear();
    this.heldBytes = 0;
  }

  private finish(channel: number, assembly: Assembly, sink: FrameSink): void {
    if (!assembly.isComplete) return;
    this.drop(channel);
    if (assembly.isTooLarge) sink.onError(channel, assembly.tooLargeError(this.bodyBytesMax));
    else sink.onCommand(channel, assembly.method, assembly.content);
  }

  /**
   * When the header frame at `at` and its only body frame (none for an empty body) are whole and sound, hands the
   * content over and returns what is behind; else returns `at` and leaves errors and cuts to the frame by frame way.
   */
  private takeWhole(
    chunk: Uint8Array,
    at: number,
    end: number,
    channel: number,
    method: Method,
    sink: FrameSink,
  ): number {
    const header = at + FRAME_HEADER_BYTES;
    const properties = header + CONTENT_HEADER_BYTES;
    // Two bytes of property flags and the end marker must follow.
    if (end - properties < 3 || chunk[at] !== HEADER_FRAME || channelOf(chunk, at) !== channel) return at;
    const headerBytes = u32(chunk, at + 3);
    const headerMark = header + headerBytes;
    if (headerBytes < CONTENT_HEADER_BYTES + 2 || headerMark >= end || this.isAboveLimit(headerBytes)) return at;
    // One comparison for class and weight 0.
    if (chunk[headerMark] !== END_MARKER || u32(chunk, header) !== BASIC_CLASS << 16) return at;
    const bodyBytes = u32(chunk, header + 8);
    if (u32(chunk, header + 4) !== 0 || bodyBytes > this.bodyBytesMax) return at;
    const propertiesEnd = headerMark - properties;
    if (bodyBytes === 0) {
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset + properties, propertiesEnd);
      sink.onCommand(channel, method, { bytes, propertiesEnd, bodyAt: propertiesEnd });
      return headerMark + 1;
    }
    const bodyFrame = headerMark + 1;
    const bodyMark = bodyFrame + FRAME_HEADER_BYTES + bodyBytes;
    if (bodyMark >= end || chunk[bodyFrame] !== BODY_FRAME || channelOf(chunk, bodyFrame) !== channel) return at;
    if (u32(chunk, bodyFrame + 3) !== bodyBytes || chunk[bodyMark] !== END_MARKER) return at;
    if (this.isAboveLimit(bodyBytes)) return at;
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset + properties, bodyMark - properties);
    sink.onCommand(channel, method, { bytes, propertiesEnd, bodyAt: propertiesEnd + 1 + FRAME_HEADER_BYTES });
    return bodyMark + 1;
  }
}
