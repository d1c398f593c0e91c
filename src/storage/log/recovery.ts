// Finds what an earlier run has left: every segment in order, from the index beside it or by a scan. Nothing here is
// changed but a torn end, which is cut off, and the rests of an interrupted run; doing it again finds the same.
import type { Disk, DiskFile } from '../../env/index.ts';
import { Contents } from './contents.ts';
import { ask, DiskError, type Flow } from './flow.ts';
import type { RowTable } from './row-table.ts';
import { scanSegment } from './scan.ts';
import {
  extentsOf,
  indexIdOf,
  indexName,
  isSegmentHeader,
  quarantineName,
  SEGMENT_HEADER_BYTES,
  type Segment,
  segmentIdOf,
  segmentName,
} from './segment.ts';

/** Written again at once. */
const REWRITE_BYTES = 4_194_304;

export type Report = (event: string, data: Readonly<Record<string, unknown>>) => void;

export interface RecoveryPlan {
  readonly disk: Disk;
  readonly directory: string;
  readonly table: RowTable;
  readonly report: Report;
  /** The rows there are, as far as segments have been read; null while that is not known. */
  known: ReadonlySet<number> | null;
}

/** Adds the segments there are, oldest first; the table knows afterwards what is alive. */
export function* recoverSegments(plan: RecoveryPlan, segments: Segment[]): Flow<void> {
  const { disk, directory } = plan;
  yield* ask<true>((done) => disk.makeDirectory(directory, done));
  yield* ask<true>((done) => disk.syncDirectory('', done));
  const names = yield* ask<readonly string[]>((done) => disk.list(directory, done));
  const ids = names.map(segmentIdOf).filter((id) => id !== null);
  yield* removeRests(plan, names, new Set(ids));
  for (const [place, id] of ids.entries()) {
    const segment = yield* recoverSegment(plan, id, place < ids.length - 1);
    if (segment !== null) segments.push(segment);
  }
  // Deletions go when nothing has messages of their rows; older segments may still name the rows.
  plan.table.recovered(plan.known);
}

/** Indexes that were not finished, and those of segments that are gone. What others have put there stays. */
function* removeRests(
  { disk, directory }: RecoveryPlan,
  names: readonly string[],
  ids: ReadonlySet<number>,
): Flow<void> {
  for (const name of names) {
    const id = indexIdOf(name);
    if (id !== null && (name.endsWith('.tmp') || !ids.has(id)))
      yield* ask<true>((done) => disk.remove(`${directory}/${name}`, done));
  }
}

function* recoverSegment(plan: RecoveryPlan, id: number, hasLater: boolean): Flow<Segment | null> {
  const { disk, directory, report } = plan;
  const path = `${directory}/${segmentName(id)}`;
  const file = yield* ask<DiskFile>((done) => disk.open(path, 'readWrite', done));
  try {
    const bytes = yield* ask<number>((done) => file.size(done));
    const head = yield* ask<Uint8Array>((done) => file.read(SEGMENT_HEADER_BYTES, 0, done));
    // A header of another version must be seen before anything is believed.
    const hasHeader = isSegmentHeader(head, id, disk.crc32.bind(disk));
    if (hasLater || hasHeader || bytes > SEGMENT_HEADER_BYTES) {
      return yield* readSegment(plan, { id, file, bytes, hasLater });
    }
    report('log segment without a header removed', { segment: id, bytes });
  } catch (error) {
    yield* ask<true>((done) => file.close(done));
    throw error;
  }
  // The run ended while it made the file: nothing was ever written to it.
  yield* ask<true>((done) => file.close(done));
  yield* ask<true>((done) => disk.remove(path, done));
  yield* ask<true>((done) => disk.syncDirectory(directory, done));
  return null;
}

interface FoundFile {
  readonly id: number;
  readonly file: DiskFile;
  readonly bytes: number;
  readonly hasLater: boolean;
}

