// What one segment holds beside its bytes: where its messages are, and everything else that it says. Made while records
// are appended, by a scan, or from the file beside a sealed segment:
//
//   "WARRENIX"  8 bytes
//   version     u16   1
//   bytes       u48   length of the segment that this tells of
//   rows        u32   then per row: u48 row, u32 count, then count times: u48 sequence, u32 offset, u32 length
//   acks        u32   then each: u48 row, u48 first, u48 last
//   deleted     u32   then each: u48 row
//   marks       u32   then each: u48 row, u48 sequence, u32 length, payload
//   heads       u32   then each: u48 row, u48 highest sequence
//   CRC-32      u32   of everything before
import { joinedRanges, type Range } from '../range-collector.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type Crc32, KIND, type RecordHeader, readPairs } from './records.ts';
import { RowIndex } from './row-index.ts';

export interface Mark {
  readonly row: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Who learns of what records say, in order. */
export interface RecordSink {
  publish(row: number, sequence: number, length: number): void;
  acks(row: number, ranges: readonly Range[]): void;
  mark(mark: Mark): void;
  deleteRow(row: number): void;
  head(row: number, lastSequence: number): void;
}

const SIGNATURE = 0x57415252_454e4958n;
const VERSION = 1;
/** Fewer ranges of acks are not worth joining. */
const JOIN_FROM = 1_024;

export class Contents implements RecordSink {
  readonly rows = new Map<number, RowIndex>();
  readonly acked = new Map<number, Range[]>();
  readonly deleted = new Set<number>();
  readonly marks: Mark[] = [];
  /** So many ranges of a row are joined next. */
  private readonly joinAt = new Map<number, number>();
  private readonly heads = new Map<number, number>();
  private offset = 0;

  /** The offset of the record that is told next. */
  at(offset: number): this {
    this.offset = offset;
    return this;
  }

  publish(row: number, sequence: number, length: number): void {
    this.put(row, sequence, this.offset, length);
  }

  private put(row: number, sequence: number, offset: number, length: number): void {
    let index = this.rows.get(row);
    if (index === undefined) {
      index = new RowIndex();
      this.rows.set(row, index);
    }
    index.add(sequence, offset, length);
  }

  acks(row: number, ranges: readonly Range[]): void {
    let known = this.acked.get(row);
    if (known === undefined) {
      known = [];
      this.acked.set(row, known);
    }
    for (const [first, last] of ranges) {
      const before = known.at(-1);
      if (before !== undefined && before[1] + 1 === first) known[known.length - 1] = [before[0], last];
      else known.push([first, last]);
    }
    // Several consumers ack out of order, so that neighbours come apart: joined now and then, at a cost that stays linear.
    if (known.length < (this.joinAt.get(row) ?? JOIN_FROM)) return;
    const joined = joinedRanges(known);
    known.length = 0;
    for (const range of joined) known.push(range);
    this.joinAt.set(row, Math.max(JOIN_FROM, joined.length * 2));
  }

  mark(mark: Mark): void {
    this.marks.push(mark);
  }

  deleteRow(row: number): void {
    this.deleted.add(row);
  }

  head(row: number, lastSequence: number): void {
    this.heads.set(row, lastSequence);
  }

  /**
   * The rows there are at the end of a segment, from those there are before it. A segment begins with all rows there are,
   * so what it does not name was deleted before; null for not known, while no segment has said so.
   */
  rowsAfter(before: ReadonlySet<number> | null): ReadonlySet<number> | null {
    const known = this.heads.size > 0 ? [...this.heads.keys()] : before;
    if (known === null) return null;
    return new Set([...known, ...this.rows.keys(), ...this.acked.keys(), ...this.marks.map(({ row }) => row)]);
  }

  /** Tells all of it again. Acks come after what they end, deletions last. */
  replay(into: RecordSink): void {
    for (const [row, last] of this.heads) into.head(row, last);
    for (const [row, index] of this.rows) {
      for (let place = 0; place < index.count; place++) {
        into.publish(row, index.sequenceAt(place), index.lengthAt(place));
      }
    }
    for (const mark of this.marks) into.mark(mark);
    for (const [row, ranges] of this.acked) into.acks(row, ranges);
    for (const row of this.deleted) into.deleteRow(row);
  }

  encode(segmentBytes: number, crc32: Crc32): Uint8Array {
    const out = new ByteWriter();
    out.u64(SIGNATURE);
    out.u16(VERSION);
    out.u48(segmentBytes);
    out.u32(this.rows.size);
    for (const [row, index] of this.rows) {
      out.u48(row);
      out.u32(index.count);
      for (let place = 0; place < index.count; place++) {
        out.u48(index.sequenceAt(place));
        out.u32(index.offsetAt(place));
        out.u32(index.lengthAt(place));
      }
    }
    const acks = [...this.acked].flatMap(([row, ranges]) => ranges.map((range) => [row, ...range] as const));
    out.u32(acks.length);
    for (const numbers of acks) for (const number of numbers) out.u48(number);
    out.u32(this.deleted.size);
    for (const row of this.deleted) out.u48(row);
    out.u32(this.marks.length);
    for (const { row, sequence, payload } of this.marks) {
      out.u48(row);
      out.u48(sequence);
      out.u32(payload.length);
      out.bytes(payload);
    }
    out.u32(this.heads.size);
    for (const [row, last] of this.heads) {
      out.u48(row);
      out.u48(last);
    }
    out.u32(crc32(out.taken()));
    return out.taken();
  }

  /** Null for bytes that are damaged, of another version, or tell of a segment of another length. */
  static decode(bytes: Uint8Array, segmentBytes: number, crc32: Crc32): Contents | null {
    if (bytes.length < 20) return null;
    const end = bytes.length - 4;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) return null;
    const input = new ByteReader(view);
    if (input.u64() !== SIGNATURE || input.u16() !== VERSION || input.u48() !== segmentBytes) return null;
    const contents = new Contents();
    for (let rows = input.u32(); rows > 0; rows--) {
      const row = input.u48();
      for (let count = input.u32(); count > 0; count--) contents.put(row, input.u48(), input.u32(), input.u32());
    }
    for (let count = input.u32(); count > 0; count--) contents.acks(input.u48(), [[input.u48(), input.u48()]]);
    for (let count = input.u32(); count > 0; count--) contents.deleteRow(input.u48());
    for (let count = input.u32(); count > 0; count--) {
      const row = input.u48();
      const sequence = input.u48();
      contents.mark({ row, sequence, payload: input.bytes(input.u32()).slice() });
    }
    for (let count = input.u32(); count > 0; count--) contents.head(input.u48(), input.u48());
    return contents;
  }
}

/** Tells one record to `sink`. */
export function tell(sink: RecordSink, { kind, row, sequence, length }: RecordHeader, payload: Uint8Array): void {
  if (kind === KIND.publish) sink.publish(row, sequence, length);
  else if (kind === KIND.acks) sink.acks(row, readPairs(payload));
  else if (kind === KIND.mark) sink.mark({ row, sequence, payload: payload.slice() });
  else if (kind === KIND.deleteRow) sink.deleteRow(row);
  else if (kind === KIND.heads) for (const [of, last] of readPairs(payload)) sink.head(of, last);
}
