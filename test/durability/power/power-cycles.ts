// Cuts the power of the real process, as far as its files can tell: a preloaded library reverts what no sync has covered,
// sector by sector, and kills. What the disk had promised has to be there afterwards (B1), and a disk that lies about its
// syncs has to be caught.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrokerProcess, startBrokerProcess } from '../../support/command.ts';
import { type CycleResult, drain, load, newBook, random, resultOf } from '../kill-cycles.ts';

const SOURCE = fileURLToPath(new URL('./power.c', import.meta.url));
/** Writes, syncs and changes of names in which the cut falls. */
const EVENTS = 120;
const LOAD_MS = 700;
/** The end of a socket is seen before the end of its process. */
const END_MS = 2_000;

/** Whether there is a compiler for the preloaded library. */
export function hasCompiler(): boolean {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return process.platform === 'linux';
  } catch {
    return false;
  }
}

export interface PowerOptions {
  readonly cuts: number;
  readonly seed: number;
  readonly lies?: boolean;
}

/** Compiles the library; returns where it is, and the environment that preloads it for a data directory. */
export function preload(
  home: string,
): (dataDir: string, more: Readonly<Record<string, string>>) => Record<string, string> {
  const library = join(home, 'power.so');
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread']);
  return (dataDir, more) => {
    // Where removed files wait for the sync that makes their removal last.
    mkdirSync(`${dataDir}.power`, { recursive: true });
    return { LD_PRELOAD: library, WARREN_POWER_DIR: dataDir, ...more };
  };
}

export async function runCuts({
  cuts,
  seed,
  lies = false,
}: PowerOptions): Promise<CycleResult & { readonly cut: number }> {
  const home = mkdtempSync(join(tmpdir(), 'warren-power-'));
  const dataDir = join(home, 'data');
  const environment = preload(home);
  mkdirSync(dataDir);
  const options = ['--amqp-port', '0', '--data-dir', dataDir, '--threads', '0', '--log-level', 'error'];
  const book = newBook();
  const next = random(seed);
  let cut = 0;
  try {
    for (let cycle = 0; cycle < cuts; cycle++) {
      const env = environment(dataDir, {
        WARREN_POWER_CUT: String(1 + Math.floor(next() * EVENTS)),
        WARREN_POWER_SEED: String(1 + Math.floor(next() * 1_000_000)),
        ...(lies ? { WARREN_POWER_LIE: '1' } : {}),
      });
      const node = await startBrokerProcess(options, { env }).catch(() => null);
      // A cut while it starts is one too.
      cut++;
      if (node !== null) await loadUntilCut(node, book, cycle, next);
    }
    await using node = await startBrokerProcess(options);
    await drain(node, book);
    await node.command.end();
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
  return { ...resultOf(book), cut };
}

async function loadUntilCut(
  node: BrokerProcess,
  book: ReturnType<typeof newBook>,
  cycle: number,
  next: () => number,
): Promise<void> {
  try {
    await load(node, book, cycle, LOAD_MS, next);
  } catch (error) {
    // The power went while the load was being set up.
    await Promise.race([node.command.ended, new Promise((resolve) => setTimeout(resolve, END_MS))]);
    if (node.command.isRunning) throw error;
  }
  await node.command.end('SIGKILL');
}
