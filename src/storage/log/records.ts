// The records of the log (DESIGN decision 15). Everything in a segment after its header is records, back to back:
//
//    0  magic            u16  0xa7c3
//    2  kind             u8   1 publish, 2 acks, 3 mark, 4 delete row, 5 heads, 6 synced
//    3  kind version     u8   1
//    4  payload length   u32
//    8  row              u48  what a queue is to the log; 0 is the metadata
//   14  sequence         u48  of the message in its row; 0 where there is none
//   20  payload CRC-32   u32
//   24  check            u32  CRC-32 of bytes 0 to 23, bound to the segment and the offset where the record is
//   28  payload
//
// Numbers are big-endian. The header has a check of its own, so that a damaged payload costs one record; where a header is
// damaged the next one is found by its magic and its check. The check is bound to its place, so that no bytes that somebody
// published, be they a copy of a log, ever pass for records.
//
//   publish      payload: whatever the owner wrote
//   acks         payload: pairs of u48, first and last sequence (inclusive) of what is gone
//   mark         payload: replaces what was marked for that sequence before; sequence 0 marks the row itself
//   delete row   everything of the row is gone for good; rows are never used again
//   heads        payload: pairs of u48, row and its highest sequence ever; every segment begins with them
//   synced       sequence: the length of this segment that was known to be safe when this was written
import type { Range } from '../range-collector.ts';
import { DiskError } from './flow.ts';

export const HEADER_BYTES = 28;
export const MAGIC_HIGH = 0xa7;
export const MAGIC_LOW = 0xc3;

export const KIND = { publish: 1, acks: 2, mark: 3, deleteRow: 4, heads: 5, synced: 6 } as const;
const KINDS: ReadonlySet<number> = new Set(Object.values(KIND));
const KIND_VERSION = 1;
/** Longer payloads are no record of this log. */
export const PAYLOAD_BYTES_MAX = 0x7fff_ffff;

export type Crc32 = (bytes: Uint8Array, previous?: number) => number;

/** Thrown for records that a newer program has written. */
export class UnknownRecordError extends DiskError {
  constructor(text: string) {
    super({ code: 'EFORMAT', text });
  }
}

export interface RecordHeader {
  readonly kind: number;
  readonly length: number;
  readonly row: number;
  readonly sequence: number;
  readonly crc: number;
}

const FIRST_BYTES = 4_096;
/** Above this a batch's memory is not kept for the next. */
const KEPT_BYTES_MAX = 4_194_304;

/** Builds records back to back. */
export class RecordBatch {
  private readonly crc32: Crc32;
  private bytes: Uint8Array;
  private view: DataView;
  private at = 0;

  constructor(crc32: Crc32) {
    this.crc32 = crc32;
    this.bytes = new Uint8Array(FIRST_BYTES);
    this.view = new DataView(this.bytes.buffer);
  }

  get byteLength(): number {
    return this.at;
  }

  get isEmpty(): boolean {
    return this.at === 0;
  }

  /** A message of a row; the pieces of its payload are joined. */
  publish(row: number, sequence: number, payload: readonly Uint8Array[]): void {
    let length = 0;
    for (const piece of payload) length += piece.length;
    const start = this.begin(KIND.publish, row, sequence, length);
    for (const piece of payload) {
      this.bytes.set(piece, this.at);
      this.at += piece.length;
    }
    this.end(start);
  }

  /** Messages of a row that are gone: pairs of first and last sequence, both inclusive. */
  acks(row: number, ranges: readonly Range[]): void {
    this.pairs(KIND.acks, row, ranges);
  }

  /** The highest sequences ever used, by row. */
  heads(heads: readonly (readonly [row: number, lastSequence: number])[]): void {
    this.pairs(KIND.heads, 0, heads);
  }

  private pairs(kind: number, row: number, pairs: readonly (readonly [number, number])[]): void {
    const start = this.begin(kind, row, 0, pairs.length * 12);
    for (const [first, second] of pairs) {
      writeU48(this.view, this.at, first);
      writeU48(this.view, this.at + 6, second);
      this.at += 12;
    }
    this.end(start);
  }

  /** Replaces what was marked for that sequence before; sequence 0 marks the row. */
  mark(row: number, sequence: number, payload: Uint8Array): void {
    const start = this.begin(KIND.mark, row, sequence, payload.length);
    this.bytes.set(payload, this.at);
    this.at += payload.length;
    this.end(start);
  }

