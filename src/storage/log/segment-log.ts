// The segment log (DESIGN decision 15, reliability 2.f): one append-only series of files for everything that has to
// survive. Bytes that were appended are safe when the callback comes; what was acked makes room. A failed write or sync
// ends it: nothing is confirmed, written or tried again after that.
import type { Disk, DiskDone, DiskFailure } from '../../env/index.ts';
import type { Range } from '../range-collector.ts';
import { type CompactionPlan, emptySegment, worstSegment } from './compaction.ts';
import { ask, DiskError, type Flow, run } from './flow.ts';
import { GroupCommit } from './group-commit.ts';
import { IndexCache } from './index-cache.ts';
import { LOG_DEFAULTS, type LogOptions } from './log-options.ts';
import { newSegment, openSegments, tellAll } from './new-segment.ts';
import { EMPTY_PAGE, isInVain, type Page, type PageBounds, type ReadPlan, readPage } from './reader.ts';
import { bindRecords, RecordBatch } from './records.ts';
import { type RecoveryPlan, removeFiles, writeIndex } from './recovery.ts';
import { RowTable } from './row-table.ts';
import { extentsOf, type Segment } from './segment.ts';

export interface LogListener {
  /** Told once: a write or a sync failed. */
  failed(failure: DiskFailure): void;
  /** There is no room on the disk; appends wait. False when they go on. */
  full(isFull: boolean): void;
  /** Something an operator should know: damage that was found, an end that was cut off. */
  report(event: string, data: Readonly<Record<string, unknown>>): void;
}

/** What the log has of a row. */
export interface LoggedRow {
  readonly row: number;
  /** The highest sequence ever used, also by messages that are gone. */
  readonly lastSequence: number;
  /** Live messages. */
  readonly count: number;
  /** Bytes of their payloads; near enough once some were acked. */
  readonly bytes: number;
  /** What was marked for the row itself. */
  readonly mark: Uint8Array | null;
}

interface Incoming {
  readonly bytes: Uint8Array;
  readonly done: (() => void) | null;
  readonly number: number;
  isAwaited: boolean;
}

const HAS_FAILED: DiskFailure = { code: 'EFAILED', text: 'the log has failed before' };
/** Messages that have to go before emptying a segment is thought of again. */
const GONE_MIN = 4_096;

export class SegmentLog {
  private readonly disk: Disk;
  private readonly options: Required<LogOptions>;
  private readonly listener: LogListener;
  private readonly table: RowTable;
  private segments: Segment[];
  private active: Segment;
  private readonly commit: GroupCommit;
  private readonly cache: IndexCache;
  private readonly ownBatch: RecordBatch;
  private incoming: Incoming[] = [];
  private markedBytes: number;
  private isRotating = false;
  private isFull = false;
  private hasFailed = false;
  private isCompacting = false;
  private isClosing = false;
  private goneAtLastLook = 0;
  private lookAfter = GONE_MIN;
  /** How many appends there were. */
  private appended = 0;
  /** The reads that are under way, by number. */
  private readonly reads = new Set<number>();
  private lastRead = 0;
  private waiting: { readonly isDue: () => boolean; readonly go: () => void }[] = [];

  private constructor(plan: RecoveryPlan, options: Required<LogOptions>, listener: LogListener, segments: Segment[]) {
    this.disk = plan.disk;
    this.options = options;
    this.listener = listener;
    this.table = plan.table;
    this.ownBatch = new RecordBatch(plan.disk.crc32.bind(plan.disk));
    this.segments = segments;
    this.active = segments[segments.length - 1];
    this.markedBytes = this.active.bytes;
    this.cache = new IndexCache(plan, options.indexBytesMax);
    this.commit = new GroupCommit(this.active.file, this.active.bytes, options, {
      failed: (failure) => this.fail(failure),
      full: () => this.setFull(true),
      moved: () => this.moved(),
    });
  }

