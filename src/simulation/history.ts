// The last things that happened in a run, for people. A ring of reused records: a run that is not printed pays little.
import type { Signal } from '../process/index.ts';
import { formatReason, Pid } from '../term/index.ts';
import { describeFault, type Fault } from './faults.ts';
import type { Choice, Flight, Pair, Seat } from './seat.ts';

/** The path of a process, for messages that hold pids. */
export type NameOf = (pid: Pid<never>) => string;

/** One event: a step of the run, or something that happened within one. */
export interface HistoryEvent {
  readonly step: number;
  readonly nowMs: number;
  readonly kind: 'step' | 'note' | 'spawn' | 'exit' | 'self';
  /** What was chosen, for a step. */
  readonly choice: Choice | null;
  /** What was delivered, by a step or to oneself. */
  readonly signal: Signal | null;
  /** The step in which `signal` was sent; -1 where that is not known. */
  readonly sentStep: number;
  /** Who sent it, where the signal itself does not say: a message that has crossed between threads. */
  readonly sender: Seat | null;
  /** Who was spawned or ended. */
  readonly seat: Seat | null;
  /** The exit reason, or the text of a note. */
  readonly detail: unknown;
}

type Entry = { -readonly [K in keyof HistoryEvent]: HistoryEvent[K] };

export class History {
  readonly limit: number;
  private readonly entries: Entry[] = [];
  /** Where messages that have crossed come from. */
  private readonly origins = new WeakMap<Signal, { readonly from: Seat; readonly step: number }>();
  /** Messages on their way between threads: one FIFO for each sending thread and receiver, as on the wire. */
  private readonly crossing = new Map<string, { readonly from: Seat; readonly step: number }[]>();
  private count = 0;

  /** Keeps the last `limit` events; 0 keeps nothing. */
  constructor(limit: number) {
    this.limit = limit;
  }

  /** A message leaves a thread for a process of another one. */
  sentAcross(step: number, from: Seat, to: Seat): void {
    if (this.limit === 0) return;
    const key = `${from.thread}>${to.path}`;
    const flights = this.crossing.get(key) ?? [];
    flights.push({ from, step });
    this.crossing.set(key, flights);
  }

  /** It has arrived, as another object. */
  arrivedAcross(fromThread: number, to: Seat, signal: Signal): void {
    const flight = this.limit === 0 ? undefined : this.crossing.get(`${fromThread}>${to.path}`)?.shift();
    if (flight === undefined) return;
    this.origins.set(signal, flight);
  }

  /** What was on its way from or to a thread is lost. */
  lostAcross(thread: number): void {
    for (const [key, flights] of this.crossing) {
      if (key.startsWith(`${thread}>`)) flights.length = 0;
    }
  }

  /** One step of the run. */
  step(step: number, nowMs: number, choice: Choice, signal: Signal | null): void {
    if (this.limit > 0) this.add(step, nowMs, 'step', choice, signal, null, '');
  }

  /** A step that delivers. */
  delivery(step: number, nowMs: number, pair: Pair, { signal, sentStep }: Flight): void {
    if (this.limit === 0 || signal === null) return;
    const entry = this.add(step, nowMs, 'step', pair, signal, null, '');
    const origin = pair.to.path.startsWith('thread') ? this.origins.get(signal) : undefined;
    entry.sentStep = origin?.step ?? sentStep;
    entry.sender = origin?.from ?? null;
  }

  /** A process has got a signal from itself. */
  toSelf(step: number, nowMs: number, signal: Signal): void {
    if (this.limit > 0) this.add(step, nowMs, 'self', null, signal, null, '');
  }

  /** A process was spawned or has ended. */
  life(step: number, nowMs: number, kind: 'spawn' | 'exit', seat: Seat, reason: unknown): void {
    if (this.limit > 0) this.add(step, nowMs, kind, null, null, seat, reason);
  }

  /** Something else that happened within a step. */
  note(step: number, nowMs: number, text: string): void {
    if (this.limit > 0) this.add(step, nowMs, 'note', null, null, null, text);
  }

  /** The events that are kept, oldest first. */
  get events(): readonly HistoryEvent[] {
    const start = Math.max(0, this.count - this.limit);
    return Array.from({ length: this.count - start }, (_, index) => this.entries[(start + index) % this.limit]);
  }

  /** Events that are not kept any more. */
  get forgotten(): number {
    return Math.max(0, this.count - this.limit);
  }

  /** Steps, deliveries to oneself and notes as lines, oldest first. */
  lines(nameOf: NameOf): string[] {
    return this.events.filter(({ kind }) => kind === 'step' || kind === 'note').map((event) => format(event, nameOf));
  }

  private add(
    step: number,
    nowMs: number,
    kind: Entry['kind'],
    choice: Choice | null,
    signal: Signal | null,
    seat: Seat | null,
    detail: unknown,
  ): Entry {
    const at = this.count++ % this.limit;
    const entry = this.entries[at];
    if (entry === undefined) {
      const made: Entry = { step, nowMs, kind, choice, signal, sentStep: -1, sender: null, seat, detail };
      this.entries[at] = made;
      return made;
    }
    entry.step = step;
    entry.nowMs = nowMs;
    entry.kind = kind;
    entry.choice = choice;
    entry.signal = signal;
    entry.sentStep = -1;
    entry.sender = null;
    entry.seat = seat;
    entry.detail = detail;
    return entry;
  }
}

function format({ step, nowMs, choice, signal, detail }: HistoryEvent, nameOf: NameOf): string {
  const place = `${String(step).padStart(5)} ${nowMs.toFixed(0).padStart(7)} ms  `;
  if (choice === null) return `${place}  ${detail}`;
  const text = signal === null ? '' : `: ${describeSignal(signal, nameOf)}`;
  return `${place}${describeChoice(choice)}${describeReceiver(choice, signal, nameOf)}${text}`;
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

/** A signal in a few words. */
export function describeSignal(signal: Signal, nameOf: NameOf): string {
  if (signal.kind === 'message' || signal.kind === 'alias') return describeMessage(signal.message, nameOf);
  if (signal.kind === 'exit' || signal.kind === 'linkExit' || signal.kind === 'down') {
    return `${signal.kind} ${formatReason(signal.reason)}`;
  }
  return signal.kind;
}

const TEXT_MAX = 80;

/** A message on one line; what behaviours wrap around it is taken off. */
function describeMessage(message: unknown, nameOf: NameOf): string {
  const { tag, request, value, message: cast } = (message ?? {}) as Record<string, unknown>;
  if (tag === '$call') return `call ${shorten(request, nameOf)}`;
  if (tag === '$reply') return `reply ${shorten(value, nameOf)}`;
  if (tag === '$cast') return `cast ${shorten(cast, nameOf)}`;
  if (typeof tag !== 'string' || Object.getPrototypeOf(message) !== Object.prototype) return shorten(message, nameOf);
  const { tag: _, ...rest } = message as Record<string, unknown>;
  return Object.keys(rest).length === 0 ? tag : `${tag} ${shorten(rest, nameOf)}`;
}

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
