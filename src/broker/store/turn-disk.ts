// A disk whose operations end in turns of the process that owns it: what their ends do is that process's doing, and its
// crash when it throws.
import type { Disk, DiskDone, DiskFile } from '../../env/index.ts';

/** Has `run` called in a turn of the owner. */
export type TakeTurn = (run: () => void) => void;

/** The same disk as `disk`, but every operation ends through `takeTurn`. */
export function turnDisk(disk: Disk, takeTurn: TakeTurn): Disk {
  const later =
    <T>(done: DiskDone<T>): DiskDone<T> =>
    (result) =>
      takeTurn(() => done(result));
  return {
    open: (path, mode, done) =>
      disk.open(path, mode, (opened) =>
        takeTurn(() => done(opened.ok ? { ok: true, value: turnFile(opened.value, later) } : opened)),
      ),
    list: (directory, done) => disk.list(directory, later(done)),
    makeDirectory: (directory, done) => disk.makeDirectory(directory, later(done)),
    rename: (from, to, done) => disk.rename(from, to, later(done)),
    remove: (path, done) => disk.remove(path, later(done)),
    syncDirectory: (directory, done) => disk.syncDirectory(directory, later(done)),
    freeBytes: (done) => disk.freeBytes(later(done)),
    crc32: (bytes, previous) => disk.crc32(bytes, previous),
  };
}

function turnFile(file: DiskFile, later: <T>(done: DiskDone<T>) => DiskDone<T>): DiskFile {
  return {
    path: file.path,
    write: (chunks, at, done) => file.write(chunks, at, later(done)),
    read: (length, at, done) => file.read(length, at, later(done)),
    sync: (done) => file.sync(later(done)),
    truncate: (length, done) => file.truncate(length, later(done)),
    size: (done) => file.size(later(done)),
    close: (done) => file.close(later(done)),
  };
}
