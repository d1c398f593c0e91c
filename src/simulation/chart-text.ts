// A message-sequence chart in characters: one column per process, `o--->` for what arrives, X for an end. A star marks
// where the run left the FIFO order.
import type { Chart, Lane, Row } from './chart.ts';

type Drawing = Pick<Chart, 'lanes' | 'rows' | 'omitted'>;

const WIDTH_MIN = 10;
const WIDTH_MAX = 18;
/** The columns of all lanes together are about this wide. */
const LANES_WIDTH = 108;

/** Draws a chart as lines. */
export function drawText({ lanes, rows, omitted }: Drawing): string {
  const width = widthFor(lanes);
  const lines = [head(lanes, width, ({ path }) => path), head(lanes, width, ({ title }) => title)];
  if (omitted > 0) lines.push(`${' '.repeat(MARGIN)}... ${omitted} earlier events are left out`);
  const isLive = livesAtFirst(lanes, rows);
  for (const row of rows) {
    lines.push(drawRow(row, rows, isLive, width));
    if (row.kind === 'spawn' && row.to !== null) isLive[row.to] = true;
    if (row.kind === 'exit' && row.to !== null) isLive[row.to] = false;
  }
  return lines.map((line) => line.trimEnd()).join('\n');
}

const MARGIN = 17;

function head(lanes: readonly Lane[], width: number, textOf: (lane: Lane) => string): string {
  const columns = lanes.map((lane) => centred(textOf(lane), width));
  return ' '.repeat(MARGIN) + columns.join('');
}

function widthFor(lanes: readonly Lane[]): number {
  const longest = Math.max(WIDTH_MIN, ...lanes.map(({ path, title }) => Math.max(path.length, title.length) + 2));
  return Math.min(longest, WIDTH_MAX, Math.max(WIDTH_MIN, Math.floor(LANES_WIDTH / Math.max(1, lanes.length))));
}

/** The end of a path tells more than its start. */
function centred(text: string, width: number): string {
  const shown = text.length > width - 1 ? `~${text.slice(text.length - width + 2)}` : text;
  const left = Math.floor((width - shown.length) / 2);
  return ' '.repeat(left) + shown.padEnd(width - left);
}

/** Lanes whose process is not spawned within the chart live from its first row on. */
function livesAtFirst(lanes: readonly Lane[], rows: readonly Row[]): boolean[] {
  return lanes.map((_, lane) => !rows.some(({ kind, to }) => kind === 'spawn' && to === lane));
}

function drawRow(row: Row, rows: readonly Row[], isLive: readonly boolean[], width: number): string {
  const { from, to, isDeviation } = row;
  const cells = [...' '.repeat(isLive.length * width)];
  const middle = (lane: number): number => lane * width + Math.floor((width - 1) / 2);
  for (const [lane, lives] of isLive.entries()) if (lives) cells[middle(lane)] = row.kind === 'time' ? ':' : '|';
  if (from !== null && to !== null && from !== to) arrow(cells, middle(from), middle(to), row.kind === 'spawn');
  else if (to !== null) cells[middle(to)] = markOf(row);
  const step = `${isDeviation ? '*' : ' '}${row.step}`.padStart(6);
  const time = row.nowMs < 0 ? '' : `${row.nowMs.toFixed(0)} ms`;
  return `${step} ${time.padStart(9)} ${cells.join('')} ${labelOf(row, rows)}`;
}

function markOf({ kind }: Row): string {
  if (kind === 'exit' || kind === 'fault') return 'X';
  return kind === 'run' ? '#' : '@';
}

function arrow(cells: string[], from: number, to: number, isSpawn: boolean): void {
  const [left, right] = from < to ? [from, to] : [to, from];
  for (let at = left + 1; at < right; at++) cells[at] = isSpawn ? '.' : '-';
  cells[from] = 'o';
  if (isSpawn) cells[to] = '+';
  else cells[from < to ? to - 1 : to + 1] = from < to ? '>' : '<';
}

/** The text, with the step of sending where something else has happened since. */
function labelOf({ text, sentStep, step }: Row, rows: readonly Row[]): string {
  const isLate = sentStep >= 0 && rows.some((other) => other.step > sentStep && other.step < step);
  return isLate ? `${text} (sent at ${sentStep})` : text;
}
