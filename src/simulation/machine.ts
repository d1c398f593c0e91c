// What a simulated machine is made of: the threads with their schedulers, and what these get for an outside world.
// With one thread there is no wire; with several, thread 0 is the control side and the others may die and come again.
import type { Disk, Env, Random } from '../env/index.ts';
import { flags, type MessageSignal, type Placement } from '../process/index.ts';
import { DEFAULT_LIMITS, type Engine, LocalNames, type Names, type Outlink } from '../scheduler/index.ts';
import type { Origin } from '../term/index.ts';
import { simLoader, simOffload } from './code.ts';
import { DiskSeat, noDisk } from './disk-seat.ts';
import { type NetHost, SimNet } from './net.ts';
import type { Settings } from './options.ts';
import { mix, SeededRandom } from './random.ts';
import type { Seat, Seats } from './seat.ts';
import { SimScheduler } from './sim-scheduler.ts';
import type { PairTransit } from './transit.ts';
import type { Watch } from './watch.ts';
import { NODE, type Side, Wires } from './wires.ts';

/** Where virtual wall time starts: 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000;
/** Length of `env.words`. */
const SHARED_WORDS = 65_536;
/** Length of `env.cells`. */
const SHARED_CELLS = 65_536;
/** Keeps the chance in the network apart from that of processes. */
const NET_RANDOM = 0x6e65;
/** The same for the disk. */
const DISK_RANDOM = 0x6469;
const LIMITS = {
  ...DEFAULT_LIMITS,
  sliceReductions: 1,
  sliceMs: Number.POSITIVE_INFINITY,
  turnMs: Number.POSITIVE_INFINITY,
};

/** What the parts of the machine need of the world that runs them. */
export interface MachineHost {
  readonly settings: Settings;
  readonly seats: Seats;
  readonly watch: Watch;
  readonly transit: PairTransit;
  readonly nowMs: number;
  readonly wallOffsetMs: number;
  readonly running: Seat;
  readonly loading: Set<Promise<unknown>>;
  note(text: string): void;
  /** A message leaves for another thread, and arrives there as another object. */
  sentAcross(signal: MessageSignal): void;
  arrivedAcross(fromThread: number, signal: MessageSignal): void;
  /** What a dead thread has sent does not arrive any more, or is read at once. */
  lostAcross(thread: number): void;
  deliverAll(isDue: (from: Seat, to: Seat) => boolean): void;
}

export class Machine {
  readonly threads: SimScheduler[] = [];
  readonly wires: Wires | null;
  private readonly host: MachineHost;
  private readonly isAsync: boolean;
  private readonly unpublished = new Set<number>();
  readonly net: SimNet;
  /** The disk of thread 0. */
  readonly disk: DiskSeat;
  readonly env: Env;
  /** As `env`, but without a disk. */
  readonly dataEnv: Env;
  private lastPlaced = 0;

  constructor(host: MachineHost, isAsync: boolean) {
    this.host = host;
    this.isAsync = isAsync;
    this.net = this.makeNet();
    this.disk = this.makeDisk();
    const envWith = this.makeEnv();
    const { disk } = this;
    this.env = envWith(() => disk.disk);
    const none = noDisk((run) => void this.after(this.host.running.thread, 0, run));
    this.dataEnv = envWith(() => none);
    const { threads } = host.settings;
    this.wires = threads === 0 ? null : new Wires((thread) => this.unpublished.add(thread));
    for (let thread = 0; thread <= threads; thread++) this.start(thread, 1);
    // The threads are welcomed before anything runs.
    this.publish();
    for (let link = this.wires?.pending[0]; link !== undefined; link = this.wires?.pending[0]) {
      this.wires?.pass(link);
      this.publish();
    }
  }

  /** Makes visible to others what was sent in the last step. */
  publish(): void {
    if (this.unpublished.size === 0) return;
    const threads = [...this.unpublished];
    this.unpublished.clear();
    for (const thread of threads) this.wires?.publish(thread);
  }

  private start(thread: number, incarnation: number): void {
    const { host } = this;
    const side = this.wires?.make(thread, incarnation) ?? null;
    const scheduler = this.makeScheduler(side?.own ?? { node: NODE, thread, incarnation }, side);
    this.threads[thread] = scheduler;
    scheduler.beforeThreadDown = (origin) => this.finishDead(origin, thread);
    if (side === null) return;
    this.wires?.attach(side, {
      processes: scheduler.processes,
      unborn: scheduler.unborn,
      receive: (signal) => {
        const from = this.wires?.reading ?? 0;
        if (signal.kind === 'message') host.arrivedAcross(from, signal);
        host.transit.arrive(from, thread, signal);
      },
      threadDown: (origin, reasonFor) => scheduler.threadDown(origin, reasonFor),
    });
  }

