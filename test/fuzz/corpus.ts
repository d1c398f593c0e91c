// The corpus: one short input for each way in which reading can end, as lines of `how it ends | bytes as hex`. Made by
// `node test/fuzz/corpus.ts`, kept in the repository, and read by every run.
import { readFileSync, writeFileSync } from 'node:fs';
import hostProcess from 'node:process';
import { fileURLToPath } from 'node:url';
import { inputOf } from './inputs.ts';
import { findings } from './oracle.ts';

const FILE = fileURLToPath(new URL('./corpus.txt', import.meta.url));
const INPUTS = 40_000;
const ENTRIES_MAX = 160;

export interface CorpusEntry {
  readonly ending: string;
  readonly bytes: Buffer;
}

/** All entries. */
export function readCorpus(): CorpusEntry[] {
  return readFileSync(FILE, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [ending, hex] = line.split(' | ');
      return { ending, bytes: Buffer.from(hex, 'hex') };
    });
}

/** The last thing that was found in the bytes, without what differs from one input to the next. */
export function endingOf(bytes: Buffer): string {
  const last = findings(bytes, [], false).at(-1) ?? 'nothing';
  return last
    .replace(/<<.*?(>>|$)/, '<<...>>')
    .replace(/^\d+ /, '')
    .replace(/\d+/g, 'N')
    .slice(0, 90);
}

function make(): void {
  const shortest = new Map<string, Buffer>();
  for (let number = 0; number < INPUTS; number++) {
    const bytes = Buffer.concat(inputOf(1, number).frames);
    const ending = endingOf(bytes);
    if (bytes.length < (shortest.get(ending)?.length ?? 4_000)) shortest.set(ending, bytes);
  }
  const lines = [...shortest].slice(0, ENTRIES_MAX).map(([ending, bytes]) => `${ending} | ${bytes.toString('hex')}`);
  writeFileSync(FILE, `${lines.sort().join('\n')}\n`);
  hostProcess.stdout.write(`${lines.length} entries\n`);
}

if (hostProcess.argv[1] === fileURLToPath(import.meta.url)) make();
