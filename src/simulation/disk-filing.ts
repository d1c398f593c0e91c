// What the operations of a simulated disk do when they complete: rules of a file system over names and inodes, with the
// error codes of the host. One of it lives from one power cut to the next.
import type { DiskResult, OpenMode } from '../env/index.ts';
import { Inode } from './disk-inode.ts';
import { directoryOf, Names } from './disk-names.ts';
import type { DiskFault } from './disk-operation.ts';

export type Answer<T> = DiskResult<T>;

export function done<T>(value: T): DiskResult<T> {
  return { ok: true, value };
}

export function failure(code: string, path: string, text = `${code}: ${path}`): DiskResult<never> {
  return { ok: false, failure: { code, text } };
}

/** The chunks in one piece that nobody else has. */
export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

export class DiskFiling {
  readonly names: Names;
  openFiles = 0;
  /** The power is gone: what comes from now on fails. */
  isCut = false;
  /** Changes that were made so far, to any file or name. */
  changes = 0;

  constructor(names: Names = new Names()) {
    this.names = names;
  }

  open(path: string, mode: OpenMode): Answer<Inode> {
    const node = this.names.at(path);
    const wrong = this.wrongWith(path);
    if (wrong !== null) return wrong;
    if (mode !== 'create') {
      if (node === null) return failure('ENOENT', path);
      return node === 'directory' ? failure('EISDIR', path) : done(node);
    }
    if (node !== null) return failure('EEXIST', path);
    const inode = new Inode();
    this.names.change(++this.changes, [[path, inode]]);
    return done(inode);
  }

  list(directory: string): Answer<readonly string[]> {
    return this.inDirectory(directory, () => this.names.list(directory));
  }

  makeDirectory(directory: string): Answer<true> {
    const wrong = this.wrongWith(directory);
    if (wrong !== null) return wrong;
    const node = this.names.at(directory);
    if (node !== null && node !== 'directory') return failure('EEXIST', directory);
    if (node === null) this.names.change(++this.changes, [[directory, 'directory']]);
    return done(true);
  }

  rename(from: string, to: string): Answer<true> {
    const wrong = this.wrongWith(from) ?? this.wrongWith(to);
    if (wrong !== null) return wrong;
    const node = this.names.at(from);
    if (node === null) return failure('ENOENT', from);
    if (node === 'directory' || this.names.isDirectory(to)) return failure('EISDIR', to);
    if (from === to) return done(true);
    this.names.change(++this.changes, [
      [from, null],
      [to, node],
    ]);
    return done(true);
  }

  remove(path: string): Answer<true> {
    const wrong = this.wrongWith(path);
    if (wrong !== null) return wrong;
    const node = this.names.at(path);
    if (node === null) return failure('ENOENT', path);
    if (node === 'directory') return failure('EISDIR', path);
    this.names.change(++this.changes, [[path, null]]);
    return done(true);
  }

  syncDirectory(directory: string, upTo: number, isLying: boolean): Answer<true> {
    return this.inDirectory(directory, () => {
      if (!isLying) this.names.synced(directory, upTo);
      return true as const;
    });
  }

  /** Bytes of all files that have a name. */
  usedBytes(): number {
    let bytes = 0;
    for (const [, inode] of this.names.files()) bytes += inode.length;
    return bytes;
  }

  /** Writes what fits; the failure of a full disk when not all of it does. */
  write(inode: Inode, chunks: readonly Uint8Array[], at: number, capacityBytes: number): Answer<true> {
    const bytes = joined(chunks);
    const room = Math.max(0, this.room(inode, capacityBytes) - at);
    inode.write(++this.changes, at, bytes.subarray(0, room));
    return bytes.length > room ? failure('ENOSPC', 'the disk is full') : done(true);
  }

  truncate(inode: Inode, length: number, capacityBytes: number): Answer<true> {
    if (length > this.room(inode, capacityBytes)) return failure('ENOSPC', 'the disk is full');
    inode.truncate(++this.changes, length);
    return done(true);
  }

  sync(path: string, inode: Inode, upTo: number, fault: DiskFault | null): Answer<true> {
    if (fault?.tag === 'fail') {
      inode.syncFailed(upTo);
      return failure(fault.code, path);
    }
    if (fault?.tag !== 'lie') inode.synced(upTo);
    return done(true);
  }

  /** Length up to which a file can grow; what it has already stays writable. */
  private room(inode: Inode, capacityBytes: number): number {
    return Math.max(inode.length, inode.length + capacityBytes - this.usedBytes());
  }

  private inDirectory<T>(directory: string, run: () => T): Answer<T> {
    const wrong = this.wrongWith(directory);
    if (wrong !== null) return wrong;
    const node = this.names.at(directory);
    if (node === null) return failure('ENOENT', directory);
    return node === 'directory' ? done(run()) : failure('ENOTDIR', directory);
  }

  /** A path that leads out of the disk, or through something that is no directory. */
  private wrongWith(path: string): DiskResult<never> | null {
    if (path === '') return null;
    if (path.split('/').some((name) => name === '' || name === '.' || name === '..')) return failure('EINVAL', path);
    for (let above = directoryOf(path); above !== ''; above = directoryOf(above)) {
      const node = this.names.at(above);
      if (node === null) return failure('ENOENT', path);
      if (node !== 'directory') return failure('ENOTDIR', path);
    }
    return null;
  }
}
