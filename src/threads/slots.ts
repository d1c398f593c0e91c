// The data threads as the control thread sees them: one slot per thread number, each with its present incarnation.
// A slot's worker is an endless Piscina task; when it ends for whatever reason the death is reported and the next
// incarnation starts (THR-1, DESIGN decision 6).
import { fileURLToPath } from 'node:url';
import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { errorData, type Origin } from '../term/index.ts';
import { ringSize, type ThreadDeath } from '../wire/index.ts';
import type { Peer, ThreadTask, ToControl, ToThread } from './messages.ts';
import { siblingUrl } from './sibling-url.ts';
import { type CarrierEnd, ThreadCarrier } from './thread-carrier.ts';
import type { ThreadStatus } from './thread-status.ts';

/** A thread that dies before it has started waits this long, then twice as long, before the next try. */
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;

/** One incarnation of one data thread. */
export interface Incarnation {
  readonly origin: Origin;
  readonly carrier: ThreadCarrier;
  readonly controller: AbortController;
  worker: Worker | null;
  /** It has been welcomed and runs processes. */
  isUp: boolean;
  /** Set by who aborted it. */
  death: ThreadDeath | null;
}

export interface SlotsOptions {
  readonly threads: number;
  readonly ringBytes: number;
  /** Everything of a task that is the same for all threads. */
  readonly task: Omit<ThreadTask, 'origin' | 'control' | 'peers'>;
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
  private readonly pool: Piscina;
  private readonly slots: (Incarnation | null)[] = [];
  private readonly retries = new Set<NodeJS.Timeout>();
  private readonly ends = new Set<Promise<void>>();
  /** Incarnations in a row that died before they had started. */
  private failures = 0;
  private isStopping = false;

  constructor(options: SlotsOptions) {
    this.options = options;
    this.pool = new Piscina({
      filename: fileURLToPath(siblingUrl('boot')),
      minThreads: options.threads,
      maxThreads: options.threads,
      concurrentTasksPerWorker: 1,
      atomics: 'disabled',
    });
    // Errors of tasks reach us through their promises; an idle worker that dies is replaced by the pool.
    this.pool.on('error', () => {});
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
    incarnation.controller.abort();
  }

  /** Ends all threads; nothing is left when it resolves. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const retry of this.retries) clearTimeout(retry);
    for (const { carrier } of this.present()) carrier.post({ tag: 'stop' } satisfies ToThread);
    await this.pool.destroy();
    await Promise.all(this.ends);
  }

  private start(thread: number, number: number): void {
    if (this.isStopping) return;
    const { options } = this;
    const origin = options.originOf(thread, number);
    const transfer: MessagePort[] = [];
    const [here, there] = pair(options.ringBytes, transfer);
    const peers: Peer[] = [];
    for (const other of this.present()) {
      const [ours, theirs] = pair(options.ringBytes, transfer);
      peers.push({ origin: other.origin, end: theirs });
      other.carrier.post({ tag: 'peer', peer: { origin, end: ours } } satisfies ToThread, [ours.threadPort]);
    }
    options.statuses[thread].reset();
    const carrier = new ThreadCarrier(here, options.statuses[thread], {
      wake: options.wake,
      control: (message) => this.receive(incarnation, message as ToControl),
    });
    const incarnation: Incarnation = {
      origin,
      carrier,
      controller: new AbortController(),
      worker: null,
      isUp: false,
      death: null,
    };
    this.slots[thread] = incarnation;
    const task: ThreadTask = { ...options.task, origin, control: { origin: options.control, end: there }, peers };
    options.starting(incarnation);
    const end = this.run(incarnation, task, transfer, there.threadPort);
    this.ends.add(end);
    void end.then(() => this.ends.delete(end));
  }

  /** Waits for the end of an incarnation: of its task, and of its worker, after which nothing of it comes any more. */
  private async run(
    incarnation: Incarnation,
    task: ThreadTask,
    transfer: MessagePort[],
    remote: MessagePort,
  ): Promise<void> {
    const closed = new Promise<void>((resolve) => incarnation.carrier.onClose(resolve));
    // Piscina's type of the list is that of another overload of `postMessage`.
    const transferList = transfer as unknown as NonNullable<Parameters<Piscina['run']>[1]>['transferList'];
    let failure: unknown;
    try {
      await this.pool.run(task, { signal: incarnation.controller.signal, transferList });
    } catch (error) {
      failure = error;
    }
    // A task that never reached a worker still has its end here; closing it closes ours. Else this does nothing.
    remote.close();
    if (this.isStopping) incarnation.carrier.close();
    await closed;
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
      incarnation.worker = this.pool.threads.find(({ threadId }) => threadId === message.threadId) ?? null;
    } else this.options.receive(message);
  }
}

/** The two ends of what joins two threads; the port of the second is to be transferred. */
function pair(ringBytes: number, transfer: MessagePort[]): [CarrierEnd, CarrierEnd] {
  const { port1, port2 } = new MessageChannel();
  const a = new SharedArrayBuffer(ringSize(ringBytes));
  const b = new SharedArrayBuffer(ringSize(ringBytes));
  transfer.push(port2);
  return [
    { inbound: a, outbound: b, threadPort: port1 },
    { inbound: b, outbound: a, threadPort: port2 },
  ];
}
