// Random lives of a log: what is done to it, on a disk whose operations end in any order, that fails, fills up, loses
// power, or whose process is killed.
import fc from 'fast-check';
import { LogDriver, type LogStep } from './driver.ts';
import { type CrashPolicy, type DiskFault, SimDisk, type SimDiskOptions } from './sim-disk.ts';

export const POLICIES: readonly CrashPolicy[] = ['none', 'all', 'random', 'prefix', 'newest'];

export function seeded(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 0) / 4_294_967_296;
  };
}

/** Ends one of the operations that are under way, whichever `pick` says. */
export class ShuffledDisk extends SimDisk {
  private readonly underWay: (() => void)[] = [];
  private readonly pick: () => number;

  constructor(
    pick: () => number,
    options: Omit<SimDiskOptions, 'random'> = {},
    filing?: ConstructorParameters<typeof SimDisk>[1],
  ) {
    super({ ...options, random: { next: pick } }, filing);
    this.pick = pick;
    this.drive((end) => void this.underWay.push(end));
  }

  override step(): boolean {
    const [end] = this.underWay.splice(Math.floor(this.pick() * this.underWay.length), 1);
    end?.();
    return end !== undefined;
  }
}

/** One life: steps, what goes wrong at which operation, and how it ends. */
export interface Life {
  readonly steps: readonly LogStep[];
  readonly fault: DiskFault | null;
  readonly faultAt: number;
  readonly end: CrashPolicy | 'killed' | 'closed';
}

const row = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<LogStep> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ op: fc.constant('publish' as const), row, bytes: fc.nat(120) }) },
  { weight: 5, arbitrary: fc.record({ op: fc.constant('ack' as const), row, pick: fc.nat(50), count: fc.nat(6) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('mark' as const, 'move' as const), row, pick: fc.nat(50) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('deleteRow' as const), row: fc.constant(3) }) },
  { weight: 20, arbitrary: fc.constant<LogStep>({ op: 'step' }) },
  { weight: 1, arbitrary: fc.constant<LogStep>({ op: 'settle' }) },
);

const life: fc.Arbitrary<Life> = fc.record({
  steps: fc.array(step, { maxLength: 150 }),
  fault: fc.constantFrom<DiskFault | null>(null, null, 'EIO', 'ENOSPC', 'torn'),
  faultAt: fc.nat(200),
  end: fc.constantFrom<Life['end']>(...POLICIES, 'killed', 'closed'),
});

export const lives: fc.Arbitrary<readonly Life[]> = fc.array(life, { minLength: 1, maxLength: 5 });

/** What was wrong after some life; empty for nothing. */
export function liveThrough(all: readonly Life[], seed: number): string[] {
  const pick = seeded(seed);
  const driver = new LogDriver(new ShuffledDisk(pick));
  for (const [place, { steps, fault, faultAt, end }] of all.entries()) {
    let count = 0;
    const goesWrong = (operation: string) => (++count === faultAt && operation !== 'read' ? fault : null);
    driver.disk = new ShuffledDisk(pick, { fault: goesWrong }, driver.disk.filing);
    if (driver.open()) {
      for (const each of steps) {
        driver.perform(each);
        if (each.op === 'settle') driver.log?.retry();
      }
      if (end === 'closed') driver.log?.close(() => {});
      if (end === 'closed') driver.disk.settle();
    }
    // A process that was killed leaves everything that was written; so does one that closed its files.
    const isPower = end !== 'killed' && end !== 'closed';
    driver.disk = isPower ? driver.disk.crash(end) : new SimDisk({ random: { next: pick } }, driver.disk.filing);
    driver.log = null;
    driver.failures.length = 0;
    const isOpen = driver.open();
    const complaints = driver.complaints();
    if (!isOpen || complaints.length > 0 || driver.failures.length > 0) {
      return [`after life ${place} (${end})`, `opened: ${isOpen}`, ...complaints, ...driver.failures];
    }
    driver.believe();
  }
  return [];
}
