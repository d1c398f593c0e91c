// A growable stretch of ordinary memory with a start and an end: encoders append, flushes consume from the front.

const BYTES_MIN = 4096;
/** An area that has grown above this is given back once it is empty. */
const BYTES_KEPT = 1_048_576;

export class ByteArea {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(BYTES_MIN);
  view: DataView<ArrayBuffer> = new DataView(this.bytes.buffer);
  /** Where the unread part begins. */
  start = 0;
  /** Where the next byte goes. */
  end = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Makes room for `count` more bytes behind `end`; positions stay valid unless everything before was consumed. */
  reserve(count: number): void {
    if (this.end + count > this.bytes.length) this.grow(count);
  }

  /** Marks the first `count` bytes as read. */
  consume(count: number): void {
    this.start += count;
    if (this.start !== this.end) return;
    this.start = this.end = 0;
    if (this.bytes.length > BYTES_KEPT) this.replace(BYTES_MIN, 0);
  }

  /** Moves the unread part to the front; returns by how much. */
  compact(): number {
    const { start } = this;
    if (start === 0) return 0;
    this.bytes.copyWithin(0, start, this.end);
    this.end -= start;
    this.start = 0;
    return start;
  }

  private grow(count: number): void {
    let capacity = this.bytes.length * 2;
    while (capacity < this.end + count) capacity *= 2;
    this.replace(capacity, this.end);
  }

  private replace(capacity: number, kept: number): void {
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes.subarray(0, kept));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}
