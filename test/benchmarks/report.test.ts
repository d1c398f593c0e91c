// The page of results: made from saved runs, the later one counting, with a chart for each kind of figure.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CaseResult, summarize } from '../../benchmarks/harness.ts';
import { writeReport } from '../../benchmarks/report.ts';
import { saveResults } from '../../benchmarks/results.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'warren-report-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function result(group: string, name: string, unit: string, figures: Record<string, number>, more = {}): CaseResult {
  const summaries = Object.entries(figures).map(([contender, median]) => summarize(contender, [median]));
  const isLowerBetter = unit !== 'msgs/s';
  return { group, name, question: `q ${name}`, unit, isLowerBetter, summaries, failures: {}, details: {}, ...more };
}

const saved = (name: string, cases: readonly CaseResult[]) => {
  const path = join(directory, name);
  saveResults(path, cases);
  return path;
};

it('says of every case how it compares, and draws bars, percentiles, memory and curves', () => {
  const latencyMs = {
    warren: { p50: 0.2, p90: 0.3, p99: 1, p999: 4 },
    rabbitmq: { p50: 0.4, p90: 0.5, p99: 2, p999: 9 },
  };
  const files = writeReport(
    [
      saved('1.json', [
        result('runtime', 'ring', 'msgs/s', { warren: 400, beam: 100 }),
        result('broker', 'auto-ack', 'msgs/s', { warren: 900, rabbitmq: 100, floor: 1_000 }),
        result('broker', 'latency-1k', 'ms', { warren: 0.2, rabbitmq: 0.4 }, { latencyMs }),
        result('broker', 'backlog-memory', 'B', { warren: 1_000, rabbitmq: 2_000 }),
        result('scaling', 'size-16', 'us/msg', { warren: 1 }, { point: { curve: 'size', x: 16 } }),
        result('scaling', 'size-256', 'us/msg', { warren: 2 }, { point: { curve: 'size', x: 256 } }),
      ]),
      saved('2.json', [
        result('runtime', 'ring', 'msgs/s', { warren: 500, beam: 100 }, { failures: { other: 'gone' } }),
      ]),
    ],
    directory,
  );
  const page = readFileSync(join(directory, 'RESULTS.md'), 'utf8');
  expect(page).toContain('| ring | q ring | msgs/s | 500 ± 0% | 100 ± 0% | 5.00x |');
  expect(page).toContain('| 900 ± 0% | 100 ± 0% | 9.00x | 1000 ± 0% | 0.90x |');
  expect(page).toContain('| 0.200 ± 0% | 0.400 ± 0% | 2.00x |');
  expect(page).toContain('- no figure: ring, other: gone');
  const charts = readdirSync(join(directory, 'charts'));
  expect(charts.sort()).toEqual(
    ['broker-vs-rabbitmq', 'latency-1k', 'memory-per-item', 'runtime-vs-beam', 'scaling-size'].map(
      (name) => `${name}.svg`,
    ),
  );
  expect(files).toEqual(['RESULTS.md', ...files.slice(1)]);
  for (const chart of charts) {
    expect(page).toContain(`(charts/${chart})`);
    expect(readFileSync(join(directory, 'charts', chart), 'utf8')).toMatch(/^<svg[\s\S]*<\/svg>$/);
  }
  expect(readFileSync(join(directory, 'charts', 'runtime-vs-beam.svg'), 'utf8')).toContain('5x');
});

it('leaves out charts without figures, and names a file that holds no results', () => {
  expect(writeReport([saved('1.json', [result('broker', 'alone', 'msgs/s', { warren: 1 })])], directory)).toEqual([
    'RESULTS.md',
  ]);
  expect(() => writeReport([join(directory, 'RESULTS.md')])).toThrow();
});
