// The data threads as the control thread sees them: one slot per thread number, each with its present incarnation.
// A slot's worker is an endless Piscina task; when it ends for whatever reason the death is reported and the next
// incarnation starts (THR-1, DESIGN decision 6).
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errorData, type Origin } from '../term/index.ts';
import { ringSize, type ThreadDeath } from '../wire/index.ts';
import type { ThreadTask, ToControl, ToThread } from './messages.ts';
import { siblingUrl } from './sibling-url.ts';
import { type CarrierEnd, ThreadCarrier } from './thread-carrier.ts';
import type { ThreadStatus } from './thread-status.ts';

/** A thread that dies before it has started waits this long, then twice as long, before the next try. */
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;
/** How long the end of a worker that was never seen may take to show. */
const NEVER_SEEN_MS = 1_000;

/** One incarnation of one data thread. */
export interface Incarnation {
  readonly origin: Origin;
  readonly carrier: ThreadCarrier;
  readonly controller: AbortController;
  worker: Worker | null;
  /** Resolved when nothing of it runs any more. */
  readonly ended: PromiseWithResolvers<void>;
  /** It has been welcomed and runs processes. */
  isUp: boolean;
  /** Set by who aborted it. */
  death: ThreadDeath | null;
}

export interface SlotsOptions {
  readonly threads: number;
  /** Idle workers beside those of the threads. */
  readonly spares: number;
  readonly ringBytes: number;
  /** Everything of a task that is the same for all threads. */
  readonly task: Omit<ThreadTask, 'origin' | 'control'>;
  readonly statuses: readonly ThreadStatus[];
  readonly originOf: (thread: number, incarnation: number) => Origin;
  readonly control: Origin;
  readonly wake: () => void;
  readonly starting: (incarnation: Incarnation) => void;
  readonly receive: (message: ToControl) => void;
  readonly died: (incarnation: Incarnation, death: ThreadDeath) => void;
}

export class Slots {
  private readonly options: SlotsOptions;
  private readonly pool: Piscina | null;
  private readonly slots: (Incarnation | null)[] = [];
  private readonly retries = new Set<NodeJS.Timeout>();
  private readonly ends = new Set<Promise<void>>();
  /** Incarnations in a row that died before they had started. */
  private failures = 0;
  private isStopping = false;

  constructor(options: SlotsOptions) {
    this.options = options;
    this.pool = options.threads === 0 ? null : makePool(options.threads, options.spares);
    for (let thread = 1; thread <= options.threads; thread++) this.start(thread, 1);
  }

  at(thread: number): Incarnation | null {
    return this.slots[thread] ?? null;
  }

  /** The incarnations that run or start. */
  *present(): Generator<Incarnation> {
    for (const slot of this.slots) if (slot != null) yield slot;
  }

  /** Ends a thread at once, wherever its code is. */
  abort(incarnation: Incarnation, death: ThreadDeath): void {
    incarnation.death ??= death;
    const workers = this.pool?.threads ?? [];
    incarnation.controller.abort();
    // The pool drops the worker at once and ends it in the background. None dropped: the task had not reached one.
    const left = new Set(this.pool?.threads);
    const worker = workers.find((each) => !left.has(each));
    if (worker !== undefined) this.watchExit(incarnation, worker);
    else if (incarnation.worker === null) incarnation.ended.resolve();
  }

  private watchExit(incarnation: Incarnation, worker: Worker): void {
    if (incarnation.worker !== worker) worker.once('exit', () => incarnation.ended.resolve());
    incarnation.worker = worker;
  }