  /** Recovers what there is and goes on behind it. */
  static open(disk: Disk, given: LogOptions, listener: LogListener, done: DiskDone<SegmentLog>): void {
    const options = { ...LOG_DEFAULTS, ...given } as Required<LogOptions>;
    const { directory } = options;
    const report = listener.report.bind(listener);
    const plan: RecoveryPlan = { disk, directory, table: new RowTable(), report, known: null };
    run(
      (function* (): Flow<SegmentLog> {
        const segments = yield* openSegments(plan, options);
        const log = new SegmentLog(plan, options, listener, segments);
        for (const segment of segments.slice(0, -1)) if (!segment.hasIndexFile) log.seal(segment);
        log.compact();
        return log;
      })(),
      done,
    );
  }

  // ---- appending

  /** Appends records of a `RecordBatch`, whose bytes are the log's from now on. `done`, in the order of the calls: they are
   *  safe. What is not `isAwaited` may lie until `hurry`. */
  append(bytes: Uint8Array, done: (() => void) | null, isAwaited = true): void {
    if (this.hasFailed) return;
    tellAll(bytes, 0, () => this.table);
    this.incoming.push({ bytes, done, number: ++this.appended, isAwaited });
    this.drain();
    if (this.table.gone - this.goneAtLastLook > this.lookAfter) this.compact();
  }

  /** Writes everything that was appended, whether somebody waits for it or not. */
  hurry(): void {
    for (const each of this.incoming) each.isAwaited = true;
    this.commit.hurry();
  }

  private drain(): void {
    const { incoming, active, options } = this;
    if (this.isRotating || this.hasFailed || incoming.length === 0) return;
    let taken = 0;
    for (const { bytes, done, number, isAwaited } of incoming) {
      const isFirst = active.extents.size === 0 && active.contents?.rows.size === 0;
      if (active.bytes + bytes.length > options.segmentBytes && !isFirst) break;
      taken++;
      if (bytes.length > 0) this.markSafe(number - 1);
      const { contents } = active;
      if (contents === null) throw new Error('the open segment has its index in memory');
      tellAll(bytes, active.bytes, (offset) => contents.at(offset));
      this.table.left(contents.deleted);
      bindRecords(bytes, active.id, active.bytes);
      active.bytes += bytes.length;
      this.commit.append(bytes, done, number, isAwaited);
    }
    this.incoming = incoming.slice(taken);
    if (this.incoming.length > 0) this.rotate();
  }

  /** Writes down how much of the segment is known to be safe, so that a restart can tell damage from a torn end. */
  private markSafe(number: number): void {
    const { safeBytes } = this.commit;
    if (safeBytes <= this.markedBytes) return;
    this.markedBytes = safeBytes;
    this.ownBatch.synced(safeBytes);
    const bytes = this.ownBatch.take();
    bindRecords(bytes, this.active.id, this.active.bytes);
    this.active.bytes += bytes.length;
    this.commit.prepend(bytes, number);
  }

  private rotate(): void {
    this.isRotating = true;
    run(this.rotation(), (result) => {
      if (result.ok || this.hasFailed) return;
      if (result.failure.code === 'ENOSPC') this.setFull(true);
      else this.fail(result.failure);
    });
  }

  private *rotation(): Flow<void> {
    this.commit.flush();
    yield* this.until(() => this.commit.isIdle || this.hasFailed);
    // Nothing is done any more on a file that may be closed at any time.
    if (this.hasFailed) return;
    const { active: sealed, disk, options, table } = this;
    yield* this.trim();
    const opened = yield* newSegment(disk, options, sealed.id + 1, table);
    if (sealed.contents !== null) sealed.extents = extentsOf(sealed.contents);
    this.segments = [...this.segments, opened];
    this.active = opened;
    this.markedBytes = opened.bytes;
    this.commit.switchTo(opened.file, opened.bytes);
    this.isRotating = false;
    this.seal(sealed);
    this.drain();
    this.compact();
  }

  /** The open segment is to end with its last record. Only when nothing is under way. */
  private *trim(): Flow<void> {
    const { file, bytes } = this.active;
    if (!this.commit.hasReserve) return;
    yield* ask<true>((done) => file.truncate(bytes, done));
    yield* ask<true>((done) => file.sync(done));
  }

