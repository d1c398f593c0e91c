// Bytes that are kept (DESIGN decision 13). A Message that passes through stays a view of the chunk it was read in; one
// that has to wait is copied here, so that a small Message does not keep a whole chunk of others alive. Slabs lie outside
// the V8 heap and belong to one thread; a queue is emptied in order, so they are freed in order as well.
import type { Message } from '../message.ts';

const SLAB_BYTES = 262_144;
/** Longer contents get memory of their own. */
const SHARED_BYTES_MAX = 16_384;

export class Slab {
  private bytes = new Uint8Array(0);
  private used = 0;

  /** The same Message with its properties and body in memory of this slab, without the framing between them. */
  keep(message: Message): Message {
    const { bytes, propertiesEnd, bodyAt } = message;
    const length = propertiesEnd + bytes.length - bodyAt;
    const own = this.take(length);
    own.set(bytes.subarray(0, propertiesEnd));
    own.set(bytes.subarray(bodyAt), propertiesEnd);
    return { ...message, bytes: own, bodyAt: propertiesEnd };
  }

  private take(length: number): Uint8Array {
    if (length > SHARED_BYTES_MAX) return new Uint8Array(length);
    if (this.used + length > this.bytes.length) {
      this.bytes = new Uint8Array(SLAB_BYTES);
      this.used = 0;
    }
    const own = this.bytes.subarray(this.used, this.used + length);
    this.used += length;
    return own;
  }
}
