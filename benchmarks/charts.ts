// Question: what does a run look like? SVG charts of saved results, drawn by ECharts without a browser: bars of ratios,
// percentile curves, memory per item, and scaling curves. Readable on light and dark pages.

import { type EChartsOption, init } from 'echarts';
import { type CaseResult, ratio } from './harness.ts';
import { OURS } from './results.ts';

/** A chart as a file. */
export interface Chart {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const WIDTH = 860;
const BAR = 26;
const MARGIN = 110;
const CURVE_HEIGHT = 320;
const COLOURS: Readonly<Record<string, string>> = {
  warren: '#2f6fde',
  rabbitmq: '#e06c3c',
  beam: '#a0398b',
  floor: '#8a8f98',
};
const PERCENTILES = ['p50', 'p90', 'p99', 'p999'];

const medianOf = (result: CaseResult, contender: string) =>
  result.summaries.find((summary) => summary.contender === contender)?.median;

/** All charts that the results have figures for. */
export function chartsOf(results: readonly CaseResult[]): Chart[] {
  return [
    ratios(results, 'runtime', 'beam', 'runtime-vs-beam', 'Runtime: times as good as the BEAM (right of 1 is better)'),
    ratios(
      results,
      'broker',
      'rabbitmq',
      'broker-vs-rabbitmq',
      'Broker: times as good as RabbitMQ (right of 1 is better)',
    ),
    memory(results),
    ...latencies(results),
    ...scaling(results),
  ].filter((chart) => chart !== null);
}

function ratios(
  results: readonly CaseResult[],
  group: string,
  peer: string,
  file: string,
  title: string,
): Chart | null {
  const rows = results
    .filter((result) => result.group === group)
    .flatMap((result) => {
      const ours = medianOf(result, OURS);
      const theirs = medianOf(result, peer);
      if (ours === undefined || theirs === undefined) return [];
      return [{ name: result.name, value: ratio(ours, theirs, result.isLowerBetter) }];
    })
    .reverse();
  if (rows.length === 0) return null;
  const data = rows.map(({ value }) => ({
    value: Number(value.toPrecision(3)),
    itemStyle: { color: value >= 1 ? COLOURS.warren : COLOURS.rabbitmq },
  }));
  return draw(file, title, MARGIN + rows.length * BAR, {
    grid: { left: 210, right: 70, top: 50, bottom: 40 },
    xAxis: { type: 'log', min: 0.1 },
    yAxis: { type: 'category', data: rows.map(({ name }) => name), axisTick: { show: false } },
    series: [{ type: 'bar', data, label: { show: true, position: 'right', formatter: '{c}x' } }],
  });
}

function memory(results: readonly CaseResult[]): Chart | null {
  const rows = results.filter(({ unit, point }) => unit === 'B' && point === undefined).reverse();
  if (rows.length === 0) return null;
  const peers = contendersOf(rows);
  return draw('memory-per-item', 'Bytes per item (shorter is better)', MARGIN + rows.length * BAR * peers.length, {
    legend: { top: 32 },
    grid: { left: 210, right: 80, top: 68, bottom: 40 },
    xAxis: { type: 'log' },
    yAxis: { type: 'category', data: rows.map(({ name }) => name), axisTick: { show: false } },
    series: peers.map((name) => ({
      type: 'bar',
      name,
      itemStyle: { color: COLOURS[name] },
      data: rows.map((row) => Math.round(medianOf(row, name) ?? 0) || null),
      label: { show: true, position: 'right' },
    })),
  });
}

function latencies(results: readonly CaseResult[]): (Chart | null)[] {
  return results.map((result) => {
    const { latencyMs } = result;
    if (result.unit !== 'ms' || latencyMs === undefined) return null;
    const series = Object.entries(latencyMs).map(([name, figures]) =>
      line(
        name,
        PERCENTILES.map((each, index) => [index, figures[each]]),
      ),
    );
    return draw(result.name, `${result.name}: ms by percentile`, CURVE_HEIGHT, {
      legend: { top: 32 },
      grid: { left: 70, right: 40, top: 68, bottom: 40 },
      xAxis: { type: 'category', data: PERCENTILES },
      yAxis: { type: 'log' },
      series,
    });
  });
}

function scaling(results: readonly CaseResult[]): Chart[] {
  const curves = new Map<string, CaseResult[]>();
  for (const result of results) {
    const curve = result.point?.curve;
    if (curve !== undefined) curves.set(curve, [...(curves.get(curve) ?? []), result]);
  }
  return [...curves].map(([curve, points]) => {
    const series = contendersOf(points).map((name) =>
      line(
        name,
        points.map((each, index) => [index, medianOf(each, name) ?? null]),
      ),
    );
    const [{ question, unit }] = points;
    return draw(`scaling-${curve}`, `${question} (${unit})`, CURVE_HEIGHT, {
      legend: { top: 32 },
      grid: { left: 80, right: 40, top: 68, bottom: 40 },
      xAxis: { type: 'category', data: points.map(({ point }) => (point?.x ?? 0).toLocaleString('en')) },
      // What grows by more than a hundred times is a line at the bottom otherwise.
      yAxis: isSteep(points) ? { type: 'log' } : { type: 'value', min: 0 },
      series,
    });
  });
}

function isSteep(points: readonly CaseResult[]): boolean {
  const figures = points.flatMap(({ summaries }) => summaries.map(({ median }) => median));
  return Math.max(...figures) > 100 * Math.min(...figures);
}

function line(name: string, data: (number | null | undefined)[][]) {
  const label = { show: name === OURS, formatter: ({ value }: { value: unknown }) => short(value) };
  return { type: 'line' as const, name, data: data as [number, number][], color: COLOURS[name], label };
}

function short(point: unknown): string {
  const value = Array.isArray(point) ? Number(point[1]) : Number(point);
  return value >= 10_000 ? `${Math.round(value / 1000)}k` : String(Number(value.toPrecision(3)));
}

function contendersOf(results: readonly CaseResult[]): string[] {
  return [...new Set(results.flatMap(({ summaries }) => summaries.map(({ contender }) => contender)))];
}

function draw(file: string, title: string, height: number, option: EChartsOption): Chart {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height });
  try {
    chart.setOption({
      animation: false,
      backgroundColor: '#ffffff',
      title: { text: title, left: 'center', textStyle: { fontSize: 14, width: WIDTH - 40, overflow: 'truncate' } },
      ...option,
    });
    return { file: `${file}.svg`, title, svg: chart.renderToSVGString() };
  } finally {
    chart.dispose();
  }
}
