// Several schedulers joined by the wire over ordinary memory, on virtual time, for tests: what is delivered when is the
// test's business. The first is the control side.
import { noDisk } from '../../src/env/host/index.ts';
import type { AnyBody, Context } from '../../src/process/index.ts';
import { DEFAULT_LIMITS, type Engine, Scheduler } from '../../src/scheduler/index.ts';
import type { Origin } from '../../src/term/index.ts';
import {
  type Carrier,
  ControlSide,
  DataSide,
  type LinkLimits,
  ringSize,
  type ThreadDeath,
} from '../../src/wire/index.ts';

export interface Seat {
  readonly thread: number;
  readonly side: ControlSide | DataSide;
  readonly scheduler: Scheduler;
  isTurnWanted: boolean;
}

export class Cluster {
  readonly seats: (Seat | null)[] = [];
  readonly code: Record<string, AnyBody> = {};
  readonly limits: LinkLimits;
  private readonly isStrict: boolean;
  nowMs = 1_000;
  private readonly control: ControlSide;
  /** Oversize records under way, by `from>to`; held back while `holdsAside`. */
  private readonly aside = new Map<string, Uint8Array<ArrayBuffer>[]>();
  private readonly shared = new Map<string, SharedArrayBuffer[]>();
  holdsAside = false;
  private readonly incarnations: number[] = [];

  constructor(dataThreads: number, limits: Partial<LinkLimits> = {}, isStrict = true) {
    this.isStrict = isStrict;
    this.limits = { ringBytes: 1024, outboxBytesMax: 100_000, ...limits };
    const own = { node: 'test', thread: 0, incarnation: 1 };
    const seat = this.sit(own, (sending) => new ControlSide({ own, limits: this.limits, sending, receive: () => {} }));
    this.control = seat.side as ControlSide;
    for (let thread = 1; thread <= dataThreads; thread++) this.start(thread);
    this.settle();
  }

  at(thread: number): Seat {
    const seat = this.seats[thread];
    if (seat == null) throw new Error(`thread ${thread} is dead`);
    return seat;
  }

  /** Starts the next incarnation of a thread; it runs once it has been welcomed. */
  start(thread: number): void {
    this.incarnations[thread] = (this.incarnations[thread] ?? 0) + 1;
    const own = { node: 'test', thread, incarnation: this.incarnations[thread] };
    const others = this.seats.filter((seat) => seat !== null && seat.thread !== thread) as Seat[];
    const seat = this.sit(
      own,
      (sending) => new DataSide({ own, limits: this.limits, sending, receive: () => {} }, this.control.own),
    );
    for (const other of others) {
      const [here, there] = this.join(own, other.side.own);
      (seat.side as DataSide).join(other.side.own, here);
      if (other.thread === 0)
        this.control.join(this.control.mesh.identities.originOf('test', thread, own.incarnation), there);
      else (other.side as DataSide).join(own, there);
    }
    (seat.side as DataSide).hello();
  }

  /** Ends a thread between two turns; what it has not published is gone. The control side hears of it later. */
  stopThread(thread: number): Origin {
    const { own } = this.at(thread).side;
    this.seats[thread] = null;
    return this.control.mesh.identities.originOf(own.node, own.thread, own.incarnation);
  }

  report(origin: Origin, death: ThreadDeath = { culprit: null, culpritReason: null, cause: 'killed' }): void {
    this.control.threadDied(origin, death);
  }

  /** One turn of one scheduler; false when it sleeps. As on a real thread, only a wake-up ends its sleep. */
  turn(thread: number): boolean {
    const seat = this.seats[thread];
    if (seat == null || !(seat.isTurnWanted || seat.scheduler.runQueue.length > 0)) return false;
    seat.isTurnWanted = false;
    seat.scheduler.runTurn();
    // The last look before it goes to sleep.
    if (seat.side.mesh.hasWork) seat.isTurnWanted = true;
    return true;
  }

  /** Runs everybody until nobody has anything to do. */
  settle(): void {
    for (let round = 0; ; round++) {
      if (round > 100_000) throw new Error('the cluster does not settle');
      let hadWork = false;
      for (let thread = 0; thread < this.seats.length; thread++) if (this.turn(thread)) hadWork = true;
      if (!hadWork) return;
    }
  }

