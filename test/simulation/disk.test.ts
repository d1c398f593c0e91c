// The simulated disk keeps what every disk promises, and a power cut takes what it may take (reliability.md 2.a).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CUT_POLICIES, type CutPolicy, type DiskFault, SeededRandom, SimDisk } from '../../src/testing.ts';
import { bytesOf, Files } from '../support/disk.ts';
import { diskLaws } from '../support/disk-laws.ts';

const driven = (disk: SimDisk) => ({ disk, settle: () => disk.settle() });
const chance = (seed = 1) => new SeededRandom(seed);
const sector = (fill: string, count = 1) => bytesOf(fill.repeat(512 * count));

/** One letter for each sector of a file; `?` for one that is torn, `.` for zeros. */
function sectorsOf(disk: SimDisk, path: string): string {
  const bytes = disk.files().get(path);
  if (bytes === undefined) return 'gone';
  const letters = [];
  for (let at = 0; at < bytes.length; at += 512) {
    const part = new Set(bytes.subarray(at, at + 512));
    const [first] = part;
    letters.push(part.size > 1 ? '?' : first === 0 ? '.' : String.fromCharCode(first));
  }
  return letters.join('');
}

/** A disk with one synced file of three sectors `a`, and what makes it complete. */
async function withFile() {
  const disk = new SimDisk();
  const files = new Files(driven(disk));
  const file = await files.open('f', 'create');
  await files.write(file, [sector('a', 3)], 0);
  await files.sync(file);
  await files.syncDirectory('');
  return { disk, files, file };
}

/** What may be left of the file under a policy, over many cuts. */
async function leftBy(policy: CutPolicy, change: (files: Files, disk: SimDisk) => Promise<unknown>): Promise<string[]> {
  const left = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const { disk, files } = await withFile();
    await change(files, disk);
    left.add(sectorsOf(disk.crash(policy, chance(seed)), 'f'));
  }
  return [...left].sort();
}

describe('the simulated disk', () => {
  diskLaws(() => driven(new SimDisk()));
});

describe('a power cut', () => {
  it('takes nothing that was synced, under any policy', async () => {
    for (const policy of CUT_POLICIES) {
      const { disk, file, files } = await withFile();
      await files.close(file);
      expect(sectorsOf(disk.crash(policy, chance()), 'f')).toBe('aaa');
    }
  });

  /** Two writes, the second one over the end of the first and beyond the end of the file. */
  const twoWrites = async (files: Files) => {
    const file = await files.open('f', 'readWrite');
    await files.write(file, [sector('b', 2)], 512);
    await files.write(file, [sector('c', 2)], 1_024);
  };
  it.each<[CutPolicy, string[]]>([
    ['none', ['aaa']],
    ['all', ['abcc']],
    ['newest', ['aacc']],
    // Up to the first sector of each write, or all of it; a file that has grown may have grown already.
    ['prefix', ['aaa', 'aba', 'abb', 'abb.', 'abc', 'abc.', 'abcc']],
    ['random', ['aaa', 'aaa.', 'aab', 'aac', 'aba', 'abc', 'abcc']],
  ])('with the policy %s leaves of two writes what it says', async (policy, expected) => {
    const left = await leftBy(policy, twoWrites);
    if (policy === 'random') expect(left).toEqual(expect.arrayContaining(expected));
    else expect(left.filter((each) => !expected.includes(each))).toEqual([]);
    if (policy === 'prefix') expect(left).toContain('abb');
    if (policy === 'none' || policy === 'all' || policy === 'newest') expect(left).toEqual(expected);
  });

  it('leaves sectors whole: each is as it was, or as it was written', async () => {
    for (const left of await leftBy('random', twoWrites)) expect(left).not.toContain('?');
  });

  it('never takes an older write of a sector whose newer one it leaves', async () => {
    const halves = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const { disk, files, file } = await withFile();
      await files.write(file, [bytesOf('b'.repeat(256))], 0);
      await files.write(file, [bytesOf('b'.repeat(256))], 256);
      const bytes = disk.crash('random', chance(seed)).files().get('f') ?? [];
      halves.add(String.fromCharCode(bytes[0], bytes[256]));
    }
    expect([...halves].sort()).toEqual(['aa', 'ba', 'bb']);
  });

  it('takes what was written while a sync ran, though the sync succeeds', async () => {
    const { disk, file } = await withFile();
    let isSynced = false;
    file.write([sector('b')], 0, () => {});
    disk.step();
    file.sync(() => {
      isSynced = true;
    });
    file.write([sector('c')], 512, () => {});
    disk.step(1);
    expect(isSynced).toBe(false);
    disk.settle();
    expect(isSynced).toBe(true);
    expect(sectorsOf(disk.crash('none', chance()), 'f')).toBe('baa');
  });

  it('takes what was still being written when the sync began, whatever completes first', async () => {
    const { disk, file } = await withFile();
    file.write([sector('b')], 0, () => {});
    file.sync(() => {});
    disk.settle();
    expect(sectorsOf(disk, 'f')).toBe('baa');
    expect(sectorsOf(disk.crash('none', chance()), 'f')).toBe('aaa');
  });

  it('may leave of an operation that has not completed what it has done by then', async () => {
    const { disk, file } = await withFile();
    file.write([sector('b')], 0, () => {
      throw new Error('nobody hears of it');
    });
    const after = disk.crash('all', chance());
    expect(sectorsOf(after, 'f')).toBe('baa');
    expect(disk.step()).toBe(false);
  });

  it('a cut or grown file may have its old length', async () => {
    const cut = (length: number) => async (files: Files) => {
      await files.truncate(await files.open('f', 'readWrite'), length);
    };
    expect(await leftBy('random', cut(512))).toEqual(['a', 'aaa']);
    expect(await leftBy('random', cut(2_048))).toEqual(['aaa', 'aaa.']);
  });

  it('voids the files that are open', async () => {
    const { disk, files, file } = await withFile();
    disk.cut('all', chance());
    expect(await files.read(file, 1, 0)).toBe('EIO');
    expect(await files.sync(file)).toBe('EIO');
    expect(disk.openFiles).toBe(0);
    expect((await files.text('f')).length).toBe(3 * 512);
  });

  it('is the same for the same seed', async () => {
    const left = async () => {
      const { disk, files } = await withFile();
      await twoWrites(files);
      return sectorsOf(disk.crash('random', chance(7)), 'f');
    };
    expect(await left()).toBe(await left());
  });
});

