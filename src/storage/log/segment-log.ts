// The log of everything that has to survive (DESIGN decision 15): one series of segment files, and in memory what is live
// in them. An append is seen by reads at once, and confirmed once a sync that began after its write has succeeded; what
// was confirmed survives whatever the disk keeps (see recovery.ts, group-writer.ts and compaction.ts for how). Everything
// runs on one thread; nothing completes during the call.
import type { Disk, DiskDone, DiskFailure } from '../../env/index.ts';
import { Appender } from './appender.ts';
import { Compaction, type CompactionLog } from './compaction.ts';
import { writeWhole } from './disk-steps.ts';
import { FileCache } from './file-cache.ts';
import { GroupWriter } from './group-writer.ts';
import { type LogListener, type LogOptions, type LogSettings, logSettings } from './options.ts';
import { PlacesCache } from './places-cache.ts';
import type { QueueState } from './queue-table.ts';
import { type Page, type PageLimit, Reader } from './reader.ts';
import { RecordBatch } from './records.ts';
import { type Recovered, Recovery } from './recovery.ts';
import { Segment } from './segment.ts';
import { encodeSegmentHeader } from './segment-header.ts';
import { encodeIndex } from './segment-index.ts';

/** What a log holds of one queue. */
export interface LoggedQueue {
  readonly queue: number;
  /** The highest number ever used, also when it is acked. */
  readonly lastSequence: number;
  /** Live messages. */
  readonly count: number;
  /** Of their payloads; an estimate while messages were acked whose places are not in memory. */
  readonly bytes: number;
  /** What is marked for the queue itself. */
  readonly mark: Uint8Array | null;
}

/** Sizes and counts of a log. */
export interface LogStats {
  readonly segments: number;
  /** On the disk, or on the way to it. */
  readonly bytes: number;
  readonly liveBytes: number;
  readonly liveCount: number;
  /** Appended and not written. */
  readonly pendingBytes: number;
  readonly removedSegments: number;
  readonly copiedBytes: number;
  readonly isFull: boolean;
  readonly hasFailed: boolean;
}

/** A durable mark of what is synced is appended after so many bytes. */
const DURABLE_EVERY_BYTES = 16 * 1024;

export class SegmentLog {
  private readonly disk: Disk;
  private readonly settings: LogSettings;
  private readonly files: FileCache;
  private readonly places: PlacesCache;
  private readonly reader: Reader;
  private readonly writer: GroupWriter;
  private readonly compaction: Compaction;
  private readonly appender: Appender;
  private readonly listener: LogListener;
  private readonly segments: Segment[];
  /** Segments that are not whole on the disk yet; the last one is the head. */
  private readonly growing: Segment[] = [];
  private head: Segment;
  private nextId: number;
  private durableAt = 0;
  private isClosed = false;
  private hasFailed = false;
  private opened: (() => void) | null;
  /** Indexes that are being written. */
  private indexing = 0;
  private onIndexed: (() => void) | null = null;

  private constructor(
    disk: Disk,
    settings: LogSettings,
    listener: LogListener,
    parts: { readonly files: FileCache; readonly places: PlacesCache; readonly recovered: Recovered },
    opened: () => void,
  ) {
    this.disk = disk;
    this.settings = settings;
    this.listener = listener;
    this.files = parts.files;
    this.places = parts.places;
    this.segments = parts.recovered.segments;
    this.nextId = parts.recovered.nextId;
    this.opened = opened;
    this.appender = new Appender(parts.recovered.table);
    this.writer = new GroupWriter(disk, settings, {
      failed: (failure) => this.fail(failure),
      full: listener.full === undefined ? null : (isFull) => listener.full?.(isFull),
      sealed: (segment) => this.sealed(segment),
      opened: () => this.began(),
    });
    this.reader = new Reader(disk, parts.files, parts.places, listener, () => this.compaction.readEnded());
    this.compaction = new Compaction(disk, settings, listener, this.compactionLog(), this.reader, parts.files);
    this.head = this.rotate();
  }