  /** Starts a process without a parent; returns its context. */
  spawn(thread: number, body: AnyBody, args: readonly unknown[] = []): Context<unknown> {
    const { scheduler } = this.at(thread);
    const { pid } = scheduler.spawn(null, { body, args, options: undefined, link: false, monitor: false });
    return pid.target as unknown as Context<unknown>;
  }

  /** A process that keeps what it receives. */
  keeper(thread: number): { readonly context: Context<unknown>; readonly got: unknown[] } {
    const got: unknown[] = [];
    const context = this.spawn(thread, {
      handle: (state, message) => {
        got.push(message);
        return state;
      },
    });
    return { context, got };
  }

  private sit(own: Origin, make: (sending: () => void) => ControlSide | DataSide): Seat {
    const seat = { thread: own.thread, isTurnWanted: false } as { -readonly [K in keyof Seat]: Seat[K] };
    seat.side = make(() => {
      seat.isTurnWanted = true;
    });
    seat.scheduler = new Scheduler(this.engine(seat));
    seat.side.attach(seat.scheduler);
    this.seats[own.thread] = seat;
    return seat;
  }

  private engine(seat: Seat): Engine {
    const { side } = seat;
    const refused = () => {
      throw new Error('not in this test');
    };
    return {
      origin: side.own,
      env: {
        clock: { now: () => this.nowMs, wallTime: () => this.nowMs },
        random: { next: () => 0.5 },
        ids: { next: (length) => 'x'.repeat(length) },
        logger: { log: () => {} },
        metrics: { count: () => {}, gauge: () => {} },
        words: new Int32Array(1),
        cells: new BigInt64Array(1),
        net: { listen: refused },
        disk: noDisk,
      },
      turns: {
        request: () => {
          seat.isTurnWanted = true;
        },
        wakeAt: () => {},
      },
      loader: {
        load: (mfa, done) => {
          const body = this.code[mfa.export];
          done(body === undefined ? { error: `no export ${mfa.export}` } : { body });
        },
      },
      names: side.names,
      outlink: side.mesh,
      transit: null,
      heartbeat: null,
      strict: this.isStrict,
      place: (placement) => {
        const thread = typeof placement === 'object' && 'thread' in placement ? placement.thread : 0;
        return thread === seat.thread ? side.own : (side.mesh.originAt(thread) as Origin);
      },
      offload: refused,
      tracer: null,
      limits: DEFAULT_LIMITS,
    };
  }

  private join(a: Origin, b: Origin): [Carrier, Carrier] {
    const forth = new ArrayBuffer(ringSize(this.limits.ringBytes));
    const back = new ArrayBuffer(ringSize(this.limits.ringBytes));
    const name = (from: Origin, to: Origin) => `${from.thread}.${from.incarnation}>${to.thread}.${to.incarnation}`;
    const end = (from: Origin, to: Origin, outbound: ArrayBuffer, inbound: ArrayBuffer): Carrier => ({
      outbound,
      inbound,
      handOver: (bytes) => {
        const key = name(from, to);
        this.aside.set(key, [...(this.aside.get(key) ?? []), bytes]);
      },
      takeOver: () => (this.holdsAside ? undefined : this.aside.get(name(to, from))?.shift()),
      share: (buffer) => {
        const key = name(from, to);
        this.shared.set(key, [...(this.shared.get(key) ?? []), buffer]);
      },
      takeShared: () => this.shared.get(name(to, from))?.shift(),
      wake: () => {
        const seat = this.seats[to.thread];
        if (seat != null && seat.side.own.incarnation === to.incarnation) seat.isTurnWanted = true;
      },
    });
    return [end(a, b, forth, back), end(b, a, back, forth)];
  }
}

/** The pid that stands for `pid` on another thread, as it would after a message. */
export function seenFrom(seat: Seat, pid: { readonly origin: Origin; readonly serial: number }) {
  const { node, thread, incarnation } = pid.origin;
  const { identities } = seat.side.mesh;
  return identities.pid(identities.originOf(node, thread, incarnation), pid.serial);
}
