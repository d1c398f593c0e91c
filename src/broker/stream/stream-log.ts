// The contents of a stream: messages under ascending offsets that any number of readers read from anywhere, until whole
// segments of them are not needed any more. With a log everything is written there as one row, the message of offset n
// under n + 1, and what is beyond a bound is on the disk only and comes back in pages. The row's mark is the table of
// segments, so that a restart need not read what it has. Readers get only what is safe: an offset that one has seen is
// never another message's after a crash. Nothing here waits or knows a process.
import {
  type LoadedPage,
  type LogReader,
  type MessageCodec,
  type Opened,
  type QueueLog,
  RESIDENCE_BOUNDS,
  type ResidenceBounds,
} from '../../storage/index.ts';
import type { StreamSettings, StreamStart } from './stream-settings.ts';

/** One message of a stream. */
export interface StreamEntry<M> {
  readonly offset: number;
  /** Ms of the wall clock at which it came; never less than that of the one before. */
  readonly atMs: number;
  readonly message: M;
  readonly bytes: number;
}

/** Where a reader is: the next offset, and the time before which it wants nothing. */
export interface StreamCursor {
  next: number;
  notBeforeMs: number;
}

/** Where a stream is written. */
export interface StreamDisk<M> {
  readonly queueId: number;
  readonly log: QueueLog;
  readonly codec: MessageCodec<M>;
  /** Default {@link RESIDENCE_BOUNDS}. */
  readonly bounds?: ResidenceBounds;
}

interface Segment {
  readonly first: number;
  readonly firstAtMs: number;
  bytes: number;
}

/** What was read back: everything from `from` to before `until`, but for what was damaged. */
interface LoadedPart<M> {
  readonly from: number;
  readonly until: number;
  readonly entries: readonly StreamEntry<M>[];
}

