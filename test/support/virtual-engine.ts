// One scheduler on virtual time, for tests: nothing happens unless the test runs it, and time jumps to the next timer.
// Deterministic and synchronous; strict, so that everything that is sent must be a term.
import { noDisk } from '../../src/env/host/index.ts';
import type { Env, LogLevel } from '../../src/env/index.ts';
import type { AnyBody, Context, Effects } from '../../src/process/index.ts';
import { DEFAULT_LIMITS, type Engine, LocalNames, Scheduler } from '../../src/scheduler/index.ts';
import type { Pid } from '../../src/term/index.ts';

/** One line of the log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class VirtualEngine {
  readonly scheduler: Scheduler;
  readonly logs: LogLine[] = [];
  /** Code that an Mfa with module `virtual:test` names. */
  readonly code: Record<string, AnyBody> = {};
  nowMs = 1_000;
  private isTurnWanted = false;

  constructor() {
    const env = {
      clock: { now: () => this.nowMs, wallTime: () => this.nowMs },
      random: { next: () => 0.5 },
      ids: { next: (length: number) => 'x'.repeat(length) },
      logger: {
        log: (level, event, data = {}) => void this.logs.push({ level, event, data }),
      },
      metrics: { count: () => {}, gauge: () => {} },
      words: new Int32Array(1024),
      cells: new BigInt64Array(1024),
      disk: noDisk,
      net: {
        listen: () => {
          throw new Error('no sockets in virtual time');
        },
      },
    } satisfies Env;
    const origin = { node: 'test', thread: 0, incarnation: 1 };
    const engine: Engine = {
      origin,
      env,
      turns: {
        request: () => {
          this.isTurnWanted = true;
        },
        wakeAt: () => {},
      },
      loader: {
        load: (mfa, done) => {
          const body = this.code[mfa.export];
          done(body === undefined ? { error: `no export ${mfa.export}` } : { body });
        },
      },
      names: new LocalNames(),
      outlink: null,
      transit: null,
      heartbeat: null,
      strict: true,
      place: () => origin,
      offload: () => {
        throw new Error('no offload in virtual time');
      },
      tracer: null,
      limits: DEFAULT_LIMITS,
    };
    this.scheduler = new Scheduler(engine);
  }

  /** Starts a process without a parent. */
  spawn(body: AnyBody, args: readonly unknown[] = []): Pid<never> {
    return this.scheduler.spawn(null, { body, args, options: undefined, link: false, monitor: false }).pid;
  }

  /** Runs until nothing is runnable; time stands still. */
  settle(): void {
    while (this.isTurnWanted || this.scheduler.runQueue.length > 0) {
      this.isTurnWanted = false;
      this.scheduler.runTurn();
    }
  }

  /** Runs, lets `ms` pass with every timer at its own time, and runs again. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    this.settle();
    while (this.scheduler.timers.nextMs <= untilMs) this.tick();
    this.nowMs = untilMs;
  }

  /** Lets `ms` pass in one jump: all timers that became due fire before anything runs. */
  jump(ms: number): void {
    this.nowMs += ms;
    this.isTurnWanted = true;
    this.settle();
  }

  private tick(): void {
    this.nowMs = Math.max(this.nowMs, this.scheduler.timers.nextMs);
    this.isTurnWanted = true;
    this.settle();
  }

  /** Runs `body` as a process to its end, time included, and returns its result. Throws what it threw. */
  run<T>(body: (context: Context<unknown>) => Effects<T>): T {
    let outcome: { readonly value: T } | { readonly error: unknown } | null = null;
    this.spawn(function* test(context: Context<unknown>) {
      try {
        outcome = { value: yield* body(context) };
      } catch (error) {
        outcome = { error };
      }
    });
    this.settle();
    while (outcome === null && this.scheduler.timers.size > 0) this.tick();
    const ended = outcome as { readonly value: T } | { readonly error: unknown } | null;
    if (ended === null) throw new Error('the test process was killed, or waits for something that never comes');
    if ('error' in ended) throw ended.error;
    return ended.value;
  }

  /** The log lines of one event. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[] {
    return this.logs.filter((line) => line.event === event).map((line) => line.data);
  }
}

/** Runs one body on a fresh engine. */
export function play<T>(body: (context: Context<unknown>, engine: VirtualEngine) => Effects<T>): T {
  const engine = new VirtualEngine();
  return engine.run((context) => body(context, engine));
}
