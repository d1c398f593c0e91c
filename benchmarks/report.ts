// Question: what came out, on one page? Writes RESULTS.md and its charts from one or more saved runs; of a case that is in
// several, the last counts.

import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { chartsOf } from './charts.ts';
import { type CaseResult, ratio, type Summary, spread } from './harness.ts';
import { loadResults, OURS, type ResultFile } from './results.ts';
import { formatNumber, formatRatio, formatSpread } from './table.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const GROUPS: Readonly<Record<string, string>> = {
  runtime: 'Runtime beside the BEAM (one scheduler)',
  broker: 'Broker beside RabbitMQ and the floor',
  scaling: 'How the broker scales',
};
const INTRODUCTION = `# Results

Written by \`npm run bench -- --peers\`, or by \`npm run bench -- --report FILES\` from runs that were saved one by one; do not
edit. Figures are medians, the spread is the distance of the extremes as a
share of the median, and a ratio above 1 means that Warren is better. Each contender is sampled in turns with the others on
the same machine, load generator included; the column "bottleneck" says which side was at its limit. The *floor* is the
simplest program that answers AMQP on one Node thread and keeps no rules: what the machine and the runtime allow.
Where Warren is slower than it wants to be, and why: [LIMITS.md](LIMITS.md).
`;

/** Merges saved runs and writes the page and the charts. Returns the names of the files. */
export function writeReport(paths: readonly string[], directory: string = HERE): readonly string[] {
  const files = paths.map(loadResults);
  const byCase = new Map<string, CaseResult>();
  for (const file of files) for (const each of file.cases) byCase.set(`${each.group} ${each.name}`, each);
  const results = [...byCase.values()];
  const charts = chartsOf(results);
  rmSync(`${directory}/charts`, { recursive: true, force: true });
  mkdirSync(`${directory}/charts`, { recursive: true });
  for (const { file, svg } of charts) writeFileSync(`${directory}/charts/${file}`, svg);
  const images = charts.map(({ file, title }) => `![${title}](charts/${file})\n`);
  const page = [
    INTRODUCTION,
    machineOf(files),
    ...images,
    ...Object.keys(GROUPS).map((group) => section(results, group)),
  ];
  writeFileSync(`${directory}/RESULTS.md`, page.filter((part) => part !== '').join('\n'));
  return ['RESULTS.md', ...charts.map(({ file }) => `charts/${file}`)];
}

function machineOf(files: readonly ResultFile[]): string {
  const lines = new Set(files.map(({ machine, host, takenAt }) => `${machine}; ${host}; ${takenAt.slice(0, 10)}`));
  return `${[...lines].map((each) => `- ${each}`).join('\n')}\n`;
}

function section(results: readonly CaseResult[], group: string): string {
  const cases = results.filter((result) => result.group === group);
  if (cases.length === 0) return '';
  const peers = [...new Set(cases.flatMap(({ summaries }) => summaries.map(({ contender }) => contender)))].filter(
    (name) => name !== OURS,
  );
  const isDetailed = cases.some(({ details }) => details[OURS]?.bottleneck !== undefined);
  const header = ['case', 'what', 'unit', OURS, ...peers.flatMap((peer) => [peer, `vs ${peer}`])];
  if (isDetailed) header.push('bottleneck');
  const rows = cases.map((result) => {
    const { name, question, unit, summaries, details, isLowerBetter } = result;
    const of = (contender: string) => summaries.find((summary) => summary.contender === contender);
    const ours = of(OURS);
    const cells = [name, question, unit, figure(ours)];
    for (const peer of peers) {
      const theirs = of(peer);
      const known = ours !== undefined && theirs !== undefined;
      cells.push(figure(theirs), known ? formatRatio(ratio(ours.median, theirs.median, isLowerBetter)) : '');
    }
    if (isDetailed) cells.push(details[OURS]?.bottleneck ?? '');
    return cells;
  });
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const table = [line(header), line(header.map((_, index) => (index < 3 ? '---' : '---:'))), ...rows.map(line)];
  const failures = cases.flatMap(({ name, failures: why }) =>
    Object.entries(why).map(([contender, text]) => `- no figure: ${name}, ${contender}: ${text}`),
  );
  return [`## ${GROUPS[group]}\n`, ...table, '', ...failures, ''].join('\n');
}

function figure(summary: Summary | undefined): string {
  return summary === undefined ? '' : `${formatNumber(summary.median)} ± ${formatSpread(spread(summary) / 2)}`;
}