  /** Everything of the row is gone, for ever. */
  deleteQueue(row: number): void {
    this.end(this.begin(KIND.deleteRow, row, 0, 0));
  }

  synced(segmentBytes: number): void {
    this.end(this.begin(KIND.synced, 0, segmentBytes, 0));
  }

  /** The bytes so far; nothing is left. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.at);
    this.at = 0;
    if (this.bytes.length > KEPT_BYTES_MAX) {
      this.bytes = new Uint8Array(FIRST_BYTES);
      this.view = new DataView(this.bytes.buffer);
    }
    return taken;
  }

  private begin(kind: number, row: number, sequence: number, length: number): number {
    this.reserve(HEADER_BYTES + length);
    const { view, at } = this;
    view.setUint8(at, MAGIC_HIGH);
    view.setUint8(at + 1, MAGIC_LOW);
    view.setUint8(at + 2, kind);
    view.setUint8(at + 3, KIND_VERSION);
    view.setUint32(at + 4, length);
    writeU48(view, at + 8, row);
    writeU48(view, at + 14, sequence);
    this.at = at + HEADER_BYTES;
    return at;
  }

  private end(start: number): void {
    const { view, bytes, crc32 } = this;
    view.setUint32(start + 20, crc32(bytes.subarray(start + HEADER_BYTES, this.at)));
    view.setUint32(start + 24, crc32(bytes.subarray(start, start + 24)));
  }

  private reserve(more: number): void {
    if (this.at + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.at + more));
    larger.set(this.bytes.subarray(0, this.at));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }
}

/** What binds a check to a place. */
function bindingOf(segment: number, offset: number): number {
  return (Math.imul(segment, 0x9e37_79b1) ^ Math.imul(offset + 1, 0x85eb_ca6b)) >>> 0;
}

/** Binds the records of a batch, or takes the binding off again, for bytes that begin at `offset` of a segment. */
export function bindRecords(bytes: Uint8Array, segment: number, offset: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; at += HEADER_BYTES + view.getUint32(at + 4)) {
    view.setUint32(at + 24, (view.getUint32(at + 24) ^ bindingOf(segment, offset + at)) >>> 0);
  }
}

/** A place in the log. */
export interface RecordPlace {
  readonly segment: number;
  readonly offset: number;
}

/**
 * The header at `at`, or null where there is none. Throws {@link UnknownRecordError} for a sound header of a kind that
 * this program does not know: what it means may not be guessed.
 */
export function readHeader(
  bytes: Uint8Array,
  at: number,
  { segment, offset }: RecordPlace,
  crc32: Crc32,
): RecordHeader | null {
  if (at + HEADER_BYTES > bytes.length || bytes[at] !== MAGIC_HIGH || bytes[at + 1] !== MAGIC_LOW) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, HEADER_BYTES);
  const check = (crc32(bytes.subarray(at, at + 24)) ^ bindingOf(segment, offset)) >>> 0;
  if (view.getUint32(24) !== check) return null;
  return knownHeader(view, { segment, offset });
}

/** The header at `at` of bytes that are known to be whole records. */
export function readOwnHeader(view: DataView, at: number): RecordHeader {
  return {
    kind: view.getUint8(at + 2),
    length: view.getUint32(at + 4),
    row: readU48(view, at + 8),
    sequence: readU48(view, at + 14),
    crc: view.getUint32(at + 20),
  };
}

function knownHeader(view: DataView, { segment, offset }: RecordPlace): RecordHeader {
  const kind = view.getUint8(2);
  const version = view.getUint8(3);
  if (!KINDS.has(kind) || version !== KIND_VERSION) {
    const where = `segment ${segment}, byte ${offset}`;
    throw new UnknownRecordError(
      `${where}: a record of kind ${kind}, version ${version}, is unknown to this program; a newer Warren wrote it`,
    );
  }
  return readOwnHeader(view, 0);
}

/** The pairs in a payload of acks or heads. */
export function readPairs(payload: Uint8Array): Range[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const pairs: Range[] = [];
  for (let at = 0; at + 12 <= payload.length; at += 12) pairs.push([readU48(view, at), readU48(view, at + 6)]);
  return pairs;
}

function writeU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / 0x1_0000_0000));
  view.setUint32(at + 2, value % 0x1_0000_0000);
}

function readU48(view: DataView, at: number): number {
  return view.getUint16(at) * 0x1_0000_0000 + view.getUint32(at + 2);
}
