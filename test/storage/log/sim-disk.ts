// A disk that can lose power (reliability 2.a). Bytes are pending until a sync that began after they were written has
// returned, names until the directory's sync has; a crash keeps or reverts each pending 512-byte sector as its policy
// says, and each pending name. Operations end when the driver says so.

import { crc32 } from 'node:zlib';
import type { Disk, DiskDone, DiskFailure, DiskFile, OpenMode, Random } from '../../../src/env/index.ts';

const SECTOR_BYTES = 512;

/** Which pending sectors survive a loss of power. */
export type CrashPolicy = 'none' | 'all' | 'random' | 'prefix' | 'newest';

/** What goes wrong with one operation instead of its usual end. */
export type DiskFault = 'EIO' | 'ENOSPC' | 'torn' | 'lying';

interface PendingWrite {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A file as it is and as it would be after a loss of power. */
interface Stored {
  bytes: Uint8Array;
  durable: Uint8Array;
  pending: PendingWrite[];
}

/** Names of a directory, and changes of them that a loss of power may undo. */
export interface Names {
  readonly now: Map<string, Stored>;
  readonly durable: Map<string, Stored>;
}

export interface SimDiskOptions {
  readonly random: Random;
  /** Bytes that fit. Default: any number. */
  readonly capacityBytes?: number;
  /** Called for each operation by name before it happens; what it returns goes wrong. */
  readonly fault?: (operation: string, path: string, count: number) => DiskFault | null;
}

export class SimDisk implements Disk {
  private readonly options: SimDiskOptions;
  private names: Names;
  private ends: (() => void)[] = [];
  private count = 0;
  private isDown = false;
  private later: ((end: () => void) => void) | null = null;

  constructor(options: SimDiskOptions, names: Names = { now: new Map(), durable: new Map() }) {
    this.options = options;
    this.names = names;
  }

  // ---- driving

  /** Has every operation end when `later` says so, instead of by `step`. */
  drive(later: (end: () => void) => void): void {
    this.later = later;
  }

  /** Operations so far. */
  get operations(): number {
    return this.count;
  }

  /** Ends one operation, the oldest; false when none is under way. */
  step(): boolean {
    const end = this.ends.shift();
    end?.();
    return end !== undefined;
  }

  /** Ends everything, and what that begins. */
  settle(): void {
    while (this.step());
  }

  /** The power goes; nothing that was under way ends any more. Returns the disk as the next run finds it. */
  crash(policy: CrashPolicy): SimDisk {
    this.isDown = true;
    this.ends = [];
    const survivors = new Map<string, Stored>();
    const { now, durable } = this.names;
    for (const name of new Set([...durable.keys(), ...now.keys()])) {
      const isSame = durable.get(name) === now.get(name);
      const file = isSame || this.keeps(policy) ? now.get(name) : durable.get(name);
      if (file !== undefined) survivors.set(name, file);
    }
    const next = new Map<string, Stored>();
    for (const [name, file] of survivors) {
      const bytes = this.survive(file, policy);
      next.set(name, { bytes, durable: bytes.slice(), pending: [] });
    }
    return new SimDisk({ random: this.options.random }, { now: next, durable: new Map(next) });
  }

  private keeps(policy: CrashPolicy): boolean {
    if (policy === 'all') return true;
    return policy !== 'none' && this.options.random.next() < 0.5;
  }

  private survive({ durable, pending }: Stored, policy: CrashPolicy): Uint8Array {
    let bytes: Uint8Array = durable.slice();
    const cut = policy === 'prefix' ? Math.floor(this.options.random.next() * (pending.length + 1)) : pending.length;
    for (const [place, { at, bytes: written }] of pending.entries()) {
      if (place >= cut || (policy === 'newest' && place < pending.length - 1)) continue;
      for (let start = at; start < at + written.length; ) {
        const end = Math.min(at + written.length, (Math.floor(start / SECTOR_BYTES) + 1) * SECTOR_BYTES);
        const isKept = policy === 'prefix' || policy === 'newest' || this.keeps(policy);
        if (isKept) bytes = put(bytes, start, written.subarray(start - at, end - at));
        start = end;
      }
    }
    return bytes;
  }

  // ---- the files as they are

  /** The bytes of a file; undefined when there is none. For tests that damage it. */
  bytesOf(path: string): Uint8Array | undefined {
    return this.names.now.get(path)?.bytes;
  }

  /** Replaces a file, safely. */
  setBytes(path: string, bytes: Uint8Array): void {
    const file = { bytes, durable: bytes.slice(), pending: [] };
    this.names.now.set(path, file);
    this.names.durable.set(path, file);
  }

  /** The files with all that is pending, for the next process after one was killed. */
  get filing(): Names {
    return this.names;
  }

  get paths(): readonly string[] {
    return [...this.names.now.keys()].sort();
  }

  // ---- the disk

  open(path: string, mode: OpenMode, done: DiskDone<DiskFile>): void {
    this.operate('open', path, done, () => {
      const known = this.names.now.get(path);
      if (mode === 'create' && known !== undefined) return failed('EEXIST', path);
      if (mode !== 'create' && known === undefined) return failed('ENOENT', path);
      const file = known ?? { bytes: new Uint8Array(0), durable: new Uint8Array(0), pending: [] };
      this.names.now.set(path, file);
      return { ok: true, value: this.fileOf(path, file) };
    });
  }

