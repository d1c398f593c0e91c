// The last things that happened in a run, for people. A ring of reused records: a run that is not printed pays little.
import type { Signal } from '../process/index.ts';
import { formatReason, Pid } from '../term/index.ts';
import { describeFault, type Fault } from './faults.ts';
import type { Choice, Pair, Seat } from './seat.ts';

/** The path of a process, for messages that hold pids. */
export type NameOf = (pid: Pid<never>) => string;

interface Entry {
  step: number;
  nowMs: number;
  choice: Choice | null;
  signal: Signal | null;
  text: string;
}

export class History {
  private readonly entries: Entry[] = [];
  private readonly limit: number;
  private count = 0;

  /** Keeps the last `limit` events; 0 keeps nothing. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** One step of the run. */
  step(step: number, nowMs: number, choice: Choice, signal: Signal | null): void {
    if (this.limit > 0) this.add(step, nowMs, choice, signal, '');
  }

  /** Something that happened within a step. */
  note(step: number, nowMs: number, text: string): void {
    if (this.limit > 0) this.add(step, nowMs, null, null, text);
  }

  /** The events as lines, oldest first. */
  lines(nameOf: NameOf): string[] {
    const start = Math.max(0, this.count - this.limit);
    const lines: string[] = [];
    for (let index = start; index < this.count; index++) {
      lines.push(formatEntry(this.entries[index % this.limit], nameOf));
    }
    return lines;
  }

  private add(step: number, nowMs: number, choice: Choice | null, signal: Signal | null, text: string): void {
    const at = this.count++ % this.limit;
    const entry = this.entries[at];
    if (entry === undefined) {
      this.entries[at] = { step, nowMs, choice, signal, text };
      return;
    }
    entry.step = step;
    entry.nowMs = nowMs;
    entry.choice = choice;
    entry.signal = signal;
    entry.text = text;
  }
}

function formatEntry({ step, nowMs, choice, signal, text }: Entry, nameOf: NameOf): string {
  const place = `${String(step).padStart(5)} ${nowMs.toFixed(0).padStart(7)} ms  `;
  return choice === null
    ? `${place}  ${text}`
    : `${place}${describeChoice(choice)}${describeReceiver(choice, signal, nameOf)}${describeSignal(signal, nameOf)}`;
}

/** A choice in words, with the names that processes were given. */
export function describeChoice(choice: Choice): string {
  if (choice.kind === 'run') return `run ${choice as Seat}`;
  if (choice.kind === 'fire') return `time jumps to the next timer (${choice.key})`;
  if (choice.kind === 'pass') return `read ${choice.key}`;
  if (choice.kind === 'fault') return describeFault(choice as Fault);
  return `deliver ${(choice as Pair).from} > ${(choice as Pair).to}`;
}

/** For whom a signal is that has crossed: its pair names the threads only. */
function describeReceiver(choice: Choice, signal: Signal | null, nameOf: NameOf): string {
  const isCrossing = choice.kind === 'deliver' && (choice as Pair).to.path.startsWith('thread');
  return isCrossing && signal?.to instanceof Pid ? ` for ${nameOf(signal.to)}` : '';
}

function describeSignal(signal: Signal | null, nameOf: NameOf): string {
  if (signal === null) return '';
  if (signal.kind === 'message' || signal.kind === 'alias') return `: ${shorten(signal.message, nameOf)}`;
  if (signal.kind === 'exit' || signal.kind === 'linkExit' || signal.kind === 'down') {
    return `: ${signal.kind} ${formatReason(signal.reason)}`;
  }
  return `: ${signal.kind}`;
}

const TEXT_MAX = 80;

function shorten(message: unknown, nameOf: NameOf): string {
  const text = typeof message === 'string' ? JSON.stringify(message) : formatReason(plain(message, nameOf, 0));
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX)}...` : text;
}

/** Pids, refs, bytes and Maps as text, so that a line stays a line. */
function plain(value: unknown, nameOf: NameOf, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Pid) return nameOf(value);
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (value instanceof Map || value instanceof Set) return `<${value.constructor.name} of ${value.size}>`;
  if (Array.isArray(value)) return depth > 3 ? '...' : value.slice(0, 10).map((item) => plain(item, nameOf, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return String(value);
  if (depth > 3) return '...';
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item, nameOf, depth + 1)]));
}
