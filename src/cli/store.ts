// `warren store verify|dump|compact DIR`: the log of a broker that does not run, for people who must look.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { hostDisk, lockDataDir } from '../env/host/index.ts';
import type { Disk, DiskDone, DiskFailure } from '../env/index.ts';
import {
  type CompactReport,
  compactLog,
  type DumpedRecord,
  dumpLog,
  type LogReport,
  type SegmentReport,
  verifyLog,
} from '../storage/index.ts';

/** What can be done, and how the help calls it. */
const ACTIONS = {
  verify: 'read every byte of a log and say what is damaged; changes nothing',
  dump: 'print every record of a log, one per line; changes nothing',
  compact: 'remove from a log what is dead',
} as const;

/** A look at the log of a data directory. */
export interface StoreLook {
  readonly action: keyof typeof ACTIONS;
  readonly dir: string;
}

/** Thrown for a log that is not there or cannot be read; the message is one clear line. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}

/** Adds `store` with its actions to the program; `look` is called with what was asked for. */
export function addStoreCommands(program: Command, look: (asked: StoreLook) => void): void {
  const store = program.command('store').description('look at the log of a broker that does not run');
  for (const [action, text] of Object.entries(ACTIONS)) {
    store
      .command(action)
      .argument('<dir>', 'the data directory')
      .description(text)
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .action((dir: string) => look({ action: action as StoreLook['action'], dir }));
  }
}

/**
 * Looks at a log, which no broker may use meanwhile; returns whether it is sound. Rejects with {@link StoreError}, and
 * with DataDirError for a directory that is in use.
 */
export async function lookAtStore({ action, dir }: StoreLook, print: (line: string) => void): Promise<boolean> {
  if (!existsSync(join(dir, 'log'))) throw new StoreError(`there is no log in ${dir}`);
  const unlock = lockDataDir(dir);
  try {
    const disk = hostDisk(dir);
    if (action === 'verify') return printReport(await settled<LogReport>((done) => verifyLog(disk, {}, done)), print);
    if (action === 'dump') {
      await settled<true>((done) => dumpLog(disk, {}, (record) => print(lineOf(record)), done));
      return true;
    }
    const { bytesBefore, bytesAfter, segments } = await compacted(disk, print);
    print(`${bytesBefore} bytes before, ${bytesAfter} after, in ${segments} segments`);
    return true;
  } finally {
    unlock();
  }
}

function compacted(disk: Disk, print: (line: string) => void): Promise<CompactReport> {
  const report = (event: string, data: Readonly<Record<string, unknown>>): void =>
    print(`${event} ${JSON.stringify(data)}`);
  return settled<CompactReport>((done) => compactLog(disk, {}, report, done));
}

function settled<T>(operation: (done: DiskDone<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    operation((result) => {
      if (result.ok) resolve(result.value);
      else reject(new StoreError(lineOfFailure(result.failure)));
    });
  });
}

/** The host's own texts begin with the code. */
function lineOfFailure({ code, text }: DiskFailure): string {
  return code === 'EFORMAT' || text.startsWith(code) ? text : `${code}: ${text}`;
}

function printReport({ segments, rows, quarantine, isSound }: LogReport, print: (line: string) => void): boolean {
  for (const segment of segments) for (const line of linesOf(segment)) print(line);
  const messages = rows.reduce((sum, { count }) => sum + count, 0);
  print(`${rows.length} rows with ${messages} live messages`);
  for (const name of quarantine) print(`in quarantine: ${name}`);
  print(isSound ? 'the log is sound' : 'the log is damaged');
  return isSound;
}

function* linesOf(report: SegmentReport): Generator<string> {
  const { segment, bytes, messages, hasHeader, index, damages, tornBytes, problem } = report;
  yield `segment ${segment}: ${bytes} bytes, ${messages} messages, index ${index}`;
  if (!hasHeader) yield `  its header is damaged`;
  if (problem !== null) yield `  ${problem}`;
  for (const { from, to } of damages) yield `  bytes ${from} to ${to} are damaged`;
  if (tornBytes > 0) yield `  the last ${tornBytes} bytes were torn off by a crash; the next start removes them`;
}

function lineOf({ segment, offset, kind, row, sequence, bytes, pairs }: DumpedRecord): string {
  const named = pairs.map(([first, second]) => ` ${first}-${second}`).join('');
  return `${segment}:${offset} ${kind} row ${row} sequence ${sequence} ${bytes} bytes${named}`;
}
