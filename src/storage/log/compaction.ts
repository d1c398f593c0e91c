// Gives the disk back what is dead. A segment that holds little of use is emptied: what is alive in it, and what it says
// that still counts, is appended again, and when that is safe its file goes.
//
// The rule: what says that a message is gone may itself go only when the removal of every segment that holds the message
// is durable, or a restart would raise the dead. So the acks of a segment are carried on for as long as any other segment
// has messages that they name; and one segment is emptied at a time.
import { joinedRanges, overlaps, type Range } from '../range-collector.ts';
import { ask, type Flow } from './flow.ts';
import type { IndexCache } from './index-cache.ts';
import { bindRecords, type Crc32, HEADER_BYTES, RecordBatch, readHeader } from './records.ts';
import type { Report } from './recovery.ts';
import type { RowIndex } from './row-index.ts';
import type { RowTable } from './row-table.ts';
import type { Segment } from './segment.ts';

export interface CompactionPlan {
  readonly table: RowTable;
  /** All there are, the open one last. */
  readonly segments: readonly Segment[];
  readonly cache: IndexCache;
  readonly crc32: Crc32;
  readonly report: Report;
  readonly segmentBytes: number;
  /** Appends and waits until it is safe. */
  append(bytes: Uint8Array): Flow<void>;
  /** Removes a segment for good. */
  remove(segment: Segment): Flow<void>;
  /** The log is about to close. */
  isEnding(): boolean;
}

/** A segment is emptied when less than this part of it is of use. */
const USEFUL_PART_MIN = 0.25;
/** Segments below this part of the full size are small; so many of them may be. */
const SMALL_PART = 1 / 8;
const SMALL_MAX = 8;
/** Copied at once. */
const COPY_BYTES = 1_048_576;
/** What an ack range and a mark cost in a record. */
const RANGE_BYTES = 12;

/** The sealed segment that is worth being emptied most; null for none. */
export function worstSegment(plan: CompactionPlan): Segment | null {
  let worst: Segment | null = null;
  let worstPart = USEFUL_PART_MIN;
  const sealed = plan.segments.slice(0, -1);
  for (const segment of sealed) {
    // Acks are only counted where they can matter: there may be many.
    let part = liveBytes(plan, segment) / segment.bytes;
    if (part < worstPart) part += neededAckBytes(plan, segment) / segment.bytes;
    if (part >= worstPart) continue;
    worst = segment;
    worstPart = part;
  }
  if (worst !== null) return worst;
  const small = sealed.filter(({ bytes }) => bytes < plan.segmentBytes * SMALL_PART);
  return small.length > SMALL_MAX ? small[0] : null;
}

function liveBytes(plan: CompactionPlan, segment: Segment): number {
  let bytes = 0;
  for (const [row, { first, last, count, bytes: all }] of segment.extents) {
    const live = Math.min(count, plan.table.rows.get(row)?.live.countIn(first, last) ?? 0);
    bytes += (all / count + HEADER_BYTES) * live;
  }
  return bytes;
}

function neededAckBytes(plan: CompactionPlan, segment: Segment): number {
  let bytes = 0;
  for (const [, ranges] of neededAcks(plan, segment)) bytes += HEADER_BYTES + ranges.length * RANGE_BYTES;
  return bytes;
}

/** Acks of a segment that name messages of others, sorted and joined. */
function neededAcks(plan: CompactionPlan, segment: Segment): [number, Range[]][] {
  const needed: [number, Range[]][] = [];
  for (const [row, acked] of segment.acked) {
    if (!plan.table.rows.has(row)) continue;
    const kept = overlaps(joinedRanges(acked), extentsElsewhere(plan, segment, row));
    if (kept.length > 0) needed.push([row, kept]);
  }
  return needed;
}

function extentsElsewhere({ segments }: CompactionPlan, segment: Segment, row: number): Range[] {
  const extents: Range[] = [];
  for (const other of segments) {
    if (other === segment) continue;
    const extent = other.extents.get(row) ?? other.contents?.rows.get(row);
    if (extent !== undefined) extents.push([extent.first, extent.last]);
  }
  return joinedRanges(extents);
}

/** Empties a segment and removes it. */
export function* emptySegment(plan: CompactionPlan, segment: Segment): Flow<void> {
  yield* copyLive(plan, segment);
  if (plan.isEnding()) return;
  const batch = new RecordBatch(plan.crc32);
  for (const row of segment.deleted) {
    const isHeld = plan.segments.some((other) => other !== segment && hasRow(other, row));
    if (isHeld) batch.deleteQueue(row);
  }
  for (const [row, ranges] of neededAcks(plan, segment)) batch.acks(row, ranges);
  const { marks } = yield* plan.cache.contentsOf(segment);
  for (const { row, sequence } of marks) {
    // What counts is what was marked last, wherever that was written.
    const current = plan.table.rows.get(row)?.marks.get(sequence);
    if (current !== undefined) batch.mark(row, sequence, current);
  }
  yield* plan.append(batch.take());
  yield* plan.remove(segment);
}

function hasRow({ extents, contents }: Segment, row: number): boolean {
  return extents.has(row) || contents?.rows.has(row) === true;
}

interface Copied {
  readonly row: number;
  readonly sequence: number;
  readonly offset: number;
  readonly bytes: number;
}

function* copyLive(plan: CompactionPlan, segment: Segment): Flow<void> {
  const live = liveRecords(plan.table, (yield* plan.cache.contentsOf(segment)).rows);
  for (let at = 0; at < live.length && !plan.isEnding(); ) {
    const start = live[at].offset;
    let end = at + 1;
    while (end < live.length && live[end].offset + live[end].bytes - start <= COPY_BYTES) end++;
    const { offset, bytes: length } = live[end - 1];
    const bytes = yield* ask<Uint8Array>((done) => segment.file.read(offset + length - start, start, done));
    yield* plan.append(joined(plan, segment, live.slice(at, end), bytes, start));
    at = end;
  }
}

function liveRecords({ rows }: RowTable, indexes: ReadonlyMap<number, RowIndex>): Copied[] {
  const live: Copied[] = [];
  for (const [row, index] of indexes) {
    const known = rows.get(row);
    if (known === undefined) continue;
    for (let place = 0; place < index.count; place++) {
      const sequence = index.sequenceAt(place);
      if (!known.live.has(sequence)) continue;
      live.push({ row, sequence, offset: index.offsetAt(place), bytes: HEADER_BYTES + index.lengthAt(place) });
    }
  }
  return live.sort((a, b) => a.offset - b.offset);
}

/** The records that are sound and still alive, free to go elsewhere. */
function joined(
  { table, crc32, report }: CompactionPlan,
  segment: Segment,
  records: readonly Copied[],
  bytes: Uint8Array,
  start: number,
): Uint8Array {
  const out = new Uint8Array(records.reduce((sum, record) => sum + record.bytes, 0));
  let length = 0;
  for (const { row, sequence, offset, bytes: size } of records) {
    if (table.rows.get(row)?.live.has(sequence) !== true) continue;
    const record = bytes.subarray(offset - start, offset - start + size);
    const header = readHeader(record, 0, { segment: segment.id, offset }, crc32);
    if (header === null || record.length < size || crc32(record.subarray(HEADER_BYTES)) !== header.crc) {
      segment.isDamaged = true;
      report('log damaged', { segment: segment.id, from: offset, to: offset + size });
      continue;
    }
    bindRecords(record, segment.id, offset);
    out.set(record, length);
    length += size;
  }
  return out.subarray(0, length);
}
