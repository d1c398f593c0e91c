// Brings appended bytes into the open segment: everything that has gathered goes out as one write, and one sync covers all
// writes that had ended before it began, while the next write is already under way. Who waits is told in order.
import type { DiskFailure, DiskFile } from '../../env/index.ts';

/** `sync`: safe is what a sync has covered. `os`: safe is what the host has taken. */
export type Durability = 'sync' | 'os';

interface Append {
  readonly bytes: Uint8Array;
  readonly done: (() => void) | null;
  readonly number: number;
}

export interface CommitListener {
  /** A write or a sync failed for good. */
  failed(failure: DiskFailure): void;
  /** There is no room; `retry` tries again. */
  full(): void;
  /** The queue of waiting writes or syncs has become shorter. */
  moved(): void;
}

/** With fewer bytes than this a write waits for the sync that is under way, so that what comes meanwhile shares the next. */
const OVERLAP_BYTES = 131_072;
/** With fewer bytes than this, what nobody waits for is written with the next that somebody waits for. */
const UNAWAITED_BYTES = 131_072;

export class GroupCommit {
  private file: DiskFile;
  private readonly durability: Durability;
  private readonly listener: CommitListener;
  private at: number;
  /** Zeros are written up to here: a sync of bytes that go over them has no new length to write down. */
  private reserved: number;
  private readonly aheadBytes: number;
  private pending: Append[] = [];
  private pendingBytes = 0;
  /** Somebody waits for what is pending. */
  private isAwaited = false;
  private writing: readonly Append[] | null = null;
  private unsynced: (() => void)[] = [];
  private isSyncing = false;
  private isUnsynced = false;
  private isFull = false;
  private hasFailed = false;
  /** Those who waited are being told: what they append goes out together. */
  private isTelling = false;
  /** Writes and syncs that have not ended; after a failure they still may. */
  underWay = 0;
  /** The number of the last append that is written, and of the last that a sync has covered. */
  writtenNumber = 0;
  syncedNumber = 0;
  private lastNumber = 0;
  private flushUpTo = 0;
  /** The length of the file that is known to be safe. */
  safeBytes: number;

  constructor(
    file: DiskFile,
    at: number,
    { durability, aheadBytes }: { readonly durability: Durability; readonly aheadBytes: number },
    listener: CommitListener,
  ) {
    this.file = file;
    this.at = at;
    this.reserved = at;
    this.aheadBytes = aheadBytes;
    this.safeBytes = at;
    this.durability = durability;
    this.listener = listener;
  }

  /** The length of the file that is written. */
  get writtenBytes(): number {
    return this.at;
  }

  /** The file is longer than what is written. */
  get hasReserve(): boolean {
    return this.reserved > this.at;
  }

  /** Nothing is under way. */
  get isIdle(): boolean {
    return this.pending.length === 0 && this.writing === null && !this.isSyncing && !this.isUnsynced;
  }

  /** Appends under a number that grows; `writtenNumber` follows. What is not `isAwaited` may lie until `hurry`. */
  append(bytes: Uint8Array, done: (() => void) | null, number: number, isAwaited: boolean): void {
    if (this.hasFailed) return;
    if (isAwaited) this.isAwaited = true;
    this.pending.push({ bytes, done, number });
    this.lastNumber = number;
    this.pendingBytes += bytes.length;
    this.write();
  }

  /** Takes bytes along with the next append; for themselves they are not worth a write and a sync. */
  prepend(bytes: Uint8Array, number: number): void {
    if (!this.hasFailed) this.pending.push({ bytes, done: null, number });
  }

  /** Goes on in another file. Only when idle. */
  switchTo(file: DiskFile, at: number): void {
    this.file = file;
    this.at = at;
    this.reserved = at;
    this.safeBytes = at;
  }

  /** Writes everything that was appended. */
  hurry(): void {
    this.isAwaited = this.pending.length > 0;
    this.write();
  }

