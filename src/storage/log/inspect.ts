// A log looked at by people: whether all of it is sound, what its records say, and made small. Verifying and dumping change
// nothing, also where opening would cut a torn end off; making it small is opening it, so that only one program may.
import type { Disk, DiskDone, DiskFailure, DiskFile } from '../../env/index.ts';
import { Contents } from './contents.ts';
import { ask, DiskError, type Flow, run } from './flow.ts';
import type { LogOptions } from './log-options.ts';
import { KIND, type RecordHeader, readPairs } from './records.ts';
import { readIndex } from './recovery.ts';
import type { RowIndex } from './row-index.ts';
import { RowTable } from './row-table.ts';
import { type Damage, type RecordVisitor, type Scanned, scanSegment } from './scan.ts';
import { isQuarantineName, isSegmentHeader, SEGMENT_HEADER_BYTES, segmentIdOf, segmentName } from './segment.ts';
import { type LoggedRow, SegmentLog } from './segment-log.ts';

/** What is found in one segment. */
export interface SegmentReport {
  readonly segment: number;
  readonly bytes: number;
  /** Messages that it has, dead or alive. */
  readonly messages: number;
  readonly hasHeader: boolean;
  /** `missing` is well: the segment is scanned at the next start. */
  readonly index: 'sound' | 'missing' | 'damaged' | 'wrong';
  /** Bytes that were safe once and are no records. */
  readonly damages: readonly Damage[];
  /** Bytes behind the last record, from a write that was never confirmed; opening cuts them off. */
  readonly tornBytes: number;
  /** Why it cannot be read; null where it can. */
  readonly problem: string | null;
}

/** What is found in a log. */
export interface LogReport {
  readonly segments: readonly SegmentReport[];
  readonly rows: readonly LoggedRow[];
  /** Files of segments that had damage and were not needed any more; kept for people who want to look. */
  readonly quarantine: readonly string[];
  /** No damage, no wrong index. A torn end and a missing index are sound: a crash leaves them. */
  readonly isSound: boolean;
}

/** One line of a dump: a record, or bytes that are none. */
export interface DumpedRecord {
  readonly segment: number;
  readonly offset: number;
  readonly kind: string;
  readonly row: number;
  readonly sequence: number;
  /** Of the payload, or of the damage. */
  readonly bytes: number;
  /** Of acks and heads: pairs of numbers. */
  readonly pairs: readonly (readonly [number, number])[];
}

const DIRECTORY = 'log';
const KIND_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(KIND).map(([name, kind]) => [kind, name]));

/** Reads every byte of a log and checks it. Fails only where the disk does. */
export function verifyLog(disk: Disk, options: LogOptions, done: DiskDone<LogReport>): void {
  run(verification(disk, options.directory ?? DIRECTORY), done);
}

/** Tells every record of a log in order. Fails where the disk does, and with EFORMAT for what another program wrote. */
export function dumpLog(
  disk: Disk,
  options: LogOptions,
  each: (record: DumpedRecord) => void,
  done: DiskDone<true>,
): void {
  run(dump(disk, options.directory ?? DIRECTORY, each), done);
}

/** What making a log small has brought. */
export interface CompactReport {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly segments: number;
}

/** Opens a log, empties what is worth it, and closes it. */
export function compactLog(
  disk: Disk,
  options: LogOptions,
  report: (event: string, data: Readonly<Record<string, unknown>>) => void,
  done: DiskDone<CompactReport>,
): void {
  run(compaction(disk, options, report), done);
}

function* verification(disk: Disk, directory: string): Flow<LogReport> {
  const table = new RowTable();
  const segments: SegmentReport[] = [];
  const ids = yield* segmentIds(disk, directory);
  let known: ReadonlySet<number> | null = null;
  for (const [place, id] of ids.entries()) {
    const { report, contents } = yield* verifySegment(disk, directory, id, place < ids.length - 1);
    segments.push(report);
    contents.replay(table);
    known = contents.rowsAfter(known);
  }
  table.recovered(known);
  const rows = [...table.rows].map(([row, { lastSequence, live, bytes, marks }]) => {
    return { row, lastSequence, count: live.size, bytes, mark: marks.get(0) ?? null };
  });
  const isSound = segments.every(
    ({ hasHeader, index, damages, problem, tornBytes, bytes }) =>
      (hasHeader || tornBytes === bytes) && problem === null && damages.length === 0 && isFine(index),
  );
  const names = yield* ask<readonly string[]>((done) => disk.list(directory, done));
  return { segments, rows, quarantine: names.filter(isQuarantineName), isSound };
}

function isFine(index: SegmentReport['index']): boolean {
  return index === 'sound' || index === 'missing';
}

function* verifySegment(
  disk: Disk,
  directory: string,
  id: number,
  hasLater: boolean,
): Flow<{ readonly report: SegmentReport; readonly contents: Contents }> {
  const file = yield* ask<DiskFile>((done) => disk.open(`${directory}/${segmentName(id)}`, 'read', done));
  try {
    const bytes = yield* ask<number>((done) => file.size(done));
    const { found, hasHeader, problem } = yield* scanned(disk, file, id, bytes, hasLater);
    const { contents, damages, soundBytes, blankBytes } = found;
    let isDamaged = false;
    const report = (): void => {
      isDamaged = true;
    };
    const indexed = yield* readIndex({ disk, directory, report }, id, bytes);
    let index: SegmentReport['index'] = isDamaged ? 'damaged' : 'missing';
    if (indexed !== null) index = damages.length > 0 || isSame(indexed, contents) ? 'sound' : 'wrong';
    let messages = 0;
    for (const { count } of contents.rows.values()) messages += count;
    const tornBytes = bytes - soundBytes - blankBytes;
    const about = { segment: id, bytes, messages, hasHeader, index, damages, tornBytes, problem };
    return { report: about, contents };
  } finally {
    yield* ask<true>((done) => file.close(done));
  }
}

