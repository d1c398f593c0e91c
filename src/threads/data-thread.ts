// One data thread: a scheduler with its turns, its links to all other threads and its share of the outside world.
// Rows: THR-1, SCH-6, DESIGN decisions 5 to 9.
import { AsyncLocalStorage } from 'node:async_hooks';
import hostProcess from 'node:process';
import { threadId } from 'node:worker_threads';
import { HostLoader, hostClock, hostIds, hostMemory, hostNet, hostRandom, noDisk } from '../env/host/index.ts';
import type { Env } from '../env/index.ts';
import type { Process } from '../process/index.ts';
import { type Loader, Scheduler } from '../scheduler/index.ts';
import { formatReason, reasonOf } from '../term/index.ts';
import { DataSide, type Notice } from '../wire/index.ts';
import { leaksOf } from './leaks.ts';
import type { EndedNotice, OffloadedNotice, Peer, ThreadTask, ToControl, ToThread } from './messages.ts';
import { OffloadRequests } from './offload-requests.ts';
import { placer } from './placement.ts';
import { postingLogger } from './posting-logger.ts';
import { ThreadCarrier } from './thread-carrier.ts';
import { ThreadStatus } from './thread-status.ts';
import { ThreadTurns } from './thread-turns.ts';

export class DataThread {
  /** Resolves when the thread has been told to stop. */
  readonly stopped: Promise<void>;
  private readonly task: ThreadTask;
  private readonly side: DataSide;
  private readonly scheduler: Scheduler;
  private readonly turns: ThreadTurns;
  private readonly status: ThreadStatus;
  private readonly control: ThreadCarrier;
  private readonly offloads: OffloadRequests;
  private readonly owners = new AsyncLocalStorage<Process>();
  private readonly statuses: readonly ThreadStatus[];
  private finish: () => void = () => {};

  private constructor(task: ThreadTask, makeEnv: (base: Env) => Env) {
    this.task = task;
    this.stopped = new Promise((resolve) => {
      this.finish = resolve;
    });
    const { origin } = task;
    this.statuses = Array.from({ length: task.threads + 1 }, (_, thread) => new ThreadStatus(task.status, thread));
    this.status = this.statuses[origin.thread];
    this.side = new DataSide(
      {
        own: origin,
        limits: task.linkLimits,
        sending: () => {
          if (!this.scheduler.isInTurn) this.turns.request();
        },
        receive: (notice) => this.receiveNotice(notice),
      },
      task.control.origin,
    );
    this.offloads = new OffloadRequests((notice) => this.side.tellControl(notice));
    this.turns = new ThreadTurns({
      status: this.status,
      incarnation: origin.incarnation,
      pollMs: task.pollMs,
      hasWork: () => this.side.mesh.hasWork,
      run: () => {
        this.scheduler.runTurn();
        this.status.setLoad(this.scheduler.runQueue.length, this.scheduler.processes.size);
      },
    });
    this.control = this.carrierTo(task.control);
    const env = this.baseEnv();
    this.scheduler = new Scheduler({
      origin,
      env: makeEnv(env),
      turns: this.turns,
      loader: new HostLoader(env.logger) as Loader,
      names: this.side.names,
      outlink: this.side.mesh,
      transit: null,
      heartbeat: this.status,
      strict: task.strict,
      place: placer({
        own: origin,
        threads: task.threads,
        policy: task.placement,
        statuses: this.statuses,
        originAt: (thread) => this.side.mesh.originAt(thread),
      }),
      offload: (mfa, args, done) => this.offloads.start(mfa, args, done),
      asyncOwner: this.owners,
      tracer: null,
      limits: task.limits,
    });
    this.side.attach(this.scheduler);
  }

  /** Starts the thread's scheduler and asks to be welcomed. */
  static async start(task: ThreadTask): Promise<DataThread> {
    const thread = new DataThread(task, await loadEnv(task));
    thread.begin();
    return thread;
  }

  private begin(): void {
    this.post({ tag: 'started', threadId });
    hostProcess.on('unhandledRejection', (reason) => this.receiveStray(reason));
    this.side.join(this.task.control.origin, this.control);
    // The peers of this moment have been posted before the task: nothing runs here before they can be reached.
    this.control.receiveAll();
    this.side.hello();
    this.turns.request();
  }

  private carrierTo({ origin, end }: Peer): ThreadCarrier {
    return new ThreadCarrier(end, this.statuses[origin.thread], origin.incarnation, {
      wake: () => this.turns.wake(),
      control: (message) => this.receiveControl(message as ToThread),
    });
  }

  private receiveControl(message: ToThread): void {
    if (message.tag === 'peer') {
      this.side.join(message.peer.origin, this.carrierTo(message.peer));
      this.turns.request();
    } else {
      this.turns.stop();
      this.finish();
    }
  }

  private receiveNotice(notice: Notice): void {
    if (notice.tag === 'offloaded') this.offloads.receive(notice as OffloadedNotice);
    else if (notice.tag === 'end') {
      for (const process of [...this.scheduler.processes.values()]) this.scheduler.terminate(process, 'killed');
      const ended: EndedNotice = { tag: 'ended', leaks: { ...leaksOf(this.scheduler), names: 0 } };
      this.side.tellControl(ended);
    }
  }

  /** A promise was rejected and nobody listens: its async process crashes, or else the whole thread (DESIGN decision 9). */
  private receiveStray(thrown: unknown): void {
    const owner = this.owners.getStore();
    if (owner === undefined) throw thrown;
    const reason = reasonOf(thrown);
    this.scheduler.env.logger.log('error', 'stray rejection', {
      pid: owner.self.toString(),
      reason: formatReason(reason),
    });
    this.scheduler.terminate(owner, reason);
  }

  private baseEnv(): Env {
    return {
      clock: hostClock,
      random: hostRandom,
      ids: hostIds,
      logger: postingLogger((message) => this.post(message)),
      metrics: {
        count: (name, by = 1) => this.post({ tag: 'count', name, by }),
        gauge: (name, value) => this.post({ tag: 'gauge', name, value }),
      },
      net: hostNet,
      disk: noDisk,
      memory: hostMemory,
      words: new Int32Array(this.task.words),
      cells: new BigInt64Array(this.task.cells),
    };
  }

  private post(message: ToControl): void {
    this.control.post(message);
  }
}

/** The function that completes the thread's Env, from the module the embedder names. */
async function loadEnv({ envModule, origin }: ThreadTask): Promise<(base: Env) => Env> {
  if (envModule === null) return (base) => base;
  const module = (await import(envModule.module)) as Readonly<Record<string, unknown>>;
  const make = module[envModule.export];
  if (typeof make !== 'function') throw new TypeError(`${envModule.module} does not export ${envModule.export}`);
  return (base) => (make as (base: Env, thread: number) => Env)(base, origin.thread);
}