  private makeScheduler(origin: Origin, side: Side | null): SimScheduler {
    const { host } = this;
    const { wiring, strict } = host.settings;
    const engine: Engine = {
      origin,
      env: origin.thread === 0 ? this.env : this.dataEnv,
      turns: { request: () => {}, wakeAt: () => {} },
      loader: simLoader(host, this.isAsync),
      names: side?.names ?? wiring.names?.() ?? (new LocalNames() as Names),
      outlink: side === null ? null : this.outlinkOf(side),
      transit: host.transit,
      heartbeat: null,
      strict,
      place: (placement) => this.place(placement, origin, side),
      offload: simOffload(host, (run) => scheduler.startReceiveTimer(0, run)),
      tracer: null,
      limits: LIMITS,
    };
    const make = wiring.scheduler ?? ((...args) => new SimScheduler(...args));
    const scheduler: SimScheduler = make(engine, host.seats, host.watch);
    return scheduler;
  }

  private outlinkOf({ mesh }: Side): Outlink {
    return {
      send: (to, signal) => {
        if (signal.kind === 'message' || signal.kind === 'alias') this.host.watch.sent(signal);
        if (signal.kind === 'message') this.host.sentAcross(signal);
        mesh.send(to, signal);
      },
      poll: () => false,
      publish: () => {},
      isCongested: () => false,
      pidAt: (origin, serial) => mesh.pidAt(origin, serial),
      isUp: (origin) => mesh.isUp(origin),
    };
  }

  private place(placement: Exclude<Placement, 'here'>, own: Origin, side: Side | null): Origin {
    if (placement !== 'any' && 'with' in placement) return placement.with.origin;
    const { threads } = this.host.settings;
    const thread = placement !== 'any' ? placement.thread : threads === 0 ? 0 : 1 + (this.lastPlaced++ % threads);
    const origin = thread === own.thread ? own : (side?.mesh.originAt(thread) ?? null);
    if (origin === null) throw new RangeError(`there is no thread ${thread}: this simulation has 0 to ${threads}`);
    return origin;
  }

  private makeNet(): SimNet {
    const { host } = this;
    const net: NetHost = {
      get thread() {
        return host.running.thread;
      },
      random: new SeededRandom(mix(host.settings.seed, NET_RANDOM)),
      after: (thread, ms, run) => this.after(thread, ms, run),
    };
    return new SimNet(net, host.settings.net);
  }

  private makeDisk(): DiskSeat {
    const { host } = this;
    return new DiskSeat(
      {
        get running() {
          return host.running.path;
        },
        random: new SeededRandom(mix(host.settings.seed, DISK_RANDOM)),
        after: (ms, run) => void this.after(0, ms, run),
        note: (text) => host.note(text),
      },
      host.settings.disk,
    );
  }

  private after(thread: number, ms: number, run: () => void): () => void {
    const scheduler = this.threads[thread];
    const timer = scheduler.startReceiveTimer(ms, run);
    return () => scheduler.cancelReceiveTimer(timer);
  }

  /** What processes have of the outside; only the disk is not the same on every thread. */
  private makeEnv(): (disk: () => Disk) => Env {
    const { host } = this;
    const random: Random = { next: () => host.running.random.next() };
    let words: Int32Array | null = null;
    let cells: BigInt64Array | null = null;
    return (disk) => ({
      clock: { now: () => host.nowMs, wallTime: () => EPOCH_MS + host.nowMs + host.wallOffsetMs },
      random,
      ids: { next: (length) => host.running.random.name(length) },
      logger: {
        log: (level, event, data) => {
          const reason = data?.reason === undefined ? '' : `: ${String(data.reason)}`;
          host.note(`log ${level} ${event} ${host.running}${reason}`);
          host.settings.logger?.log(level, event, data);
        },
      },
      metrics: { count: () => {}, gauge: () => {} },
      get words() {
        // Made on first use: most simulations are over before a quarter of a megabyte could be cleared.
        words ??= new Int32Array(SHARED_WORDS);
        return words;
      },
      get cells() {
        cells ??= new BigInt64Array(SHARED_CELLS);
        return cells;
      },
      net: this.net,
      get disk() {
        return disk();
      },
    });
  }

  // ---- the death of a thread (THR-1)

  canDie(thread: number): boolean {
    return this.wires !== null && thread > 0 && thread < this.threads.length;
  }

  /** Ends a thread between two slices; what it had published counts. Its next incarnation starts at once. */
  die(thread: number): void {
    const { wires, host } = this;
    if (wires === null) return;
    this.publish();
    const dead = this.threads[thread];
    const cause = 'killed by the schedule';
    const exit = { reason: { tag: 'threadDown', thread, cause } };
    for (const process of dead.processes.values()) process.flags &= ~flags.ALIVE;
    for (const seat of host.seats.all()) {
      if (seat.thread !== thread || seat.exit !== null || seat === host.seats.ofThread(thread)) continue;
      seat.exit = exit;
      seat.process = null;
    }
    this.net.threadDied(thread);
    host.transit.drop((pair) => pair.to.thread === thread);
    wires.control.threadDied(wires.control.mesh.identities.originOf(NODE, thread, dead.origin.incarnation), {
      culprit: null,
      culpritReason: null,
      cause,
    });
    host.lostAcross(thread);
    this.start(thread, dead.origin.incarnation + 1);
  }

  /** Before `thread` hears of the death, it receives everything that the dead thread had sent it. */
  private finishDead(origin: Origin, thread: number): void {
    const { seats } = this.host;
    const [dead, here] = [seats.ofThread(origin.thread), seats.ofThread(thread)];
    this.host.deliverAll((from, to) => from === dead && to === here);
  }
}
