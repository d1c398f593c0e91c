// The process that looks around on one thread for somebody elsewhere (OBS-1, OBS-2, TRC-1). It reads what the scheduler
// knows without asking the processes, so that one that is stuck is seen as well; it is never part of what it shows.
import {
  genServer,
  noReply,
  ok,
  type Request,
  reply,
  type ServerContext,
  type ServerPid,
} from '../behaviours/index.ts';
import type { Process, ProcessInfo } from '../process/index.ts';
import { processInfoOf, Scheduler } from '../scheduler/index.ts';
import type { AnyPid, Mfa, Pid } from '../term/index.ts';
import { figureOf, type ProcessShown, ranked, type TopBy, type TopRow } from './shown.ts';
import { type TraceBatch, type TraceOptions, TraceTap } from './trace-tap.ts';

export type ObserverCall =
  | Request<{ readonly tag: 'processes'; readonly limit: number }, readonly ProcessShown[]>
  /** A window begins. */
  | Request<{ readonly tag: 'mark' }, true>
  /** What happened since the mark. */
  | Request<{ readonly tag: 'top'; readonly by: TopBy; readonly limit: number }, readonly TopRow[]>
  | Request<{ readonly tag: 'trace'; readonly options: TraceOptions; readonly to: Pid<TraceBatch> }, true>
  /** What has been gathered is on its way before the answer. */
  | Request<{ readonly tag: 'endTrace' }, true>;

export type ObserverPid = ServerPid<ObserverCall>;

/** The body by name: `.ts` from the sources, `.js` when built. */
export const THREAD_OBSERVER: Mfa = { module: import.meta.url, export: 'threadObserver' };

interface Mark {
  readonly reductions: number;
  readonly mailbox: number;
}

interface State {
  readonly scheduler: Scheduler;
  readonly marks: Map<number, Mark>;
  tap: TraceTap | null;
}

/** The process body. */
export const threadObserver = genServer<State, [], ObserverCall, never, { readonly tag: 'timeout' }>({
  label: 'observer',
  init(context) {
    const { kernel } = context;
    if (!(kernel instanceof Scheduler)) throw new TypeError('an observer looks at a scheduler');
    return ok({ scheduler: kernel, marks: new Map(), tap: null });
  },
  handleCall(request, _from, state, context) {
    switch (request.tag) {
      case 'processes':
        return reply(shownProcesses(state.scheduler, context, request.limit), state);
      case 'mark':
        mark(state, context);
        return reply(true as const, state);
      case 'top':
        return reply(top(state, context, request.by, request.limit), state);
      case 'trace': {
        state.tap?.close();
        state.tap = new TraceTap(state.scheduler, context, request.options, request.to);
        context.own(state.tap);
        return reply(true as const, state);
      }
      case 'endTrace':
        state.tap?.close();
        state.tap?.flush();
        return reply(true as const, state);
    }
  },
  handleInfo(_timeout, state) {
    state.tap?.flush();
    return noReply(state);
  },
});

/** The living but the observer itself. */
function* others({ processes }: Scheduler, { self }: ServerContext): Generator<Process> {
  for (const process of processes.values()) if (process.isAlive && process.self !== (self as AnyPid)) yield process;
}

function shownProcesses(scheduler: Scheduler, context: ServerContext, limit: number): ProcessShown[] {
  const all: ProcessShown[] = [];
  for (const process of others(scheduler, context)) {
    if (all.length === limit) break;
    all.push(shown(scheduler, process));
  }
  return all;
}

function mark({ scheduler, marks }: State, context: ServerContext): void {
  marks.clear();
  for (const process of others(scheduler, context)) {
    marks.set(process.self.serial, { reductions: process.reductions, mailbox: process.mailbox.length });
  }
}

function top({ scheduler, marks }: State, context: ServerContext, by: TopBy, limit: number): readonly TopRow[] {
  const rows: TopRow[] = [];
  for (const process of others(scheduler, context)) {
    const { reductions, mailbox } = marks.get(process.self.serial) ?? { reductions: 0, mailbox: 0 };
    const row: TopRow = {
      ...shown(scheduler, process),
      reductionsInWindow: process.reductions - reductions,
      mailboxGrowth: process.mailbox.length - mailbox,
    };
    if (figureOf(row, by) > 0) rows.push(row);
  }
  return ranked(rows, by, limit);
}

function shown(scheduler: Scheduler, process: Process): ProcessShown {
  const info = processInfoOf(scheduler, process, false) as ProcessInfo;
  const { pid, name, label, initialCall, status, messageQueueLength, reductions } = info;
  return { pid, thread: pid.origin.thread, name, label, initialCall, status, messageQueueLength, reductions };
}
