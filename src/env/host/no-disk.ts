// The disk of a thread without a data directory: every operation fails, and says why. Its checksums work, since those
// need no disk (DESIGN decision 15).
import { crc32 } from 'node:zlib';
import type { Disk, DiskDone } from '../index.ts';

const failure = { code: 'ENODISK', text: 'this system has no data directory' };

/** Fails everything with ENODISK. */
export const noDisk: Disk = {
  open: (_path, _mode, done) => refuse(done),
  list: (_directory, done) => refuse(done),
  makeDirectory: (_directory, done) => refuse(done),
  rename: (_from, _to, done) => refuse(done),
  remove: (_path, done) => refuse(done),
  syncDirectory: (_directory, done) => refuse(done),
  freeBytes: refuse,
  crc32,
};

function refuse(done: DiskDone<never>): void {
  setImmediate(() => done({ ok: false, failure }));
}