  /** Recovers what is in the directory, begins a new segment, and hands the log over. A log of another version is refused with code EFORMAT. */
  static open(disk: Disk, options: LogOptions, listener: LogListener, done: DiskDone<SegmentLog>): void {
    const settings = logSettings(options);
    const files = new FileCache(disk);
    const places = new PlacesCache(disk, files, listener, settings.placesBytes);
    let isOpen = false;
    const atStart: LogListener = {
      ...listener,
      failed: (failure) => {
        if (isOpen) listener.failed(failure);
        else done({ ok: false, failure });
      },
      report: (event, data) => listener.report(event, data),
    };
    const recover = () =>
      new Recovery(disk, settings, listener, places, (recovered) => {
        if (!recovered.ok) {
          done(recovered);
          return;
        }
        const log: SegmentLog = new SegmentLog(disk, settings, atStart, { files, places, recovered: recovered.value }, () => {
          isOpen = true;
          done({ ok: true, value: log });
          log.compactSome();
        });
      }).start();
    if (settings.directory === '') recover();
    else makeDirectory(disk, settings.directory, (made) => (made.ok ? recover() : done(made)));
  }

  /**
   * Appends bytes of whole records, made by a `RecordBatch`; they belong to the log from now on. `done` comes once they
   * are safe, in the order of the appends, and never after a failure. No bytes at all are safe when everything before is.
   */
  append(bytes: Uint8Array, done: (() => void) | null): void {
    if (this.isClosed) throw new Error('the log is closed');
    if (this.hasFailed) return;
    let head = this.head;
    if (head.end + bytes.byteLength > this.settings.segmentBytes && head.end > this.durableAt) head = this.rotateIfUsed();
    if (bytes.byteLength > 0 && head.end - this.durableAt >= DURABLE_EVERY_BYTES && head.synced > 0) {
      const batch = this.batch();
      batch.durable(head.synced);
      this.push(batch.take(), null);
      this.durableAt = head.end;
    }
    const hasRemoved = this.push(bytes, done);
    if (hasRemoved) this.compactSome();
  }

  /** Live messages of a queue from a number on, in order; sees everything appended so far. */
  read(queue: number, from: number, limit: PageLimit, done: DiskDone<Page>): void {
    const state = this.appender.table.get(queue);
    if (state === null) {
      const empty: Page = { records: [], next: null, damaged: 0, damagedSequences: [] };
      this.disk.freeBytes(() => done({ ok: true, value: empty }));
      return;
    }
    this.reader.page(state, from, limit, done);
  }

  /** What is known of a queue; null when nothing of it was ever logged, or it was deleted. */
  queue(id: number): LoggedQueue | null {
    const state = this.appender.table.get(id);
    return state === null ? null : loggedQueue(state);
  }

  *queues(): Iterable<LoggedQueue> {
    for (const state of this.appender.table.queues.values()) yield loggedQueue(state);
  }

  /** The numbers of live messages of a queue, as ranges in order. */
  live(queue: number): readonly (readonly [number, number])[] {
    const state = this.appender.table.get(queue);
    if (state === null) return [];
    const ranges = state.runs.flatMap((run) => run.live.ranges()).sort((a, b) => a[0] - b[0]);
    const joined: [number, number][] = [];
    for (const range of ranges) {
      const previous = joined.at(-1);
      if (previous !== undefined && previous[1] + 1 === range[0]) previous[1] = range[1];
      else joined.push(range);
    }
    return joined;
  }

  /** What is marked for messages of a queue, and for itself under 0. */
  marks(queue: number): ReadonlyMap<number, Uint8Array> {
    const state = this.appender.table.get(queue);
    return new Map([...(state?.marks ?? [])].map(([sequence, { payload }]) => [sequence, payload]));
  }

  get stats(): LogStats {
    const all = [...this.segments, ...this.growing];
    return {
      segments: all.length,
      bytes: all.reduce((bytes, segment) => bytes + segment.end, 0),
      liveBytes: all.reduce((bytes, segment) => bytes + segment.liveBytes, 0),
      liveCount: this.appender.table.liveCount,
      pendingBytes: this.writer.pendingBytes,
      removedSegments: this.compaction.removedSegments,
      copiedBytes: this.compaction.copiedBytes,
      isFull: this.writer.isFull,
      hasFailed: this.hasFailed,
    };
  }

  /** Tries what failed for want of space again; for a disk that is known to have some. */
  retry(): void {
    this.writer.retry();
  }

  /** Compacts until no segment is worth it. */
  compact(done: () => void): void {
    this.compaction.run(done);
  }

  /** Begins a new segment, so that what is in the last one can be compacted. */
  rotateNow(): void {
    if (!this.hasFailed && !this.isClosed) this.rotateIfUsed();
  }

  /** Syncs everything, writes the index of the last segment, closes all files. Nothing may be appended any more. */
  close(done: () => void): void {
    this.isClosed = true;
    const finish = () => this.writer.closeFile(() => this.files.closeAll(done));
    this.writer.finish(() => {
      if (this.hasFailed) {
        finish();
        return;
      }
      this.appender.table.seal(this.head);
      this.growing.splice(0, 1);
      this.writeIndex(this.head);
      this.whenIndexed(finish);
    });
  }

