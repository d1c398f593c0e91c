// Reads a segment record by record, whatever state it is in. A damaged payload costs its record; behind a damaged header
// the next sound one is looked for. What was never known to be safe ends at the first damage: what follows was written
// with it and may not be kept without it (a move of a message is a publish and then an ack).
import type { DiskFile } from '../../env/index.ts';
import { Contents, tell } from './contents.ts';
import { ask, type Flow } from './flow.ts';
import { type Crc32, HEADER_BYTES, KIND, MAGIC_HIGH, MAGIC_LOW, type RecordHeader, readHeader } from './records.ts';
import { isSegmentHeader, SEGMENT_HEADER_BYTES } from './segment.ts';

/** A part of a segment that is no sound record. */
export interface Damage {
  readonly from: number;
  readonly to: number;
}

export interface Scanned {
  readonly contents: Contents;
  /** Up to here it is records and reported damage; what is behind has to be cut off. */
  readonly soundBytes: number;
  /** Up to here it was safe when it was written; what follows was perhaps never synced. */
  readonly safeBytes: number;
  readonly damages: readonly Damage[];
  /** Zeros at the end, written ahead of records that never came. */
  readonly blankBytes: number;
}

interface Found {
  readonly header: RecordHeader;
  readonly offset: number;
  readonly payload: Uint8Array;
}

const WINDOW_BYTES = 4_194_304;

/** A part of the file in memory; moves on as needed. */
class Window {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  private readonly file: DiskFile;
  readonly fileBytes: number;
  readonly segment: number;

  constructor(file: DiskFile, segment: number, fileBytes: number) {
    this.segment = segment;
    this.file = file;
    this.fileBytes = fileBytes;
  }

  /** Makes `length` bytes from `offset` on available, as far as the file has them. */
  *need(offset: number, length: number): Flow<Uint8Array> {
    const end = Math.min(this.fileBytes, offset + length);
    if (offset < this.start || end > this.start + this.bytes.length) {
      const size = Math.max(WINDOW_BYTES, length);
      this.bytes = yield* ask<Uint8Array>((done) => this.file.read(size, offset, done));
      this.start = offset;
    }
    return this.bytes.subarray(offset - this.start, end - this.start);
  }
}

/** Hears of each record that is found, with its payload unless it is a message. */
export type RecordVisitor = (header: RecordHeader, offset: number, payload: Uint8Array) => void;

/**
 * Scans a whole segment. `isSafe` says that all of it was safe once (there is a later segment), so that damage is damage
 * and no torn end.
 */
export function* scanSegment(
  file: DiskFile,
  id: number,
  fileBytes: number,
  isSafe: boolean,
  crc32: Crc32,
  visit?: RecordVisitor,
): Flow<Scanned> {
  const window = new Window(file, id, fileBytes);
  const found: Found[] = [];
  const damages: Damage[] = [];
  let safeBytes = isSafe ? fileBytes : 0;
  let at = SEGMENT_HEADER_BYTES;
  let blankBytes = 0;
  if (!isSegmentHeader(yield* window.need(0, SEGMENT_HEADER_BYTES), id, crc32)) {
    damages.push({ from: 0, to: Math.min(at, fileBytes) });
  }
  while (at < fileBytes) {
    const record = yield* recordAt(window, at, crc32);
    if (record === null) {
      const next = yield* nextRecord(window, at + 1, crc32);
      if (next === fileBytes && (yield* isBlank(window, at))) {
        blankBytes = fileBytes - at;
        break;
      }
      damages.push({ from: at, to: next });
      at = next;
      continue;
    }
    if (record.header.kind === KIND.synced) safeBytes = Math.max(safeBytes, record.header.sequence);
    // Payloads of messages are not needed, and there may be many.
    const payload = record.header.kind === KIND.publish ? record.payload.subarray(0, 0) : record.payload.slice();
    found.push({ header: record.header, offset: at, payload });
    visit?.(record.header, at, payload);
    at += HEADER_BYTES + record.header.length;
  }
  const torn = damages.find(({ from }) => from >= safeBytes);
  const soundBytes = torn === undefined ? fileBytes - blankBytes : torn.from;
  const contents = new Contents();
  for (const { header, offset, payload } of found) {
    if (offset < soundBytes) tell(contents.at(offset), header, payload);
  }
  return {
    contents,
    soundBytes,
    blankBytes,
    safeBytes: Math.min(safeBytes, soundBytes),
    damages: damages.filter(({ from }) => from < soundBytes),
  };
}

function* recordAt(
  window: Window,
  at: number,
  crc32: Crc32,
): Flow<{ header: RecordHeader; payload: Uint8Array } | null> {
  const place = { segment: window.segment, offset: at };
  const header = readHeader(yield* window.need(at, HEADER_BYTES), 0, place, crc32);
  if (header === null || at + HEADER_BYTES + header.length > window.fileBytes) return null;
  const bytes = yield* window.need(at, HEADER_BYTES + header.length);
  const payload = bytes.subarray(HEADER_BYTES);
  return crc32(payload) === header.crc ? { header, payload } : null;
}

/** Whether everything from `from` on is zeros. */
function* isBlank(window: Window, from: number): Flow<boolean> {
  for (let at = from; at < window.fileBytes; ) {
    const bytes = yield* window.need(at, WINDOW_BYTES);
    if (bytes.length === 0) return false;
    for (const byte of bytes) if (byte !== 0) return false;
    at += bytes.length;
  }
  return true;
}

/** The offset of the next sound record; the end of the file when there is none. */
function* nextRecord(window: Window, from: number, crc32: Crc32): Flow<number> {
  for (let at = from; at + HEADER_BYTES <= window.fileBytes; ) {
    const bytes = yield* window.need(at, WINDOW_BYTES);
    for (let place = 0; place + HEADER_BYTES <= bytes.length; place++) {
      if (bytes[place] !== MAGIC_HIGH || bytes[place + 1] !== MAGIC_LOW) continue;
      if ((yield* recordAt(window, at + place, crc32)) !== null) return at + place;
    }
    at += Math.max(1, bytes.length - HEADER_BYTES + 1);
  }
  return window.fileBytes;
}
