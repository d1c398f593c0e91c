// One segment of the log as a file: its name, its header, and what is known of it.
//
//    0  "WARRENLG"    8 bytes
//    8  version       u16   1
//   10  zero          u16
//   12  log id        u32   0; there may be several logs one day
//   16  segment id    u48   ascending, never reused
//   22  zero          u48
//   28  CRC-32        u32   over bytes 0 to 27
import type { DiskFile } from '../../env/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Contents } from './contents.ts';
import { DiskError } from './flow.ts';
import type { Crc32 } from './records.ts';

export const SEGMENT_HEADER_BYTES = 32;
const SIGNATURE = 0x57415252_454e4c47n;
const VERSION = 1;

/** Thrown for a segment that this program may not touch. */
export class SegmentVersionError extends DiskError {
  constructor(text: string) {
    super({ code: 'EFORMAT', text });
  }
}

/** What is known of the messages of a row in a segment when their index is not in memory. */
export interface RowExtent {
  readonly first: number;
  readonly last: number;
  readonly count: number;
  readonly bytes: number;
}

export interface Segment {
  readonly id: number;
  readonly file: DiskFile;
  bytes: number;
  /** Null for a sealed segment whose index is not in memory. Extents, acks and deletions are always there. */
  contents: Contents | null;
  extents: Map<number, RowExtent>;
  acked: Contents['acked'];
  deleted: Contents['deleted'];
  /** Its index is on the disk, so that it can be dropped from memory. */
  hasIndexFile: boolean;
  /** Damage was found in it. */
  isDamaged: boolean;
}

export function extentsOf(contents: Contents): Map<number, RowExtent> {
  const extents = new Map<number, RowExtent>();
  for (const [row, { first, last, count, bytes }] of contents.rows) extents.set(row, { first, last, count, bytes });
  return extents;
}

const NAME = /^(\d{10})\.log$/;
const INDEX_NAME = /^(\d{10})\.idx(?:\.tmp)?$/;

export function segmentName(id: number): string {
  return `${String(id).padStart(10, '0')}.log`;
}

export function indexName(id: number): string {
  return `${String(id).padStart(10, '0')}.idx`;
}

/** What becomes of a segment with damage that is not needed any more: people may want to look at it. */
export function quarantineName(id: number): string {
  return `${String(id).padStart(10, '0')}.damaged`;
}

export function isQuarantineName(name: string): boolean {
  return name.endsWith('.damaged');
}

/** The id of the segment whose index a file is, or was to become; null for other names. */
export function indexIdOf(name: string): number | null {
  const match = INDEX_NAME.exec(name);
  return match === null ? null : Number(match[1]);
}

/** The id of a segment's file; null for other names. */
export function segmentIdOf(name: string): number | null {
  const match = NAME.exec(name);
  return match === null ? null : Number(match[1]);
}

export function encodeSegmentHeader(id: number, logId: number, crc32: Crc32): Uint8Array {
  const out = new ByteWriter();
  out.u64(SIGNATURE);
  out.u16(VERSION);
  out.u16(0);
  out.u32(logId);
  out.u48(id);
  out.u48(0);
  out.u32(crc32(out.taken()));
  return out.taken().slice();
}

/** False for a damaged header. Throws {@link SegmentVersionError} for a sound one of another version. */
export function isSegmentHeader(bytes: Uint8Array, id: number, crc32: Crc32): boolean {
  if (bytes.length < SEGMENT_HEADER_BYTES) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, SEGMENT_HEADER_BYTES);
  if (view.getUint32(28) !== crc32(bytes.subarray(0, 28))) return false;
  const input = new ByteReader(view);
  if (input.u64() !== SIGNATURE) return false;
  const version = input.u16();
  if (version !== VERSION) {
    const text = `segment ${id} has format version ${version}, this program knows ${VERSION}`;
    throw new SegmentVersionError(version > VERSION ? `${text}: a newer Warren wrote it` : text);
  }
  input.u16();
  input.u32();
  return input.u48() === id;
}
