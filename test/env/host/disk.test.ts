// The host's files keep what every disk promises, on a directory of their own.
import fs, { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { hostDisk, noDisk } from '../../../src/env/host/index.ts';
import { type Writev, writeAll } from '../../../src/env/host/write-all.ts';
import { Files } from '../../support/disk.ts';
import { diskLaws } from '../../support/disk-laws.ts';

const made: string[] = [];
function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'warren-disk-'));
  made.push(directory);
  return directory;
}
afterAll(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

const settle = () => {};

describe('the disk of the host', () => {
  diskLaws(() => ({ disk: hostDisk(temporary()), settle }));

  it('makes its own directory when it is asked to', async () => {
    const directory = join(temporary(), 'not', 'there');
    const disk = new Files({ disk: hostDisk(directory), settle });
    expect(await disk.list('')).toBe('ENOENT');
    expect(existsSync(directory)).toBe(false);
    expect(await disk.makeDirectory('')).toBe(true);
    expect(await disk.list('')).toEqual([]);
  });

  it('a sync is an fdatasync of the file, and an fsync of the directory', async () => {
    const synced: string[] = [];
    const data = vi.spyOn(fs, 'fdatasync').mockImplementation((_handle, done) => {
      synced.push('fdatasync');
      setImmediate(done, null);
    });
    const all = vi.spyOn(fs, 'fsync').mockImplementation((_handle, done) => {
      synced.push('fsync');
      setImmediate(done, Object.assign(new Error('broken'), { code: 'EIO' }));
    });
    try {
      const disk = new Files({ disk: hostDisk(temporary()), settle });
      const file = await disk.make('a', 'x');
      expect(await disk.sync(file)).toBe(true);
      expect(await disk.syncDirectory('')).toBe('EIO');
      expect(synced).toEqual(['fdatasync', 'fsync']);
    } finally {
      data.mockRestore();
      all.mockRestore();
    }
  });

  it('a file whose write is under way keeps its number until the write has ended', async () => {
    const order: string[] = [];
    const { writev, close } = fs;
    const slow = vi.spyOn(fs, 'writev').mockImplementation(((...args: Parameters<typeof writev>) => {
      setImmediate(() => setImmediate(() => order.push('write') && writev(...args)));
    }) as typeof writev);
    const closing = vi.spyOn(fs, 'close').mockImplementation(((...args: Parameters<typeof close>) => {
      order.push('close');
      close(...args);
    }) as typeof close);
    try {
      const disk = new Files({ disk: hostDisk(temporary()), settle });
      const file = await disk.open('a', 'create');
      const written = disk.write(file, [Buffer.from('x')], 0);
      const closed = disk.close(file);
      expect([await written, await closed]).toEqual([true, true]);
      expect(order).toEqual(['write', 'close']);
    } finally {
      slow.mockRestore();
      closing.mockRestore();
    }
  });

  it('writes go on where the host has written short', async () => {
    for (const most of [1, 2, 3, 7]) {
      const file = Buffer.alloc(20);
      let longest = 0;
      const short: Writev = (_handle, chunks, at, done) => {
        const bytes = Buffer.concat(chunks).subarray(0, most);
        longest = Math.max(longest, chunks.length);
        bytes.copy(file, at);
        setImmediate(() => done(null, bytes.length));
      };
      const chunks = ['ab', 'c', '', 'defg', 'hij'].map((part) => Buffer.from(part));
      const error = await new Promise((resolve) => writeAll(0, chunks, 4, resolve, short));
      expect(error).toBeNull();
      expect(file.toString('latin1', 4, 15)).toBe('abcdefghij\0');
      expect(longest).toBe(4);
    }
  });

  it('a host that writes nothing is an error, and errors of the host are passed on', async () => {
    const failure = (writev: Writev) =>
      new Promise<string | undefined>((resolve) =>
        writeAll(0, [Buffer.from('x')], 0, (error) => resolve(error?.code), writev),
      );
    expect(await failure((_handle, _chunks, _at, done) => setImmediate(done, null, 0))).toBe('EIO');
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    expect(await failure((_handle, _chunks, _at, done) => setImmediate(done, full, 0))).toBe('ENOSPC');
  });
});

describe('a system without a data directory', () => {
  it('has a disk on which everything fails with ENODISK, but for checksums', async () => {
    const disk = new Files({ disk: noDisk, settle });
    expect(await disk.tryOpen('a', 'create')).toBe('ENODISK');
    expect(await disk.list('')).toBe('ENODISK');
    expect(await disk.makeDirectory('')).toBe('ENODISK');
    expect(await disk.rename('a', 'b')).toBe('ENODISK');
    expect(await disk.remove('a')).toBe('ENODISK');
    expect(await disk.syncDirectory('')).toBe('ENODISK');
    expect(await disk.freeBytes()).toBe('ENODISK');
    expect(noDisk.crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });
});
