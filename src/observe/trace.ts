// Tracing a running system (TRC-1): what processes send, receive, start, link and die of, as events, with a limit per
// second and no cost when nobody looks.
import { tryCall } from '../behaviours/index.ts';
import { type Context, type Effects, type ExitMessage, isExit, receive, TIMEOUT } from '../process/index.ts';
import type { System } from '../system/index.ts';
import { type AnyPid, hasTag, type Pid } from '../term/index.ts';
import { observeThread, onThreads } from './observe.ts';
import type { ObserverCall, ObserverPid } from './thread-observer.ts';
import { checkTrace, type TraceBatch, type Traced, type TraceOptions } from './trace-tap.ts';

/** A thread that is stuck has nothing more to tell. */
const END_MS = 1_000;

/** A trace that is on. */
export interface Trace extends AsyncDisposable {
  /** Events that were above the limit and are lost. */
  readonly dropped: number;
  /** Ends it; resolves when no thread traces any more. */
  stop(): Promise<void>;
}

/**
 * Starts a trace on all threads; resolves when it is on. `onEvent` is called for each event, in the order of each thread;
 * what it throws ends the trace and rejects `stop()`. Throws BadArgumentError for a bad option, RangeError for one that
 * does not exist. Several traces may be on at a time; none sees what another does.
 */
export async function trace(system: System, options: TraceOptions, onEvent: (event: Traced) => void): Promise<Trace> {
  checkTrace(options, onEvent);
  let dropped = 0;
  let collector: Pid<TraceBatch | 'stop'> | null = null;
  let isOn = () => {};
  const on = new Promise<void>((resolve) => {
    isOn = resolve;
  });
  const take = ({ events, dropped: more }: TraceBatch) => {
    dropped += more;
    for (const event of events) onEvent(event);
  };
  const over = system.run((context) =>
    onThreads(context, system, function* collect(observers): Effects<void> {
      collector = context.self as AnyPid as Pid<TraceBatch | 'stop'>;
      const to = context.self as AnyPid as Pid<TraceBatch>;
      for (const observer of observers) yield* tryCall(observer, { tag: 'trace', options, to });
      isOn();
      for (;;) {
        const news = yield* receive<News>(isNewsOf(observers));
        if (news === 'stop') break;
        if (news.tag === 'traced') take(news);
        else yield* followThread(context, observers, news, { tag: 'trace', options, to });
      }
      // What happened before the stop is told.
      for (const observer of observers) yield* tryCall(observer, { tag: 'endTrace' }, END_MS);
      for (;;) {
        const left = yield* receive(isBatch, { afterMs: 0 });
        if (left === TIMEOUT) return;
        take(left);
      }
    }),
  );
  // Whoever stops the trace hears of its end.
  over.catch(() => {});
  await Promise.race([on, over]);
  const stop = async () => {
    if (collector !== null) system.send(collector, 'stop');
    collector = null;
    await over;
  };
  return {
    get dropped() {
      return dropped;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

type News = TraceBatch | 'stop' | ExitMessage;

function isBatch(message: unknown): message is TraceBatch {
  return hasTag(message, 'traced');
}

/** A batch, the end, or the death of an observer with its thread. */
function isNewsOf(observers: readonly AnyPid[]): (message: unknown) => boolean {
  return (message) =>
    message === 'stop' ||
    isBatch(message) ||
    (isExit(message) && observers.includes(message.from) && hasTag(message.reason, 'threadDown'));
}

/** A thread that has died is traced again from its next start on. */
function* followThread(
  context: Context<unknown>,
  observers: ObserverPid[],
  { from }: ExitMessage,
  request: Extract<ObserverCall, { tag: 'trace' }>,
): Effects<void> {
  observers.splice(observers.indexOf(from as AnyPid as ObserverPid), 1);
  const known = observers.length;
  yield* observeThread(context, from.origin.thread, observers);
  for (const observer of observers.slice(known)) yield* tryCall(observer, request);
}
