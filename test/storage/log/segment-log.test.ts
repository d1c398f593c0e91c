// The log against a book of its promises (B1, B10, B24): in peace, through losses of power at every operation, and with
// everything that can go wrong with a disk.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LogDriver, type LogStep, SMALL } from './driver.ts';
import { type CrashPolicy, type DiskFault, SimDisk } from './sim-disk.ts';

const row = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<LogStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant('publish' as const), row, bytes: fc.nat(120) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('ack' as const), row, pick: fc.nat(50), count: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('mark' as const, 'move' as const), row, pick: fc.nat(50) }) },
  { weight: 3, arbitrary: fc.constantFrom<LogStep>({ op: 'settle' }, { op: 'step' }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('deleteRow' as const), row: fc.constant(3) }) },
  { weight: 1, arbitrary: fc.constant<LogStep>({ op: 'reopen' }) },
);

function seeded(seed: number): { next(): number } {
  let state = seed | 1;
  return {
    next: () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
      return (state >>> 0) / 4_294_967_296;
    },
  };
}

/** Publishes, acks most of it, and so fills, seals and empties segments again and again. */
function busyScript(): LogStep[] {
  const steps: LogStep[] = [];
  for (let round = 0; round < 30; round++) {
    for (let of = 0; of < 3; of++) steps.push({ op: 'publish', row: of, bytes: (round * 13 + of * 7) % 90 });
    if (round % 3 === 2) steps.push({ op: 'ack', row: round % 3, pick: 0, count: 5 });
    if (round % 4 === 1) steps.push({ op: 'ack', row: 0, pick: 1, count: 1 });
    if (round % 5 === 4) steps.push({ op: 'mark', row: 1, pick: 2 }, { op: 'move', row: 2, pick: 0 });
    if (round % 2 === 0) steps.push({ op: 'step' }, { op: 'step' });
    else steps.push({ op: 'settle' });
    if (round === 14) steps.push({ op: 'reopen' });
  }
  steps.push({ op: 'settle' });
  return steps;
}

const POLICIES: readonly CrashPolicy[] = ['none', 'all', 'random', 'prefix', 'newest'];

