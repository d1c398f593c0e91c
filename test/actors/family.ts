// A supervised family: a recorder that keeps one order of events for all (whoever notes something waits until it is
// noted), children that note their starts and ends, and supervisors whose spec is data.
import {
  call,
  type DynamicOptions,
  dynamicSupervisor,
  type From,
  genServer,
  ignore,
  noReply,
  ok,
  type Request,
  reply,
  replyTo,
  type ServerPid,
  type SupervisorSpec,
  stop,
  supervisor,
} from '../../src/behaviours/index.ts';
import { receive } from '../../src/process/index.ts';
import type { Mfa } from '../../src/term/index.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });
export const RECORDER = actor('recorder');
export const CHILD = actor('child');
export const TREE = actor('tree');
export const DYNAMIC = actor('dynamic');

export type RecorderCall =
  /** Answers how often this text has been noted. */
  | Request<{ readonly tag: 'note'; readonly text: string }, number>
  /** All notes, as soon as there are `count`; the answer empties the list. */
  | Request<{ readonly tag: 'take'; readonly count: number }, readonly string[]>
  /** Answers all at once when `count` have asked. */
  | Request<{ readonly tag: 'meet'; readonly count: number }, null>;

export type Recorder = ServerPid<RecorderCall>;

interface Notes {
  readonly list: string[];
  readonly counts: Map<string, number>;
  taker: { readonly count: number; readonly from: From } | null;
  readonly meeting: From[];
}

export const recorder = genServer({
  label: 'recorder',
  init: () => ok<Notes>({ list: [], counts: new Map(), taker: null, meeting: [] }),
  handleCall(request: RecorderCall, from, notes: Notes, context) {
    if (request.tag === 'meet') {
      notes.meeting.push(from);
      if (notes.meeting.length === request.count)
        for (const each of notes.meeting.splice(0)) replyTo(context, each, null);
      return noReply(notes);
    }
    let times = 0;
    if (request.tag === 'take') notes.taker = { count: request.count, from };
    else {
      notes.list.push(request.text);
      times = (notes.counts.get(request.text) ?? 0) + 1;
      notes.counts.set(request.text, times);
    }
    const { taker } = notes;
    if (taker !== null && notes.list.length >= taker.count) {
      notes.taker = null;
      replyTo(context, taker.from, notes.list.splice(0));
    }
    return request.tag === 'take' ? noReply(notes) : reply(times, notes);
  },
});

/** How a child behaves. */
export interface ChildHow {
  /** Starts, counted from 1, that fail. */
  readonly failAt?: readonly number[];
  /** This start and all later ones fail. */
  readonly failFrom?: number;
  readonly ignores?: boolean;
  readonly traps?: boolean;
  /** Never ends its `terminate`. */
  readonly hangs?: boolean;
  readonly unlinks?: boolean;
  /** In `terminate` it waits until so many do. */
  readonly meets?: number;
}

export type ChildCast = { readonly end: unknown };
export type ChildPid = ServerPid<never, ChildCast>;

interface ChildState {
  readonly recorder: Recorder;
  readonly id: string;
  readonly how: ChildHow;
}

/** Notes `start <id>` when it starts and `stop <id>` in `terminate`. */
export const child = genServer({
  label: 'child',
  *init(context, to: Recorder, id: string, how: ChildHow = {}) {
    if (how.traps !== false) context.trapExit(true);
    const attempt = yield* call(to, { tag: 'note', text: `start ${id}` });
    const fails = how.failAt?.includes(attempt) === true || attempt >= (how.failFrom ?? Number.POSITIVE_INFINITY);
    if (fails) return stop({ tag: 'failed', attempt });
    if (how.ignores === true) return ignore();
    if (how.unlinks === true && context.parent !== null) context.unlink(context.parent);
    return ok<ChildState>({ recorder: to, id, how });
  },
  handleCast: ({ end }: ChildCast, state: ChildState) => stop(end, state),
  handleInfo: (_message: unknown, state: ChildState) => noReply(state),
  *terminate(_reason, { recorder: to, id, how }: ChildState) {
    if (how.hangs === true) yield* receive(() => false);
    if (how.meets !== undefined) yield* call(to, { tag: 'meet', count: how.meets });
    yield* call(to, { tag: 'note', text: `stop ${id}` });
  },
});

/** A supervisor whose spec is its argument. */
export const tree = supervisor((_context, spec: SupervisorSpec) => spec);

/** A dynamic supervisor whose options are its argument. */
export const dynamic = dynamicSupervisor({} satisfies DynamicOptions);