describe('names', () => {
  const survivors = (disk: SimDisk, policy: CutPolicy, seed = 1) => [
    ...disk.crash(policy, chance(seed)).files().keys(),
  ];

  it('are lost with their bytes until their directory is synced, though the file was synced', async () => {
    const disk = new SimDisk();
    const files = new Files(driven(disk));
    await files.makeDirectory('d');
    await files.syncDirectory('');
    const file = await files.make('d/f', 'text');
    await files.sync(file);
    await files.syncDirectory('');
    expect(survivors(disk, 'none')).toEqual([]);
    const kept = new SimDisk({ from: disk });
    expect(kept.files().size).toBe(1);
    const again = new Files(driven(kept));
    await again.make('d/g', '');
    await again.syncDirectory('d');
    expect(survivors(kept, 'none')).toEqual(['d/f', 'd/g']);
  });

  it('a rename is kept whole, or not at all', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const { disk, files } = await withFile();
      await files.rename('f', 'g');
      seen.add(survivors(disk, 'random', seed).join());
    }
    expect([...seen].sort()).toEqual(['f', 'g']);
  });

  it('a new file of an old name is there only if the old one has moved', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { disk, files } = await withFile();
      await files.rename('f', 'g');
      await files.sync(await files.make('f', 'new'));
      const after = disk.crash('random', chance(seed));
      expect(['f', 'g'].map((name) => sectorsOf(after, name))).toContain('aaa');
    }
  });

  it('that were removed may come back, with what was synced', async () => {
    const { disk, files } = await withFile();
    await files.remove('f');
    expect(disk.files().size).toBe(0);
    expect(sectorsOf(disk.crash('none', chance()), 'f')).toBe('aaa');
  });

  it('of a directory that is lost are lost with it', async () => {
    const disk = new SimDisk();
    const files = new Files(driven(disk));
    await files.makeDirectory('d');
    await files.sync(await files.make('d/f', 'text'));
    await files.syncDirectory('d');
    expect(survivors(disk, 'none')).toEqual([]);
    expect(survivors(disk, 'all')).toEqual(['d/f']);
  });
});