describe('the log', () => {
  test('B1 B24 holds what was written and not acked, whatever was sealed, emptied and opened again meanwhile', () => {
    let emptied = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150 }), fc.nat(), (steps, seed) => {
        const driver = new LogDriver(new SimDisk({ random: seeded(seed) }));
        driver.open();
        for (const each of steps) driver.perform(each);
        driver.settle();
        expect(driver.complaints()).toEqual([]);
        const promises = [...driver.rows.values()].flatMap((messages) => [...messages.values()]);
        expect(promises.every(({ promise }) => promise !== 'open')).toBe(true);
        driver.perform({ op: 'reopen' });
        expect([driver.complaints(), driver.reports, driver.failures]).toEqual([[], [], []]);
        for (const [of, last] of driver.lastSequences) {
          if (driver.log?.row(of) !== null) expect(driver.log?.row(of)?.lastSequence).toBe(last);
        }
        if (!driver.disk.paths.some((path) => path.endsWith('0000000001.log'))) emptied++;
      }),
      { numRuns: 300 },
    );
    expect(emptied).toBeGreaterThan(30);
  });

  test('B1 B10 a loss of power at every operation of writing, sealing, emptying and opening loses no promise', () => {
    const script = busyScript();
    const whole = new SimDisk({ random: seeded(1) });
    const first = new LogDriver(whole);
    first.open();
    for (const each of script) first.perform(each);
    const { operations } = whole;
    expect(operations).toBeGreaterThan(200);
    expect(first.log?.stats.segments).toBeLessThan(20);
    for (let at = 1; at <= operations; at += 1) {
      const policy = POLICIES[at % POLICIES.length];
      let count = 0;
      const random = seeded(at);
      const disk: SimDisk = new SimDisk({ random, fault: () => (++count >= at ? 'EIO' : null) });
      const driver = new LogDriver(disk);
      if (driver.open()) {
        for (const each of script) {
          if (count >= at) break;
          driver.perform(each);
        }
      }
      driver.crash(policy);
      driver.failures.length = 0;
      expect([at, policy, driver.open()]).toEqual([at, policy, true]);
      expect([at, policy, driver.complaints()]).toEqual([at, policy, []]);
      // And the same once more, because opening writes too.
      driver.believe();
      driver.crash(POLICIES[(at >> 2) % POLICIES.length]);
      expect([at, driver.open(), driver.complaints(), driver.failures]).toEqual([at, true, [], []]);
    }
  }, 60_000);

  test('random scripts with random losses of power keep every promise', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(step, { maxLength: 40 }), fc.constantFrom(...POLICIES)), { maxLength: 4 }),
        fc.nat(),
        (runs, seed) => {
          const driver = new LogDriver(new SimDisk({ random: seeded(seed) }));
          for (const [steps, policy] of runs) {
            driver.open();
            for (const each of steps) driver.perform(each);
            driver.crash(policy);
            expect(driver.open()).toBe(true);
            expect(driver.complaints()).toEqual([]);
            driver.believe();
            driver.crash('all');
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('B1 what was never safe ends at its first hole: a message that moved is in its old place or in its new one', () => {
    let holes = 0;
    for (let seed = 1; seed < 200; seed++) {
      const driver = new LogDriver(new SimDisk({ random: seeded(seed * 7_919) }), {
        segmentBytes: 50_000,
        aheadBytes: 300,
      });
      driver.open();
      driver.perform({ op: 'publish', row: 1, bytes: 1_300 });
      driver.perform({ op: 'settle' });
      driver.perform({ op: 'move', row: 1, pick: 0 });
      for (let steps = seed % 5; steps >= 0; steps--) driver.perform({ op: 'step' });
      driver.crash('random');
      driver.open();
      expect([seed, driver.complaints()]).toEqual([seed, []]);
      if (driver.reports.includes('log end cut off')) holes++;
    }
    expect(holes).toBeGreaterThan(20);
  });

  test('a disk that lies about a sync is caught: the book can tell', () => {
    const driver = new LogDriver(
      new SimDisk({ random: seeded(3), fault: (operation) => (operation === 'sync' ? 'lying' : null) }),
    );
    driver.open();
    driver.perform({ op: 'publish', row: 1, bytes: 10 });
    driver.perform({ op: 'settle' });
    driver.crash('none');
    driver.open();
    expect(driver.complaints()).not.toEqual([]);
  });

  test.each<DiskFault>(['EIO', 'torn'])(
    '%s at every operation ends the log once, and nothing more is promised',
    (fault) => {
      const script = busyScript();
      for (let at = 1; at < 260; at += 3) {
        let count = 0;
        const disk = new SimDisk({ random: seeded(at), fault: () => (++count === at ? fault : null) });
        const driver = new LogDriver(disk);
        if (driver.open()) for (const each of script) driver.perform(each);
        expect(driver.failures.length).toBeLessThanOrEqual(1);
        driver.crash(POLICIES[at % POLICIES.length]);
        driver.failures.length = 0;
        expect([at, driver.open(), driver.complaints(), driver.failures]).toEqual([at, true, [], []]);
      }
    },
  );

  test('a full disk makes appends wait, and they go on when there is room', () => {
    const driver = new LogDriver(new SimDisk({ random: seeded(5) }));
    let isFull = false;
    const disk = new SimDisk({
      random: seeded(5),
      fault: (operation) => (isFull && operation === 'write' ? 'ENOSPC' : null),
    });
    driver.disk = disk;
    driver.open();
    driver.perform({ op: 'publish', row: 1, bytes: 50 });
    driver.perform({ op: 'settle' });
    isFull = true;
    for (let count = 0; count < 40; count++) driver.perform({ op: 'publish', row: 1, bytes: 50 });
    driver.perform({ op: 'settle' });
    const open = () => [...(driver.rows.get(1)?.values() ?? [])].filter(({ promise }) => promise === 'open').length;
    expect([open(), driver.failures]).toEqual([40, []]);
    isFull = false;
    for (let tries = 0; tries < 3; tries++) {
      driver.log?.retry();
      driver.perform({ op: 'settle' });
    }
    expect([open(), driver.complaints()]).toEqual([0, []]);
  });

  test('B19 on a full disk what was written is read, and what waits for room is read when there is room', () => {
    let isFull = false;
    const disk = new SimDisk({
      random: seeded(6),
      fault: (operation) => (isFull && operation === 'write' ? 'ENOSPC' : null),
    });
    const driver = new LogDriver(disk);
    driver.open();
    const pages: (readonly number[])[] = [];
    const read = (from: number): void =>
      driver.log?.read(1, from, { count: 100, bytes: 100_000 }, (result) => {
        pages.push(result.ok ? [...result.value.records.map(({ sequence }) => sequence), result.value.damaged] : []);
      });
    const publish = (): void => driver.perform({ op: 'publish', row: 1, bytes: 50 });
    for (let count = 0; count < 3; count++) publish();
    driver.perform({ op: 'settle' });
    isFull = true;
    for (let count = 0; count < 2; count++) publish();
    driver.perform({ op: 'settle' });
    const all = [...(driver.rows.get(1)?.keys() ?? [])];
    read(all[0]);
    read(all[3]);
    driver.perform({ op: 'settle' });
    expect(pages).toEqual([[...all.slice(0, 3), 0]]);
    isFull = false;
    driver.log?.retry();
    driver.perform({ op: 'settle' });
    expect(pages.slice(1)).toEqual([[...all.slice(3), 0]]);
    expect(driver.complaints()).toEqual([]);
  });

  test('a full disk at every operation: nothing promised is lost, and all goes on when there is room again', () => {
    // Closing a log that waits for room gives up what waits.
    const script = busyScript().filter(({ op }) => op !== 'reopen');
    let survived = 0;
    for (let at = 1; at < 260; at += 2) {
      let count = 0;
      const disk = new SimDisk({
        random: seeded(at),
        // No room is needed to read: neither the bytes nor the index, which is made under another name.
        fault: (of, path) =>
          ++count === at && of !== 'read' && !(of === 'open' && path.endsWith('.idx')) ? 'ENOSPC' : null,
      });
      const driver = new LogDriver(disk);
      if (driver.open()) {
        for (const each of script) {
          driver.perform(each);
          driver.log?.retry();
        }
        driver.perform({ op: 'settle' });
        if (driver.failures.length === 0) {
          survived++;
          const open = [...driver.rows.values()].flatMap((messages) => [...messages.values()]);
          expect([at, open.filter(({ promise }) => promise === 'open').length]).toEqual([at, 0]);
          expect([at, driver.complaints()]).toEqual([at, []]);
        }
      }
      expect([at, driver.failures.length <= 1]).toEqual([at, true]);
      driver.crash(POLICIES[at % POLICIES.length]);
      driver.failures.length = 0;
      expect([at, driver.open(), driver.complaints(), driver.failures]).toEqual([at, true, [], []]);
    }
    expect(survived).toBeGreaterThan(40);
  });

  test('bytes on the disk stay in proportion to what is alive', () => {
    const driver = new LogDriver(new SimDisk({ random: seeded(7) }), { ...SMALL, segmentBytes: 4_000 });
    driver.open();
    for (let round = 0; round < 400; round++) {
      driver.perform({ op: 'publish', row: 1, bytes: 100 });
      if (round > 10) driver.perform({ op: 'ack', row: 1, pick: 0, count: 0 });
      driver.perform({ op: 'settle' });
    }
    driver.log?.compact();
    driver.perform({ op: 'settle' });
    const { bytes, liveBytes, segments } = driver.log?.stats ?? { bytes: 0, liveBytes: 0, segments: 0 };
    expect([liveBytes > 500, segments <= 4, bytes < 16_000]).toEqual([true, true, true]);
  });

  test('zeros that were written ahead are no damage, and are gone when the log is closed', () => {
    const driver = new LogDriver(new SimDisk({ random: seeded(9) }), { segmentBytes: 50_000, aheadBytes: 3_000 });
    driver.open();
    driver.perform({ op: 'publish', row: 1, bytes: 100 });
    driver.perform({ op: 'settle' });
    const before = driver.disk.bytesOf('log/0000000001.log')?.length ?? 0;
    expect(before).toBeGreaterThan(3_000);
    driver.crash('all');
    driver.open();
    expect([driver.reports, driver.complaints()]).toEqual([[], []]);
    expect(driver.disk.bytesOf('log/0000000001.log')?.length).toBeLessThan(400);
    driver.perform({ op: 'publish', row: 1, bytes: 100 });
    driver.perform({ op: 'reopen' });
    expect(driver.disk.bytesOf('log/0000000002.log')?.length).toBeLessThan(400);
    expect([driver.reports, driver.complaints()]).toEqual([[], []]);
  });

  test('where there is no room to write ahead, what is needed is written', () => {
    const driver = new LogDriver(new SimDisk({ random: seeded(9), capacityBytes: 1_500 }), { aheadBytes: 3_000 });
    driver.open();
    driver.perform({ op: 'publish', row: 1, bytes: 100 });
    driver.perform({ op: 'settle' });
    expect(driver.complaints()).toEqual([]);
    expect([...(driver.rows.get(1)?.values() ?? [])].map(({ promise }) => promise)).toEqual(['there']);
  });
});
