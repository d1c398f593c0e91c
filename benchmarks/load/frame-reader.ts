// Question: what did the broker send? Walks the frames of a read chunk in place: no slice, object or promise per frame.
// The common frames (deliver, its header and body) reach the sink as plain numbers; every other method as class, id
// and the range of its arguments. A broken frame ends the run with a clear error.

import { FRAME_OVERHEAD_BYTES } from './frames.ts';

/** Receives what a chunk contains. All ranges are offsets into the chunk and die with the call. */
export interface FrameSink {
  /** One whole message; `stampAt` is the offset of its body. */
  delivery(bytes: Buffer, tag: number, stampAt: number, isRedelivered: boolean): void;
  /** Any method but basic.deliver. */
  method(bytes: Buffer, classId: number, methodId: number, from: number, to: number): void;
}

const DELIVER = 0x003c003c;
const FRAME_END = 0xce;

/** The state that survives from chunk to chunk: which content is being assembled. */
export class FrameReader {
  #tag = 0;
  #isRedelivered = false;
  #isDelivery = false;
  #isStamped = false;

  /** Reads whole frames of `bytes[0, end)`; returns how many bytes were used. */
  read(bytes: Buffer, end: number, sink: FrameSink): number {
    let at = 0;
    while (end - at >= FRAME_OVERHEAD_BYTES) {
      const size = (bytes[at + 3] << 24) | (bytes[at + 4] << 16) | (bytes[at + 5] << 8) | bytes[at + 6];
      const payload = at + 7;
      const close = payload + size;
      if (close >= end) break;
      if (bytes[close] !== FRAME_END) throw new Error(`broken frame from the broker at byte ${at}`);
      const type = bytes[at];
      if (type === 3) this.#body(bytes, payload, sink);
      else if (type === 2) this.#isStamped = false;
      else if (type === 1) this.#method(bytes, payload, close, sink);
      at = close + 1;
    }
    return at;
  }

  #method(bytes: Buffer, payload: number, close: number, sink: FrameSink): void {
    const kind = (bytes[payload] << 24) | (bytes[payload + 1] << 16) | (bytes[payload + 2] << 8) | bytes[payload + 3];
    if (kind !== DELIVER) {
      // A returned or fetched message has content too; only deliveries are booked.
      this.#isDelivery = false;
      sink.method(bytes, kind >>> 16, kind & 0xffff, payload + 4, close);
      return;
    }
    const tagAt = payload + 5 + bytes[payload + 4];
    this.#tag =
      ((bytes[tagAt + 4] << 24) | (bytes[tagAt + 5] << 16) | (bytes[tagAt + 6] << 8) | bytes[tagAt + 7]) >>> 0;
    this.#isRedelivered = bytes[tagAt + 8] !== 0;
    this.#isDelivery = true;
  }

  #body(bytes: Buffer, payload: number, sink: FrameSink): void {
    // A large body comes in several frames; the stamp is in the first.
    if (this.#isStamped || !this.#isDelivery) return;
    this.#isStamped = true;
    sink.delivery(bytes, this.#tag, payload, this.#isRedelivered);
  }
}