describe('faults', () => {
  const once = (kind: string, fault: DiskFault) => {
    let isLeft = true;
    return (operation: { readonly kind: string }) => {
      if (!isLeft || operation.kind !== kind) return null;
      isLeft = false;
      return fault;
    };
  };

  it('after a failed sync the next one succeeds, and what was written before is lost all the same', async () => {
    const { disk, files, file } = await withFile();
    await files.write(file, [sector('b')], 0);
    disk.faults = once('sync', { tag: 'fail', code: 'EIO' });
    expect(await files.sync(file)).toBe('EIO');
    await files.write(file, [sector('c')], 512);
    expect(await files.sync(file)).toBe(true);
    expect(sectorsOf(disk, 'f')).toBe('bca');
    for (const policy of CUT_POLICIES) {
      expect(sectorsOf(new SimDisk({ from: disk }), 'f')).toBe('bca');
      expect(sectorsOf(disk.crash(policy, chance()), 'f')).toBe('aca');
    }
  });

  it('what a failed sync has forgotten is written when its sector is written again', async () => {
    const { disk, files, file } = await withFile();
    await files.write(file, [bytesOf('b'.repeat(256))], 0);
    disk.faults = once('sync', { tag: 'fail', code: 'EIO' });
    await files.sync(file);
    await files.write(file, [bytesOf('b'.repeat(256))], 256);
    expect(sectorsOf(new SimDisk({ from: disk }), 'f')).toBe('baa');
    await files.sync(file);
    expect(sectorsOf(disk.crash('none', chance()), 'f')).toBe('baa');
  });

  it('what a failed sync has forgotten survives with what was written to its sector later', async () => {
    const { disk, files, file } = await withFile();
    await files.write(file, [bytesOf('b'.repeat(256))], 0);
    disk.faults = once('sync', { tag: 'fail', code: 'EIO' });
    await files.sync(file);
    await files.write(file, [bytesOf('b'.repeat(256))], 256);
    expect(sectorsOf(disk.crash('all', chance()), 'f')).toBe('baa');
  });

  it('a sync that lies makes nothing durable', async () => {
    const { disk, files, file } = await withFile();
    await files.write(file, [sector('b')], 0);
    disk.faults = once('sync', { tag: 'lie' });
    expect(await files.sync(file)).toBe(true);
    expect(sectorsOf(disk.crash('none', chance()), 'f')).toBe('aaa');
    expect(await files.sync(file)).toBe('EIO');
  });

  it('a write that fails may have written its beginning', async () => {
    const { disk, files, file } = await withFile();
    disk.faults = once('write', { tag: 'fail', code: 'EIO', writtenBytes: 600 });
    expect(await files.write(file, [sector('b'), sector('c')], 0)).toBe('EIO');
    expect(sectorsOf(disk, 'f')).toBe('b?a');
  });

  it('a full disk takes what fits, and has room again when something is removed', async () => {
    const { disk, files, file } = await withFile();
    disk.capacityBytes = 4 * 512;
    expect(await files.freeBytes()).toBe(512);
    expect(await files.write(file, [sector('b', 2)], 3 * 512)).toBe('ENOSPC');
    expect(sectorsOf(disk, 'f')).toBe('aaab');
    expect(await files.truncate(file, 5 * 512)).toBe('ENOSPC');
    expect(await files.write(file, [sector('c', 4)], 0)).toBe(true);
    await files.remove('f');
    await files.make('g', 'x');
    expect(await files.freeBytes()).toBe(4 * 512 - 1);
  });

  it('a read has one bit wrong, and the next one has not', async () => {
    const { disk, files, file } = await withFile();
    disk.faults = once('read', { tag: 'flip', bit: 8 * 3 + 1 });
    expect(await files.read(file, 5, 0)).toEqual(bytesOf('aaaca'));
    expect(await files.read(file, 5, 0)).toEqual(bytesOf('aaaaa'));
  });

  it('a read goes astray, and the next one does not', async () => {
    const { disk, files, file } = await withFile();
    await files.write(file, [sector('b')], 512);
    disk.faults = once('read', { tag: 'astray', byBytes: 510 });
    expect(await files.read(file, 4, 0)).toEqual(bytesOf('aabb'));
    expect(await files.read(file, 4, 0)).toEqual(bytesOf('aaaa'));
  });

  it('of names and of reads are what they say', async () => {
    const { disk, files, file } = await withFile();
    disk.faults = () => ({ tag: 'fail', code: 'EIO' });
    expect(await files.tryOpen('g', 'create')).toBe('EIO');
    expect(await files.rename('f', 'g')).toBe('EIO');
    expect(await files.read(file, 1, 0)).toBe('EIO');
    disk.faults = () => null;
    expect(await files.list('')).toEqual(['f']);
  });
});

describe('the model of the medium', () => {
  type Step = { readonly at: number; readonly length: number; readonly isSynced: boolean };
  const step: fc.Arbitrary<Step> = fc.record({
    at: fc.nat(2_000),
    length: fc.integer({ min: 1, max: 1_200 }),
    isSynced: fc.boolean(),
  });

  it('each byte after a cut is the synced one, or a newer one, or the zero of a hole', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 8 }),
        fc.constantFrom(...CUT_POLICIES),
        fc.nat(),
        async (steps, policy, seed) => {
          const disk = new SimDisk();
          const files = new Files(driven(disk));
          const file = await files.open('f', 'create');
          await files.syncDirectory('');
          const durable = new Uint8Array(4_000);
          const allowed = Array.from({ length: 4_000 }, () => new Set([0]));
          let durableLength = 0;
          let length = 0;
          for (const [index, { at, length: count, isSynced }] of steps.entries()) {
            await files.write(file, [new Uint8Array(count).fill(index + 1)], at);
            length = Math.max(length, at + count);
            for (let place = at; place < at + count; place++) allowed[place].add(index + 1);
            if (!isSynced) continue;
            await files.sync(file);
            durableLength = length;
            durable.set(disk.files().get('f') ?? []);
            for (const [place, values] of allowed.entries()) {
              values.clear();
              values.add(durable[place]);
            }
          }
          const after = disk.crash(policy, chance(seed)).files().get('f') ?? new Uint8Array(0);
          expect(after.length).toBeGreaterThanOrEqual(durableLength);
          expect(after.length).toBeLessThanOrEqual(length);
          if (policy === 'none') expect(after.length).toBe(durableLength);
          if (policy === 'all') expect([...after]).toEqual([...(disk.files().get('f') ?? [])]);
          for (const [place, byte] of after.entries()) if (!allowed[place].has(byte)) throw new Error(`byte ${place}`);
        },
      ),
      { numRuns: 150 },
    );
  });
});
