// The real segment log on the disk of a simulated machine (B1, B10, B24): appends that were said to be safe are there
// after any power cuts and failures, what was said to be gone stays gone, and nothing is there that was never appended. The disk that the log sees is open to
// mistakes: what it leaves out is what the log would leave out.
import fc from 'fast-check';
import type { Disk, DiskDone, DiskFile } from '../../../src/env/index.ts';
import { type Context, type Effects, receive, TIMEOUT } from '../../../src/process/index.ts';
import { type LogOptions, RecordBatch, SegmentLog } from '../../../src/storage/index.ts';
import { heal, simDisk } from '../../../src/testing.ts';
import type { Property } from '../check.ts';

/** Lengths of the payloads that are appended; 0 waits for what is under way, -1 acks all that is safe but the newest. */
export type Program = readonly number[];

/** How the log is mistaken. */
export interface Mistaken {
  readonly disk?: (disk: Disk) => Disk;
  readonly options?: LogOptions;
}

type Event =
  | { readonly tag: 'safe'; readonly sequence: number }
  | { readonly tag: 'gone'; readonly last: number }
  | { readonly tag: 'failed'; readonly epoch: number }
  | { readonly tag: 'full'; readonly epoch: number }
  | { readonly tag: 'opened'; readonly epoch: number; readonly log: SegmentLog | null }
  | { readonly tag: 'page'; readonly sequences: readonly number[]; readonly next: number | null };

const ROW = 1;
const SEGMENT_BYTES = 2_000;
const PAGE = { count: 10, bytes: 5_000 };
/** Longer than any operation of the disk takes. */
const PATIENCE_MS = 10_000;
/** A disk that fails again and again is given up. */
const TRIES_MAX = 12;

/** One log after the other over one disk, and what was said to be safe. */
class Life {
  /** What was said to be there, and what was said to be gone. */
  readonly safe = new Set<number>();
  readonly gone = new Set<number>();
  /** What was acked; it may be there or not until that is safe. */
  private readonly acked = new Set<number>();
  readonly deliver: (event: Event) => void;
  private readonly context: Context<unknown>;
  private readonly mistaken: Mistaken;
  log: SegmentLog | null = null;
  last = 0;
  /** Counts the logs. */
  private epoch = 0;

  constructor(context: Context<unknown>, mistaken: Mistaken) {
    this.context = context;
    this.mistaken = mistaken;
    this.deliver = context.inlet() as (event: Event) => void;
  }

  /** Ends the log that is open, as the death of the whole program would: it hears of nothing any more. */
  end(): void {
    this.epoch++;
    this.log = null;
  }

  *next(): Effects<Event> {
    for (;;) {
      const event = yield* receive<Event>(null, { afterMs: PATIENCE_MS });
      if (event === TIMEOUT) return { tag: 'failed', epoch: this.epoch };
      if (event.tag === 'safe') {
        if (!this.acked.has(event.sequence)) this.safe.add(event.sequence);
      } else if (event.tag === 'gone') {
        for (const sequence of this.acked) if (sequence <= event.last) this.gone.add(sequence);
      } else if (event.tag !== 'page' && event.epoch !== this.epoch) continue;
      if (event.tag === 'failed') this.end();
      if (event.tag === 'full') this.log?.retry();
      return event;
    }
  }

  *open(): Effects<SegmentLog> {
    const { mistaken } = this;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.end();
      const { epoch } = this;
      const disk = mortal((mistaken.disk ?? ((same: Disk) => same))(this.context.env.disk), () => this.epoch === epoch);
      const told = {
        failed: () => this.deliver({ tag: 'failed', epoch }),
        full: (isFull: boolean) => isFull && this.deliver({ tag: 'full', epoch }),
        report: () => {},
      };
      SegmentLog.open(disk, { segmentBytes: SEGMENT_BYTES, ...mistaken.options }, told, (opened) =>
        this.deliver({ tag: 'opened', epoch, log: opened.ok ? opened.value : null }),
      );
      for (let event = yield* this.next(); event.tag !== 'failed'; event = yield* this.next()) {
        if (event.tag !== 'opened') continue;
        if (event.log === null) break;
        this.log = event.log;
        return event.log;
      }
    }
    throw new Error('B24 the log does not open any more');
  }

  append(log: SegmentLog, length: number): void {
    const sequence = ++this.last;
    const { crc32 } = this.context.env.disk;
    const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
    batch.publish(ROW, sequence, [new Uint8Array(length).fill(sequence)]);
    log.append(batch.take(), () => this.deliver({ tag: 'safe', sequence }));
  }

  /** Acks everything up to the newest but one that is safe. */
  ack(log: SegmentLog): void {
    const last = [...this.safe].sort((a, b) => a - b).at(-2);
    if (last === undefined) return;
    for (const sequence of this.safe) if (sequence <= last) this.acked.add(sequence);
    for (const sequence of this.acked) this.safe.delete(sequence);
    const { crc32 } = this.context.env.disk;
    const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
    const ranges = [...this.acked].filter((sequence) => sequence <= last).sort((a, b) => a - b);
    batch.acks(
      ROW,
      ranges.map((sequence) => [sequence, sequence]),
    );
    log.append(batch.take(), () => this.deliver({ tag: 'gone', last }));
  }

  /** Sequences of all that the log has. */
  *read(log: SegmentLog): Effects<Set<number>> {
    const found = new Set<number>();
    for (let from: number | null = 1; from !== null; ) {
      log.read(ROW, from, PAGE, (result) => {
        if (!result.ok) throw new Error(result.failure.text);
        const sequences = result.value.records.map(({ sequence }) => sequence);
        this.deliver({ tag: 'page', sequences, next: result.value.next });
      });
      let event = yield* this.next();
      while (event.tag !== 'page') event = yield* this.next();
      for (const sequence of event.sequences) found.add(sequence);
      from = event.next;
    }
    return found;
  }
}

