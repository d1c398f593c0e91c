// A message-sequence chart as an SVG document of its own: no script, no outside style. An arrow that slopes was on its
// way while other things happened.
import type { Chart, Row } from './chart.ts';

type Drawing = Pick<Chart, 'lanes' | 'rows' | 'omitted'>;

const LANE_WIDTH = 150;
const ROW_HEIGHT = 24;
const HEAD_HEIGHT = 56;
const LEFT = 110;
const RIGHT = 340;
const BOTTOM = 20;

/** Arrows by what they carry. */
const COLOURS = { message: '#1d4ed8', signal: '#b45309', spawn: '#047857' };
const STYLE = [
  'text{font:12px ui-monospace,monospace;fill:#1f2937}',
  '.lane{stroke:#9ca3af;stroke-width:1}',
  '.head{font-weight:bold;text-anchor:middle}',
  '.title{fill:#6b7280;text-anchor:middle}',
  '.step{fill:#6b7280;text-anchor:end}',
  `.message{stroke:${COLOURS.message};stroke-width:1.5}`,
  `.signal{stroke:${COLOURS.signal};stroke-width:1.5;stroke-dasharray:5 3}`,
  `.spawn{stroke:${COLOURS.spawn};stroke-width:1.5;stroke-dasharray:2 3}`,
  '.time{stroke:#d1d5db;stroke-dasharray:2 4}',
  '.mark{fill:none;stroke:#b91c1c;stroke-width:2}',
  '.deviation{fill:#fef3c7}',
].join('');

/** Draws a chart as an SVG document. */
export function drawSvg({ lanes, rows, omitted }: Drawing): string {
  const width = LEFT + lanes.length * LANE_WIDTH + RIGHT;
  const height = HEAD_HEIGHT + (rows.length + 1) * ROW_HEIGHT + BOTTOM;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    '<title>Message-sequence chart of a simulated run</title>',
    `<style>${STYLE}</style>`,
    `<defs>${Object.entries(COLOURS).map(arrowHead).join('')}</defs>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...rows.flatMap((row, index) => (row.isDeviation ? [band(index, width)] : [])),
    ...lanes.map((_, lane) => laneLine(lane, rows, height)),
    ...lanes.flatMap(({ path, title }, lane) => [
      text(xOf(lane), 24, path, 'head'),
      text(xOf(lane), 42, title, 'title'),
    ]),
    ...(omitted > 0 ? [text(12, HEAD_HEIGHT + 4, `... ${omitted} earlier events are left out`, '')] : []),
    ...rows.flatMap((row, index) => drawRow(row, index, rows, lanes.length)),
    '</svg>',
  ];
  return `${parts.join('\n')}\n`;
}

/** A head of its own for each colour: not every viewer lets it take that of its line. */
function arrowHead([kind, colour]: readonly [string, string]): string {
  const shape = `<path d="M0,0L9,4L0,8z" fill="${colour}"/>`;
  return `<marker id="head-${kind}" markerWidth="9" markerHeight="9" refX="8" refY="4" orient="auto">${shape}</marker>`;
}

function xOf(lane: number): number {
  return LEFT + lane * LANE_WIDTH + LANE_WIDTH / 2;
}

function yOf(index: number): number {
  return HEAD_HEIGHT + (index + 1) * ROW_HEIGHT;
}

function band(index: number, width: number): string {
  return `<rect class="deviation" x="0" y="${yOf(index) - ROW_HEIGHT / 2}" width="${width}" height="${ROW_HEIGHT}"/>`;
}

/** From where its process is spawned to where it ends. */
function laneLine(lane: number, rows: readonly Row[], height: number): string {
  const born = rows.findIndex(({ kind, to }) => kind === 'spawn' && to === lane);
  const died = rows.findIndex(({ kind, to }) => kind === 'exit' && to === lane);
  const top = born < 0 ? HEAD_HEIGHT - 4 : yOf(born);
  const bottom = died < 0 ? height - BOTTOM : yOf(died);
  return line(xOf(lane), top, xOf(lane), bottom, 'lane');
}

function drawRow(row: Row, index: number, rows: readonly Row[], lanes: number): string[] {
  const { from, to, kind, isDeviation } = row;
  const y = yOf(index);
  const labelX = LEFT + lanes * LANE_WIDTH + 12;
  const parts = [
    text(LEFT - 8, y + 4, `${isDeviation ? '* ' : ''}${row.step}`, 'step'),
    text(labelX, y + 4, row.text, ''),
  ];
  if (kind === 'time') parts.push(line(LEFT, y, LEFT + lanes * LANE_WIDTH, y, 'time'));
  if (from !== null && to !== null && from !== to) {
    const startY = yOf(sendingRow(row, index, rows));
    const gap = from < to ? -2 : 2;
    parts.push(line(xOf(from), startY, xOf(to) + gap, y, kind, ` marker-end="url(#head-${kind})"`));
  } else if (to !== null) parts.push(mark(row, xOf(to), y));
  return parts;
}

/** The last row that is not behind the sending; arrows of what came at once are level. */
function sendingRow({ sentStep, kind }: Row, index: number, rows: readonly Row[]): number {
  if (sentStep < 0 || kind === 'spawn') return index;
  let at = index;
  while (at > 0 && rows[at - 1].step > sentStep) at--;
  return at;
}

function mark({ kind }: Row, x: number, y: number): string {
  if (kind !== 'exit' && kind !== 'fault') return `<circle class="mark" cx="${x}" cy="${y}" r="4"/>`;
  return `<path class="mark" d="M${x - 5},${y - 5}l10,10m0,-10l-10,10"/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, style: string, more = ''): string {
  return `<line class="${style}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"${more}/>`;
}

function text(x: number, y: number, words: string, style: string): string {
  return `<text x="${x}" y="${y}"${style === '' ? '' : ` class="${style}"`}>${escaped(words)}</text>`;
}

/** What a program says must not become part of the document; characters that XML does not know are shown as one dot. */
function escaped(words: string): string {
  return words
    .replace(/[^\P{C}\t]/gu, '·')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
