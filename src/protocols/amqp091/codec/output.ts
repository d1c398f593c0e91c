// The output memory of one socket. Bytes are gathered in one array; what was taken is never written to again, because
// the socket may still hold it. The size of new memory follows what a slice usually writes.
import { ByteWriter, rawBytes } from './byte-writer.ts';
import { OUTPUT_BYTES_MAX } from './limits.ts';

const OUTPUT_BYTES_MIN = 1024;

/** Gathers bytes and whole views in order. */
export class Output {
  /** Where the next bytes go. Call `room` before writing to its memory directly. */
  readonly writer = new ByteWriter();
  private pieces: Uint8Array[] = [];
  private pieceBytes = 0;
  private nextBytes = OUTPUT_BYTES_MIN;

  /** Bytes that wait to be taken. */
  get pendingBytes(): number {
    return this.pieceBytes + this.writer.mark;
  }

  /** Makes room for `count` bytes in a row behind `writer.at`. */
  room(count: number): void {
    if (count > this.writer.bytes.length - this.writer.at) this.renew(count);
  }

  private renew(count: number): void {
    this.cut();
    this.writer.replace(rawBytes(Math.max(this.nextBytes, count)), 0);
    this.nextBytes = Math.min(OUTPUT_BYTES_MAX, this.nextBytes * 2);
  }

  /** Adds a view as it is. Its bytes must not change until the socket has written them. */
  addView(view: Uint8Array): void {
    this.cut();
    this.pieces.push(view);
    this.pieceBytes += view.length;
  }

  private cut(): void {
    const { writer } = this;
    if (writer.mark === 0) return;
    this.pieces.push(writer.bytes.subarray(writer.start, writer.at));
    this.pieceBytes += writer.mark;
    writer.start = writer.at;
  }

  /** Hands over everything pending, in order. */
  takeAll(): Uint8Array[] {
    const taken = this.pendingBytes;
    this.cut();
    const { pieces } = this;
    this.pieces = [];
    this.pieceBytes = 0;
    if (taken * 8 < this.nextBytes) this.nextBytes = Math.max(OUTPUT_BYTES_MIN, this.nextBytes / 2);
    return pieces;
  }

  /** Lets go of memory that is not in use, for a connection that has become quiet. */
  trim(): void {
    if (this.writer.mark === 0) this.writer.replace(new Uint8Array(0), 0);
    this.nextBytes = OUTPUT_BYTES_MIN;
  }
}
