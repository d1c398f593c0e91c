// The log between its work on itself and its end: what is not worth being emptied, and files that nobody closes while they
// are in use (B24).
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Disk, DiskDone, DiskFile } from '../../../src/env/index.ts';
import { type LogOptions, RecordBatch, SegmentLog } from '../../../src/storage/index.ts';
import { SimDisk } from './sim-disk.ts';

const random = { next: () => 0.5 };

function open(disk: SimDisk, options: LogOptions): { readonly log: SegmentLog; readonly failures: string[] } {
  let log: SegmentLog | null = null;
  const failures: string[] = [];
  const listener = {
    failed: ({ code }: { code: string }) => failures.push(code),
    full: () => {},
    report: () => {},
  };
  SegmentLog.open(disk, options, listener, (result) => {
    if (result.ok) log = result.value;
  });
  disk.settle();
  if (log === null) throw new Error('the log did not open');
  return { log, failures };
}

/** The same disk, which tells of files that are closed while something else is under way on them. */
function watched(disk: SimDisk, closedEarly: (path: string) => void): SimDisk {
  const watch = (file: DiskFile): DiskFile => {
    let underWay = 0;
    const counted = <T>(done: DiskDone<T>): DiskDone<T> => {
      underWay++;
      return (result) => {
        underWay--;
        done(result);
      };
    };
    return {
      path: file.path,
      write: (chunks, at, done) => file.write(chunks, at, counted(done)),
      read: (length, at, done) => file.read(length, at, counted(done)),
      sync: (done) => file.sync(counted(done)),
      truncate: (length, done) => file.truncate(length, counted(done)),
      size: (done) => file.size(counted(done)),
      close: (done) => {
        if (underWay > 0) closedEarly(file.path);
        file.close(done);
      },
    };
  };
  return new Proxy(disk, {
    get(target, name) {
      if (name !== 'open') return Reflect.get(target, name, target).bind?.(target) ?? Reflect.get(target, name, target);
      const open: Disk['open'] = (path, mode, done) =>
        target.open(path, mode, (result) => done(result.ok ? { ok: true, value: watch(result.value) } : result));
      return open;
    },
  });
}

function append(log: SegmentLog, fill: (batch: RecordBatch) => void): void {
  const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
  fill(batch);
  log.append(batch.take(), null);
}

describe('the log', () => {
  test('a segment of acks that others still need is left alone: emptied it would be written again and again', () => {
    const removed: string[] = [];
    const disk: SimDisk = new SimDisk({
      random,
      fault: (operation, path) => {
        if (operation === 'remove' && path.endsWith('.log') && disk.paths.includes(path)) removed.push(path);
        return null;
      },
    });
    const { log } = open(disk, { segmentBytes: 10_000, aheadBytes: 200 });
    const publish = (row: number, sequence: number): void =>
      append(log, (batch) => batch.publish(row, sequence, [new Uint8Array(20)]));
    const count = 2_000;
    for (let sequence = 1; sequence <= count; sequence++) publish(1, sequence);
    disk.settle();
    // Every second message stays, so that no two acks become one.
    for (let sequence = 2; sequence <= count; sequence += 2)
      append(log, (batch) => batch.acks(1, [[sequence, sequence]]));
    disk.settle();
    for (let sequence = 1; sequence <= count / 2; sequence++) publish(2, sequence);
    disk.settle();
    log.whenCompact(() => {});
    disk.settle();
    expect(removed).toEqual([]);
  });

  test('no file is closed under an operation, whatever fails just before the end', () => {
    const early: string[] = [];
    let failed = 0;
    for (let failing = 1; failing <= 24; failing++) {
      for (let steps = 0; steps <= 8; steps += 2) {
        let count = 0;
        const isStruck = (): boolean => ++count === failing;
        const disk = new SimDisk({
          random,
          fault: (operation) => (operation !== 'close' && isStruck() ? 'EIO' : null),
        });
        count = Number.NEGATIVE_INFINITY;
        const { log, failures } = open(
          watched(disk, (path) => early.push(`${path}, ${failing} after ${steps}`)),
          {
            segmentBytes: 600_000,
            aheadBytes: 200,
          },
        );
        count = 0;
        // So much that a write begins while a sync is under way.
        for (let sequence = 1; sequence <= 6; sequence++) {
          append(log, (batch) => batch.publish(1, sequence, [new Uint8Array(140_000)]));
          for (let step = 0; step < steps; step++) disk.step();
          log.read(1, 1, { count: 2, bytes: 300_000 }, () => {});
        }
        log.close(() => {});
        disk.settle();
        failed += failures.length;
      }
    }
    expect(early).toEqual([]);
    expect(failed).toBeGreaterThan(20);
  });
});