  /** Ends all threads; nothing is left when it resolves. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const retry of this.retries) clearTimeout(retry);
    for (const { carrier } of this.present()) carrier.post({ tag: 'stop' } satisfies ToThread);
    await this.pool?.destroy();
    await Promise.all(this.ends);
  }

  private start(thread: number, number: number): void {
    if (this.isStopping) return;
    const { options } = this;
    const origin = options.originOf(thread, number);
    const [here, there] = pair(options.ringBytes);
    options.statuses[thread].reset();
    const carrier = new ThreadCarrier(here, options.statuses[thread], number, {
      wake: options.wake,
      control: (message) => this.receive(incarnation, message as ToControl),
    });
    const incarnation: Incarnation = {
      origin,
      carrier,
      controller: new AbortController(),
      worker: null,
      ended: Promise.withResolvers(),
      isUp: false,
      death: null,
    };
    for (const other of this.present()) this.introduce(incarnation, other);
    this.slots[thread] = incarnation;
    const task: ThreadTask = { ...options.task, origin, control: { origin: options.control, end: there } };
    options.starting(incarnation);
    const end = this.run(incarnation, task, there.threadPort);
    this.ends.add(end);
    void end.then(() => this.ends.delete(end));
  }

  /**
   * Joins two data threads. Both ends are posted at once: a port that waits here for its thread to start would be closed,
   * and could not be sent any more, as soon as the other thread dies.
   */
  private introduce(a: Incarnation, b: Incarnation): void {
    const [endOfA, endOfB] = pair(this.options.ringBytes);
    a.carrier.post({ tag: 'peer', peer: { origin: b.origin, end: endOfA } } satisfies ToThread, [endOfA.threadPort]);
    b.carrier.post({ tag: 'peer', peer: { origin: a.origin, end: endOfB } } satisfies ToThread, [endOfB.threadPort]);
  }

  /** Waits for the end of an incarnation: of its task, and of its worker, after which nothing of it comes any more. */
  private async run(incarnation: Incarnation, task: ThreadTask, remote: MessagePort): Promise<void> {
    const { carrier, ended } = incarnation;
    carrier.onClose(ended.resolve);
    // Piscina's type of the list is that of another overload of `postMessage`.
    const transferList = [remote] as unknown as NonNullable<Parameters<Piscina['run']>[1]>['transferList'];
    let failure: unknown;
    try {
      await this.pool?.run(task, { signal: incarnation.controller.signal, transferList });
    } catch (error) {
      failure = error;
    }
    // A task that never reached a worker still has its end here; closing it closes ours. Else this does nothing.
    remote.close();
    if (this.isStopping) carrier.close();
    // Its worker broke before we knew it, perhaps before it had taken the port whose closing would tell.
    const bound = incarnation.worker === null ? setTimeout(ended.resolve, NEVER_SEEN_MS) : undefined;
    await ended.promise;
    clearTimeout(bound);
    carrier.close();
    if (!this.isStopping) this.ended(incarnation, failure);
  }

  private ended(incarnation: Incarnation, failure: unknown): void {
    const { thread, incarnation: number } = incarnation.origin;
    const death = incarnation.death ?? this.deathOf(thread, failure);
    this.slots[thread] = null;
    this.options.died(incarnation, death);
    if (incarnation.isUp) {
      this.failures = 0;
      this.start(thread, number + 1);
      return;
    }
    const retry = setTimeout(
      () => {
        this.retries.delete(retry);
        this.start(thread, number + 1);
      },
      Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.failures++),
    );
    this.retries.add(retry);
  }

  /** A thread that broke by itself: whoever was running is to blame (out of memory), else nobody. */
  private deathOf(thread: number, failure: unknown): ThreadDeath {
    const { serial } = this.options.statuses[thread];
    const error = failure instanceof Error ? errorData(failure) : { name: 'Error', message: String(failure) };
    const cause = { tag: 'error', error };
    return { culprit: serial === 0 ? null : serial, culpritReason: cause, cause };
  }

  private receive(incarnation: Incarnation, message: ToControl): void {
    if (message.tag === 'started') {
      const worker = this.pool?.threads.find(({ threadId }) => threadId === message.threadId);
      if (worker !== undefined) this.watchExit(incarnation, worker);
    } else this.options.receive(message);
  }
}

/** The spares have loaded the boot file: a dead thread runs again in the time of a message, not of a start. */
function makePool(threads: number, spares: number): Piscina {
  const pool = new Piscina({
    filename: fileURLToPath(siblingUrl('boot')),
    minThreads: threads + spares,
    maxThreads: threads + spares,
    concurrentTasksPerWorker: 1,
    atomics: 'disabled',
  });
  // Errors of tasks reach us through their promises; an idle worker that dies is replaced by the pool.
  pool.on('error', () => {});
  return pool;
}

/** The two ends of what joins two threads. */
function pair(ringBytes: number): [CarrierEnd, CarrierEnd] {
  const { port1, port2 } = new MessageChannel();
  const a = new SharedArrayBuffer(ringSize(ringBytes));
  const b = new SharedArrayBuffer(ringSize(ringBytes));
  return [
    { inbound: a, outbound: b, threadPort: port1 },
    { inbound: b, outbound: a, threadPort: port2 },
  ];
}
