// A simulated disk (reliability.md 2.a): bytes are pending until the `sync` of their file returns, names until the
// `syncDirectory` of their directory does; what a sync covers is what was complete when it began. A power cut tears the
// rest. Nothing completes by itself: a test steps through the operations, or a simulated machine's schedule does.
//
//   const disk = new SimDisk();
//   disk.open('log', 'create', (opened) => { ... });
//   disk.settle();                                  // completes all, the oldest first
//   const after = disk.crash('random', new SeededRandom(7));
import type { Disk, DiskDone, DiskFile, DiskResult, OpenMode, Random } from '../env/index.ts';
import { BadArgumentError, checkFunction, checkOptions, describe } from '../term/index.ts';
import { crc32 } from './crc32.ts';
import { type Answer, DiskFiling, done, failure, joined } from './disk-filing.ts';
import type { Inode } from './disk-inode.ts';
import type { Names } from './disk-names.ts';
import type { DiskFault, DiskOperation, DiskOperationKind } from './disk-operation.ts';
import { type CutPolicy, survival } from './disk-power.ts';

export interface DiskOptions {
  /** Starts with a copy of what that one shows, all of it durable. Default: empty. */
  readonly from?: SimDisk;
  /** Bytes that fit; a write beyond fails with ENOSPC and leaves what fits. Default: no bound. */
  readonly capacityBytes?: number;
  /** Asked as each operation is about to complete. Default: nothing goes wrong. */
  readonly faults?: (operation: DiskOperation) => DiskFault | null;
}

/** All options of a disk. */
export const DISK_OPTIONS: Readonly<Record<keyof DiskOptions, true>> = {
  from: true,
  capacityBytes: true,
  faults: true,
};

/** Who completes the operations, if it is not the caller of `step`. */
export interface DiskDriver {
  /** An operation waits; `complete` ends it, and does nothing when a power cut was quicker. */
  submitted(complete: () => void): void;
}

interface Waiting extends DiskOperation {
  /** Runs it, and calls back. */
  readonly complete: (fault: DiskFault | null) => void;
  /** Runs it at a power cut, when nobody hears of it any more; null for those that change nothing by themselves. */
  readonly slip: (() => void) | null;
}

export class SimDisk implements Disk {
  capacityBytes: number;
  /** Asked as each operation is about to complete; may be replaced at any time. */
  faults: (operation: DiskOperation) => DiskFault | null;
  readonly crc32: Disk['crc32'] = crc32;
  driver: DiskDriver | null = null;
  private filing: DiskFiling;
  private queue: Waiting[] = [];
  private count = 0;

  /** Throws RangeError or BadArgumentError for options that make no sense. */
  constructor(options: DiskOptions = {}) {
    checkOptions('a simulated disk', options, DISK_OPTIONS);
    const { from, capacityBytes = Number.POSITIVE_INFINITY, faults = () => null } = options;
    if (from !== undefined && !(from instanceof SimDisk)) throw new BadArgumentError('from', 'a SimDisk', from);
    if (!(typeof capacityBytes === 'number' && capacityBytes >= 0)) {
      throw new RangeError(`capacityBytes must be a number from 0 on, got ${describe(capacityBytes)}`);
    }
    checkFunction('faults', faults);
    this.capacityBytes = capacityBytes;
    this.faults = faults;
    this.filing = new DiskFiling(from?.filing.names.copy());
  }

  /** Operations that were asked for so far. */
  get operations(): number {
    return this.count;
  }

  /** Operations that are not complete, the oldest first. */
  get waiting(): readonly DiskOperation[] {
    return this.queue;
  }

  /** Files that are open. */
  get openFiles(): number {
    return this.filing.openFiles;
  }

  /** Completes one operation, the oldest by default; false when there is none. */
  step(index = 0): boolean {
    const [operation] = this.queue.splice(index, 1);
    if (operation === undefined) return false;
    operation.complete(this.faults(operation));
    return true;
  }

  /** Completes operations, the oldest first, until none waits. Throws when that takes more than `stepsMax`. */
  settle(stepsMax = 1_000_000): void {
    for (let left = stepsMax; this.step(); left--) if (left === 0) throw new Error('the disk does not come to rest');
  }

  /** Files by path, as they are seen now: bytes to look at or to spoil. */
  files(): Map<string, Uint8Array> {
    return new Map([...this.filing.names.files()].map(([path, inode]) => [path, inode.bytes]));
  }

  /** What a power cut leaves, as a new disk. Of this one nothing completes any more, and its files are void. */
  crash(policy: CutPolicy, random: Random): SimDisk {
    const after = new SimDisk({ capacityBytes: this.capacityBytes });
    after.filing = new DiskFiling(this.cutNames(policy, random));
    this.cutOff();
    return after;
  }

  /** The same in place: this disk goes on with what a power cut leaves, and with no file open. */
  cut(policy: CutPolicy, random: Random): void {
    const names = this.cutNames(policy, random);
    this.cutOff();
    this.filing = new DiskFiling(names);
  }

  private cutNames(policy: CutPolicy, random: Random): Names {
    for (const { slip } of this.queue) slip?.();
    const { names } = this.filing;
    return names.survivor(survival(policy, names.pending(), random));
  }

