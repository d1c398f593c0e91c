// A disk whose operations are waited for, for tests: of the host, or a simulated one that is driven until it rests.
import type { Disk, DiskDone, DiskFile, DiskResult, OpenMode } from '../../src/env/index.ts';

/** A disk, and what makes its operations complete. */
export interface Driven {
  readonly disk: Disk;
  readonly settle: () => void;
}

/** The value of a result, or its failure's code. */
type Outcome<T> = Promise<T | string>;

/** The operations of a disk as promises: of the value, or of the code of the failure. */
export class Files {
  private readonly driven: Driven;

  constructor(driven: Driven) {
    this.driven = driven;
  }

  /** Waits for one operation. Throws when it completes during the call, or twice. */
  ask<T>(start: (disk: Disk, done: DiskDone<T>) => void): Promise<DiskResult<T>> {
    return new Promise((resolve, reject) => {
      let [isStarted, isDone] = [false, false];
      start(this.driven.disk, (result) => {
        if (!isStarted) reject(new Error('it has completed during the call'));
        if (isDone) reject(new Error('it has completed twice'));
        isDone = true;
        resolve(result);
      });
      isStarted = true;
      this.driven.settle();
    });
  }

  private async value<T>(start: (disk: Disk, done: DiskDone<T>) => void): Outcome<T> {
    const result = await this.ask(start);
    return result.ok ? result.value : result.failure.code;
  }

  /** Opens a file. Throws when that fails. */
  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await this.tryOpen(path, mode);
    if (typeof file === 'string') throw new Error(`${path}: ${file}`);
    return file;
  }

  tryOpen = (path: string, mode: OpenMode): Outcome<DiskFile> =>
    this.value<DiskFile>((disk, done) => disk.open(path, mode, done));
  list = (directory: string): Outcome<readonly string[]> =>
    this.value<readonly string[]>((disk, done) => disk.list(directory, done));
  makeDirectory = (directory: string): Outcome<true> =>
    this.value<true>((disk, done) => disk.makeDirectory(directory, done));
  rename = (from: string, to: string): Outcome<true> => this.value<true>((disk, done) => disk.rename(from, to, done));
  remove = (path: string): Outcome<true> => this.value<true>((disk, done) => disk.remove(path, done));
  syncDirectory = (directory: string): Outcome<true> =>
    this.value<true>((disk, done) => disk.syncDirectory(directory, done));
  freeBytes = (): Outcome<number> => this.value<number>((disk, done) => disk.freeBytes(done));

  write = (file: DiskFile, chunks: readonly Uint8Array[], at: number): Outcome<true> =>
    this.value<true>((_disk, done) => file.write(chunks, at, done));
  read = (file: DiskFile, length: number, at: number): Outcome<Uint8Array> =>
    this.value<Uint8Array>((_disk, done) => file.read(length, at, done));
  sync = (file: DiskFile): Outcome<true> => this.value<true>((_disk, done) => file.sync(done));
  truncate = (file: DiskFile, length: number): Outcome<true> =>
    this.value<true>((_disk, done) => file.truncate(length, done));
  size = (file: DiskFile): Outcome<number> => this.value<number>((_disk, done) => file.size(done));
  close = (file: DiskFile): Outcome<true> => this.value<true>((_disk, done) => file.close(done));

  /** What a file contains, as text; or the code of the failure. */
  async text(path: string): Promise<string> {
    const file = await this.tryOpen(path, 'read');
    if (typeof file === 'string') return file;
    const bytes = await this.read(file, 1_000_000, 0);
    await this.close(file);
    return typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes);
  }

  /** Makes a file with this text in it, not synced; the file stays open. */
  async make(path: string, text: string): Promise<DiskFile> {
    const file = await this.open(path, 'create');
    await this.write(file, [bytesOf(text)], 0);
    return file;
  }
}

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
