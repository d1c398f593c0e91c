// A chart as a file, to look at in a browser or to keep with a bug report.
import { writeFileSync } from 'node:fs';
import type { ChartOptions, SimResult } from '../simulation/index.ts';

/** Writes the chart of a run to `path` as an SVG document. Throws what the file system throws. */
export function writeChart(path: string, result: SimResult<unknown>, options?: ChartOptions): void {
  writeFileSync(path, result.chart(options).svg);
}
