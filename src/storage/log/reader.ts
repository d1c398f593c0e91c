// Reads pages of a row: the next live messages in order, wherever their records are, in as few reads as possible. What
// does not pass its check is reported and left out, never served.
import type { DiskResult } from '../../env/index.ts';
import { ask, type Flow } from './flow.ts';
import type { IndexCache } from './index-cache.ts';
import { type Crc32, HEADER_BYTES, KIND, type RecordHeader, readHeader } from './records.ts';
import type { Report } from './recovery.ts';
import type { Row } from './row-table.ts';
import type { Segment } from './segment.ts';

/** One live message of a row. */
export interface LoggedRecord {
  readonly sequence: number;
  readonly payload: Uint8Array;
  /** What was marked for it; null for nothing. */
  readonly mark: Uint8Array | null;
}

/** The next live messages of a row. */
export interface Page {
  readonly records: readonly LoggedRecord[];
  /** The first sequence not looked at; null when nothing is left. */
  readonly next: number | null;
  /** Messages that were there and cannot be read any more. */
  readonly damaged: number;
}

/** Of a row that is not there. */
export const EMPTY_PAGE: Page = { records: [], next: null, damaged: 0 };

/** How much a page holds at most, but one message at least. */
export interface PageBounds {
  readonly count: number;
  readonly bytes: number;
}

/** There is more, and a partial page has none of it. */
export const isInVain = (result: DiskResult<Page>): boolean =>
  result.ok && result.value.records.length === 0 && result.value.next !== null;

interface Place {
  readonly segment: Segment;
  readonly sequence: number;
  readonly offset: number;
  readonly length: number;
}

/** Records that are closer than this are read together with what lies between. */
const GAP_BYTES_MAX = 32_768;
const READ_BYTES_MAX = 4_194_304;

export interface ReadPlan {
  readonly segments: readonly Segment[];
  readonly cache: IndexCache;
  readonly crc32: Crc32;
  readonly report: Report;
  /** The highest sequence of the row that is written for sure. */
  readonly upTo: number;
  /** Some of it may not be written: the page ends before that. */
  readonly isPartial: boolean;
  /** Whether the record at that offset of that segment is written. */
  isWritten(segment: Segment, offset: number): boolean;
}

export function* readPage(plan: ReadPlan, rowId: number, row: Row, from: number, limit: PageBounds): Flow<Page> {
  const all = row.live.next(from, limit.count).filter((sequence) => sequence <= plan.upTo);
  const places = all.length === 0 ? new Map<number, Place>() : yield* locate(plan, rowId, all);
  const unwritten = plan.isPartial ? all.findIndex((sequence) => !places.has(sequence)) : -1;
  const wanted = unwritten < 0 ? all : all.slice(0, unwritten);
  if (wanted.length === 0) return { records: [], next: row.live.next(from, 1)[0] ?? null, damaged: 0 };
  let bytes = 0;
  let taken = 0;
  for (; taken < wanted.length && (taken === 0 || bytes < limit.bytes); taken++) {
    bytes += places.get(wanted[taken])?.length ?? 0;
  }
  const sequences = wanted.slice(0, taken);
  const payloads = yield* readAll(
    plan,
    rowId,
    sequences.map((sequence) => places.get(sequence)),
  );
  const records: LoggedRecord[] = [];
  let damaged = 0;
  for (const sequence of sequences) {
    const payload = payloads.get(sequence);
    if (payload !== undefined) records.push({ sequence, payload, mark: row.marks.get(sequence) ?? null });
    else if (row.live.has(sequence)) damaged++;
  }
  const next = row.live.next(sequences[taken - 1] + 1, 1)[0] ?? null;
  return { records, next, damaged };
}

function* locate(
  { segments, cache, isWritten }: ReadPlan,
  rowId: number,
  wanted: readonly number[],
): Flow<Map<number, Place>> {
  const first = wanted[0];
  const last = wanted[wanted.length - 1];
  const places = new Map<number, Place>();
  for (const segment of segments) {
    const extent = segment.extents.get(rowId) ?? segment.contents?.rows.get(rowId);
    if (extent === undefined || extent.last < first || extent.first > last) continue;
    const index = (yield* cache.contentsOf(segment)).rows.get(rowId);
    if (index === undefined) continue;
    for (const sequence of wanted) {
      const place = index.find(sequence);
      // A copy that is not written yet does not count: where it was copied from is still there.
      if (place < 0 || !isWritten(segment, index.offsetAt(place))) continue;
      places.set(sequence, { segment, sequence, offset: index.offsetAt(place), length: index.lengthAt(place) });
    }
  }
  return places;
}

function* readAll(
  { crc32, report }: ReadPlan,
  rowId: number,
  places: readonly (Place | undefined)[],
): Flow<Map<number, Uint8Array>> {
  const payloads = new Map<number, Uint8Array>();
  const sorted = places.filter((place) => place !== undefined);
  sorted.sort((a, b) => a.segment.id - b.segment.id || a.offset - b.offset);
  for (let at = 0; at < sorted.length; ) {
    const { segment, offset: start } = sorted[at];
    let end = endOf(sorted[at]);
    let next = at + 1;
    for (; next < sorted.length; next++) {
      const place = sorted[next];
      if (place.segment !== segment || place.offset > end + GAP_BYTES_MAX || endOf(place) - start > READ_BYTES_MAX)
        break;
      end = endOf(place);
    }
    const bytes = yield* ask<Uint8Array>((done) => segment.file.read(end - start, start, done));
    for (; at < next; at++) {
      const place = sorted[at];
      const payload = soundPayload(bytes, place.offset - start, rowId, place, crc32);
      if (payload !== null) {
        payloads.set(place.sequence, payload);
        continue;
      }
      segment.isDamaged = true;
      report('log damaged', { segment: segment.id, from: place.offset, to: endOf(place) });
    }
  }
  return payloads;
}

function endOf({ offset, length }: Place): number {
  return offset + HEADER_BYTES + length;
}

function soundPayload(bytes: Uint8Array, at: number, row: number, place: Place, crc32: Crc32): Uint8Array | null {
  const header: RecordHeader | null = readHeader(bytes, at, { segment: place.segment.id, offset: place.offset }, crc32);
  if (header === null || header.kind !== KIND.publish) return null;
  if (header.row !== row || header.sequence !== place.sequence || header.length !== place.length) return null;
  const payload = bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + header.length);
  return payload.length === header.length && crc32(payload) === header.crc ? payload : null;
}