/** A segment that another program wrote is looked at no further. */
function* scanned(
  disk: Disk,
  file: DiskFile,
  id: number,
  bytes: number,
  hasLater: boolean,
  visit?: RecordVisitor,
): Flow<{ readonly found: Scanned; readonly hasHeader: boolean; readonly problem: string | null }> {
  const crc32 = disk.crc32.bind(disk);
  const head = yield* ask<Uint8Array>((done) => file.read(SEGMENT_HEADER_BYTES, 0, done));
  try {
    const hasHeader = isSegmentHeader(head, id, crc32);
    const found = yield* scanSegment(file, id, bytes, hasLater, crc32, visit);
    // The header is told apart.
    const damages = found.damages.filter(({ from }) => from >= SEGMENT_HEADER_BYTES);
    return { found: { ...found, damages }, hasHeader, problem: null };
  } catch (error) {
    if (!(error instanceof DiskError && error.failure.code === 'EFORMAT')) throw error;
    const found = { contents: new Contents(), damages: [], soundBytes: bytes, safeBytes: bytes, blankBytes: 0 };
    return { found, hasHeader: true, problem: error.failure.text };
  }
}

function isSame(index: Contents, found: Contents): boolean {
  if (index.rows.size !== found.rows.size || index.marks.length !== found.marks.length) return false;
  for (const [row, rowIndex] of found.rows) {
    const other = index.rows.get(row);
    if (other === undefined || !hasSamePlaces(rowIndex, other)) return false;
  }
  const rest = ({ acked, deleted }: Contents): string => JSON.stringify([[...acked], [...deleted]]);
  return rest(index) === rest(found);
}

function hasSamePlaces(found: RowIndex, index: RowIndex): boolean {
  if (found.count !== index.count) return false;
  for (let place = 0; place < found.count; place++) {
    const other = index.find(found.sequenceAt(place));
    if (other < 0 || index.offsetAt(other) !== found.offsetAt(place)) return false;
  }
  return true;
}

function* segmentIds(disk: Disk, directory: string): Flow<number[]> {
  const names = yield* ask<readonly string[]>((done) => disk.list(directory, done));
  return names.map(segmentIdOf).filter((id) => id !== null);
}

function* dump(disk: Disk, directory: string, each: (record: DumpedRecord) => void): Flow<true> {
  const ids = yield* segmentIds(disk, directory);
  for (const [place, segment] of ids.entries()) {
    const file = yield* ask<DiskFile>((done) => disk.open(`${directory}/${segmentName(segment)}`, 'read', done));
    try {
      const bytes = yield* ask<number>((done) => file.size(done));
      const lines: DumpedRecord[] = [];
      const visit: RecordVisitor = (header, offset, payload) => lines.push(lineOf(segment, header, offset, payload));
      const { found, problem } = yield* scanned(disk, file, segment, bytes, place < ids.length - 1, visit);
      if (problem !== null) throw new DiskError({ code: 'EFORMAT', text: problem });
      for (const { from, to } of found.damages) lines.push(noRecord(segment, from, to, 'damaged'));
      if (found.soundBytes < bytes) lines.push(noRecord(segment, found.soundBytes, bytes, 'torn'));
      lines.sort((a, b) => a.offset - b.offset);
      for (const line of lines) if (line.offset < found.soundBytes || line.kind === 'torn') each(line);
    } finally {
      yield* ask<true>((done) => file.close(done));
    }
  }
  return true;
}

function lineOf(segment: number, header: RecordHeader, offset: number, payload: Uint8Array): DumpedRecord {
  const { kind, row, sequence, length: bytes } = header;
  const pairs = kind === KIND.acks || kind === KIND.heads ? readPairs(payload) : [];
  return { segment, offset, kind: KIND_NAMES.get(kind) ?? String(kind), row, sequence, bytes, pairs };
}

function noRecord(segment: number, from: number, to: number, kind: 'damaged' | 'torn'): DumpedRecord {
  return { segment, offset: from, kind, row: 0, sequence: 0, bytes: to - from, pairs: [] };
}

function* compaction(
  disk: Disk,
  options: LogOptions,
  report: (event: string, data: Readonly<Record<string, unknown>>) => void,
): Flow<CompactReport> {
  const failures: DiskFailure[] = [];
  const listener = {
    failed: (failure: DiskFailure) => void failures.push(failure),
    full: () => void failures.push({ code: 'ENOSPC', text: 'the disk is full' }),
    report,
  };
  // A log that is not there is not made.
  const ids = yield* segmentIds(disk, options.directory ?? DIRECTORY);
  if (ids.length === 0) throw new DiskError({ code: 'ENOENT', text: 'there is no log' });
  const log = yield* ask<SegmentLog>((done) => SegmentLog.open(disk, options, listener, done));
  const bytesBefore = log.stats.bytes;
  yield* ask<true>((done) => log.whenCompact(() => done({ ok: true, value: true })));
  const { bytes: bytesAfter, segments } = log.stats;
  yield* ask<true>((done) => log.close(done));
  if (failures.length > 0) throw new DiskError(failures[0]);
  return { bytesBefore, bytesAfter, segments };
}