  private cutOff(): void {
    this.queue = [];
    this.filing.isCut = true;
  }

  // ---- Disk

  open(path: string, mode: OpenMode, whenDone: DiskDone<DiskFile>): void {
    const { filing } = this;
    const run = (): Answer<DiskFile> => {
      const inode = filing.open(path, mode);
      return inode.ok ? done(this.fileOf(path, mode, inode.value)) : inode;
    };
    this.submit('open', path, run, whenDone, mode === 'create' ? () => void filing.open(path, mode) : null);
  }

  list(directory: string, whenDone: DiskDone<readonly string[]>): void {
    const { filing } = this;
    this.submit('list', directory, () => filing.list(directory), whenDone);
  }

  makeDirectory(directory: string, whenDone: DiskDone<true>): void {
    const { filing } = this;
    const run = () => filing.makeDirectory(directory);
    this.submit('makeDirectory', directory, run, whenDone, run);
  }

  rename(from: string, to: string, whenDone: DiskDone<true>): void {
    const { filing } = this;
    const run = () => filing.rename(from, to);
    this.submit('rename', from, run, whenDone, run);
  }

  remove(path: string, whenDone: DiskDone<true>): void {
    const { filing } = this;
    const run = () => filing.remove(path);
    this.submit('remove', path, run, whenDone, run);
  }

  syncDirectory(directory: string, whenDone: DiskDone<true>): void {
    const { filing } = this;
    const upTo = filing.changes;
    const run = (fault: DiskFault | null) => filing.syncDirectory(directory, upTo, fault?.tag === 'lie');
    this.submit('syncDirectory', directory, run, whenDone);
  }

  freeBytes(whenDone: DiskDone<number>): void {
    const { filing } = this;
    this.submit('freeBytes', '', () => done(this.capacityBytes - filing.usedBytes()), whenDone);
  }

  private submit<T>(
    kind: DiskOperationKind,
    path: string,
    run: (fault: DiskFault | null) => Answer<T>,
    whenDone: DiskDone<T>,
    slip: (() => void) | null = null,
    filing: DiskFiling = this.filing,
  ): void {
    const complete = (fault: DiskFault | null) => {
      const isFailing = fault?.tag === 'fail' && kind !== 'write' && kind !== 'sync';
      whenDone(isFailing ? failure(fault.code, path, fault.text) : filing.isCut ? CUT : run(fault));
    };
    const operation: Waiting = { number: ++this.count, kind, path, complete, slip };
    this.queue.push(operation);
    this.driver?.submitted(() => {
      const index = this.queue.indexOf(operation);
      if (index >= 0) this.step(index);
    });
  }

  private fileOf(path: string, mode: OpenMode, inode: Inode): DiskFile {
    const { filing } = this;
    filing.openFiles++;
    let isClosed = false;
    const ask = <T>(
      kind: DiskOperationKind,
      run: (fault: DiskFault | null) => Answer<T>,
      whenDone: DiskDone<T>,
      slip: (() => void) | null = null,
    ) => {
      const refusal = isClosed
        ? 'EBADF'
        : mode === 'read' && (kind === 'write' || kind === 'truncate')
          ? 'EBADF'
          : null;
      if (refusal === null) this.submit(kind, path, run, whenDone, slip, filing);
      else this.submit(kind, path, () => failure(refusal, path), whenDone);
    };
    const write = (chunks: readonly Uint8Array[], at: number) => filing.write(inode, chunks, at, this.capacityBytes);
    return {
      path,
      write: (chunks, at, whenDone) => {
        const run = (fault: DiskFault | null) => {
          if (fault?.tag !== 'fail') return write(chunks, at);
          write([joined(chunks).subarray(0, fault.writtenBytes ?? 0)], at);
          return failure(fault.code, path);
        };
        ask('write', run, whenDone, () => void write(chunks, at));
      },
      read: (length, at, whenDone) => {
        const run = (fault: DiskFault | null) => {
          const from = fault?.tag === 'astray' ? at + fault.byBytes : at;
          return done(flipped(inode.bytes.slice(from, from + length), fault));
        };
        ask('read', run, whenDone);
      },
      sync: (whenDone) => {
        const upTo = filing.changes;
        ask('sync', (fault) => filing.sync(path, inode, upTo, fault), whenDone);
      },
      truncate: (length, whenDone) => {
        const run = () => filing.truncate(inode, length, this.capacityBytes);
        ask('truncate', run, whenDone, () => void run());
      },
      size: (whenDone) => ask('size', () => done(inode.length), whenDone),
      close: (whenDone) => {
        const run = (): DiskResult<true> => {
          filing.openFiles--;
          return done(true);
        };
        ask('close', run, whenDone);
        isClosed = true;
      },
    };
  }
}

const CUT = failure('EIO', 'the disk has lost power');

function flipped(bytes: Uint8Array, fault: DiskFault | null): Uint8Array {
  if (fault?.tag !== 'flip' || bytes.length === 0) return bytes;
  const at = Math.floor(fault.bit / 8) % bytes.length;
  bytes[at] ^= 1 << (fault.bit % 8);
  return bytes;
}
