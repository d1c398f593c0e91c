// The host's files behind the Disk interface (DESIGN decision 15): callbacks of node:fs only, so that no operation holds
// up the event loop. A write is repeated until all of it is written; a file is closed only when nothing is under way in
// it any more, because the host may give its number to another file at once.
import fs from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Disk, DiskDone, DiskFailure, DiskFile, DiskResult, OpenMode } from '../index.ts';
import { writeAll } from './write-all.ts';

const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', readWrite: 'r+', create: 'wx+' };
const DONE: DiskResult<true> = { ok: true, value: true };

/**
 * The files below a directory, which need not exist yet: `makeDirectory('')` makes it. A path that could lead out of it
 * (absolute, or with `.` or `..` in it) is refused with EINVAL.
 */
export function hostDisk(rootDirectory: string): Disk {
  const at = (path: string) => (isInside(path) ? join(rootDirectory, path) : null);
  return {
    open: (path, mode, done) => {
      withPath(at(path), path, done, (full) =>
        fs.open(full, FLAGS[mode], (error, handle) => end(error, done, () => new HostFile(path, handle))),
      );
    },
    list: (directory, done) => {
      withPath(at(directory), directory, done, (full) =>
        fs.readdir(full, (error, names) => end(error, done, () => names.sort())),
      );
    },
    makeDirectory: (directory, done) => {
      withPath(at(directory), directory, done, (full) => makeDirectory(full, directory === '', done));
    },
    rename: (from, to, done) => {
      withPath(at(from), from, done, (fullFrom) =>
        withPath(at(to), to, done, (fullTo) => fs.rename(fullFrom, fullTo, truly(done))),
      );
    },
    remove: (path, done) => withPath(at(path), path, done, (full) => fs.unlink(full, truly(done))),
    syncDirectory: (directory, done) => {
      withPath(at(directory), directory, done, (full) => syncDirectory(full, done));
    },
    freeBytes: (done) => {
      fs.statfs(rootDirectory, (error, stats) => end(error, done, () => stats.bavail * stats.bsize));
    },
    crc32,
  };
}

function isInside(path: string): boolean {
  return path === '' || path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}

function withPath<T>(full: string | null, path: string, done: DiskDone<T>, run: (full: string) => void): void {
  if (full !== null) run(full);
  else setImmediate(() => done(failed('EINVAL', `'${path}' is no path below the data directory`)));
}

function makeDirectory(full: string, isRoot: boolean, done: DiskDone<true>): void {
  fs.mkdir(full, { recursive: isRoot }, (error) => {
    if (error?.code !== 'EEXIST') {
      truly(done)(error);
      return;
    }
    fs.stat(full, (_error, stats) => truly(done)(stats?.isDirectory() ? null : error));
  });
}

function syncDirectory(full: string, done: DiskDone<true>): void {
  fs.open(full, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY, (error, handle) => {
    if (error !== null) {
      truly(done)(error);
      return;
    }
    fs.fsync(handle, (failure) => fs.close(handle, () => truly(done)(failure)));
  });
}

class HostFile implements DiskFile {
  readonly path: string;
  private readonly handle: number;
  private underWay = 0;
  private closing: DiskDone<true> | null = null;

  constructor(path: string, handle: number) {
    this.path = path;
    this.handle = handle;
  }

  write(chunks: readonly Uint8Array[], at: number, done: DiskDone<true>): void {
    this.start(done, (finish) => writeAll(this.handle, chunks, at, truly(finish)));
  }

  read(length: number, at: number, done: DiskDone<Uint8Array>): void {
    this.start(done, (finish) => readUpTo(this.handle, Buffer.allocUnsafeSlow(length), 0, at, finish));
  }

  sync(done: DiskDone<true>): void {
    this.start(done, (finish) => fs.fdatasync(this.handle, truly(finish)));
  }

  truncate(length: number, done: DiskDone<true>): void {
    this.start(done, (finish) => fs.ftruncate(this.handle, length, truly(finish)));
  }

  size(done: DiskDone<number>): void {
    this.start(done, (finish) => fs.fstat(this.handle, (error, stats) => end(error, finish, () => stats.size)));
  }

  close(done: DiskDone<true>): void {
    if (this.closing !== null) {
      this.refuse(done);
      return;
    }
    this.closing = done;
    if (this.underWay === 0) this.closeNow(done);
  }

  private closeNow(done: DiskDone<true>): void {
    fs.close(this.handle, truly(done));
  }

  private start<T>(done: DiskDone<T>, run: (finish: DiskDone<T>) => void): void {
    if (this.closing !== null) {
      this.refuse(done);
      return;
    }
    this.underWay++;
    run((result) => {
      this.underWay--;
      if (this.underWay === 0 && this.closing !== null) this.closeNow(this.closing);
      done(result.ok ? result : this.named(result.failure));
    });
  }

  /** The host names no file in what it says of an open one. */
  private named({ code, text }: DiskFailure): DiskResult<never> {
    return failed(code, text.includes(this.path) ? text : `${text} '${this.path}'`);
  }

  private refuse(done: DiskDone<never>): void {
    setImmediate(() => done(failed('EBADF', `${this.path} is closed`)));
  }
}

/** Reads until the buffer is full or the file ends; the host may give less at a time. */
function readUpTo(handle: number, buffer: Buffer, filled: number, at: number, done: DiskDone<Uint8Array>): void {
  fs.read(handle, buffer, filled, buffer.length - filled, at + filled, (error, count) => {
    const whole = filled + count;
    if (error !== null || count === 0 || whole === buffer.length) {
      end(error, done, () => buffer.subarray(0, whole));
      return;
    }
    readUpTo(handle, buffer, whole, at, done);
  });
}

type HostError = NodeJS.ErrnoException | null | undefined;

function end<T>(error: HostError, done: DiskDone<T>, value: () => T): void {
  if (error == null) done({ ok: true, value: value() });
  else done(failed(error.code ?? 'EIO', error.message));
}

function truly(done: DiskDone<true>): (error: HostError) => void {
  return (error) => done(error == null ? DONE : failed(error.code ?? 'EIO', error.message));
}

function failed(code: string, text: string): DiskResult<never> {
  return { ok: false, failure: { code, text } };
}
