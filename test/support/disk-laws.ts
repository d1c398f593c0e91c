// What every disk promises (src/env/disk.ts), as cases for the host's and the simulated one alike.
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, type Driven, Files } from './disk.ts';

const text = (bytes: Uint8Array | string) => (typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes));

/** Defines the cases for one kind of disk; each gets an empty one. */
export function diskLaws(make: () => Driven): void {
  const files = () => new Files(make());
  describe('bytes', () => {
    it('are written one chunk after the other at a place, and read back', async () => {
      const disk = files();
      const file = await disk.open('a', 'create');
      expect(await disk.write(file, ['one ', '', 'two ', 'three'].map(bytesOf), 3)).toBe(true);
      expect(text(await disk.read(file, 9, 3))).toBe('one two t');
      expect(text(await disk.read(file, 3, 0))).toBe('\0\0\0');
      expect(await disk.write(file, [bytesOf('TWO')], 7)).toBe(true);
      expect(text(await disk.read(file, 13, 3))).toBe('one TWO three');
      expect(await disk.size(file)).toBe(16);
    });

    it('are fewer where the file ends, and none behind its end', async () => {
      const disk = files();
      const file = await disk.make('a', 'abc');
      expect(text(await disk.read(file, 100, 1))).toBe('bc');
      expect(await disk.read(file, 100, 3)).toHaveLength(0);
      expect(await disk.read(file, 100, 50)).toHaveLength(0);
      expect(await disk.read(file, 0, 0)).toHaveLength(0);
    });

    it('may come in more chunks than the host takes at once, and be none at all', async () => {
      const disk = files();
      const file = await disk.open('a', 'create');
      const chunks = Array.from({ length: 5_000 }, (_, n) => bytesOf(`${n},`));
      expect(await disk.write(file, chunks, 0)).toBe(true);
      expect(await disk.write(file, [], 7)).toBe(true);
      expect(await disk.write(file, [new Uint8Array(0)], 7)).toBe(true);
      expect(text(await disk.read(file, 1_000_000, 0))).toBe(chunks.map(text).join(''));
    });

    it('that were read are the reader’s own', async () => {
      const disk = files();
      const file = await disk.make('a', 'abc');
      const first = await disk.read(file, 3, 0);
      if (typeof first !== 'string') first.fill(0);
      expect(text(await disk.read(file, 3, 0))).toBe('abc');
    });

    it('are cut, and extended with zeros', async () => {
      const disk = files();
      const file = await disk.make('a', 'abcdef');
      expect(await disk.truncate(file, 2)).toBe(true);
      expect(await disk.size(file)).toBe(2);
      expect(await disk.truncate(file, 4)).toBe(true);
      expect(text(await disk.read(file, 9, 0))).toBe('ab\0\0');
      expect(await disk.sync(file)).toBe(true);
    });

    it('are what a model says after any writes and cuts', async () => {
      const step = fc.record({ at: fc.nat(3_000), length: fc.nat(1_500), cut: fc.boolean(), fill: fc.nat(255) });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
          const disk = files();
          const file = await disk.open('a', 'create');
          let model = Buffer.alloc(0);
          for (const { at, length, cut, fill } of steps) {
            const end = cut ? at : length === 0 ? model.length : Math.max(model.length, at + length);
            model = Buffer.concat([model, Buffer.alloc(Math.max(0, end - model.length))]).subarray(0, end);
            if (cut) await disk.truncate(file, at);
            else await disk.write(file, [new Uint8Array(length).fill(fill)], at);
            if (!cut && length > 0) model.fill(fill, at, at + length);
          }
          const read = await disk.read(file, 10_000, 0);
          await disk.close(file);
          expect(Buffer.compare(read as Uint8Array, model)).toBe(0);
        }),
        { numRuns: 60 },
      );
    });
  });

  describe('files', () => {
    it('are made once, and opened only where they are', async () => {
      const disk = files();
      await disk.make('a', 'x');
      expect(await disk.tryOpen('a', 'create')).toBe('EEXIST');
      expect(await disk.tryOpen('b', 'read')).toBe('ENOENT');
      expect(await disk.tryOpen('b', 'readWrite')).toBe('ENOENT');
      expect(await disk.tryOpen('no/b', 'create')).toBe('ENOENT');
      const again = await disk.open('a', 'readWrite');
      expect(again.path).toBe('a');
      expect(await disk.write(again, [bytesOf('y')], 1)).toBe(true);
      expect(await disk.text('a')).toBe('xy');
    });

    it('that are open for reading cannot be written', async () => {
      const disk = files();
      await disk.make('a', 'x');
      const file = await disk.open('a', 'read');
      expect(await disk.write(file, [bytesOf('y')], 0)).toBe('EBADF');
      expect(await disk.text('a')).toBe('x');
    });

    it('that are closed refuse everything; a close waits for what is under way', async () => {
      const disk = files();
      const file = await disk.open('a', 'create');
      const written = disk.write(file, [new Uint8Array(100_000).fill(120)], 0);
      expect(await disk.close(file)).toBe(true);
      expect(await written).toBe(true);
      expect(await disk.write(file, [bytesOf('y')], 0)).toBe('EBADF');
      expect(await disk.read(file, 1, 0)).toBe('EBADF');
      expect(await disk.sync(file)).toBe('EBADF');
      expect(await disk.close(file)).toBe('EBADF');
      expect((await disk.text('a')).length).toBe(100_000);
    });

    it('are renamed over others, and removed', async () => {
      const disk = files();
      await disk.make('a', 'from');
      await disk.make('b', 'to');
      expect(await disk.rename('a', 'b')).toBe(true);
      expect(await disk.text('b')).toBe('from');
      expect(await disk.text('a')).toBe('ENOENT');
      expect(await disk.rename('a', 'c')).toBe('ENOENT');
      expect(await disk.remove('b')).toBe(true);
      expect(await disk.remove('b')).toBe('ENOENT');
      expect(await disk.list('')).toEqual([]);
    });

    it('can be read by who has them open after they are removed', async () => {
      const disk = files();
      const file = await disk.make('a', 'still here');
      expect(await disk.remove('a')).toBe(true);
      expect(text(await disk.read(file, 100, 0))).toBe('still here');
    });
  });

  describe('directories', () => {
    it('are made, twice if need be, and listed in order', async () => {
      const disk = files();
      expect(await disk.list('d')).toBe('ENOENT');
      expect(await disk.makeDirectory('d')).toBe(true);
      expect(await disk.makeDirectory('d')).toBe(true);
      for (const name of ['d/b', 'd/a', 'd/10', 'd/9']) await disk.make(name, '');
      expect(await disk.list('d')).toEqual(['10', '9', 'a', 'b']);
      expect(await disk.list('')).toEqual(['d']);
      expect(await disk.syncDirectory('d')).toBe(true);
      expect(await disk.syncDirectory('')).toBe(true);
      expect(await disk.syncDirectory('e')).toBe('ENOENT');
      expect(await disk.rename('d/a', 'a')).toBe(true);
      expect(await disk.list('')).toEqual(['a', 'd']);
    });

    it('are no files, and files are none', async () => {
      const disk = files();
      await disk.make('f', '');
      await disk.makeDirectory('d');
      expect(await disk.makeDirectory('f')).toBe('EEXIST');
      expect(await disk.makeDirectory('e/f')).toBe('ENOENT');
      expect(await disk.list('f')).toBe('ENOTDIR');
      expect(await disk.syncDirectory('f')).toBe('ENOTDIR');
      expect(await disk.tryOpen('f/x', 'create')).toBe('ENOTDIR');
      expect(await disk.tryOpen('d', 'readWrite')).toBe('EISDIR');
      expect(await disk.remove('d')).toBe('EISDIR');
    });

    it.each(['/etc/passwd', '../x', 'a/../../x', './x', 'a//b', 'a/'])('the path %s is refused', async (path) => {
      const disk = files();
      await disk.makeDirectory('a');
      expect(await disk.tryOpen(path, 'create')).toBe('EINVAL');
      expect(await disk.list(path)).toBe('EINVAL');
      expect(await disk.makeDirectory(path)).toBe('EINVAL');
      expect(await disk.rename('a', path)).toBe('EINVAL');
      expect(await disk.rename(path, 'a')).toBe('EINVAL');
      expect(await disk.remove(path)).toBe('EINVAL');
      expect(await disk.syncDirectory(path)).toBe('EINVAL');
    });
  });

  it('has room, and tells how much', async () => {
    expect(await files().freeBytes()).toBeGreaterThan(0);
  });

  it('a failure says what failed', async () => {
    const result = await files().ask((disk, done) => disk.remove('gone', done));
    expect(result).toMatchObject({ ok: false, failure: { code: 'ENOENT', text: expect.stringContaining('gone') } });
  });

  it('checksums are those of zlib, in one piece and in several', () => {
    const { disk } = make();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.nat(2_000), (bytes, cut) => {
        expect(disk.crc32(bytes)).toBe(crc32(bytes));
        expect(disk.crc32(bytes.subarray(cut), disk.crc32(bytes.subarray(0, cut)))).toBe(crc32(bytes));
      }),
    );
    expect(disk.crc32(bytesOf('123456789'))).toBe(0xcbf43926);
  });
}
