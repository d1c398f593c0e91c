// A system on data threads for one test, with its log and with everything one process can await.
import type { LogLevel } from '../../src/env/index.ts';
import { type Context, type Effects, isDown, receive, TIMEOUT } from '../../src/process/index.ts';
import { System } from '../../src/system/index.ts';
import { startThreads, type ThreadsEngine, type ThreadsOptions } from '../../src/threads/index.ts';

/** How long what must come may take on a starved machine. */
const WAIT_MS = 15_000;

export interface Line {
  readonly level: LogLevel;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Fixture extends AsyncDisposable {
  readonly engine: ThreadsEngine;
  readonly system: System;
  readonly lines: Line[];
}

/** Starts a system; disposing stops it and fails when something is left. */
export async function fixture(options: Partial<ThreadsOptions> = {}): Promise<Fixture> {
  const lines: Line[] = [];
  const logger = {
    log: (level: LogLevel, event: string, data: Readonly<Record<string, unknown>> = {}) =>
      void lines.push({ level, event, data }),
  };
  const engine = await startThreads({ threads: 2, strict: true, logger, ...options });
  const system = new System(engine);
  return { engine, system, lines, [Symbol.asyncDispose]: () => system.stop() };
}

/** The next message, or an error that says that none came. */
export function* next(afterMs = WAIT_MS): Effects<unknown> {
  const message = yield* receive(null, { afterMs });
  if (message === TIMEOUT) throw new Error(`nothing came in ${afterMs} ms`);
  return message;
}

/** The reason of the next DOWN. */
export function* nextDown(afterMs = WAIT_MS): Effects<unknown> {
  const message = yield* receive(isDown, { afterMs });
  if (message === TIMEOUT) throw new Error(`no DOWN in ${afterMs} ms`);
  return (message as { reason: unknown }).reason;
}

export const at = (thread: number) => ({ placement: { thread } });

export type Body = (context: Context<unknown>) => Effects<unknown>;
