// The threads engine: the control scheduler on the calling thread and its data threads, started and stopped together
// (DESIGN decisions 5 to 9). After `stop()` no thread, timer or port is left.
import { HostLoader, HostMetrics, hostClock, hostIds, hostMemory, hostRandom } from '../env/host/index.ts';
import type { Env } from '../env/index.ts';
import { type Loader, Scheduler } from '../scheduler/index.ts';
import type { Origin } from '../term/index.ts';
import { ControlSide, type Notice, type ThreadDeath } from '../wire/index.ts';
import { leaksOf } from './leaks.ts';
import type {
  EndedNotice,
  OffloadAbortNotice,
  OffloadedNotice,
  OffloadNotice,
  ThreadLeaks,
  ToControl,
} from './messages.ts';
import { OffloadPool } from './offload-pool.ts';
import { type FullThreadsOptions, fullOptions, type ThreadsOptions } from './options.ts';
import { placer } from './placement.ts';
import { type Incarnation, Slots } from './slots.ts';
import { statusMemory, ThreadStatus } from './thread-status.ts';
import { ThreadTurns } from './thread-turns.ts';
import { Watchdog, type Watched } from './watchdog.ts';

/** How long a stopping thread may take to end its processes before it is ended with them. */
const STOP_MS = 2_000;
const WARN_MS = 100;
const TICK_MS = 20;
/** Words that all threads share; see `Env.words`. */
const SHARED_WORDS = 65_536;
/** Cells of 64 bits that all threads share; see `Env.cells`. */
const SHARED_CELLS = 65_536;

/** One data thread, for observation. */
export interface ThreadInfo {
  readonly thread: number;
  /** The incarnation that runs or starts; 0 while the slot waits for its next try. */
  readonly incarnation: number;
  readonly isUp: boolean;
  readonly processes: number;
}

/** Thrown by `startThreads` when a data thread cannot start; `reason` says why. */
export class ThreadStartError extends Error {
  override readonly name = 'ThreadStartError';
  readonly reason: unknown;
  constructor(thread: number, reason: unknown) {
    super(`data thread ${thread} does not start: ${JSON.stringify(reason)}`);
    this.reason = reason;
  }
}

export class ThreadsEngine {
  /** The control scheduler: scheduler 0, on the calling thread. */
  readonly scheduler: Scheduler;
  /** Numbers of the data threads. */
  readonly threads: readonly number[];
  private readonly options: FullThreadsOptions;
  private readonly side: ControlSide;
  private readonly turns: ThreadTurns;
  private readonly statuses: readonly ThreadStatus[];
  private readonly slots: Slots;
  private readonly watchdog: Watchdog;
  private readonly offloads: OffloadPool;
  private readonly counted = new HostMetrics();
  private readonly ends = new Map<Origin, (leaks: ThreadLeaks | null) => void>();
  private onFirst: { readonly up: () => void; readonly failed: (error: Error) => void } | null = null;
  private stopping: Promise<readonly ThreadLeaks[]> | null = null;

