// Tracing a running system (TRC-1): what processes send, receive, start, link and die of, as events, with a limit per
// second and no cost when nobody looks.
import { tryCall } from '../behaviours/index.ts';
import { type Effects, receive } from '../process/index.ts';
import type { System } from '../system/index.ts';
import type { AnyPid, Pid } from '../term/index.ts';
import { onThreads } from './observe.ts';
import { checkTrace, type TraceBatch, type Traced, type TraceOptions } from './trace-tap.ts';

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
  const over = system.run((context) =>
    onThreads(context, system, function* collect(observers): Effects<void> {
      collector = context.self as AnyPid as Pid<TraceBatch | 'stop'>;
      for (const observer of observers) yield* tryCall(observer, { tag: 'trace', options, to: collector as never });
      isOn();
      for (;;) {
        const message = yield* receive<TraceBatch | 'stop'>(isBatchOrStop);
        if (message === 'stop') return;
        dropped += message.dropped;
        for (const event of message.events) onEvent(event);
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

function isBatchOrStop(message: unknown): boolean {
  return message === 'stop' || (message as { readonly tag?: unknown }).tag === 'traced';
}
