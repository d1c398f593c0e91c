// Trace events of one thread on their way to who asked for them (TRC-1): filtered, made text and bounded in number per
// second where they happen, sent in batches, so that the traced go on as before. Closing it leaves no cost behind.
import type { ServerContext } from '../behaviours/index.ts';
import type { TraceEvent } from '../process/index.ts';
import type { Scheduler } from '../scheduler/index.ts';
import { type AnyPid, BadArgumentError, checkFunction, checkOptions, checkPid, Pid } from '../term/index.ts';
import { showTerm } from './show-term.ts';

export type TraceKind = TraceEvent['kind'];

export interface TraceOptions {
  /** Default: all kinds. `link` is a link that is made, also with a start; `unlink` one that is taken back. */
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

const KINDS: Readonly<Record<TraceKind, true>> = {
  spawn: true,
  exit: true,
  send: true,
  receive: true,
  link: true,
  unlink: true,
  monitor: true,
  demonitor: true,
  down: true,
  timer: true,
  register: true,
};

const OPTIONS: Readonly<Record<keyof TraceOptions, true>> = { kinds: true, pids: true, perSecond: true };

/** Throws for options that would trace nothing, or something else than was asked for. */
export function checkTrace(options: TraceOptions, onEvent: unknown): void {
  if (typeof options !== 'object' || options === null)
    throw new BadArgumentError('trace', 'an object of options', options);
  checkOptions('trace', options, OPTIONS);
  const { kinds = [], pids = [], perSecond = PER_SECOND } = options;
  if (!Array.isArray(kinds)) throw new BadArgumentError('trace', 'an array of kinds', kinds);
  for (const kind of kinds) {
    if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind))
      throw new BadArgumentError('trace', `kinds among ${Object.keys(KINDS).join(', ')}`, kind);
  }
  if (!Array.isArray(pids)) throw new BadArgumentError('trace', 'an array of pids', pids);
  for (const pid of pids) checkPid('trace', pid);
  if (!(typeof perSecond === 'number' && perSecond > 0))
    throw new BadArgumentError('trace', 'perSecond above 0', perSecond);
  checkFunction('trace', onEvent);
}

/** The traces of each thread: any number of them may be on at a time. */
const tapsOf = new WeakMap<Scheduler, Set<TraceTap>>();

export class TraceTap {
  private readonly scheduler: Scheduler;
  private readonly context: ServerContext;
  private readonly to: Pid<TraceBatch>;
  private readonly kinds: ReadonlySet<TraceKind> | null;
  private readonly pids: ReadonlySet<AnyPid> | null;
  private readonly perSecond: number;
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
    const taps = tapsOf.get(scheduler) ?? new Set();
    tapsOf.set(scheduler, taps.add(this));
    scheduler.tracer = (event) => tell(taps, event);
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
    const taps = tapsOf.get(this.scheduler);
    if (taps?.delete(this) === true && taps.size === 0) this.scheduler.tracer = null;
  }

  take(event: TraceEvent): void {
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

  /** What the trace itself does is no news, to no trace: two would tell each other of each other for ever. */
  isOwn({ pid, other }: TraceEvent): boolean {
    const { self } = this.context as { readonly self: AnyPid };
    const to = this.to as AnyPid;
    return pid === self || pid === to || other === self || other === to;
  }

  private flushSoon(): void {
    if (this.isFlushing) return;
    this.isFlushing = true;
    this.context.startTimer(FLUSH_MS, this.context.self as AnyPid, 'flush');
  }
}

function tell(taps: ReadonlySet<TraceTap>, event: TraceEvent): void {
  for (const tap of taps) if (tap.isOwn(event)) return;
  for (const tap of taps) tap.take(event);
}

function isAbout({ pid, other }: TraceEvent, pids: ReadonlySet<AnyPid>): boolean {
  return (pid !== null && pids.has(pid)) || (other instanceof Pid && pids.has(other));
}
