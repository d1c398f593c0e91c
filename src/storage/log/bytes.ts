// Writes and reads numbers and bytes one after the other, big-endian.

export class ByteWriter {
  private memory = new Uint8Array(4_096);
  private view = new DataView(this.memory.buffer);
  private at = 0;

  u16(value: number): void {
    this.reserve(2);
    this.view.setUint16(this.at, value);
    this.at += 2;
  }

  u32(value: number): void {
    this.reserve(4);
    this.view.setUint32(this.at, value);
    this.at += 4;
  }

  u48(value: number): void {
    this.u16(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  u64(value: bigint): void {
    this.reserve(8);
    this.view.setBigUint64(this.at, value);
    this.at += 8;
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.memory.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A view of everything so far. */
  taken(): Uint8Array {
    return this.memory.subarray(0, this.at);
  }

  private reserve(more: number): void {
    if (this.at + more <= this.memory.length) return;
    const larger = new Uint8Array(Math.max(this.memory.length * 2, this.at + more));
    larger.set(this.memory);
    this.memory = larger;
    this.view = new DataView(larger.buffer);
  }
}

export class ByteReader {
  private readonly view: DataView;
  private at = 0;

  constructor(view: DataView) {
    this.view = view;
  }

  u16(): number {
    this.at += 2;
    return this.view.getUint16(this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4);
  }

  u48(): number {
    return this.u16() * 0x1_0000_0000 + this.u32();
  }

  u64(): bigint {
    this.at += 8;
    return this.view.getBigUint64(this.at - 8);
  }

  bytes(length: number): Uint8Array {
    this.at += length;
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.at - length, length);
  }
}
