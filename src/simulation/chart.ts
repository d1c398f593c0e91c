// A run as a message-sequence chart: processes are lanes, named by spawn path, time goes down. This is the chart as
// data; chart-text.ts and chart-svg.ts draw it. Runs without a message are left out, but for those that the schedule
// chose to come early; so is the bookkeeping of links and monitors.
import type { Signal } from '../process/index.ts';
import { checkOptions, describe, formatReason } from '../term/index.ts';
import { drawSvg } from './chart-svg.ts';
import { drawText } from './chart-text.ts';
import type { Fault } from './faults.ts';
import { describeChoice, describeSignal, type HistoryEvent } from './history.ts';
import type { Pair, Seat } from './seat.ts';
import type { World } from './world.ts';

export interface ChartOptions {
  /** The last so many rows are drawn; a note tells how many were before them. Default 40. */
  readonly rows?: number;
  /** Draws links, monitors and runs too. Default false. */
  readonly everything?: boolean;
}

/** The lane of one process. */
export interface Lane {
  readonly path: string;
  readonly title: string;
}

/** One row: an arrow between two lanes, a mark on one, or a line across all when both are null. */
export interface Row {
  readonly step: number;
  readonly nowMs: number;
  readonly kind: 'message' | 'signal' | 'exit' | 'spawn' | 'run' | 'time' | 'fault' | 'note';
  readonly from: number | null;
  readonly to: number | null;
  readonly text: string;
  /** The step in which what arrives was sent; -1 where that is not known. */
  readonly sentStep: number;
  /** True where the run left the FIFO order here. */
  readonly isDeviation: boolean;
}

/** A chart as data, and drawn. */
export interface Chart {
  readonly lanes: readonly Lane[];
  readonly rows: readonly Row[];
  /** Rows before the first one that are not drawn. */
  readonly omitted: number;
  /** The chart in characters. */
  readonly text: string;
  /** The chart as an SVG document. */
  readonly svg: string;
}

const ROWS = 40;
const CRASH_LOG = 'log error process crashed';
const BOOKKEEPING = new Set<Signal['kind']>([
  'link',
  'unlink',
  'unlinkAck',
  'monitor',
  'demonitor',
  'info',
  'infoReply',
  'cancelTimer',
  'suspendEnd',
]);
const SIGNAL_NAMES: Partial<Record<Signal['kind'], string>> = { down: 'DOWN', linkExit: 'EXIT', exit: 'exit' };

/** A row whose ends are still seats. */
type Draft = Omit<Row, 'from' | 'to'> & { readonly from: Seat | null; readonly to: Seat | null };

/** The chart of a run that has ended. */
export function chartOf(world: World, options: ChartOptions = {}): Chart {
  checkOptions('a chart', options, { rows: true, everything: true });
  const { rows: rowsMax = ROWS, everything = false } = options;
  if (!(typeof rowsMax === 'number' && rowsMax >= 1)) {
    throw new RangeError(`rows must be a number from 1 on, got ${describe(rowsMax)}`);
  }
  const deviating = new Set(world.taken.filter(({ isHold }) => !isHold).map(({ step }) => step));
  const drafts = [
    ...world.history.events.flatMap((event) => draft(event, world, everything, deviating)),
    ...world.taken.filter(({ isHold }) => isHold).map(({ step, choice }) => holdRow(step, describeChoice(choice))),
  ].sort((a, b) => a.step - b.step);
  const shown = drafts.slice(-rowsMax);
  const seats = [...new Set(shown.flatMap(({ from, to }) => [from, to]))].filter((seat) => seat !== null).sort(bySpawn);
  const rows = shown.map((row) => ({ ...row, from: indexOf(seats, row.from), to: indexOf(seats, row.to) }));
  const lanes = seats.map(({ path, title }) => ({ path: path === 'outside' ? 'clock' : path, title }));
  const omitted = drafts.length - shown.length + world.history.forgotten;
  const data = { lanes, rows, omitted };
  return {
    ...data,
    get text() {
      return drawText(data);
    },
    get svg() {
      return drawSvg(data);
    },
  };
}

