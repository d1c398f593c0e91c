// What the log makes of bytes that are not as it wrote them (B1, B24; reliability 2.c): cut ends, flipped bits, records of
// other programs, copies of a log inside a message. It never throws, never invents, and says what it found.
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { DiskFailure } from '../../../src/env/index.ts';
import { RecordBatch, SegmentLog } from '../../../src/storage/index.ts';
import { bindRecords } from '../../../src/storage/log/records.ts';
import { SimDisk } from './sim-disk.ts';

const SEGMENT = 'log/0000000001.log';
const INDEX = 'log/0000000001.idx';
const random = { next: () => 0.5 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const sum = (bytes: Uint8Array, previous?: number) => crc32(bytes, previous);

interface Found {
  readonly log: SegmentLog | null;
  readonly failure: DiskFailure | null;
  readonly reports: string[];
  /** By row: sequence, payload and mark of what is served. */
  readonly rows: Map<number, string[]>;
}

function batchOf(fill: (batch: RecordBatch) => void): Uint8Array {
  const batch = new RecordBatch(sum);
  fill(batch);
  return batch.take();
}

function openOn(files: ReadonlyMap<string, Uint8Array>, disk = new SimDisk({ random })): Found & { disk: SimDisk } {
  for (const [path, bytes] of files) disk.setBytes(path, bytes.slice());
  const reports: string[] = [];
  let log: SegmentLog | null = null;
  let failure: DiskFailure | null = null;
  const listener = {
    failed: (of: DiskFailure) => reports.push(`failed ${of.code}`),
    full: () => {},
    report: (event: string) => reports.push(event),
  };
  SegmentLog.open(disk, { segmentBytes: 4_000, aheadBytes: 0 }, listener, (result) => {
    if (result.ok) log = result.value;
    else failure = result.failure;
  });
  disk.settle();
  const rows = new Map<number, string[]>();
  const found = { log: log as SegmentLog | null, failure: failure as DiskFailure | null, reports, rows, disk };
  for (const row of found.log?.rows() ?? []) rows.set(row, served(found.log, disk, row));
  return found;
}

/** Everything of a row that is served, page by page. */
function served(log: SegmentLog | null, disk: SimDisk, row: number): string[] {
  const texts: string[] = [];
  for (let from: number | null = 1; from !== null; ) {
    const asked: number = from;
    from = null;
    log?.read(row, asked, { count: 4, bytes: 300 }, (result) => {
      if (!result.ok) throw new Error(result.failure.text);
      for (const { sequence, payload, mark } of result.value.records) {
        texts.push(`${sequence} ${decoder.decode(payload)} ${mark === null ? '-' : decoder.decode(mark)}`);
      }
      from = result.value.next;
    });
    disk.settle();
  }
  return texts;
}

/** Writes to a log, as many appends as there are fillings, and hands its files over. */
function filesAfter(isClosed: boolean, ...fillings: ((batch: RecordBatch) => void)[]): Map<string, Uint8Array> {
  const { log, disk } = openOn(new Map());
  for (const fill of fillings) {
    log?.append(batchOf(fill), null);
    disk.settle();
  }
  if (isClosed) log?.close(() => {});
  disk.settle();
  return new Map(disk.paths.map((path) => [path, disk.bytesOf(path)?.slice() ?? new Uint8Array(0)]));
}

/** A bit of everything; row 2 is empty, message 2 of row 1 is gone. */
const MIXED = [
  (batch: RecordBatch) => batch.publish(1, 1, [encoder.encode('one')]),
  (batch: RecordBatch) => batch.publish(1, 2, [encoder.encode('two')]),
  (batch: RecordBatch) => batch.mark(1, 1, encoder.encode('seen')),
  (batch: RecordBatch) => batch.publish(2, 7, [encoder.encode('other')]),
  (batch: RecordBatch) => batch.acks(1, [[2, 2]]),
  (batch: RecordBatch) => batch.publish(1, 3, [encoder.encode('three'), encoder.encode('!')]),
  (batch: RecordBatch) => batch.acks(2, [[7, 7]]),
  (batch: RecordBatch) => batch.publish(1, 4, [new Uint8Array(0)]),
];
const WRITTEN = new Set(['1 one seen', '1 one -', '2 two -', '3 three! -', '4  -', '7 other -']);
const WHOLE = { 1: ['1 one seen', '3 three! -', '4  -'], 2: [] };

function shown(found: Found): Record<string, string[]> {
  return Object.fromEntries([...found.rows].filter(([row]) => row > 0));
}

function flipped(files: ReadonlyMap<string, Uint8Array>, path: string, bit: number): Map<string, Uint8Array> {
  const damaged = new Map(files);
  const bytes = (files.get(path) ?? new Uint8Array(0)).slice();
  bytes[bit >> 3] ^= 1 << (bit & 7);
  damaged.set(path, bytes);
  return damaged;
}

function bitsOf(files: ReadonlyMap<string, Uint8Array>, path: string): number {
  const bits = (files.get(path)?.length ?? 0) * 8;
  expect(bits).toBeGreaterThan(800);
  return bits;
}

/** Complaints about what is served after damage: something nobody wrote, or a difference that nobody was told. */
function complaint(found: Found): string | null {
  if (found.log === null) return `not opened: ${found.failure?.text}`;
  for (const text of [...found.rows.values()].flat()) if (!WRITTEN.has(text)) return `invented: ${text}`;
  const isWhole = JSON.stringify(shown(found)) === JSON.stringify(WHOLE);
  return isWhole || found.reports.length > 0 ? null : `not said: ${JSON.stringify(shown(found))}`;
}

describe('damage in the log', () => {
  test('B1 a segment cut at any byte of its last three records holds exactly the records before the cut', () => {
    const ends: number[] = [];
    const { log, disk } = openOn(new Map());
    for (const [place, text] of ['a', 'bb', 'ccc', 'dddd', 'eeeee'].entries()) {
      log?.append(
        batchOf((batch) => batch.publish(1, place + 1, [encoder.encode(text)])),
        null,
      );
      disk.settle();
      ends.push(disk.bytesOf(SEGMENT)?.length ?? 0);
    }
    const bytes = disk.bytesOf(SEGMENT) ?? new Uint8Array(0);
    for (let cut = ends[1]; cut < bytes.length; cut++) {
      const found = openOn(new Map([[SEGMENT, bytes.subarray(0, cut)]]));
      const expected = ['1 a -', '2 bb -', '3 ccc -', '4 dddd -', '5 eeeee -'].filter(
        (_text, place) => ends[place] <= cut,
      );
      expect([cut, found.failure, found.rows.get(1)]).toEqual([cut, null, expected]);
      // What was appended after the torn end is found too: the rest of it is really gone.
      found.log?.append(
        batchOf((batch) => batch.publish(1, 9, [encoder.encode('new')])),
        null,
      );
      found.disk.settle();
      const again = openOn(new Map(found.disk.paths.map((path) => [path, found.disk.bytesOf(path) ?? bytes])));
      expect([cut, again.rows.get(1)]).toEqual([cut, [...expected, '9 new -']]);
    }
  });

  test('B1 every bit of a segment that was never closed, flipped: nothing is invented, every loss is said', () => {
    const files = filesAfter(false, ...MIXED);
    expect(complaint(openOn(files))).toBeNull();
    for (let bit = 0; bit < bitsOf(files, SEGMENT); bit++) {
      expect([bit, complaint(openOn(flipped(files, SEGMENT, bit)))]).toEqual([bit, null]);
    }
  });

  test('B1 every bit of a sealed segment, flipped, with its index and without', () => {
    const files = filesAfter(true, ...MIXED);
    const bare = new Map([...files].filter(([path]) => path !== INDEX));
    for (let bit = 0; bit < bitsOf(files, SEGMENT); bit++) {
      expect([bit, complaint(openOn(flipped(bare, SEGMENT, bit)))]).toEqual([bit, null]);
      // The index stands for most of it: one bit of each byte will do.
      if (bit % 8 === (bit >> 3) % 8) {
        expect([bit, complaint(openOn(flipped(files, SEGMENT, bit)))]).toEqual([bit, null]);
      }
    }
  });

  test('bits in every byte of an index, flipped: the segment is scanned instead, nothing is lost, and it is said', () => {
    const files = filesAfter(true, ...MIXED);
    for (let bit = 0; bit < bitsOf(files, INDEX); bit += 3) {
      const found = openOn(flipped(files, INDEX, bit));
      expect([bit, shown(found), found.reports]).toEqual([bit, WHOLE, ['log index damaged']]);
    }
  });

  test('B1 bits of messages that an index stands for, flipped: a read finds the damage, serves all the others, and says so', () => {
    const text = (number: number): string => `message ${number} ${'x'.repeat(60)}`;
    const numbers = Array.from({ length: 20 }, (_, place) => place + 1);
    const files = filesAfter(
      true,
      ...numbers.map((number) => (batch: RecordBatch) => batch.publish(1, number, [encoder.encode(text(number))])),
    );
    expect(files.has(INDEX)).toBe(true);
    for (const number of numbers) {
      const at = Buffer.from(files.get(SEGMENT) ?? []).indexOf(text(number));
      // In the payload, and in each part of the header.
      for (const byte of [at, at + 50, at - 1, at - 10, at - 18, at - 22, at - 26, at - 28]) {
        const { rows, reports } = openOn(flipped(files, SEGMENT, byte * 8 + (number % 8)));
        const others = numbers.filter((other) => other !== number).map((other) => `${other} ${text(other)} -`);
        expect([byte - at, rows.get(1), [...new Set(reports)]]).toEqual([byte - at, others, ['log damaged']]);
      }
    }
  });

  test('a damaged record in the middle costs itself only, also when the segment was never closed', () => {
    const files = filesAfter(false, ...MIXED);
    const at = Buffer.from(files.get(SEGMENT) ?? []).indexOf('one');
    const found = openOn(flipped(files, SEGMENT, at * 8));
    expect(shown(found)).toEqual({ 1: ['3 three! -', '4  -'], 2: [] });
    expect(found.reports).toEqual(['log damaged', 'log segment in quarantine']);
  });
});

describe('records and segments of other programs', () => {
  /** A segment with one more record, whose header is sound whatever it says. */
  function withRecord(change: (record: Uint8Array) => void): Map<string, Uint8Array> {
    const files = filesAfter(false, MIXED[0]);
    const before = files.get(SEGMENT) ?? new Uint8Array(0);
    const record = batchOf((batch) => batch.publish(1, 9, [encoder.encode('strange')])).slice();
    change(record);
    new DataView(record.buffer).setUint32(24, sum(record.subarray(0, 24)));
    bindRecords(record, 1, before.length);
    const bytes = new Uint8Array(before.length + record.length);
    bytes.set(before);
    bytes.set(record, before.length);
    return new Map([[SEGMENT, bytes]]);
  }

  test('a record of an unknown kind, or of an unknown version of its kind, is refused with a text that names it', () => {
    const kind = openOn(
      withRecord((record) => {
        record[2] = 99;
      }),
    );
    expect([kind.log, kind.failure?.code, kind.failure?.text]).toEqual([
      null,
      'EFORMAT',
      expect.stringMatching(/kind 99.*version 1.*unknown to this program/),
    ]);
    const version = openOn(
      withRecord((record) => {
        record[3] = 2;
      }),
    );
    expect([version.log, version.failure?.text]).toEqual([null, expect.stringMatching(/kind 1.*version 2/)]);
  });

  test('a segment of another format version is refused with a text that names it, and is left as it is', () => {
    const files = filesAfter(false, MIXED[0]);
    const bytes = (files.get(SEGMENT) ?? new Uint8Array(0)).slice();
    const view = new DataView(bytes.buffer);
    view.setUint16(8, 2);
    view.setUint32(28, sum(bytes.subarray(0, 28)));
    const found = openOn(new Map([[SEGMENT, bytes]]));
    expect([found.log, found.failure?.code]).toEqual([null, 'EFORMAT']);
    expect(found.failure?.text).toMatch(/segment 1 .*format version 2.* knows 1/);
    expect(found.disk.bytesOf(SEGMENT)).toEqual(bytes);
  });

  test('a copy of a log in a message never passes for records, also where the header before it is damaged', () => {
    const inner = filesAfter(false, (batch) => {
      batch.publish(1, 50, [encoder.encode('never said')]);
      batch.acks(1, [[1, 1]]);
    });
    const unbound = batchOf((batch) => {
      batch.publish(1, 60, [encoder.encode('nor this')]);
      batch.deleteQueue(1);
    });
    const copies = [inner.get(SEGMENT) ?? unbound, unbound, new Uint8Array([...unbound, ...unbound])];
    for (const copy of copies) {
      const files = filesAfter(
        false,
        MIXED[0],
        (batch) => batch.publish(1, 2, [copy]),
        (batch) => batch.publish(1, 3, [encoder.encode('after')]),
        (batch) => batch.publish(1, 4, [encoder.encode('last')]),
      );
      const bytes = Buffer.from(files.get(SEGMENT) ?? []);
      const header = bytes.indexOf(Buffer.from(copy)) - 28;
      for (const byte of [0, 2, 4, 7, 9, 15, 21, 25]) {
        const found = openOn(flipped(files, SEGMENT, (header + byte) * 8));
        expect([byte, found.rows.get(1)]).toEqual([byte, ['1 one -', '3 after -', '4 last -']]);
        expect(found.reports).toContain('log damaged');
      }
    }
  });
});
