// The lock of a data directory, with real processes: never two that hold it, and none that is kept out by a dead one.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DataDirError, lockDataDir } from '../../../src/env/host/index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'warren-lock-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** No process has such a number. */
const NOBODY = 2 ** 30;
const MODULE = fileURLToPath(new URL('../../../src/env/host/data-dir.ts', import.meta.url));
const ROUNDS = 25;
const ROUND_MS = 40;
const RACERS = 6;

/** Tries each directory at its own moment, the same for all racers, and keeps what it gets until all have tried. */
const RACER = `
  import { lockDataDir } from ${JSON.stringify(MODULE)};
  const [root, startMs] = [process.argv[1], Number(process.argv[2])];
  const got = [];
  for (let round = 0; round < ${ROUNDS}; round++) {
    while (Date.now() < startMs + round * ${ROUND_MS});
    try { lockDataDir(root + '/' + round); got.push(round); } catch (error) { if (error.name !== 'DataDirError') throw error; }
  }
  process.stdout.write(JSON.stringify(got) + '\\n');
  process.stdin.resume();
`;

/** By round, how many hold the lock when all have tried and all still live. */
async function race(): Promise<number[]> {
  const startMs = String(Date.now() + 1_500);
  const racers = Array.from({ length: RACERS }, () =>
    spawn(process.execPath, ['--input-type=module', '-e', RACER, root, startMs], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  try {
    const lines = await Promise.all(
      racers.map(
        ({ stdout }) =>
          new Promise<string>((resolve) => {
            let text = '';
            stdout.on('data', (more: Buffer) => {
              text += more.toString();
              if (text.endsWith('\n')) resolve(text);
            });
            stdout.on('close', () => resolve(text));
          }),
      ),
    );
    const got = lines.flatMap((line) => JSON.parse(line) as number[]);
    return Array.from({ length: ROUNDS }, (_, round) => got.filter((each) => each === round).length);
  } finally {
    for (const racer of racers) racer.kill('SIGKILL');
  }
}

describe('a data directory', () => {
  test('is locked by one of several processes that start at the same time, where nobody was before', async () => {
    expect(await race()).toEqual(new Array(ROUNDS).fill(1));
  }, 30_000);

  test('is locked by one of several that find the lock of a dead process at the same time', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      mkdirSync(join(root, String(round)));
      writeFileSync(join(root, String(round), 'warren.lock'), `${NOBODY}\n`);
    }
    expect(await race()).toEqual(new Array(ROUNDS).fill(1));
  }, 30_000);

  test('is not kept locked by a process of before the machine was started again, though its number lives', () => {
    const file = join(root, 'warren.lock');
    writeFileSync(file, `${process.ppid}\n`);
    expect(() => lockDataDir(root)).toThrow(`locked by process ${process.ppid}`);
    if (!existsSync('/proc/sys/kernel/random/boot_id')) return;
    writeFileSync(file, `${process.ppid}\nanother-run-of-the-machine\n`);
    lockDataDir(root)();
  });

  test('is taken over where a start was killed while it took over, and where a lock is empty', () => {
    writeFileSync(join(root, 'warren.lock'), '');
    writeFileSync(join(root, 'warren.lock.takeover'), `${NOBODY}\n`);
    const unlock = lockDataDir(root);
    expect(readFileSync(join(root, 'warren.lock'), 'utf8')).toMatch(new RegExp(`^${process.pid}\n`));
    expect(readdirSync(root)).toEqual(['warren.lock']);
    expect(() => lockDataDir(root)).toThrow(DataDirError);
    unlock();
    expect(readdirSync(root)).toEqual([]);
  });

  test('a directory in the place of the lock is refused by its name', () => {
    mkdirSync(join(root, 'warren.lock'));
    expect(() => lockDataDir(root)).toThrow(`cannot read ${join(root, 'warren.lock')}: EISDIR`);
    expect(readdirSync(root)).toEqual(['warren.lock']);
  });
});
