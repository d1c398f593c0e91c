// What the log owes while it works on itself (B1, B19, B24): removals that did not become durable, rows that are gone for
// good, reads between appends that never stop, an end while the disk is full.
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type LogOptions, RecordBatch, SegmentLog, verifyLog } from '../../../src/storage/index.ts';
import { SimDisk } from './sim-disk.ts';

const random = { next: () => 0.5 };
const sum = (bytes: Uint8Array, previous?: number) => crc32(bytes, previous);
const PAYLOAD = new Uint8Array(100);

interface Opened {
  readonly log: SegmentLog;
  readonly failures: string[];
  readonly reports: string[];
}

function open(disk: SimDisk, options: LogOptions = { segmentBytes: 1_000, aheadBytes: 200 }): Opened {
  let opened: SegmentLog | null = null;
  const failures: string[] = [];
  const reports: string[] = [];
  const listener = {
    failed: ({ code }: { code: string }) => failures.push(code),
    full: () => {},
    report: (event: string) => reports.push(event),
  };
  SegmentLog.open(disk, options, listener, (result) => {
    if (result.ok) opened = result.value;
  });
  disk.settle();
  if (opened === null) throw new Error('the log did not open');
  return { log: opened, failures, reports };
}

function append(log: SegmentLog, fill: (batch: RecordBatch) => void, done: (() => void) | null = null): void {
  const batch = new RecordBatch(sum);
  fill(batch);
  log.append(batch.take(), done);
}

