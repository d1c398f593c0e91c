// The chunks that a connection has asked its socket for, and those that came while it must not read. Of large messages
// several chunks make one slice, so that what comes of them leaves in large writes; of small ones a single chunk is
// already a slice. Both are bounded (DESIGN decisions 9 and 16).
import { READ_AHEAD_BYTES, READ_AHEAD_CHUNKS_MAX, READ_AHEAD_COMMANDS } from './limits.ts';

/** What one connection reads ahead of what it has taken. */
export class ReadAhead {
  /** Asked for and not yet come. */
  private pending = 0;
  private wanted = 1;
  private readonly held: Uint8Array[] = [];

  /** Chunks wait that came while the connection did not read. */
  get isHolding(): boolean {
    return this.held.length > 0;
  }

  /** A chunk has come. */
  came(): void {
    this.pending--;
  }

  /** Keeps a chunk for later; at most as many as were asked for. */
  hold(bytes: Uint8Array): void {
    this.held.push(bytes);
  }

  /** The next of the chunks that were kept, in their order. */
  next(): Uint8Array | undefined {
    return this.held.shift();
  }

  /** A chunk of so many bytes was read, and so many commands were in it. */
  read(bytes: number, commands: number): void {
    const chunks = Math.min(READ_AHEAD_BYTES / Math.max(1, bytes), READ_AHEAD_COMMANDS / Math.max(1, commands));
    this.wanted = Math.max(1, Math.min(READ_AHEAD_CHUNKS_MAX, Math.floor(chunks)));
  }

  /** How many more chunks to ask for now, at least 0, so that no more than `chunksMax` are on their way or wait. */
  ask(chunksMax: number): number {
    const chunks = Math.max(0, Math.min(this.wanted, chunksMax) - this.pending - this.held.length);
    this.pending += chunks;
    return chunks;
  }
}