function indexOf(seats: readonly Seat[], seat: Seat | null): number | null {
  return seat === null ? null : seats.indexOf(seat);
}

function holdRow(step: number, what: string): Draft {
  const text = `from here on not before all else: ${what}`;
  return { step, nowMs: -1, kind: 'note', from: null, to: null, text, sentStep: -1, isDeviation: true };
}

function draft(event: HistoryEvent, world: World, everything: boolean, deviating: ReadonlySet<number>): Draft[] {
  const { step, nowMs, kind, choice, signal, seat, detail } = event;
  const isDeviation = kind === 'step' && deviating.has(step);
  const row = (more: Pick<Draft, 'kind' | 'from' | 'to' | 'text'>): Draft[] => [
    { step, nowMs, sentStep: -1, isDeviation, ...more },
  ];
  // The crash of a process is in the row of its exit.
  if (kind === 'note' && String(detail).startsWith(CRASH_LOG)) return [];
  if (kind === 'note') return row({ kind: 'note', from: null, to: null, text: String(detail) });
  if (kind === 'spawn') return row({ kind: 'spawn', from: parentOf(seat as Seat, world), to: seat, text: 'spawn' });
  if (kind === 'exit') return row({ kind: 'exit', from: seat, to: seat, text: `exits: ${formatReason(detail)}` });
  if (signal !== null) {
    if (BOOKKEEPING.has(signal.kind) && !everything && !isDeviation) return [];
    return [signalRow(event, signal, world, isDeviation)];
  }
  if (choice === null) return [];
  const text = describeChoice(choice);
  if (choice.kind === 'run') {
    return everything || isDeviation
      ? row({ kind: 'run', from: choice as Seat, to: choice as Seat, text: 'runs' })
      : [];
  }
  if (choice.kind === 'fire') return row({ kind: 'time', from: null, to: null, text: `it is ${nowMs} ms` });
  if (choice.kind === 'fault') {
    const struck = world.seats.at((choice as Fault).path);
    return row({ kind: 'fault', from: struck, to: struck, text });
  }
  return everything || isDeviation ? row({ kind: 'note', from: null, to: null, text }) : [];
}

function signalRow(event: HistoryEvent, signal: Signal, world: World, isDeviation: boolean): Draft {
  const { step, nowMs, choice, sentStep, sender } = event;
  const pair = choice as Pair | null;
  // What has crossed between threads is in the pair of the two threads; its own ends are in the signal.
  const isCrossing = pair?.to.path.startsWith('thread') === true;
  const own = world.seats.of(signal.from);
  const from = sender ?? (pair === null || (isCrossing && signal.from !== null) ? own : pair.from);
  const to = pair === null ? own : isCrossing && 'serial' in signal.to ? receiverIn(signal, world) : pair.to;
  const isMessage = signal.kind === 'message' || signal.kind === 'alias';
  const words = describeSignal(signal, (pid) => world.seatOf(pid).path);
  const text = isMessage ? words : words.replace(/^\w+/, (name) => SIGNAL_NAMES[name as Signal['kind']] ?? name);
  return { step, nowMs, kind: isMessage ? 'message' : 'signal', from, to, text, sentStep, isDeviation };
}

function receiverIn(signal: Signal, world: World): Seat {
  return signal.kind === 'alias' || signal.kind === 'cancelTimer' ? world.seats.outside : world.seats.of(signal.to);
}

function parentOf(seat: Seat, world: World): Seat | null {
  const above = seat.path.slice(0, Math.max(0, seat.path.lastIndexOf('/')));
  return world.seats.at(above);
}

/** The clock, root, root/0, root/0/1, root/1, root/10. */
function bySpawn(a: Seat, b: Seat): number {
  if (a.path === 'outside' || b.path === 'outside') return a.path === 'outside' ? -1 : 1;
  const [left, right] = [a.path.split('/'), b.path.split('/')];
  for (let index = 0; index < left.length && index < right.length; index++) {
    if (left[index] !== right[index]) return Number(left[index]) - Number(right[index]) || (a.path < b.path ? -1 : 1);
  }
  return left.length - right.length;
}
