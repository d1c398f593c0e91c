// Makes segments, and reads the records that go into them.
import type { Disk, DiskFile } from '../../env/index.ts';
import { Contents, type RecordSink, tell } from './contents.ts';
import { ask, type Flow } from './flow.ts';
import { bindRecords, HEADER_BYTES, RecordBatch, readOwnHeader } from './records.ts';
import { type RecoveryPlan, recoverSegments, removeIfThere } from './recovery.ts';
import type { RowTable } from './row-table.ts';
import { encodeSegmentHeader, type Segment, segmentName } from './segment.ts';

/** The segments an earlier run has left, and a new one behind them. Where that fails no file stays open. */
export function* openSegments(
  plan: RecoveryPlan,
  options: { readonly directory: string; readonly logId: number },
): Flow<Segment[]> {
  const segments: Segment[] = [];
  try {
    yield* recoverSegments(plan, segments);
    const id = (segments.at(-1)?.id ?? 0) + 1;
    segments.push(yield* newSegment(plan.disk, options, id, plan.table));
    return segments;
  } catch (error) {
    for (const { file } of segments) yield* ask<true>((done) => file.close(done));
    throw error;
  }
}

/** A new segment that begins with the highest sequence of every row, safe with its name. */
export function* newSegment(
  disk: Disk,
  { directory, logId }: { readonly directory: string; readonly logId: number },
  id: number,
  table: RowTable,
): Flow<Segment> {
  const path = `${directory}/${segmentName(id)}`;
  const crc32 = disk.crc32.bind(disk);
  yield* removeIfThere(disk, path);
  const file = yield* ask<DiskFile>((done) => disk.open(path, 'create', done));
  const batch = new RecordBatch(crc32);
  batch.heads(table.heads());
  const header = encodeSegmentHeader(id, logId, crc32);
  const heads = batch.take();
  bindRecords(heads, id, header.length);
  try {
    yield* ask<true>((done) => file.write([header, heads], 0, done));
    yield* ask<true>((done) => file.sync(done));
    yield* ask<true>((done) => disk.syncDirectory(directory, done));
  } catch (error) {
    // It is made again, perhaps again and again while there is no room.
    yield* ask<true>((done) => file.close(done));
    throw error;
  }
  const contents = new Contents();
  tellAll(heads, header.length, (offset) => contents.at(offset));
  const bytes = header.length + heads.length;
  const { acked, deleted } = contents;
  return { id, file, bytes, contents, extents: new Map(), acked, deleted, hasIndexFile: false, isDamaged: false };
}

/** Tells every record of bytes that are known to be whole to the sink for its offset. */
export function tellAll(bytes: Uint8Array, start: number, sinkAt: (offset: number) => RecordSink): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const header = readOwnHeader(view, at);
    const end = at + HEADER_BYTES + header.length;
    tell(sinkAt(start + at), header, bytes.subarray(at + HEADER_BYTES, end));
    at = end;
  }
}
