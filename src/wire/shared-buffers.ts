// The shared memory that one direction of a link knows by number, so that of bytes in it only number, offset and length
// cross. Both sides keep the same window: the writer adds a buffer when it first meets it and hands it over beside the
// ring, the reader adds it, in the same order, when it first meets its number. So both forget the same ones.
import { SHARED_BUFFERS_BYTES_MAX, SHARED_BUFFERS_MAX } from './limits.ts';

export class SharedBuffers {
  /** The number of the next buffer that is added. */
  next = 0;
  private readonly buffers = new Map<number, SharedArrayBuffer>();
  private readonly ids = new Map<SharedArrayBuffer, number>();
  private oldest = 0;
  private bytes = 0;

  /** The number of a buffer of the window, or undefined. */
  idOf(buffer: SharedArrayBuffer): number | undefined {
    return this.ids.get(buffer);
  }

  /** The buffer of the window with that number, or undefined. */
  at(id: number): SharedArrayBuffer | undefined {
    return this.buffers.get(id);
  }

  /** Adds the newest buffer, forgets the oldest above the bounds, and returns its number. */
  add(buffer: SharedArrayBuffer): number {
    const id = this.next++;
    this.buffers.set(id, buffer);
    this.ids.set(buffer, id);
    // A growable one counts with what it may become: its present length is not the same on both sides.
    this.bytes += buffer.maxByteLength;
    while (this.oldest < id && (id - this.oldest >= SHARED_BUFFERS_MAX || this.bytes > SHARED_BUFFERS_BYTES_MAX)) {
      this.forget(this.oldest++);
    }
    return id;
  }

  private forget(id: number): void {
    const buffer = this.buffers.get(id) as SharedArrayBuffer;
    this.buffers.delete(id);
    this.ids.delete(buffer);
    this.bytes -= buffer.maxByteLength;
  }
}