describe('the upkeep of the log', () => {
  test('a removal that is not known to be durable ends the log: what it needs to forget it may not', () => {
    let isRemoval = false;
    const disk: SimDisk = new SimDisk({
      random,
      fault: (operation, path) => {
        if (operation === 'remove') isRemoval = disk.paths.includes(path);
        return operation === 'syncDirectory' && isRemoval ? 'EIO' : null;
      },
    });
    const { log, failures } = open(disk);
    for (let sequence = 1; sequence <= 60; sequence++) {
      append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
      if (sequence > 4) append(log, (batch) => batch.acks(1, [[sequence - 4, sequence - 4]]));
      disk.settle();
      if (sequence % 5 === 0) log.compact();
      disk.settle();
    }
    expect([isRemoval, failures]).toEqual([true, ['EIO']]);
  });

  test('a row that was deleted stays gone, whatever is emptied afterwards', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk);
    let last = 0;
    /** Messages that come and go, so that the segments they are in are emptied. */
    const churn = (count: number): void => {
      for (let end = last + count; last < end; ) {
        const sequence = ++last;
        append(log, (batch) => batch.publish(6, sequence, [PAYLOAD]));
        append(log, (batch) => batch.acks(6, [[sequence, sequence]]));
        disk.settle();
        log.compact();
        disk.settle();
      }
    };
    append(log, (batch) => {
      batch.publish(9, 1, [PAYLOAD]);
      batch.mark(9, 0, PAYLOAD);
      batch.acks(9, [[1, 1]]);
    });
    churn(30);
    // Row 5 keeps segments that name row 9 only as one of those there were when they began, or by its mark.
    append(log, (batch) => batch.mark(9, 0, PAYLOAD));
    for (let sequence = 1; sequence <= 30; sequence++) append(log, (batch) => batch.publish(5, sequence, [PAYLOAD]));
    churn(15);
    append(log, (batch) => batch.deleteQueue(9));
    churn(60);
    expect(log.row(9)).toBeNull();
    log.close(() => {});
    disk.settle();
    const after = open(disk).log;
    expect([after.row(9), after.row(5)?.count]).toEqual([null, 30]);
  });

  test('a mark stays with its message, wherever that is copied to', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk);
    for (let sequence = 1; sequence <= 9; sequence++) append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
    // In the second segment, which stays as it is, while the first one is emptied.
    append(log, (batch) => batch.mark(1, 2, new Uint8Array([7])));
    for (let sequence = 1; sequence <= 9; sequence++) append(log, (batch) => batch.publish(2, sequence, [PAYLOAD]));
    append(log, (batch) => batch.acks(1, [[1, 1]]));
    append(log, (batch) => batch.acks(1, [[3, 7]]));
    disk.settle();
    log.compact();
    disk.settle();
    expect(disk.paths).not.toContain('log/0000000001.log');
    log.close(() => {});
    disk.settle();
    const marks: (Uint8Array | null)[] = [];
    open(disk).log.read(1, 2, { count: 1, bytes: 1 }, (result) => {
      if (result.ok) marks.push(...result.value.records.map(({ mark }) => mark));
    });
    disk.settle();
    expect(marks).toEqual([new Uint8Array([7])]);
  });

  test('B1 the end of a row counts only with what was appended behind it, also while a new segment begins', () => {
    const seen = new Set<string>();
    for (const policy of ['none', 'all', 'prefix'] as const) {
      for (let steps = 0; steps < 60; steps++) {
        const disk = new SimDisk({ random });
        const { log } = open(disk);
        append(log, (batch) => batch.publish(9, 1, [PAYLOAD]));
        for (let sequence = 1; sequence <= 5; sequence++) append(log, (batch) => batch.publish(5, sequence, [PAYLOAD]));
        disk.settle();
        // The first of these does not fit any more.
        append(log, (batch) => batch.publish(5, 6, [new Uint8Array(400)]));
        append(log, (batch) => {
          batch.deleteQueue(9);
          batch.publish(8, 1, [PAYLOAD]);
        });
        for (let step = 0; step < steps; step++) disk.step();
        const after = open(disk.crash(policy)).log;
        const state = `row 9: ${after.row(9)?.count ?? 'gone'}, row 8: ${after.row(8)?.count ?? 'none'}`;
        seen.add(state);
      }
    }
    // A row may be known by its number before anything of it is safe.
    expect([...seen].sort()).toEqual(['row 9: 1, row 8: 0', 'row 9: 1, row 8: none', 'row 9: gone, row 8: 1']);
  });

  test('B19 a read ends between appends that never stop, and sees what was appended before it', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk, { segmentBytes: 100_000, aheadBytes: 2_000 });
    let sequence = 0;
    let ended = 0;
    let asked = 0;
    for (let round = 0; round < 200; round++) {
      // There is always something to write when a write ends.
      for (let count = 0; count < 2; count++) {
        sequence++;
        append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
      }
      if (round % 20 === 10) {
        const upTo = sequence;
        asked++;
        log.read(1, 1, { count: 1_000, bytes: 1_000_000 }, (result) => {
          ended++;
          expect(result).toMatchObject({ ok: true, value: { damaged: 0 } });
          const found = result.ok ? result.value.records.map((record) => record.sequence) : [];
          expect(found).toEqual(Array.from({ length: upTo }, (_none, place) => place + 1));
        });
      }
      disk.step();
    }
    expect([asked, ended]).toEqual([10, 10]);
  });

  test('B19 segments are removed while reads overlap each other for ever', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk);
    append(log, (batch) => batch.publish(7, 1, [PAYLOAD]));
    disk.settle();
    const readAgain = (): void => log.read(7, 1, { count: 1, bytes: 1 }, readAgain);
    readAgain();
    disk.step();
    readAgain();
    let sequence = 0;
    for (let round = 0; round < 400; round++) {
      sequence++;
      append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
      append(log, (batch) => batch.acks(1, [[sequence, sequence]]));
      log.compact();
      for (let steps = 0; steps < 12; steps++) disk.step();
    }
    expect(log.stats.segments).toBeLessThan(20);
  });

  test('a message whose last record is damaged does not give its number to another', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk, { segmentBytes: 10_000, aheadBytes: 500 });
    for (const sequence of [1, 2, 3]) append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
    disk.settle();
    append(log, (batch) => batch.acks(1, [[3, 3]]));
    disk.settle();
    append(log, (batch) => batch.publish(2, 1, [PAYLOAD]));
    disk.settle();
    append(log, (batch) => batch.publish(2, 2, [PAYLOAD]));
    disk.settle();
    const bytes = disk.bytesOf('log/0000000001.log') ?? PAYLOAD;
    const third = Buffer.from(bytes).lastIndexOf(Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 3]));
    bytes[third + 30] ^= 1;
    disk.setBytes('log/0000000001.log', bytes);
    expect(open(disk).log.row(1)).toMatchObject({ lastSequence: 3, count: 2 });
  });

  test('a read that waits for a write that fails ends with a failure; what was written before is still read', () => {
    let isBroken = false;
    const disk = new SimDisk({ random, fault: (operation) => (isBroken && operation === 'write' ? 'EIO' : null) });
    const { log } = open(disk);
    append(log, (batch) => batch.publish(1, 1, [PAYLOAD]));
    disk.settle();
    isBroken = true;
    const ends: (string | number)[] = [];
    const read = () =>
      log.read(1, 1, { count: 1, bytes: 1 }, (result) =>
        ends.push(result.ok ? result.value.records.length : result.failure.code),
      );
    read();
    append(log, (batch) => batch.publish(1, 2, [PAYLOAD]));
    read();
    disk.settle();
    expect(ends.sort()).toEqual([1, 'EFAILED']);
  });

  test('closing ends while the disk is full, and after a failure: no file stays open', () => {
    for (const fault of ['ENOSPC', 'EIO'] as const) {
      let isBroken = false;
      let opened = 0;
      const disk = new SimDisk({
        random,
        fault: (operation) => {
          if (operation === 'open') opened++;
          if (operation === 'close') opened--;
          return isBroken && operation === 'write' ? fault : null;
        },
      });
      const { log } = open(disk);
      append(log, (batch) => batch.publish(1, 1, [PAYLOAD]));
      disk.settle();
      isBroken = true;
      append(log, (batch) => batch.publish(1, 2, [PAYLOAD]));
      disk.settle();
      const ends: boolean[] = [];
      log.close((result) => ends.push(result.ok));
      disk.settle();
      expect([fault, ends, opened]).toEqual([fault, [false], 0]);
    }
  });

  test('whatever fails while a log opens, or while it waits for room, no file stays open', () => {
    for (let failing = 1; failing < 60; failing++) {
      let count = 0;
      let opened = 0;
      const files = new SimDisk({ random });
      const { log } = open(files);
      for (let sequence = 1; sequence <= 20; sequence++) append(log, (batch) => batch.publish(1, sequence, [PAYLOAD]));
      files.settle();
      const disk: SimDisk = new SimDisk(
        {
          random,
          fault: (operation, path) => {
            const isFailing = ++count === failing && operation !== 'close';
            const isMissing = path.endsWith('.idx') && !disk.paths.includes(path);
            if (operation === 'open' && !isFailing && !isMissing) opened++;
            if (operation === 'close') opened--;
            return isFailing ? 'EIO' : null;
          },
        },
        files.filing,
      );
      let isOpen = false;
      SegmentLog.open(
        disk,
        { segmentBytes: 1_000, aheadBytes: 200 },
        { failed: () => {}, full: () => {}, report: () => {} },
        (result) => {
          isOpen = result.ok;
        },
      );
      disk.settle();
      if (!isOpen) expect([failing, opened]).toEqual([failing, 0]);
    }
  });

  test('B10 one append costs one write and one sync, and so do many that are appended when others are confirmed', () => {
    const counts = { write: 0, sync: 0 };
    const disk = new SimDisk({
      random,
      fault: (operation) => {
        if (operation === 'write' || operation === 'sync') counts[operation]++;
        return null;
      },
    });
    const { log } = open(disk, { segmentBytes: 1_000_000 });
    const rounds = (writers: number, count: number): number[] => {
      counts.write = 0;
      counts.sync = 0;
      let sequence = log.row(1)?.lastSequence ?? 0;
      const next = (left: number): void => {
        if (left > 0)
          append(
            log,
            (batch) => batch.publish(1, ++sequence, [PAYLOAD]),
            () => next(left - 1),
          );
      };
      for (let writer = 0; writer < writers; writer++) next(count);
      disk.settle();
      return [counts.write, counts.sync];
    };
    expect(rounds(1, 20)).toEqual([20, 20]);
    // The first one goes out alone, so that there are two groups for a while.
    const [writes, syncs] = rounds(64, 20);
    expect([writes <= 42, syncs <= 42]).toEqual([true, true]);
  });

  test('durability os: segments begin, are emptied and closed under appends that never stop', () => {
    const disk = new SimDisk({ random });
    const { log } = open(disk, { segmentBytes: 1_000, durability: 'os' });
    let [sequence, confirmed] = [0, 0];
    const next = (): void => {
      confirmed++;
      if (sequence === 300) return;
      sequence++;
      append(
        log,
        (batch) => {
          batch.publish(1, sequence, [PAYLOAD]);
          if (sequence > 8) batch.acks(1, [[sequence - 8, sequence - 8]]);
        },
        next,
      );
      log.compact();
    };
    for (let writer = 0; writer < 4; writer++) next();
    disk.settle();
    expect([confirmed, log.stats.segments < 10]).toEqual([304, true]);
    const ends: boolean[] = [];
    log.close((result) => ends.push(result.ok));
    disk.settle();
    expect([ends, open(disk.crash('none')).log.live(1)]).toEqual([[true], [[293, 300]]]);
  });

  test('acks that are needed for long are not copied again and again', () => {
    let removals = 0;
    const disk: SimDisk = new SimDisk({
      random,
      fault: (operation, path) => {
        if (operation === 'remove' && path.endsWith('.log') && disk.paths.includes(path)) removals++;
        return null;
      },
    });
    const { log } = open(disk, { segmentBytes: 2_000 });
    const small = new Uint8Array(10);
    // Every second message goes, so that no segment is worth it and every ack is needed.
    for (let sequence = 1; sequence <= 400; sequence++) append(log, (batch) => batch.publish(1, sequence, [small]));
    disk.settle();
    for (let sequence = 2; sequence <= 400; sequence += 2) {
      append(log, (batch) => batch.acks(1, [[sequence, sequence]]));
      disk.settle();
      log.compact();
      disk.settle();
    }
    expect(log.row(1)?.count).toBe(200);
    expect(removals).toBeLessThan(3);
  });

  test('what nobody waits for costs no write of its own: it goes with the next, and is read before that all the same', () => {
    const writes: string[] = [];
    const disk: SimDisk = new SimDisk({
      random,
      fault: (operation) => {
        if (operation === 'write' || operation === 'sync') writes.push(operation);
        return null;
      },
    });
    const { log } = open(disk);
    const told: string[] = [];
    const write = (what: string, isAwaited: boolean, fill: (batch: RecordBatch) => void): void => {
      const batch = new RecordBatch(sum);
      fill(batch);
      log.append(batch.take(), () => told.push(what), isAwaited);
      disk.settle();
    };
    write('one', true, (batch) => batch.publish(1, 1, [PAYLOAD]));
    writes.length = 0;
    write('ack of one', false, (batch) => batch.acks(1, [[1, 1]]));
    expect([told, writes]).toEqual([['one'], []]);
    write('two', true, (batch) => batch.publish(1, 2, [PAYLOAD]));
    expect([told, writes]).toEqual([
      ['one', 'ack of one', 'two'],
      ['write', 'sync'],
    ]);
    write('three', false, (batch) => batch.publish(1, 3, [PAYLOAD]));
    const found: number[] = [];
    log.read(1, 1, { count: 9, bytes: 9_999 }, (result) => {
      if (result.ok) found.push(...result.value.records.map(({ sequence }) => sequence));
    });
    disk.settle();
    expect([found, told.at(-1)]).toEqual([[2, 3], 'three']);
    write('ack of two', false, (batch) => batch.acks(1, [[2, 2]]));
    log.close(() => told.push('closed'));
    disk.settle();
    expect(told.slice(-2)).toEqual(['ack of two', 'closed']);
  });

  test('a segment with damage that is emptied is kept in quarantine, whole, and the log says so', () => {
    const disk = new SimDisk({ random });
    const first = open(disk, { segmentBytes: 2_000 }).log;
    for (let sequence = 1; sequence <= 20; sequence++) {
      append(first, (batch) => batch.publish(1, sequence, [new Uint8Array(100).fill(sequence)]));
    }
    first.close(() => {});
    disk.settle();
    const path = disk.paths.find((name) => name.endsWith('0000000001.log')) ?? '';
    const bytes = disk.bytesOf(path)?.slice() ?? new Uint8Array(0);
    bytes[Buffer.from(bytes).indexOf(new Uint8Array(100).fill(2))] ^= 1;
    disk.setBytes(path, bytes);
    const { log, reports } = open(disk, { segmentBytes: 2_000 });
    append(log, (batch) =>
      batch.acks(1, [
        [1, 1],
        [4, 20],
      ]),
    );
    disk.settle();
    log.compact();
    disk.settle();
    expect([disk.paths.includes(path), reports]).toEqual([false, ['log damaged', 'log segment in quarantine']]);
    const kept = disk.paths.find((name) => name.endsWith('0000000001.damaged')) ?? '';
    expect(disk.bytesOf(kept)).toEqual(bytes);
    let found: readonly string[] = [];
    const after = disk.crash('none');
    expect(open(after).log.live(1)).toEqual([[3, 3]]);
    verifyLog(after, {}, (result) => {
      if (result.ok) found = result.value.quarantine;
    });
    after.settle();
    expect(found).toEqual(['0000000001.damaged']);
  });
});