  private batch(): RecordBatch {
    return new RecordBatch((bytes, previous) => this.disk.crc32(bytes, previous));
  }

  /** Takes records into the table and hands them to the writer; says whether anything is gone by them. */
  private push(bytes: Uint8Array, done: (() => void) | null): boolean {
    const hasRemoved = this.appender.take(this.head, bytes);
    this.writer.push(this.head, bytes, done);
    return hasRemoved;
  }

  private rotateIfUsed(): Segment {
    if (this.head.end > this.durableAt || this.head.extents.size > 0) this.head = this.rotate();
    return this.head;
  }

  /** Begins a segment in memory; the writer makes its file when it gets there. */
  private rotate(): Segment {
    const previous = this.growing.at(-1) ?? this.segments.at(-1);
    const { logId, directory } = this.settings;
    const head = new Segment(directory, logId, this.nextId++, previous?.end ?? 0);
    this.growing.push(head);
    const batch = this.batch();
    const heads: [number, number][] = [];
    for (const { queue, lastSequence } of this.appender.table.queues.values()) heads.push([queue, lastSequence]);
    batch.heads(heads);
    const header = encodeSegmentHeader((bytes, previousSum) => this.disk.crc32(bytes, previousSum), {
      logId,
      segmentId: head.id,
      previousBytes: head.previousBytes,
    });
    const records = batch.take();
    const bytes = new Uint8Array(header.byteLength + records.byteLength);
    bytes.set(header);
    bytes.set(records, header.byteLength);
    this.appender.place(head, bytes.subarray(header.byteLength), header.byteLength);
    head.heads = heads;
    this.head = head;
    this.writer.push(head, bytes, null);
    this.durableAt = head.end;
    return head;
  }

  private began(): void {
    const opened = this.opened;
    this.opened = null;
    opened?.();
  }

  private sealed(segment: Segment): void {
    this.appender.table.seal(segment);
    this.growing.splice(this.growing.indexOf(segment), 1);
    this.writeIndex(segment);
  }

  /** A segment without an index is scanned at the next start; until then its places stay in memory. */
  private writeIndex(segment: Segment): void {
    const bytes = encodeIndex((part, previous) => this.disk.crc32(part, previous), segment, segment);
    segment.forgetTables();
    this.indexing++;
    writeWhole(this.disk, segment.indexPath, bytes, (result) => {
      segment.hasIndex = result.ok;
      if (!result.ok) this.listener.report('log.index.failed', { segment: segment.id, failure: result.failure });
      for (const run of segment.runs) {
        if (run.live.count > 0) this.places.note(run);
        else if (segment.hasIndex) run.unload();
      }
      this.segments.push(segment);
      this.segments.sort((a, b) => a.id - b.id);
      this.indexing--;
      this.compactSome();
      this.whenIndexed(null);
    });
  }

  private whenIndexed(done: (() => void) | null): void {
    if (done !== null) this.onIndexed = done;
    if (this.indexing > 0 || this.onIndexed === null) return;
    const indexed = this.onIndexed;
    this.onIndexed = null;
    indexed();
  }

  private compactSome(): void {
    if (this.settings.compacts && !this.isClosed && !this.hasFailed && !this.compaction.isRunning) {
      this.compaction.run(null);
    }
  }

  private fail(failure: DiskFailure): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.writer.stop();
    this.listener.failed(failure);
  }

  private compactionLog(): CompactionLog {
    const log = this;
    return {
      table: this.appender.table,
      segments: this.segments,
      growing: this.growing,
      get isStopped() {
        return log.hasFailed || log.isClosed;
      },
      append: (bytes, done) => this.append(bytes, done),
      failed: (failure) => this.fail(failure),
    };
  }
}

function makeDirectory(disk: Disk, directory: string, done: DiskDone<true>): void {
  const slash = directory.lastIndexOf('/');
  disk.makeDirectory(directory, (made) => {
    if (made.ok) disk.syncDirectory(slash === -1 ? '' : directory.slice(0, slash), done);
    else done(made);
  });
}

function loggedQueue(state: QueueState): LoggedQueue {
  return {
    queue: state.queue,
    lastSequence: state.lastSequence,
    count: state.count,
    bytes: state.bytes,
    mark: state.marks.get(0)?.payload ?? null,
  };
}
