// What the store's cases share: a directory of their own, a log on the host's disk, writers that wait for their own
// record before the next.
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostDisk } from '../../src/env/host/index.ts';
import { type LogOptions, SegmentLog } from '../../src/storage/index.ts';

/** Lets `use` work in a new directory, and removes it. */
export async function withDirectory<T>(use: (directory: string) => Promise<T>): Promise<T> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'warren-store-'));
  try {
    return await use(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** Opens a log in a directory; whatever goes wrong is thrown. */
export function openLog(directory: string, options: LogOptions = {}): Promise<SegmentLog> {
  const listener = {
    failed: ({ text }: { text: string }) => {
      throw new Error(text);
    },
    full: () => {
      throw new Error('the disk is full');
    },
    report: () => {},
  };
  return new Promise((resolve, reject) => {
    SegmentLog.open(hostDisk(directory), options, listener, (result) => {
      if (result.ok) resolve(result.value);
      else reject(new Error(result.failure.text));
    });
  });
}

export function closeLog(log: SegmentLog): Promise<void> {
  return new Promise((resolve, reject) => {
    log.close((result) => (result.ok ? resolve() : reject(new Error(result.failure.text))));
  });
}

/** Writers that each wait for their own record before the next one, for a while; says how many a second were safe. */
export function writeFor(
  milliseconds: number,
  writers: number,
  append: (writer: number, done: () => void) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const start = performance.now();
    let count = 0;
    let active = writers;
    for (let writer = 0; writer < writers; writer++) {
      const next = (): void => {
        if (performance.now() - start < milliseconds) {
          append(writer, () => {
            count++;
            next();
          });
          return;
        }
        active--;
        if (active === 0) resolve((count * 1_000) / (performance.now() - start));
      };
      next();
    }
  });
}

/** Bytes of all files below a directory. */
export function bytesIn(directory: string): number {
  let bytes = 0;
  for (const entry of fs.readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += fs.statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
