// What a behaviour notes of itself when somebody asks it to (SYS-1): counts, its last events, events in the log of the
// system, and the steps of its state. A server that nobody asked has none of it, and pays a comparison for each message.
import type { Context } from '../process/index.ts';
import { type AnyPid, formatReason } from '../term/index.ts';
import type { StateHistory } from './state-history.ts';

/** One thing that a behaviour did: it took a message, sent an answer, or went on without one. */
export type ServerEvent =
  | { readonly tag: 'in'; readonly message: unknown }
  | { readonly tag: 'out'; readonly to: AnyPid; readonly message: unknown }
  /** `text`: the beginning of its state. */
  | { readonly tag: 'next'; readonly text: string };

/** Times in ms of the monotonic clock. */
export interface ServerStatistics {
  readonly startMs: number;
  readonly currentMs: number;
  /** Since the start of the statistics. */
  readonly reductions: number;
  /** System messages are not counted. */
  readonly messagesIn: number;
  /** Answers to calls. */
  readonly messagesOut: number;
}

const TEXT_MAX = 200;

export class ServerWatch {
  /** Null unless the behaviour was defined with one. */
  readonly history: StateHistory | null;
  private readonly context: Context<unknown>;
  private readonly label: string;
  private isTraced = false;
  private counts: { startMs: number; reductions: number; messagesIn: number; messagesOut: number } | null = null;
  private log: ServerEvent[] = [];
  private logLength = 0;

  constructor(context: Context<unknown>, label: string, history: StateHistory | null) {
    this.context = context;
    this.label = label;
    this.history = history;
  }

  /** True when nobody wants to know anything any more. */
  get isIdle(): boolean {
    return this.history === null && this.counts === null && !this.isTraced && this.logLength === 0;
  }

  messageIn(message: unknown): void {
    if (this.counts !== null) this.counts.messagesIn++;
    this.note({ tag: 'in', message });
  }

  messageOut(to: AnyPid, message: unknown): void {
    if (this.counts !== null) this.counts.messagesOut++;
    this.note({ tag: 'out', to, message });
  }

  next(state: unknown): void {
    if (this.isTraced || this.logLength > 0) this.note({ tag: 'next', text: formatReason(state).slice(0, TEXT_MAX) });
  }

  count(isOn: boolean): void {
    const { reductions } = this.context as unknown as { readonly reductions: number };
    this.counts = isOn ? { startMs: this.context.now(), reductions, messagesIn: 0, messagesOut: 0 } : null;
  }

  statistics(): ServerStatistics | null {
    if (this.counts === null) return null;
    const { reductions } = this.context as unknown as { readonly reductions: number };
    return { ...this.counts, currentMs: this.context.now(), reductions: reductions - this.counts.reductions };
  }

  trace(isOn: boolean): void {
    this.isTraced = isOn;
  }

  /** Keeps the last `length` events; 0 forgets them. */
  keep(length: number): void {
    this.logLength = length;
    this.log = length === 0 ? [] : this.log.slice(-length);
  }

  events(): readonly ServerEvent[] {
    return this.log;
  }

  private note(event: ServerEvent): void {
    if (this.isTraced) {
      const text = formatReason('message' in event ? event.message : event.text).slice(0, TEXT_MAX);
      const data = { pid: this.context.self.toString(), label: this.label, event: event.tag, text };
      // A trace has been asked for: it is written whatever the level for the rest is, as long as warnings are.
      this.context.env.logger.log('warning', 'trace of a behaviour', data);
    }
    if (this.logLength === 0) return;
    this.log.push(event);
    if (this.log.length > this.logLength) this.log.shift();
  }
}

/** The watch of `holder`, made on first use, while `use` needs it; dropped when nobody wants to know anything. */
export function watching<T>(
  holder: { watch: ServerWatch | null },
  context: Context<unknown>,
  label: string,
  use: (watch: ServerWatch) => T,
): T {
  holder.watch ??= new ServerWatch(context, label, null);
  const result = use(holder.watch);
  if (holder.watch.isIdle) holder.watch = null;
  return result;
}
