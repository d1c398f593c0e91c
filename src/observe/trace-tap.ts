// Trace events of one thread on their way to who asked for them (TRC-1): filtered, made text and bounded in number per
// second where they happen, sent in batches, so that the traced go on as before. Closing it leaves no cost behind.
import type { ServerContext } from '../behaviours/index.ts';
import type { TraceEvent, Tracer } from '../process/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import { type AnyPid, Pid } from '../term/index.ts';
import { showTerm } from './show-term.ts';

export type TraceKind = TraceEvent['kind'];

export interface TraceOptions {
  /** Default: all kinds. */
  readonly kinds?: readonly TraceKind[];
  /** Only events that one of these has a part in. Default: all processes. */
  readonly pids?: readonly AnyPid[];
  /** Events per second and thread; what is above is counted and dropped. Default 1,000. */
  readonly perSecond?: number;
}

/** One event, as data. */
export interface Traced {
  readonly kind: TraceKind;
  readonly thread: number;
  /** Ms of the thread's clock. */
  readonly atMs: number;
  /** Null for what comes from outside. */
  readonly pid: AnyPid | null;
  /** The other process, or a name, where there is one. */
  readonly other: AnyPid | string | null;
  /** The message or reason as short text; empty for none. */
  readonly detail: string;
}

export interface TraceBatch {
  readonly tag: 'traced';
  readonly events: readonly Traced[];
  /** Events that were above the limit since the batch before. */
  readonly dropped: number;
}

const PER_SECOND = 1_000;
const FLUSH_MS = 20;

export class TraceTap {
  private readonly scheduler: Scheduler;
  private readonly context: ServerContext;
  private readonly to: Pid<TraceBatch>;
  private readonly kinds: ReadonlySet<TraceKind> | null;
  private readonly pids: ReadonlySet<AnyPid> | null;
  private readonly perSecond: number;
  private readonly tracer: Tracer;
  private events: Traced[] = [];
  private dropped = 0;
  private secondFromMs = 0;
  private inSecond = 0;
  private isFlushing = false;

  constructor(scheduler: Scheduler, context: ServerContext, options: TraceOptions, to: Pid<TraceBatch>) {
    const { kinds, pids, perSecond = PER_SECOND } = options;
    this.scheduler = scheduler;
    this.context = context;
    this.to = to;
    this.kinds = kinds === undefined ? null : new Set(kinds);
    this.pids = pids === undefined ? null : new Set(pids);
    this.perSecond = perSecond;
    this.tracer = (event) => this.take(event);
    scheduler.tracer = this.tracer;
  }

  /** Sends what has been gathered. */
  flush(): void {
    this.isFlushing = false;
    const { events, dropped } = this;
    if (events.length === 0 && dropped === 0) return;
    this.events = [];
    this.dropped = 0;
    this.context.send(this.to, { tag: 'traced', events, dropped });
  }

  /** Ends the trace on this thread. */
  close(): void {
    if (this.scheduler.tracer === this.tracer) this.scheduler.tracer = null;
  }

  private take(event: TraceEvent): void {
    if (this.isOwn(event.pid) || this.isOwn(event.other ?? null)) return;
    if (this.kinds !== null && !this.kinds.has(event.kind)) return;
    if (this.pids !== null && !isAbout(event, this.pids)) return;
    this.flushSoon();
    const atMs = this.context.now();
    if (atMs - this.secondFromMs >= 1_000) {
      this.secondFromMs = atMs;
      this.inSecond = 0;
    }
    if (this.inSecond++ >= this.perSecond) {
      this.dropped++;
      return;
    }
    const { kind, pid, other = null, detail } = event;
    const text = detail === undefined ? '' : showTerm(detail);
    this.events.push({ kind, thread: this.scheduler.origin.thread, atMs, pid, other, detail: text });
  }

  /** What the trace itself does is no news. */
  private isOwn(pid: AnyPid | string | null): boolean {
    return pid === (this.context.self as AnyPid) || pid === (this.to as AnyPid);
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.context.startTimer(FLUSH_MS, this.context.self as AnyPid, 'flush');
  }
}

function isAbout({ pid, other }: TraceEvent, pids: ReadonlySet<AnyPid>): boolean {
  return (pid !== null && pids.has(pid)) || (other instanceof Pid && pids.has(other));
}
