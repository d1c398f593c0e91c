// What people see of a log: verifying finds every kind of damage and changes nothing, a dump names each record, compacting
// gives room back and loses nothing.
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  type CompactReport,
  compactLog,
  type DumpedRecord,
  dumpLog,
  type LogReport,
  RecordBatch,
  SegmentLog,
  verifyLog,
} from '../../../src/storage/index.ts';
import { SimDisk } from './sim-disk.ts';

const random = { next: () => 0.5 };
const OPTIONS = { segmentBytes: 1_000, aheadBytes: 0 };
const SEGMENT = 'log/0000000001.log';
const encoder = new TextEncoder();

function batchOf(fill: (batch: RecordBatch) => void): Uint8Array {
  const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
  fill(batch);
  return batch.take();
}

function openOn(disk: SimDisk): SegmentLog {
  let opened: SegmentLog | null = null;
  const listener = { failed: () => {}, full: () => {}, report: () => {} };
  SegmentLog.open(disk, OPTIONS, listener, (result) => {
    if (result.ok) opened = result.value;
  });
  disk.settle();
  if (opened === null) throw new Error('the log did not open');
  return opened;
}

function verified(disk: SimDisk): LogReport {
  let report: LogReport | null = null;
  verifyLog(disk, OPTIONS, (result) => {
    if (result.ok) report = result.value;
  });
  disk.settle();
  if (report === null) throw new Error('not verified');
  return report;
}

function dumped(disk: SimDisk): DumpedRecord[] {
  const records: DumpedRecord[] = [];
  dumpLog(
    disk,
    OPTIONS,
    (record) => records.push(record),
    () => {},
  );
  disk.settle();
  return records;
}

/** Files of a log, closed or not, with a bit of everything. */
function written(isClosed: boolean, messages = 3): SimDisk {
  const disk = new SimDisk({ random });
  const log = openOn(disk);
  for (let sequence = 1; sequence <= messages; sequence++) {
    log.append(
      batchOf((batch) => batch.publish(1, sequence, [encoder.encode(`message ${sequence}`)])),
      null,
    );
    disk.settle();
  }
  log.append(
    batchOf((batch) => {
      batch.mark(1, 1, encoder.encode('seen'));
      batch.acks(1, [[2, 2]]);
      batch.publish(7, 1, [encoder.encode('row of its own')]);
      batch.deleteQueue(7);
    }),
    null,
  );
  disk.settle();
  if (isClosed) log.close(() => {});
  disk.settle();
  return disk;
}

function filesOf(disk: SimDisk): string {
  return JSON.stringify(disk.paths.map((path) => [path, Buffer.from(disk.bytesOf(path) ?? []).toString('base64')]));
}

function flip(disk: SimDisk, path: string, byte: number): SimDisk {
  const bytes = (disk.bytesOf(path) ?? new Uint8Array(0)).slice();
  bytes[byte] ^= 4;
  disk.setBytes(path, bytes);
  return disk;
}

describe('a log that is looked at', () => {
  test('verifying a sound log says what is in it, and changes nothing', () => {
    const disk = written(true);
    const before = filesOf(disk);
    const report = verified(disk);
    expect(report).toMatchObject({
      isSound: true,
      segments: [
        { segment: 1, messages: 4, hasHeader: true, index: 'sound', damages: [], tornBytes: 0, problem: null },
      ],
    });
    expect(report.rows.map(({ row, lastSequence, count }) => [row, lastSequence, count])).toEqual([[1, 3, 2]]);
    expect(filesOf(disk)).toBe(before);
  });

  test('a log that was never closed is sound without an index, and with a torn end, which stays', () => {
    const disk = written(false);
    const bytes = disk.bytesOf(SEGMENT) ?? new Uint8Array(0);
    disk.setBytes(SEGMENT, bytes.slice(0, bytes.length - 5));
    const before = filesOf(disk);
    expect(verified(disk)).toMatchObject({ isSound: true, segments: [{ index: 'missing', tornBytes: 23 }] });
    expect(filesOf(disk)).toBe(before);
    expect(dumped(disk).at(-1)).toMatchObject({ kind: 'torn', bytes: 23 });
  });

  test('every byte of a closed segment and of its index is covered: a change of any is found', () => {
    const disk = written(true);
    for (const path of disk.paths) {
      const { length } = disk.bytesOf(path) ?? new Uint8Array(0);
      for (let byte = 0; byte < length; byte++) {
        const report = verified(flip(disk, path, byte));
        flip(disk, path, byte);
        // What is behind the last safe byte may be taken for a torn end.
        const isSeen = !report.isSound || report.segments[0].tornBytes > 0;
        expect([path, byte, isSeen]).toEqual([path, byte, true]);
      }
    }
    expect(verified(disk).isSound).toBe(true);
  });

  test('an index that is sound and tells of other places is wrong', () => {
    const [one, other] = [written(true), new SimDisk({ random })];
    const log = openOn(other);
    const { length } = one.bytesOf(SEGMENT) ?? new Uint8Array(0);
    log.append(
      batchOf((batch) => batch.publish(1, 9, [new Uint8Array(length - 32 - 28 - 28)])),
      null,
    );
    other.settle();
    log.close(() => {});
    other.settle();
    expect(other.bytesOf(SEGMENT)?.length).toBe(length);
    one.setBytes('log/0000000001.idx', other.bytesOf('log/0000000001.idx') ?? new Uint8Array(0));
    expect(verified(one)).toMatchObject({ isSound: false, segments: [{ index: 'wrong' }] });
  });

  test('a dump names every record in order, and the bytes that are none', () => {
    const disk = written(true);
    const kinds = (records: readonly DumpedRecord[]) =>
      records.map(({ kind }) => kind).filter((kind) => kind !== 'synced');
    const all = ['heads', 'publish', 'publish', 'publish', 'mark', 'acks', 'publish', 'deleteRow'];
    expect(kinds(dumped(disk))).toEqual(all);
    const acks = dumped(disk).find(({ kind }) => kind === 'acks');
    expect(acks).toMatchObject({ segment: 1, row: 1, pairs: [[2, 2]] });
    const first = dumped(disk)[1];
    expect(kinds(dumped(flip(disk, SEGMENT, first.offset + 30)))).toEqual(['heads', 'damaged', ...all.slice(2)]);
  });

  test('compacting gives room back, loses nothing, and leaves a sound log', () => {
    const disk = written(false, 120);
    const log = openOn(disk);
    log.append(
      batchOf((batch) => batch.acks(1, [[3, 117]])),
      null,
    );
    disk.settle();
    log.close(() => {});
    disk.settle();
    const segments = verified(disk).segments.length;
    let report: CompactReport | null = null;
    compactLog(
      disk,
      OPTIONS,
      () => {},
      (result) => {
        if (result.ok) report = result.value;
      },
    );
    disk.settle();
    const after = report as CompactReport | null;
    expect([segments > 5, (after?.bytesAfter ?? 9e9) * 4 < (after?.bytesBefore ?? 0)]).toEqual([true, true]);
    expect(verified(disk)).toMatchObject({ isSound: true, rows: [{ row: 1, lastSequence: 120, count: 4 }] });
  });

  test('a log that is not there is not made by looking at it', () => {
    const disk = new SimDisk({ random });
    compactLog(
      disk,
      OPTIONS,
      () => {},
      () => {},
    );
    disk.settle();
    expect(verified(disk)).toEqual({ segments: [], rows: [], quarantine: [], isSound: true });
  });
});