  /** Writes the index of a segment that grows no more. Without one it is scanned when the log is opened again. */
  private seal(segment: Segment): void {
    run(writeIndex({ disk: this.disk, directory: this.options.directory }, segment), (result) => {
      if (result.ok) {
        segment.hasIndexFile = true;
        this.cache.touch(segment);
      } else this.listener.report('log index not written', { segment: segment.id, ...result.failure });
    });
  }

  // ---- what is there

  /** What the log has of a row, everything appended so far included; null when it has nothing. */
  row(row: number): LoggedRow | null {
    const known = this.table.rows.get(row);
    if (known === undefined) return null;
    const { lastSequence, live, bytes, marks } = known;
    return { row, lastSequence, count: live.size, bytes, mark: marks.get(0) ?? null };
  }

  rows(): readonly number[] {
    return [...this.table.rows.keys()];
  }

  /** Live sequences of a row as ranges. */
  live(row: number): readonly Range[] {
    return this.table.rows.get(row)?.live.ranges() ?? [];
  }

  /** Live messages of a row from `from` on, at least one if there is any; everything appended so far included. */
  read(row: number, from: number, limit: PageBounds, done: DiskDone<Page>): void {
    const { appended } = this;
    const upTo = this.table.rows.get(row)?.lastSequence ?? 0;
    const isWritten = (): boolean => this.commit.writtenNumber >= appended;
    if (!isWritten()) this.hurry();
    const readNow = (isPartial: boolean): void => {
      const known = this.table.rows.get(row);
      if (known === undefined) {
        done({ ok: true, value: EMPTY_PAGE });
        return;
      }
      const number = ++this.lastRead;
      this.reads.add(number);
      run(readPage(this.readPlan(upTo, isPartial), row, known, from, limit), (result) => {
        this.reads.delete(number);
        if (!isPartial || !isInVain(result)) done(result);
        else this.when(() => isWritten() || this.hasFailed, whole);
        this.moved();
      });
    };
    const whole = (): void => (isWritten() ? readNow(false) : done({ ok: false, failure: HAS_FAILED }));
    // Without room for what comes after it, what is written is there all the same.
    const begin = (): void => (isWritten() || this.hasFailed ? whole() : readNow(true));
    this.when(() => isWritten() || this.hasFailed || this.isFull, begin);
  }

  private readPlan(upTo: number, isPartial: boolean): ReadPlan {
    const { segments, cache, listener, disk } = this;
    const isWritten = (segment: Segment, offset: number): boolean =>
      segment !== this.active || offset < this.commit.writtenBytes;
    const [crc32, report] = [disk.crc32.bind(disk), listener.report.bind(listener)];
    return { segments, cache, crc32, report, upTo, isPartial, isWritten };
  }

  /** Bytes on the disk, and of live messages; segments. */
  get stats(): { readonly segments: number; readonly bytes: number; readonly liveBytes: number } {
    let bytes = 0;
    for (const segment of this.segments) bytes += segment.bytes;
    let liveBytes = 0;
    for (const row of this.table.rows.values()) liveBytes += row.bytes;
    return { segments: this.segments.length, bytes, liveBytes };
  }

  // ---- making room

  /** Empties segments that are of little use, one after the other, while the log goes on. */
  compact(): void {
    this.goneAtLastLook = this.table.gone;
    // Looking costs as much as there are rows in segments.
    this.lookAfter = this.segments.reduce((sum, { extents }) => sum + extents.size, GONE_MIN);
    if (this.isCompacting || this.isClosing || this.hasFailed || this.isFull) return;
    const worst = worstSegment(this.compactionPlan());
    if (worst === null) return;
    this.isCompacting = true;
    run(emptySegment(this.compactionPlan(), worst), (result) => {
      this.isCompacting = false;
      if (result.ok) this.compact();
      else if (!this.hasFailed) this.listener.report('log not compacted', { segment: worst.id, ...result.failure });
      this.moved();
    });
  }

