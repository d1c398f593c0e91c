// The chunks that a connection has asked its socket for, and those that came while it must not read. Of large messages
// several chunks make one slice, so that what comes of them leaves in large writes; of small ones a single chunk is
// already a slice. Where messages wait in a queue nothing is read ahead, for more would only wait with them; else the
// distance grows by a chunk at a time. Both are bounded (DESIGN decisions 9 and 16), and connections that read at the same time share what one
// alone may have, so that a turn stays short.
import type { Context } from '../../process/index.ts';
import {
  READ_AHEAD_BYTES,
  READ_AHEAD_CHUNKS_MAX,
  READ_AHEAD_COMMANDS,
  READ_AHEAD_THREAD_CHUNKS,
  READERS_MS,
} from './limits.ts';

/** How many connections of a thread have read something lately. */
export interface Readers {
  /** The number of the period that is under way. */
  period: number;
  /** Connections that have read in it, and in the one before. */
  now: number;
  before: number;
}

/** The readers of the thread that `context` is on. */
export function readersHere({ kernel }: Pick<Context, 'kernel'>): Readers {
  const { locals } = kernel;
  const found = locals.get('amqp091.readers') as Readers | undefined;
  if (found !== undefined) return found;
  const readers: Readers = { period: 0, now: 0, before: 0 };
  locals.set('amqp091.readers', readers);
  return readers;
}

/** What one connection reads ahead of what it has taken. */
export class ReadAhead {
  /** Asked for and not yet come. */
  private pending = 0;
  private wanted = 1;
  /** What the queues behind have let it grow to. */
  private allowed = 1;
  private readonly held: Uint8Array[] = [];
  private readonly readers: Readers;
  /** The last period in which this one is counted among the readers. */
  private period = -1;

  constructor(readers: Readers) {
    this.readers = readers;
  }

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
  read(bytes: number, commands: number, nowMs: number): void {
    const byBytes = READ_AHEAD_BYTES / Math.max(1, bytes);
    const byCommands = READ_AHEAD_COMMANDS / Math.max(1, commands);
    const share = READ_AHEAD_THREAD_CHUNKS / this.countReaders(nowMs);
    this.wanted = Math.max(1, Math.floor(Math.min(READ_AHEAD_CHUNKS_MAX, byBytes, byCommands, share)));
  }

  /** A channel has passed a chunk on; `isBehind` when messages wait in its queue. */
  consumed(isBehind: boolean): void {
    this.allowed = isBehind ? 1 : Math.min(READ_AHEAD_CHUNKS_MAX, this.allowed + 1);
  }

  private countReaders(nowMs: number): number {
    const { readers } = this;
    const period = Math.floor(nowMs / READERS_MS);
    if (readers.period !== period) {
      readers.period = period;
      readers.before = readers.now;
      readers.now = 0;
    }
    if (this.period !== period) {
      this.period = period;
      readers.now++;
    }
    return Math.max(readers.now, readers.before);
  }

  /** How many more chunks to ask for now, at least 0, so that no more than `chunksMax` are on their way or wait. */
  ask(chunksMax: number): number {
    const chunks = Math.max(0, Math.min(this.wanted, this.allowed, chunksMax) - this.pending - this.held.length);
    this.pending += chunks;
    return chunks;
  }
}
