// The log on a disk whose operations end in any order (B1, B10): a sync that ends late, a write that overtakes it, reads
// between the steps of emptying a segment.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordBatch, SegmentLog } from '../../../src/storage/index.ts';
import { LogDriver, type LogStep } from './driver.ts';
import { lives, liveThrough, POLICIES, ShuffledDisk, seeded } from './scripts.ts';
import { SimDisk } from './sim-disk.ts';

const PAYLOAD = new Uint8Array(100).fill(1);

function append(log: SegmentLog, fill: (batch: RecordBatch) => void, done: (() => void) | null = null): void {
  const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
  fill(batch);
  log.append(batch.take(), done);
}

function open(disk: SimDisk, segmentBytes = 1_000): SegmentLog {
  let opened: SegmentLog | null = null;
  const listener = { failed: () => {}, full: () => {}, report: () => {} };
  SegmentLog.open(disk, { segmentBytes, aheadBytes: 200 }, listener, (result) => {
    if (result.ok) opened = result.value;
  });
  disk.settle();
  if (opened === null) throw new Error('the log did not open');
  return opened;
}

/** The live messages of row 1. */
function sequencesOf(log: SegmentLog): number[] {
  return log.live(1).flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_none, at) => first + at));
}

const row = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<LogStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant('publish' as const), row, bytes: fc.nat(120) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('ack' as const), row, pick: fc.nat(50), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('mark' as const, 'move' as const), row, pick: fc.nat(50) }) },
  { weight: 20, arbitrary: fc.constant<LogStep>({ op: 'step' }) },
);