  constructor(options: ThreadsOptions) {
    const full = fullOptions(options);
    this.options = full;
    this.threads = Array.from({ length: full.threads }, (_, index) => index + 1);
    const status = statusMemory(full.threads + 1);
    const words = new SharedArrayBuffer(SHARED_WORDS * Int32Array.BYTES_PER_ELEMENT);
    const cells = new SharedArrayBuffer(SHARED_CELLS * BigInt64Array.BYTES_PER_ELEMENT);
    this.statuses = Array.from({ length: full.threads + 1 }, (_, thread) => new ThreadStatus(status, thread));
    const own: Origin = { node: hostIds.next(10), thread: 0, incarnation: 1 };
    const linkLimits = { ringBytes: full.ringBytes, outboxBytesMax: full.outboxBytesMax };
    this.side = new ControlSide({
      own,
      limits: linkLimits,
      sending: () => {
        if (!this.scheduler.isInTurn) this.turns.request();
      },
      receive: (notice, from) => this.receiveNotice(notice, from),
    });
    this.side.onWelcome = (origin) => this.welcomed(origin);
    this.turns = new ThreadTurns({
      status: this.statuses[0],
      incarnation: own.incarnation,
      // The control thread is somebody's main thread: it does not look around while it has nothing to do.
      pollMs: 0,
      hasWork: () => this.side.mesh.hasWork,
      run: () => this.scheduler.runTurn(),
    });
    this.offloads = new OffloadPool(this.side.mesh.identities, full.offloadWorkers);
    this.scheduler = this.makeScheduler(own, words, cells);
    this.side.attach(this.scheduler);
    this.slots = new Slots({
      threads: full.threads,
      spares: full.spareWorkers,
      ringBytes: full.ringBytes,
      statuses: this.statuses,
      control: own,
      originOf: (thread, incarnation) => this.side.mesh.identities.originOf(own.node, thread, incarnation),
      wake: () => this.turns.wake(),
      starting: ({ origin, carrier }) => this.side.join(origin, carrier),
      receive: (message) => this.receiveControl(message),
      died: (incarnation, death) => this.died(incarnation, death),
      task: {
        threads: full.threads,
        status,
        words,
        cells,
        strict: full.strict,
        pollMs: full.pollMs,
        placement: full.placement,
        limits: full.limits,
        linkLimits,
        envModule: full.envModule,
      },
    });
    this.watchdog = new Watchdog({
      limits: { tickMs: TICK_MS, warnMs: WARN_MS, abortMs: full.watchdogMs },
      logger: full.logger,
      threads: () => this.watched(),
      abort: ({ origin }, serial, stuckMs) => {
        const reason = { tag: 'watchdog', ms: Math.round(stuckMs) };
        this.end(origin.thread, { culprit: serial === 0 ? null : serial, culpritReason: reason, cause: reason });
      },
    });
    this.turns.request();
  }