/** Holds for the real log under every fault of the disk but bits that read wrong. */
export function logProperty(mistaken: Mistaken = {}): Property<Program> {
  return {
    programs: fc.array(fc.oneof(fc.constantFrom(0, -1), fc.integer({ min: 1, max: 900 })), {
      minLength: 1,
      maxLength: 12,
    }),
    body: (program) =>
      function* root(context: Context<unknown>): Effects<void> {
        const life = new Life(context, mistaken);
        for (const length of program) {
          const log = life.log ?? (yield* life.open());
          if (length > 0) life.append(log, length);
          else if (length < 0) life.ack(log);
          else if (life.safe.size < life.last) yield* life.next();
        }
        heal(context);
        life.end();
        simDisk(context).cut('none', context.env.random);
        const found = yield* life.read(yield* life.open());
        const lost = [...life.safe].filter((sequence) => !found.has(sequence));
        const invented = [...found].filter((sequence) => sequence > life.last);
        const risen = [...life.gone].filter((sequence) => found.has(sequence));
        if (risen.length > 0) throw new Error(`B24 acked and back from the dead: ${risen}`);
        if (lost.length > 0) throw new Error(`B10 confirmed and lost: ${lost}`);
        if (invented.length > 0) throw new Error(`B24 never appended: ${invented}`);
      },
  };
}

/** The disk with something else for what its files do at a sync. */
export function syncing(sync: (real: (done: (ok: boolean) => void) => void, done: (ok: boolean) => void) => void) {
  return (disk: Disk): Disk => ({
    ...methodsOf(disk),
    open: (path, mode, done) =>
      disk.open(path, mode, (opened) => {
        if (!opened.ok) return done(opened);
        const file = opened.value;
        const real = (told: (ok: boolean) => void) => file.sync(({ ok }) => told(ok));
        const replaced = {
          ...file,
          sync: (whenDone: Parameters<typeof file.sync>[0]) =>
            sync(real, (ok) =>
              whenDone(ok ? { ok, value: true } : { ok, failure: { code: 'EIO', text: 'the sync failed' } }),
            ),
        };
        done({ ok: true, value: replaced });
      }),
  });
}

/** The disk of a program that may die: what it has asked for still happens, and nobody hears of it. */
function mortal(disk: Disk, isAlive: () => boolean): Disk {
  const heard =
    <T>(done: DiskDone<T>): DiskDone<T> =>
    (result) => {
      if (isAlive()) done(result);
    };
  const fileOf = (file: DiskFile): DiskFile => ({
    path: file.path,
    write: (chunks, at, done) => file.write(chunks, at, heard(done)),
    read: (length, at, done) => file.read(length, at, heard(done)),
    sync: (done) => file.sync(heard(done)),
    truncate: (length, done) => file.truncate(length, heard(done)),
    size: (done) => file.size(heard(done)),
    close: (done) => file.close(heard(done)),
  });
  return {
    open: (path, mode, done) => {
      disk.open(
        path,
        mode,
        heard((result) => done(result.ok ? { ok: true, value: fileOf(result.value) } : result)),
      );
    },
    list: (directory, done) => disk.list(directory, heard(done)),
    makeDirectory: (directory, done) => disk.makeDirectory(directory, heard(done)),
    rename: (from, to, done) => disk.rename(from, to, heard(done)),
    remove: (path, done) => disk.remove(path, heard(done)),
    syncDirectory: (directory, done) => disk.syncDirectory(directory, heard(done)),
    freeBytes: (done) => disk.freeBytes(heard(done)),
    crc32: disk.crc32.bind(disk),
  };
}

/** Names are never made durable. */
export const namesUnsynced = (disk: Disk): Disk => ({
  ...methodsOf(disk),
  syncDirectory: (directory, done) => disk.list(directory, () => done({ ok: true, value: true })),
});

/** The operations of a disk as an object that can be spread. */
function methodsOf(disk: Disk): Disk {
  return {
    open: disk.open.bind(disk),
    list: disk.list.bind(disk),
    makeDirectory: disk.makeDirectory.bind(disk),
    rename: disk.rename.bind(disk),
    remove: disk.remove.bind(disk),
    syncDirectory: disk.syncDirectory.bind(disk),
    freeBytes: disk.freeBytes.bind(disk),
    crc32: disk.crc32.bind(disk),
  };
}
