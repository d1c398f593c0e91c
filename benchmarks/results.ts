// Question: what came out, and what changed since the last time? The tables that the benchmarks print, and the JSON file
// that `--json` writes and `--compare` reads. A file names the machine, because figures of two machines say nothing.

import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import hostProcess from 'node:process';
import { type CaseResult, ratio, type Summary, spread } from './harness.ts';
import { formatNumber, formatRatio, formatSpread, formatTable } from './table.ts';

/** A saved run. */
export interface ResultFile {
  readonly machine: string;
  readonly host: string;
  readonly takenAt: string;
  readonly cases: readonly CaseResult[];
}

/** The contender that is ours in every case. */
export const OURS = 'warren';

/** What the figures were taken on. */
export function describeMachine(): string {
  const cores = cpus();
  return `${cores.length} cores, ${cores[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${hostProcess.platform}`;
}

/** Writes a run. */
export function saveResults(path: string, cases: readonly CaseResult[]): void {
  const file: ResultFile = {
    machine: describeMachine(),
    host: `Node ${hostProcess.versions.node}`,
    takenAt: new Date().toISOString(),
    cases,
  };
  writeFileSync(path, `${JSON.stringify(file, undefined, 2)}\n`);
}

/** Reads a saved run. Throws with the file's name when it is none. */
export function loadResults(path: string): ResultFile {
  const file: unknown = JSON.parse(readFileSync(path, 'utf8'));
  if (typeof file !== 'object' || file === null || !('cases' in file) || !Array.isArray(file.cases)) {
    throw new Error(`${path} holds no benchmark results`);
  }
  return file as ResultFile;
}

const find = (result: CaseResult | undefined, contender: string): Summary | undefined =>
  result?.summaries.find((summary) => summary.contender === contender);

const dash = '-';

/** One line per case: our figure, each peer's, and how we compare. */
export function runtimeTable(results: readonly CaseResult[], before?: ResultFile): string {
  const peers = peersOf(results);
  const header = ['case', OURS, 'spread', ...peers.flatMap((peer) => [peer, 'spread', `vs ${peer}`]), 'unit'];
  if (before !== undefined) header.push('vs before');
  const rows = results.map((result) => {
    const ours = find(result, OURS);
    const cells = [result.name, ...figure(ours)];
    for (const peer of peers) cells.push(...figure(find(result, peer)), versus(ours, find(result, peer), result));
    cells.push(result.unit);
    if (before !== undefined) cells.push(versus(ours, find(sameCase(before, result), OURS), result));
    return cells;
  });
  return withFailures(formatTable(header, rows, ['unit']), results);
}

/** One line per case and contender, with the details of each. `baselines` become the columns "vs ...". */
export function contenderTable(
  results: readonly CaseResult[],
  baselines: readonly string[],
  before?: ResultFile,
): string {
  const present = baselines.filter((name) => results.some((result) => find(result, name) !== undefined));
  const details = [
    ...new Set(results.flatMap((result) => Object.values(result.details).flatMap((each) => Object.keys(each)))),
  ];
  const header = ['case', 'who', 'median', 'spread', 'unit', ...present.map((name) => `vs ${name}`), ...details];
  if (before !== undefined) header.push('vs before');
  const rows = results.flatMap((result) =>
    result.summaries.map((summary, index) => {
      const cells = [index === 0 ? result.name : '', summary.contender, ...figure(summary), result.unit];
      for (const name of present) cells.push(versus(summary, find(result, name), result));
      for (const detail of details) cells.push(result.details[summary.contender]?.[detail] ?? dash);
      if (before !== undefined) {
        cells.push(versus(summary, find(sameCase(before, result), summary.contender), result));
      }
      return cells;
    }),
  );
  return withFailures(formatTable(header, rows, ['who', 'unit', 'bottleneck']), results);
}

function peersOf(results: readonly CaseResult[]): string[] {
  const names = results.flatMap((result) => result.summaries.map((summary) => summary.contender));
  return [...new Set(names)].filter((name) => name !== OURS);
}

function sameCase(file: ResultFile, wanted: CaseResult): CaseResult | undefined {
  return file.cases.find((each) => each.group === wanted.group && each.name === wanted.name);
}

function figure(summary: Summary | undefined): [string, string] {
  return summary === undefined ? [dash, dash] : [formatNumber(summary.median), formatSpread(spread(summary))];
}

function versus(ours: Summary | undefined, theirs: Summary | undefined, result: CaseResult): string {
  if (ours === undefined || theirs === undefined || ours === theirs) return dash;
  return formatRatio(ratio(ours.median, theirs.median, result.isLowerBetter));
}

function withFailures(table: string, results: readonly CaseResult[]): string {
  const lines = results.flatMap((result) =>
    Object.entries(result.failures).map(([contender, text]) => `no figure: ${result.name}, ${contender}: ${text}`),
  );
  return [table, ...lines].join('\n');
}