  /** Calls back once no segment is worth being emptied any more, or the log has failed. */
  whenCompact(done: () => void): void {
    this.compact();
    this.when(() => !this.isCompacting || this.hasFailed, done);
  }

  private compactionPlan(): CompactionPlan {
    const { table, segments, cache, disk, listener, options } = this;
    return {
      table,
      segments,
      cache,
      crc32: disk.crc32.bind(disk),
      report: listener.report.bind(listener),
      segmentBytes: options.segmentBytes,
      append: (bytes) => this.appendAndWait(bytes),
      remove: (segment) => this.removeSegment(segment),
      isEnding: () => this.isClosing,
    };
  }

  private *appendAndWait(bytes: Uint8Array): Flow<void> {
    const number = this.appended + 1;
    yield* ask<true>((done) => this.append(bytes, () => done({ ok: true, value: true })));
    if (this.options.durability === 'sync') return;
    // Whatever the durability, a file may go only when what replaces it is on the disk.
    this.commit.flush();
    yield* this.until(() => this.commit.syncedNumber >= number);
  }

  private *removeSegment(segment: Segment): Flow<void> {
    const { disk, options, lastRead } = this;
    if (this.isClosing) return;
    this.segments = this.segments.filter((other) => other !== segment);
    // Reads that began from now on do not know of it.
    yield* this.until(() => [...this.reads].every((number) => number > lastRead));
    this.cache.forget(segment);
    try {
      yield* removeFiles({ disk, directory: options.directory }, segment);
      if (segment.isDamaged) this.listener.report('log segment in quarantine', { segment: segment.id });
    } catch (error) {
      // Whether its messages would be found again is not known any more, so that no ack of them may ever go.
      if (error instanceof DiskError) this.fail(error.failure);
      throw error;
    }
  }

  // ---- trouble and end

  /** After `full`: tries again what did not fit. */
  retry(): void {
    if (!this.isFull || this.hasFailed) return;
    this.setFull(false);
    if (this.isRotating && this.commit.isIdle) this.rotate();
    else this.commit.retry();
  }

  private setFull(isFull: boolean): void {
    this.isFull = isFull;
    this.listener.full(isFull);
    this.moved();
  }

  private fail(failure: DiskFailure): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.listener.failed(failure);
    this.moved();
  }

  /** Makes everything safe, writes the last index and closes all files. */
  close(done: DiskDone<true>): void {
    this.isClosing = true;
    run(this.closing(), done);
  }

  private *closing(): Flow<true> {
    const hasEnded = (): boolean => this.hasFailed || this.isFull;
    const isQuiet = (): boolean =>
      !this.isCompacting && !this.isRotating && this.reads.size === 0 && this.incoming.length === 0;
    yield* this.until(() => hasEnded() || isQuiet());
    this.commit.flush();
    yield* this.until(() => hasEnded() || this.commit.isIdle);
    if (!hasEnded()) yield* this.trim();
    if (!hasEnded()) yield* writeIndex({ disk: this.disk, directory: this.options.directory }, this.active);
    yield* this.until(() => this.commit.underWay === 0 && this.reads.size === 0);
    for (const { file } of this.segments) yield* ask<true>((done) => file.close(done));
    if (this.hasFailed) throw new DiskError(HAS_FAILED);
    if (this.isFull) throw new DiskError({ code: 'ENOSPC', text: 'the disk was full: what waited for room is lost' });
    return true;
  }

  private *until(isDue: () => boolean): Flow<void> {
    yield* ask<true>((done) => this.when(isDue, () => done({ ok: true, value: true })));
  }

  private when(isDue: () => boolean, go: () => void): void {
    if (isDue()) go();
    else this.waiting.push({ isDue, go });
  }

  private moved(): void {
    if (this.waiting.length === 0) return;
    const waiting = this.waiting;
    this.waiting = [];
    for (const each of waiting) this.when(each.isDue, each.go);
  }
}