describe('operations that end in any order', () => {
  test('B1 B10 B24 lives of a log with failures, full disks, killed processes and losses of power keep every promise', () => {
    fc.assert(
      fc.property(lives, fc.nat(), (all, seed) => {
        expect(liveThrough(all, seed)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('B1 B10 what was confirmed survives a loss of power at any moment', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 250 }),
        fc.nat(),
        fc.constantFrom(...POLICIES),
        (steps, seed, policy) => {
          const driver = new LogDriver(new ShuffledDisk(seeded(seed)));
          driver.open();
          for (const each of steps) driver.perform(each);
          driver.crash(policy);
          expect([driver.open(), driver.complaints()]).toEqual([true, []]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('B10 a write that ends while a sync is under way is confirmed by the next sync only', () => {
    const ends: { readonly operation: string; readonly end: () => void }[] = [];
    let operation = '';
    const disk = new SimDisk({
      random: { next: () => 0.5 },
      fault: (of) => {
        operation = of;
        return null;
      },
    });
    const log = open(disk, 1_000_000);
    disk.drive((end) => void ends.push({ operation, end }));
    const end = (wanted: string) =>
      ends
        .splice(
          ends.findIndex((each) => each.operation === wanted),
          1,
        )[0]
        .end();
    const told: number[] = [];
    append(
      log,
      (batch) => batch.publish(1, 1, [PAYLOAD]),
      () => told.push(1),
    );
    end('write');
    append(
      log,
      (batch) => batch.publish(1, 2, [new Uint8Array(200_000)]),
      () => told.push(2),
    );
    end('write');
    end('sync');
    expect(told).toEqual([1]);
    // What is written down as safe next is not more than that either.
    append(log, (batch) => batch.publish(1, 3, [new Uint8Array(200_000)]));
    end('write');
    const bytes = Buffer.from(disk.bytesOf('log/0000000001.log') ?? PAYLOAD);
    const marker = bytes.lastIndexOf(Buffer.from([0xa7, 0xc3, 6, 1]));
    expect(bytes.readUIntBE(marker + 14, 6)).toBe(32 + 28 + 128);
    end('sync');
    expect(told).toEqual([1, 2]);
  });

  test('B1 what a run found that followed a killed process is safe from then on', () => {
    let isHeld = false;
    const disk = new SimDisk({
      random: { next: () => 0.5 },
      fault: (operation) => {
        isHeld = operation === 'sync';
        return null;
      },
    });
    const log = open(disk, 100_000);
    append(log, (batch) => batch.publish(1, 1, [PAYLOAD]));
    disk.settle();
    // Written, and the process dies before the sync ends.
    const ends: (() => void)[] = [];
    disk.drive((end) => void (isHeld ? null : ends.push(end)));
    append(log, (batch) => batch.publish(1, 2, [PAYLOAD]));
    while (ends.length > 0) ends.shift()?.();
    const after = new SimDisk({ random: { next: () => 0.5 } }, disk.filing);
    expect(open(after, 100_000).live(1)).toEqual([[1, 2]]);
    expect(open(after.crash('none'), 100_000).live(1)).toEqual([[1, 2]]);
  });

  test('B1 what a run found that followed a failed sync is safe from then on, though the host took it for clean', () => {
    let isFailing = false;
    const failing = new SimDisk({
      random: { next: () => 0.5 },
      fault: (operation) => (isFailing && operation === 'sync' ? 'EIO' : null),
    });
    const log = open(failing, 100_000);
    isFailing = true;
    append(log, (batch) => batch.publish(1, 1, [PAYLOAD]));
    failing.settle();
    const after = new SimDisk({ random: { next: () => 0.5 } }, failing.filing);
    expect(open(after, 100_000).live(1)).toEqual([[1, 1]]);
    expect(open(after.crash('none'), 100_000).live(1)).toEqual([[1, 1]]);
  });

  test('B4 a message that is acked while its segment is emptied is not raised by its copy', () => {
    for (let moment = 0; moment < 40; moment++) {
      const disk = new SimDisk({ random: { next: () => 0.5 } });
      const log = open(disk);
      for (let sequence = 1; sequence <= 12; sequence++) append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
      disk.settle();
      // One message stays in the first segment, and is copied.
      append(log, (batch) => batch.acks(1, [[1, 2]]));
      append(log, (batch) => batch.acks(1, [[4, 8]]));
      log.compact();
      for (let count = 0; count < moment; count++) disk.step();
      append(log, (batch) => batch.acks(1, [[3, 3]]));
      disk.settle();
      expect([moment, log.live(1)]).toEqual([moment, [[9, 12]]]);
      log.close(() => {});
      disk.settle();
      expect([moment, open(disk).live(1)]).toEqual([moment, [[9, 12]]]);
    }
  });

  test('B4 acks that an emptied segment had are safe elsewhere before it goes, whenever the power is lost', () => {
    const emptied = 'log/0000000002.log';
    let removals = 0;
    for (const policy of POLICIES) {
      for (let moment = 0; moment < 120; moment++) {
        const disk = new ShuffledDisk(seeded(moment + 1));
        const log = open(disk);
        // The first segment stays: most of it is alive.
        for (let sequence = 1; sequence <= 7; sequence++) {
          append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
          disk.settle();
        }
        for (let sequence = 1; !disk.paths.includes(emptied); sequence++) {
          append(log, (batch) => batch.publish(3, sequence, [PAYLOAD]));
          disk.settle();
        }
        // The one behind it has the acks of two of them, and soon nothing else that counts: it is emptied by and by.
        append(log, (batch) => batch.acks(1, [[2, 3]]));
        disk.settle();
        for (let sequence = 1; sequence <= 20; sequence++) {
          append(log, (batch) => batch.publish(2, sequence, [PAYLOAD]));
          append(log, (batch) => batch.acks(2, [[sequence, sequence]]));
          for (let count = 0; count < moment % 10; count++) disk.step();
        }
        for (let count = 0; count < moment; count++) disk.step();
        if (!disk.paths.includes(emptied)) removals++;
        expect([policy, moment, sequencesOf(open(disk.crash(policy)))]).toEqual([policy, moment, [1, 4, 5, 6, 7]]);
      }
    }
    expect(removals).toBeGreaterThan(100);
  });

  test('reads between the steps of emptying segments find every message, whatever ends first', () => {
    let copied = 0;
    for (let seed = 1; seed < 60; seed++) {
      const disk = new ShuffledDisk(seeded(seed * 7_919));
      const log = open(disk);
      const missed: string[] = [];
      let sequence = 0;
      for (let round = 0; round < 60; round++) {
        sequence++;
        append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
        // Every tenth message stays, so that it is copied again and again.
        const gone = sequence - 5;
        if (gone > 0 && gone % 10 !== 0) append(log, (batch) => batch.acks(1, [[gone, gone]]));
        log.compact();
        const live = sequencesOf(log);
        log.read(1, 1, { count: 100, bytes: 100_000 }, (result) => {
          if (!result.ok || result.value.damaged > 0) missed.push(`damaged in round ${round}`);
          const still = new Set(sequencesOf(log));
          const found = new Set(result.ok ? result.value.records.map((record) => record.sequence) : []);
          for (const each of live) if (still.has(each) && !found.has(each)) missed.push(`${each} in round ${round}`);
        });
        for (let count = 0; count < 6; count++) disk.step();
      }
      disk.settle();
      expect([seed, missed]).toEqual([seed, []]);
      if (!disk.paths.includes('log/0000000001.log')) copied++;
    }
    expect(copied).toBeGreaterThan(30);
  });

  test('B1 what was cut off behind a hole stays away: it is gone from the file', () => {
    const disk = new SimDisk({ random: { next: () => 0.5 } });
    const log = open(disk, 100_000);
    append(log, (batch) => batch.publish(1, 1, [PAYLOAD]));
    disk.settle();
    append(log, (batch) => batch.publish(1, 2, [PAYLOAD]));
    append(log, (batch) => batch.publish(1, 3, [PAYLOAD]));
    disk.settle();
    const path = 'log/0000000001.log';
    const bytes = (disk.bytesOf(path) ?? PAYLOAD).slice();
    // The second record never reached the disk, the third did.
    bytes.fill(0, 32 + 28 + 128 + 28, 32 + 28 + 128 + 28 + 100);
    const torn = new SimDisk({ random: { next: () => 0.5 } });
    torn.setBytes(path, bytes);
    for (let run = 0; run < 3; run++) {
      const again = open(torn, 100_000);
      expect([run, again.live(1)]).toEqual([run, [[1, 1]]]);
    }
  });
});