  /** Resolves when every data thread runs. Rejects with ThreadStartError when one cannot start. */
  started(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.onFirst = { up: resolve, failed: reject };
      this.checkAllUp();
    });
  }

  /** The data threads and their present incarnations. */
  info(): readonly ThreadInfo[] {
    return this.threads.map((thread) => {
      const slot = this.slots.at(thread);
      return {
        thread,
        incarnation: slot?.origin.incarnation ?? 0,
        isUp: slot?.isUp === true,
        processes: this.statuses[thread].processes,
      };
    });
  }

  /** Signals between the control thread and each data thread's present incarnation. */
  signalsCrossed(): readonly { readonly thread: number; readonly sent: number; readonly received: number }[] {
    return this.side.mesh.counters();
  }

  /** Counters and gauges of all threads, by name. A data thread's reach this one a moment later. */
  metrics(): Readonly<Record<string, number>> {
    return this.counted.read();
  }

  /** Ends a data thread as if it had broken, wherever its code is; it starts again. */
  kill(thread: number): void {
    this.end(thread, { culprit: null, culpritReason: 'killed', cause: 'killed' });
  }

  /** Ends the processes of all data threads, the threads, and the turns of the control scheduler; says what was left. */
  stop(): Promise<readonly ThreadLeaks[]> {
    this.stopping ??= this.stopNow();
    return this.stopping;
  }

  private async stopNow(): Promise<readonly ThreadLeaks[]> {
    this.watchdog.stop();
    const slots = [...this.slots.present()];
    const leaks = await Promise.all(slots.map((slot) => this.endThread(slot)));
    await this.slots.stop();
    // The processes of a thread that did not answer have ended with it, and nobody else will free their names.
    for (const [index, { origin }] of slots.entries()) if (leaks[index] === null) this.side.names.lose(origin);
    await this.offloads.stop();
    this.turns.stop();
    return [leaksOf(this.scheduler), ...leaks.filter((entry) => entry !== null)];
  }

  /** Resolves with what the thread still held, or null when it died or did not answer. */
  private endThread({ origin, isUp }: Incarnation): Promise<ThreadLeaks | null> {
    if (!isUp) return Promise.resolve(null);
    return new Promise((resolve) => {
      const bound = setTimeout(() => resolve(null), STOP_MS);
      this.ends.set(origin, (leaks) => {
        clearTimeout(bound);
        resolve(leaks);
      });
      this.side.mesh.notify(origin, { tag: 'end' });
    });
  }

  private makeScheduler(own: Origin, words: SharedArrayBuffer, cells: SharedArrayBuffer): Scheduler {
    const { options } = this;
    const env: Env = {
      clock: hostClock,
      random: hostRandom,
      ids: hostIds,
      logger: options.logger,
      metrics: this.counted,
      net: options.net,
      disk: options.disk,
      memory: hostMemory,
      words: new Int32Array(words),
      cells: new BigInt64Array(cells),
    };
    return new Scheduler({
      origin: own,
      env,
      turns: this.turns,
      loader: new HostLoader(options.logger) as Loader,
      names: this.side.names,
      outlink: this.side.mesh,
      transit: null,
      // The control thread is never aborted, so nobody needs to know what it runs.
      heartbeat: null,
      strict: options.strict,
      place: placer({
        own,
        threads: options.threads,
        policy: options.placement,
        statuses: this.statuses,
        originAt: (thread) => this.side.mesh.originAt(thread),
      }),
      offload: (mfa, args, done) => this.offloads.start(mfa, args, done),
      tracer: null,
      limits: options.limits,
    });
  }

  private *watched(): Generator<Watched> {
    for (const { origin, worker, isUp } of this.slots.present()) {
      if (isUp) yield { origin, worker, status: this.statuses[origin.thread] };
    }
  }

  private end(thread: number, death: ThreadDeath): void {
    const slot = this.slots.at(thread);
    if (slot !== null) this.slots.abort(slot, death);
  }

  private welcomed(origin: Origin): void {
    const slot = this.slots.at(origin.thread);
    if (slot === null || slot.origin !== origin) return;
    slot.isUp = true;
    this.options.logger.log('debug', 'thread is up', { thread: origin.thread, incarnation: origin.incarnation });
    this.checkAllUp();
  }

  private checkAllUp(): void {
    if (!this.info().every(({ isUp }) => isUp)) return;
    this.onFirst?.up();
    this.onFirst = null;
  }

  private died({ origin }: Incarnation, death: ThreadDeath): void {
    this.options.logger.log('error', 'thread died', {
      thread: origin.thread,
      incarnation: origin.incarnation,
      cause: death.cause,
    });
    this.ends.get(origin)?.(null);
    this.ends.delete(origin);
    this.offloads.lose(origin);
    this.side.threadDied(origin, death);
    this.onFirst?.failed(new ThreadStartError(origin.thread, death.cause));
    this.onFirst = null;
  }

  private receiveControl(message: ToControl): void {
    if (message.tag === 'log') this.options.logger.log(message.level, message.event, message.data);
    else if (message.tag === 'count') this.counted.count(message.name, message.by);
    else if (message.tag === 'gauge') this.counted.gauge(message.name, message.value);
  }

  private receiveNotice(notice: Notice, from: Origin): void {
    if (notice.tag === 'ended') {
      this.ends.get(from)?.((notice as EndedNotice).leaks);
      this.ends.delete(from);
    } else if (notice.tag === 'offload') {
      const { id, mfa, args } = notice as OffloadNotice;
      this.offloads.startFor(from, id, mfa, args, (result) => {
        const offloaded: OffloadedNotice = { tag: 'offloaded', id, result };
        this.side.mesh.notify(from, offloaded);
      });
    } else if (notice.tag === 'offloadAbort') this.offloads.abortFor(from, (notice as OffloadAbortNotice).id);
  }
}