const PARTS_MAX = 8;
const TIME_BYTES = 8;
/** A table is written when so many times its length has come since the last. */
const TABLE_SHARE = 8;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class StreamLog<M> implements LogReader {
  /** The first offset that is there, and the one that the next message gets. */
  first = 0;
  next = 0;
  private settings: StreamSettings;
  private readonly sizeOf: (message: M) => number;
  private readonly disk: StreamDisk<M> | null;
  private segments: Segment[] = [];
  private totalBytes = 0;
  /** Bytes of the last table of segments that was written, and of messages since. */
  private tableBytes = 0;
  private untold = 0;
  private lastAtMs = 0;
  /** The first offset of what came last together. */
  private lastTogether = 0;
  /** The newest messages, from `residentFirst` on; all of them without a log. */
  private resident: StreamEntry<M>[] = [];
  private residentBytes = 0;
  private parts: LoadedPart<M>[] = [];
  /** The part that is on its way. */
  private asked: { readonly from: number; readonly until: number } | null = null;
  private lastBatch = 0;
  private waiting: { readonly batch: number; readonly done: (isSafe: boolean) => void }[] = [];
  /** Up to which offset what is in a batch goes, the oldest first, of batches that were not safe at the last look. */
  private unsafe: { readonly batch: number; until: number }[] = [];
  private safeUntil = 0;

  constructor(
    settings: StreamSettings,
    sizeOf: (message: M) => number,
    disk: StreamDisk<M> | null = null,
    opened: Opened | null = null,
  ) {
    this.settings = settings;
    this.sizeOf = sizeOf;
    this.disk = disk;
    if (opened !== null) this.recover(opened);
  }

  /** Other settings hold from the next segment on. */
  adopt(settings: StreamSettings): void {
    this.settings = settings;
  }

  /** How many messages there are. */
  get count(): number {
    return this.next - this.first;
  }

  private get residentFirst(): number {
    return this.resident[0]?.offset ?? this.next;
  }

  // ---- writing

  /** Adds messages that came together. */
  append(messages: readonly M[], nowMs: number): void {
    if (messages.length === 0) return;
    this.lastTogether = this.next;
    this.lastAtMs = Math.max(this.lastAtMs, nowMs);
    for (const message of messages) this.add(message, this.lastAtMs);
    this.expectSafe();
    this.evict();
  }

  private expectSafe(): void {
    const { disk, lastBatch: batch, next } = this;
    if (disk === null) return;
    const newest = this.unsafe.at(-1);
    if (newest?.batch === batch) newest.until = next;
    else this.unsafe.push({ batch, until: next });
  }

  private add(message: M, atMs: number): void {
    const payload = this.disk === null ? null : [timeBytes(atMs), ...this.disk.codec.encode(message)];
    const bytes = payload === null ? this.sizeOf(message) : payload.reduce((sum, { length }) => sum + length, 0);
    const open = this.segments.at(-1);
    if (open === undefined || (open.bytes > 0 && open.bytes + bytes > this.settings.segmentBytes)) this.roll(atMs);
    this.segments[this.segments.length - 1].bytes += bytes;
    this.totalBytes += bytes;
    this.untold += bytes;
    const offset = this.next++;
    if (payload !== null) {
      this.disk?.log.batch.publish(this.row, offset + 1, payload);
      this.touched();
    }
    this.resident.push({ offset, atMs, message, bytes });
    this.keepResident(bytes);
  }

  private roll(atMs: number): void {
    this.segments.push({ first: this.next, firstAtMs: atMs, bytes: 0 });
    const { maxLengthBytes, maxAgeMs } = this.settings;
    // A segment is older than its successor's first message.
    while (
      this.segments.length > 1 &&
      (this.totalBytes > maxLengthBytes || this.segments[1].firstAtMs < atMs - maxAgeMs)
    ) {
      this.dropSegment();
    }
    if (this.disk !== null) this.writeTable(this.disk);
  }

  /** Not at every segment when there are many: a restart takes those that it does not know for one with the last it knows. */
  private writeTable({ log }: StreamDisk<M>): void {
    if (this.untold < TABLE_SHARE * this.tableBytes) return;
    const table = encoder.encode(JSON.stringify(this.segments.map((each) => [each.first, each.firstAtMs, each.bytes])));
    this.untold = 0;
    this.tableBytes = table.length;
    log.batch.mark(this.row, 0, table);
    this.touched();
  }

  private dropSegment(): void {
    const [{ bytes }, { first }] = this.segments;
    this.segments.shift();
    this.totalBytes -= bytes;
    if (this.disk !== null) this.disk.log.batch.acks(this.row, [[this.first + 1, first]]);
    this.first = first;
    let gone = 0;
    while (gone < this.resident.length && this.resident[gone].offset < first) {
      this.keepResident(-this.resident[gone++].bytes);
    }
    this.resident.splice(0, gone);
    this.parts = this.parts.filter(({ until }) => until > first);
  }

  private keepResident(bytes: number): void {
    this.residentBytes += bytes;
    if (this.disk !== null) this.disk.log.budget.residentBytes += bytes;
  }

  /** Lets go of the oldest messages that the log has, beyond the bound. */
  private evict(): void {
    if (this.disk === null) return;
    const { budget } = this.disk.log;
    const { bytesMax, bytesMin } = this.disk.bounds ?? RESIDENCE_BOUNDS;
    let gone = 0;
    while (gone < this.resident.length) {
      const bound = budget.residentBytes > budget.maxBytes ? bytesMin : bytesMax;
      if (this.residentBytes <= bound) break;
      this.keepResident(-this.resident[gone++].bytes);
    }
    if (gone > 0) this.resident.splice(0, gone);
  }

  // ---- reading

  /** Where a reader begins. */
  begin(start: StreamStart): StreamCursor {
    const at = (next: number): StreamCursor => ({ next, notBeforeMs: Number.NEGATIVE_INFINITY });
    switch (start.tag) {
      case 'first':
        return at(this.first);
      case 'last':
        return at(this.count === 0 ? this.next : Math.max(this.first, this.lastTogether));
      case 'next':
        return at(this.next);
      case 'offset':
        return at(Math.max(this.first, start.offset));
      case 'since': {
        // One that begins at that very time may follow others that end with it.
        const segment = this.segments.findLast(({ firstAtMs }) => firstAtMs < start.atMs);
        return { next: segment?.first ?? this.first, notBeforeMs: start.atMs };
      }
    }
  }

  /** The next message for a reader, and moves it on; null when there is none that is safe, or none at hand yet. */
  read(cursor: StreamCursor): StreamEntry<M> | null {
    cursor.next = Math.max(cursor.next, this.first);
    const readable = this.disk === null ? this.next : this.safeBelow(this.disk.log.safeNumber);
    while (cursor.next < readable) {
      const found = this.find(cursor.next);
      if (found === null) return null;
      if (typeof found === 'number') {
        cursor.next = found;
        continue;
      }
      cursor.next = found.offset + 1;
      if (found.atMs >= cursor.notBeforeMs) return found;
    }
    return null;
  }

  /** The offset below which everything is safe. */
  private safeBelow(safeNumber: number): number {
    let safe = 0;
    while (safe < this.unsafe.length && this.unsafe[safe].batch <= safeNumber)
      this.safeUntil = this.unsafe[safe++].until;
    if (safe > 0) this.unsafe.splice(0, safe);
    return this.safeUntil;
  }

  /** The message of an offset; where there is none, the offset to go on with; null when it has been asked for. */
  private find(offset: number): StreamEntry<M> | number | null {
    const { residentFirst } = this;
    if (offset >= residentFirst) return this.resident[offset - residentFirst];
    const part = this.parts.find(({ from, until }) => from <= offset && offset < until);
    if (part === undefined) {
      this.ask(offset);
      return null;
    }
    return part.entries.find((entry) => entry.offset >= offset) ?? part.until;
  }

  private ask(from: number): void {
    if (this.asked !== null || this.disk === null) return;
    this.asked = { from, until: this.next };
    const { log, queueId, bounds = RESIDENCE_BOUNDS } = this.disk;
    log.read(queueId, this, this.row, from + 1, bounds.page);
  }

  /** A part has come. */
  loaded(_row: number, { records, next }: LoadedPage): void {
    const { asked, disk } = this;
    if (asked === null || disk === null) return;
    this.asked = null;
    const entries = records.map(({ sequence, payload }): StreamEntry<M> => {
      const view = new DataView(payload.buffer, payload.byteOffset);
      const message = disk.codec.decode(payload.subarray(TIME_BYTES));
      return { offset: sequence - 1, atMs: view.getFloat64(0), message, bytes: payload.length };
    });
    const until = next === null ? asked.until : next - 1;
    this.parts = [...this.parts.slice(1 - PARTS_MAX), { from: asked.from, until, entries }];
  }

  // ---- the log

  private get row(): number {
    return 2 * (this.disk?.queueId ?? 0);
  }

  private touched(): void {
    if (this.disk !== null) this.lastBatch = this.disk.log.batchNumber;
  }

  /** The step is over: what it wrote may go. Readers wait for messages, whether their publisher does or not. */
  flush(): void {
    if (this.disk !== null && this.lastBatch === this.disk.log.batchNumber) {
      this.disk.log.written(this.disk.queueId, this.unsafe.at(-1)?.batch ?? 0);
    }
  }

  /** Calls back when everything added so far is safe, or with false when it never will be. In order. */
  commit(done: (isSafe: boolean) => void): void {
    // An actor that died may not have heard of the latest.
    this.advance();
    const { disk, lastBatch: batch } = this;
    if (disk === null || (this.waiting.length === 0 && batch <= disk.log.safeNumber)) done(true);
    else if (disk.log.hasFailed) done(false);
    else {
      this.waiting.push({ batch, done });
      disk.log.written(disk.queueId, batch);
    }
  }

  /** The log has moved on. */
  advance(): void {
    if (this.disk === null) return;
    const { safeNumber, hasFailed } = this.disk.log;
    let told = 0;
    while (told < this.waiting.length && (hasFailed || this.waiting[told].batch <= safeNumber)) told++;
    for (const { batch, done } of this.waiting.splice(0, told)) done(batch <= safeNumber);
  }

  /** The stream is no more. */
  discard(): void {
    if (this.disk === null) return;
    this.disk.log.budget.residentBytes -= this.residentBytes;
    this.disk.log.batch.deleteQueue(this.row);
    this.touched();
    this.flush();
  }

  private recover({ lastSequence, lastLiveSequence, firstSequence, count, bytes, mark }: Opened): void {
    // An offset above the last message was used by one that was never safe, so that nobody has seen it.
    this.next = count === 0 ? lastSequence : lastLiveSequence;
    this.safeUntil = this.next;
    this.first = count === 0 ? lastSequence : firstSequence - 1;
    this.lastTogether = Math.max(this.first, this.next - 1);
    if (count === 0) return;
    const table: [number, number, number][] = mark === null ? [] : JSON.parse(decoder.decode(mark));
    const known = table.map(([first, firstAtMs, all]): Segment => ({ first, firstAtMs, bytes: all }));
    this.segments = known.filter((_segment, place) => (known[place + 1]?.first ?? Infinity) > this.first);
    if (this.segments.length === 0) this.segments = [{ first: this.first, firstAtMs: 0, bytes: 0 }];
    const open = this.segments[this.segments.length - 1];
    const sealed = this.segments.reduce((sum, segment) => sum + (segment === open ? 0 : segment.bytes), 0);
    open.bytes = Math.max(0, bytes - sealed);
    this.totalBytes = sealed + open.bytes;
    this.lastAtMs = open.firstAtMs;
    this.tableBytes = mark?.length ?? 0;
  }
}

function timeBytes(atMs: number): Uint8Array {
  const bytes = new Uint8Array(TIME_BYTES);
  new DataView(bytes.buffer).setFloat64(0, atMs);
  return bytes;
}