  /** Makes everything safe, whatever the durability; tells by `moved`. */
  flush(): void {
    this.flushUpTo = this.lastNumber;
    this.hurry();
    if (this.wantsSync) this.sync();
  }

  private get wantsSync(): boolean {
    return this.isUnsynced && (this.durability === 'sync' || this.syncedNumber < this.flushUpTo);
  }

  /** After `full`: writes the same again. */
  retry(): void {
    if (!this.isFull) return;
    this.isFull = false;
    if (this.writing !== null) this.writeOut(this.writing);
  }

  private write(): void {
    if (this.writing !== null || this.pending.length === 0 || this.hasFailed || this.isTelling) return;
    if (this.isSyncing && this.pendingBytes < OVERLAP_BYTES) return;
    if (!this.isAwaited && this.pendingBytes < UNAWAITED_BYTES) return;
    this.isAwaited = false;
    this.pendingBytes = 0;
    this.writing = this.pending;
    this.pending = [];
    this.writeOut(this.writing);
  }

  /** `isTight`: there was no room for more than what is needed. */
  private writeOut(appends: readonly Append[], isTight = false): void {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for (const append of appends) {
      if (append.bytes.length === 0) continue;
      chunks.push(append.bytes);
      bytes += append.bytes.length;
    }
    const written = (): void => {
      this.at += bytes;
      this.writing = null;
      this.afterWrite(appends, bytes > 0);
    };
    if (bytes === 0) {
      written();
      return;
    }
    const ahead = !isTight && this.at + bytes > this.reserved ? this.aheadBytes : 0;
    if (ahead > 0) chunks.push(new Uint8Array(ahead));
    this.underWay++;
    this.file.write(chunks, this.at, (result) => {
      this.underWay--;
      if (result.ok) this.reserved = Math.max(this.reserved, this.at + bytes + ahead);
      if (this.hasFailed) this.listener.moved();
      else if (result.ok) written();
      else if (result.failure.code === 'ENOSPC' && ahead > 0) this.writeOut(appends, true);
      else if (result.failure.code === 'ENOSPC') {
        this.isFull = true;
        this.listener.full();
      } else this.fail(result.failure);
    });
  }

  private afterWrite(appends: readonly Append[], hasBytes: boolean): void {
    this.writtenNumber = appends[appends.length - 1].number;
    if (hasBytes) this.isUnsynced = true;
    if (this.durability === 'sync' && (this.isUnsynced || this.isSyncing)) {
      for (const { done } of appends) if (done !== null) this.unsynced.push(done);
      this.isUnsynced = true;
    } else this.tell(appends.map(({ done }) => done));
    if (!this.isUnsynced && !this.isSyncing) this.syncedNumber = this.writtenNumber;
    if (this.wantsSync) this.sync();
    this.write();
    this.listener.moved();
  }

  private sync(): void {
    if (this.isSyncing || this.hasFailed) return;
    const covered = this.unsynced;
    const coveredBytes = this.at;
    const coveredNumber = this.writtenNumber;
    this.unsynced = [];
    this.isUnsynced = false;
    this.isSyncing = true;
    this.underWay++;
    this.file.sync((result) => {
      this.isSyncing = false;
      this.underWay--;
      if (this.hasFailed) {
        this.listener.moved();
        return;
      }
      if (!result.ok) {
        this.fail(result.failure);
        return;
      }
      this.safeBytes = coveredBytes;
      this.syncedNumber = this.isUnsynced ? coveredNumber : this.writtenNumber;
      this.tell(covered);
      this.write();
      if (this.wantsSync) this.sync();
      this.listener.moved();
    });
  }

  private tell(waiting: readonly ((() => void) | null)[]): void {
    this.isTelling = true;
    try {
      for (const done of waiting) done?.();
    } finally {
      this.isTelling = false;
    }
  }

  private fail(failure: DiskFailure): void {
    this.hasFailed = true;
    this.listener.failed(failure);
  }
}