  list(directory: string, done: DiskDone<readonly string[]>): void {
    const prefix = directory === '' ? '' : `${directory}/`;
    this.operate('list', directory, done, () => {
      const names = this.paths.filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
      return { ok: true, value: names.filter((name) => !name.includes('/')) };
    });
  }

  makeDirectory(directory: string, done: DiskDone<true>): void {
    this.operate('makeDirectory', directory, done, () => OK);
  }

  rename(from: string, to: string, done: DiskDone<true>): void {
    this.operate('rename', from, done, () => {
      const file = this.names.now.get(from);
      if (file === undefined) return failed('ENOENT', from);
      this.names.now.delete(from);
      this.names.now.set(to, file);
      return OK;
    });
  }

  remove(path: string, done: DiskDone<true>): void {
    this.operate('remove', path, done, () => (this.names.now.delete(path) ? OK : failed('ENOENT', path)));
  }

  syncDirectory(directory: string, done: DiskDone<true>): void {
    const prefix = directory === '' ? '' : `${directory}/`;
    const covered = new Map([...this.names.now].filter(([path]) => path.startsWith(prefix)));
    this.operate('syncDirectory', directory, done, () => {
      const { durable } = this.names;
      for (const path of [...durable.keys()]) if (path.startsWith(prefix) && !covered.has(path)) durable.delete(path);
      for (const [path, file] of covered) durable.set(path, file);
      return OK;
    });
  }

  freeBytes(done: DiskDone<number>): void {
    this.operate('freeBytes', '', done, () => ({ ok: true, value: this.free }));
  }

  crc32(bytes: Uint8Array, previous = 0): number {
    return crc32(bytes, previous);
  }

  private get free(): number {
    let used = 0;
    for (const { bytes } of this.names.now.values()) used += bytes.length;
    return (this.options.capacityBytes ?? Number.MAX_SAFE_INTEGER) - used;
  }

  private fileOf(path: string, file: Stored): DiskFile {
    return {
      path,
      write: (chunks, at, done) => this.write(path, file, chunks, at, done),
      read: (length, at, done) =>
        this.operate('read', path, done, () => ({ ok: true, value: file.bytes.slice(at, at + length) })),
      sync: (done) => this.sync(path, file, done),
      truncate: (length, done) =>
        this.operate('truncate', path, done, () => {
          const bytes = new Uint8Array(length);
          bytes.set(file.bytes.subarray(0, length));
          file.bytes = bytes;
          file.durable = bytes.slice();
          file.pending = [];
          return OK;
        }),
      size: (done) => this.operate('size', path, done, () => ({ ok: true, value: file.bytes.length })),
      close: (done) => this.operate('close', path, done, () => OK),
    };
  }

  private write(path: string, file: Stored, chunks: readonly Uint8Array[], at: number, done: DiskDone<true>): void {
    const bytes = joined(chunks);
    this.operate(
      'write',
      path,
      done,
      () => {
        if (at + bytes.length - file.bytes.length > this.free) {
          // As much as fits is there.
          this.put(file, at, bytes.subarray(0, Math.max(0, this.free)));
          return failed('ENOSPC', path);
        }
        this.put(file, at, bytes);
        return OK;
      },
      (fault) => {
        if (fault === 'torn' || fault === 'ENOSPC') this.put(file, at, bytes.subarray(0, bytes.length >> 1));
        return failed(fault === 'ENOSPC' ? 'ENOSPC' : 'EIO', path);
      },
    );
  }

  private put(file: Stored, at: number, bytes: Uint8Array): void {
    file.bytes = put(file.bytes, at, bytes);
    file.pending.push({ at, bytes });
  }

  private sync(path: string, file: Stored, done: DiskDone<true>): void {
    const covered = file.pending.length;
    const settle = (isKept: boolean): void => {
      for (const { at, bytes } of file.pending.splice(0, covered)) {
        if (isKept) file.durable = put(file.durable, at, bytes);
      }
    };
    this.operate(
      'sync',
      path,
      done,
      () => {
        settle(true);
        return OK;
      },
      (fault) => {
        // After a failed sync the host believes that the pages are clean: they are lost, and the next sync succeeds.
        settle(false);
        return fault === 'lying' ? OK : failed(fault === 'ENOSPC' ? 'ENOSPC' : 'EIO', path);
      },
    );
  }

  private operate<T>(
    operation: string,
    path: string,
    done: DiskDone<T>,
    effect: () => Parameters<DiskDone<T>>[0],
    wrong: (fault: DiskFault) => Parameters<DiskDone<T>>[0] = (fault) =>
      failed(fault === 'ENOSPC' ? fault : 'EIO', path),
  ): void {
    if (this.isDown) return;
    const fault = this.options.fault?.(operation, path, ++this.count) ?? null;
    if (this.options.fault === undefined) this.count++;
    const end = (): void => {
      if (!this.isDown) done(fault === null ? effect() : wrong(fault));
    };
    if (this.later === null) this.ends.push(end);
    else this.later(end);
  }
}

const OK = { ok: true, value: true } as const;

function failed(code: string, path: string): { readonly ok: false; readonly failure: DiskFailure } {
  return { ok: false, failure: { code, text: `${code}: ${path}` } };
}

function put(bytes: Uint8Array, at: number, written: Uint8Array): Uint8Array {
  const end = at + written.length;
  const result = end > bytes.length ? new Uint8Array(end) : bytes;
  if (result !== bytes) result.set(bytes);
  result.set(written, at);
  return result;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