function* readSegment(plan: RecoveryPlan, { id, file, bytes: found, hasLater }: FoundFile): Flow<Segment> {
  const { disk, table, report } = plan;
  let bytes = found;
  let contents = yield* readIndex(plan, id, bytes);
  const hasIndexFile = contents !== null;
  let isDamaged = false;
  if (contents === null) {
    const scanned = yield* scanSegment(file, id, bytes, hasLater, disk.crc32.bind(disk));
    for (const { from, to } of scanned.damages) report('log damaged', { segment: id, from, to });
    isDamaged = scanned.damages.length > 0;
    if (scanned.soundBytes < bytes) {
      const { soundBytes, blankBytes } = scanned;
      if (soundBytes + blankBytes < bytes) report('log end cut off', { segment: id, from: soundBytes, bytes });
      yield* ask<true>((done) => file.truncate(scanned.soundBytes, done));
      bytes = scanned.soundBytes;
    }
    if (!hasLater) yield* makeSafe(file, scanned.safeBytes, bytes);
    else if (bytes < found) yield* ask<true>((done) => file.sync(done));
    contents = scanned.contents;
  }
  contents.replay(table);
  table.left(contents.deleted);
  plan.known = contents.rowsAfter(plan.known);
  const { acked, deleted } = contents;
  return {
    id,
    file,
    bytes,
    contents: hasIndexFile ? null : contents,
    extents: extentsOf(contents),
    acked,
    deleted,
    hasIndexFile,
    isDamaged,
  };
}

/**
 * What is whole may never have been synced, when only the process died, or a sync may have failed: then the host takes
 * it for safe and forgets it. Written once more it is, and from now on counts as safe.
 */
function* makeSafe(file: DiskFile, from: number, end: number): Flow<void> {
  for (let at = from; at < end; at += REWRITE_BYTES) {
    const length = Math.min(REWRITE_BYTES, end - at);
    const bytes = yield* ask<Uint8Array>((done) => file.read(length, at, done));
    yield* ask<true>((done) => file.write([bytes], at, done));
  }
  yield* ask<true>((done) => file.sync(done));
}

/** The index beside a segment; null when there is none, or (which is reported) none that tells of the segment as it is. */
export function* readIndex(
  { disk, directory, report }: Pick<RecoveryPlan, 'disk' | 'directory' | 'report'>,
  id: number,
  segmentBytes: number,
): Flow<Contents | null> {
  let file: DiskFile;
  try {
    file = yield* ask<DiskFile>((done) => disk.open(`${directory}/${indexName(id)}`, 'read', done));
  } catch (error) {
    if (error instanceof DiskError && error.failure.code === 'ENOENT') return null;
    throw error;
  }
  let bytes: Uint8Array;
  try {
    const size = yield* ask<number>((done) => file.size(done));
    bytes = yield* ask<Uint8Array>((done) => file.read(size, 0, done));
  } finally {
    yield* ask<true>((done) => file.close(done));
  }
  const contents = Contents.decode(bytes, segmentBytes, disk.crc32.bind(disk));
  if (contents === null) report('log index damaged', { segment: id });
  return contents;
}

/** Writes the index of a sealed segment: whole, or not at all. */
export function* writeIndex(
  { disk, directory }: Pick<RecoveryPlan, 'disk' | 'directory'>,
  { id, bytes, contents }: Segment,
): Flow<void> {
  if (contents === null) return;
  const path = `${directory}/${indexName(id)}`;
  const temporary = `${path}.tmp`;
  yield* removeIfThere(disk, temporary);
  const file = yield* ask<DiskFile>((done) => disk.open(temporary, 'create', done));
  const encoded = contents.encode(bytes, disk.crc32.bind(disk)).slice();
  try {
    yield* ask<true>((done) => file.write([encoded], 0, done));
    yield* ask<true>((done) => file.sync(done));
  } finally {
    yield* ask<true>((done) => file.close(done));
  }
  yield* ask<true>((done) => disk.rename(temporary, path, done));
  yield* ask<true>((done) => disk.syncDirectory(directory, done));
}

/** Removes the files of a segment that is not needed any more; one with damage is put in quarantine instead. */
export function* removeFiles(
  { disk, directory }: Pick<RecoveryPlan, 'disk' | 'directory'>,
  { id, file, isDamaged }: Segment,
): Flow<void> {
  yield* ask<true>((done) => file.close(done));
  const path = `${directory}/${segmentName(id)}`;
  if (isDamaged) yield* ask<true>((done) => disk.rename(path, `${directory}/${quarantineName(id)}`, done));
  else yield* removeIfThere(disk, path);
  yield* removeIfThere(disk, `${directory}/${indexName(id)}`);
  yield* ask<true>((done) => disk.syncDirectory(directory, done));
}

/** Removes a file that may not be there. */
export function* removeIfThere(disk: Disk, path: string): Flow<void> {
  try {
    yield* ask<true>((done) => disk.remove(path, done));
  } catch (error) {
    if (!(error instanceof DiskError && error.failure.code === 'ENOENT')) throw error;
  }
}
