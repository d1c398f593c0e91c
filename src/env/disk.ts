// Files as an interface (DESIGN decision 15): what the log needs of a disk and no more. Everything completes later, never
// during the call; operations on one file may complete in any order unless the caller waits. What is durable when is
// the whole point: bytes that were written before a `sync` of their file began are durable once that has succeeded, and
// names (a file made, renamed or removed) once a `syncDirectory` of theirs has, that began afterwards.

/** Why an operation failed. `code` is the host's: ENOSPC, EIO, ENOENT, EEXIST ... */
export interface DiskFailure {
  readonly code: string;
  readonly text: string;
}

export type DiskResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: DiskFailure };

/** How an operation tells its end. */
export type DiskDone<T> = (result: DiskResult<T>) => void;

/** An open file. */
export interface DiskFile {
  readonly path: string;
  /** Writes all chunks one after the other from byte `at` on; the caller must not change them before the end. A failure may leave any part of it written. */
  write(chunks: readonly Uint8Array[], at: number, done: DiskDone<true>): void;
  /** Reads `length` bytes from byte `at` on; fewer where the file ends. */
  read(length: number, at: number, done: DiskDone<Uint8Array>): void;
  /** fdatasync. After a failure nothing is known about what was written before, and a later success proves nothing. */
  sync(done: DiskDone<true>): void;
  /** Cuts or extends (with zeros) to `length` bytes. */
  truncate(length: number, done: DiskDone<true>): void;
  /** Bytes it has. */
  size(done: DiskDone<number>): void;
  close(done: DiskDone<true>): void;
}

/** `create` fails with EEXIST where there is one; the others fail with ENOENT where there is none. */
export type OpenMode = 'read' | 'readWrite' | 'create';

/** Files and directories. Paths are relative to the directory the disk was made for, with `/` between names. */
export interface Disk {
  open(path: string, mode: OpenMode, done: DiskDone<DiskFile>): void;
  /** Names in a directory, sorted; '' is the disk's own directory. */
  list(directory: string, done: DiskDone<readonly string[]>): void;
  /** Makes a directory; one that exists already is fine. */
  makeDirectory(directory: string, done: DiskDone<true>): void;
  /** Replaces what is at `to`. */
  rename(from: string, to: string, done: DiskDone<true>): void;
  remove(path: string, done: DiskDone<true>): void;
  syncDirectory(directory: string, done: DiskDone<true>): void;
  /** Bytes that can still be written. */
  freeBytes(done: DiskDone<number>): void;
  /** CRC-32 (IEEE, as zlib) of the bytes, going on from `previous` (0 at first). Pure, and as fast as the host can. */
  crc32(bytes: Uint8Array, previous?: number): number;
}
