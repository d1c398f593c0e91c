// A lock-free ring of bytes with one writer and one reader, over shared memory or, in the simulator, ordinary memory.
// It carries one stream of records; where a record ends is the records' business, so they may wrap and come in pieces.
//
//   int32   0   tail       bytes ever published by the writer (mod 2^32)
//   int32  16   head       bytes ever consumed by the reader (mod 2^32)
//   int32  32   waiting    1: the writer has more than fits and wants to hear of room
//   int32  48   sideTaken  oversize records the reader has taken from beside the ring
//   byte  256   data       a power of two
//
// The words are 64 bytes apart, so that the two sides do not fight for one cache line.

const TAIL = 0;
const HEAD = 16;
const WAITING = 32;
const SIDE_TAKEN = 48;
const HEADER_BYTES = 256;

/** Bytes of memory that a ring with `dataBytes` of room takes. Throws RangeError unless it is a power of two. */
export function ringSize(dataBytes: number): number {
  if (dataBytes < 64 || (dataBytes & (dataBytes - 1)) !== 0) {
    throw new RangeError(`a ring needs a power of two of at least 64 bytes, got ${dataBytes}`);
  }
  return HEADER_BYTES + dataBytes;
}

export class RingWriter {
  readonly capacity: number;
  private readonly words: Int32Array;
  private readonly data: Uint8Array;
  /** Oversize records that the reader had taken at the last look (mod 2^32). */
  sideTaken = 0;
  private tail = 0;
  private head = 0;

  constructor(memory: ArrayBufferLike) {
    this.words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.data = new Uint8Array(memory, HEADER_BYTES);
    this.capacity = this.data.length;
  }

  /** Bytes that fit now. */
  get room(): number {
    return this.capacity - ((this.tail - this.head) >>> 0);
  }

  /** Copies as much of `bytes` from `start` to `end` as fits and returns how much; the reader sees it after `publish`. */
  write(bytes: Uint8Array, start: number, end: number): number {
    if (this.room < end - start) this.look();
    const count = Math.min(this.room, end - start);
    const at = (this.tail >>> 0) & (this.capacity - 1);
    const first = Math.min(count, this.capacity - at);
    copy(bytes, start, this.data, at, first);
    if (first < count) copy(bytes, start + first, this.data, 0, count - first);
    this.tail = (this.tail + count) | 0;
    return count;
  }

  publish(): void {
    Atomics.store(this.words, TAIL, this.tail);
  }

  /** True when the reader has taken something since the last {@link look}. */
  get hasMoved(): boolean {
    return Atomics.load(this.words, HEAD) !== this.head || Atomics.load(this.words, SIDE_TAKEN) !== this.sideTaken;
  }

  /** Looks at what the reader has taken; true when that has changed. */
  look(): boolean {
    const { head, sideTaken } = this;
    this.head = Atomics.load(this.words, HEAD);
    this.sideTaken = Atomics.load(this.words, SIDE_TAKEN);
    return this.head !== head || this.sideTaken !== sideTaken;
  }

  /** Asks the reader to say when there is room. */
  setWaiting(isWaiting: boolean): void {
    Atomics.store(this.words, WAITING, isWaiting ? 1 : 0);
  }
}

export class RingReader {
  private readonly words: Int32Array;
  private readonly data: Uint8Array;
  private head = 0;

  constructor(memory: ArrayBufferLike) {
    this.words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.data = new Uint8Array(memory, HEADER_BYTES);
  }

  /** Bytes published and not read. */
  get available(): number {
    return (Atomics.load(this.words, TAIL) - this.head) >>> 0;
  }

  /** Copies up to `max` bytes to `target` at `at`, frees their room and returns how many there were. */
  read(target: Uint8Array, at: number, max: number): number {
    const count = Math.min(this.available, max);
    if (count === 0) return 0;
    const from = (this.head >>> 0) & (this.data.length - 1);
    const first = Math.min(count, this.data.length - from);
    copy(this.data, from, target, at, first);
    if (first < count) copy(this.data, 0, target, at + first, count - first);
    this.head = (this.head + count) | 0;
    Atomics.store(this.words, HEAD, this.head);
    return count;
  }

  countSideTaken(): void {
    Atomics.add(this.words, SIDE_TAKEN, 1);
  }

  /** True when the writer asked to hear of room; asking is over then. */
  takeWaiting(): boolean {
    return Atomics.load(this.words, WAITING) === 1 && Atomics.compareExchange(this.words, WAITING, 1, 0) === 1;
  }
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  if (count > 64) target.set(source.subarray(from, from + count), to);
  else for (let index = 0; index < count; index++) target[to + index] = source[from + index];
}
