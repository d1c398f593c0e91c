// One simulated machine: schedulers without turns of their own, one virtual clock, signals in transit, and one choice at
// each step (reliability.md 2.a). Without deviations it delivers what was sent first, runs what became runnable first
// and lets time jump only when nothing else is left: the fair FIFO order.
import type { Env, Random } from '../env/index.ts';
import { flags, type Process, type Signal } from '../process/index.ts';
import { DEFAULT_LIMITS, type Engine, LocalNames } from '../scheduler/index.ts';
import type { AnyPid } from '../term/index.ts';
import { simLoader, simOffload } from './code.ts';
import { History } from './history.ts';
import type { Settings } from './options.ts';
import { type Choices, holdKey, type Policy, Replay } from './policy.ts';
import { mix } from './random.ts';
import type { Deviation } from './schedule.ts';
import { type Choice, Pair, Seat, Seats } from './seat.ts';
import { SimScheduler } from './sim-scheduler.ts';
import { policyOf } from './strategies.ts';
import { PairTransit } from './transit.ts';
import { Watch } from './watch.ts';

/** Where virtual wall time starts: 2026-01-01. */
const EPOCH_MS = 1_767_225_600_000;
/** Length of `env.words`. */
const SHARED_WORDS = 65_536;
const LIMITS = {
  ...DEFAULT_LIMITS,
  sliceReductions: 1,
  sliceMs: Number.POSITIVE_INFINITY,
  turnMs: Number.POSITIVE_INFINITY,
};

const SIGNAL_CODES: Readonly<Record<Signal['kind'], number>> = {
  message: 1,
  alias: 2,
  exit: 3,
  linkExit: 4,
  link: 5,
  unlink: 6,
  unlinkAck: 7,
  monitor: 8,
  demonitor: 9,
  down: 10,
  spawn: 11,
  info: 12,
  infoReply: 13,
  cancelTimer: 14,
};

/** A deviation as it was taken; its text is made when somebody reads it. */
interface Taken {
  readonly step: number;
  readonly choice: Choice;
  readonly isHold: boolean;
  readonly instead: Choice | null;
}

export class World implements Choices {
  readonly settings: Settings;
  readonly seats: Seats;
  readonly watch: Watch;
  readonly history: History;
  readonly transit: PairTransit;
  readonly threads: SimScheduler[] = [];
  readonly taken: Taken[] = [];
  step = 0;
  nowMs = 0;
  /** The async process that ran in the last step; its promises have to be drained before the next. */
  ranAsync: Process | null = null;
  /** Modules that are being loaded; no step is taken meanwhile. */
  loading = 0;
  private readonly policy: Policy;
  private readonly pairs = new Set<Pair>();
  private readonly held: (Pair | Seat)[] = [];
  private readonly choices: Choice[] = [];
  private running: Seat;
  private nextThread = 0;
  private words: Int32Array | null = null;
  private hashA = 1;
  private hashB = 2;

  constructor(settings: Settings, isAsync: boolean) {
    this.settings = settings;
    this.seats = new Seats(settings.seed);
    this.running = this.seats.outside;
    this.watch = new Watch(settings.checks, this.seats);
    this.history = new History(settings.history);
    this.policy =
      settings.deviations !== null
        ? new Replay(settings.deviations, settings.isPatient)
        : policyOf(settings.strategy, settings.seed);
    const host = {
      seats: this.seats,
      sent: (signal: Signal) => this.watch.sent(signal),
      receive: (signal: Signal) => this.threads[signal.to.origin.thread].receive(signal),
    };
    this.transit = settings.wiring.transit?.(host) ?? new PairTransit(host);
    this.threads.push(this.startThread(0, isAsync));
  }

  private startThread(thread: number, isAsync: boolean): SimScheduler {
    const { wiring, strict } = this.settings;
    const origin = { node: 'simulated', thread, incarnation: 1 };
    const engine: Engine = {
      origin,
      env: this.env(),
      turns: { request: () => {}, wakeAt: () => {} },
      loader: simLoader(this, isAsync),
      names: wiring.names?.() ?? new LocalNames(),
      outlink: null,
      transit: this.transit,
      heartbeat: null,
      strict,
      place: () => origin,
      offload: simOffload(this, (run) => scheduler.startReceiveTimer(0, run)),
      tracer: null,
      limits: LIMITS,
    };
    const make = wiring.scheduler ?? ((...args) => new SimScheduler(...args));
    const scheduler: SimScheduler = make(engine, this.seats, this.watch);
    return scheduler;
  }

  private env(): Env {
    const shared = () => {
      // Made on first use: most simulations are over before a quarter of a megabyte could be cleared.
      this.words ??= new Int32Array(SHARED_WORDS);
      return this.words;
    };
    const random: Random = { next: () => this.running.random.next() };
    return {
      clock: { now: () => this.nowMs, wallTime: () => EPOCH_MS + this.nowMs },
      random,
      ids: { next: (length) => this.running.random.name(length) },
      logger: {
        log: (level, event, data) => {
          const reason = data?.reason === undefined ? '' : `: ${String(data.reason)}`;
          this.history.note(this.step, this.nowMs, `log ${level} ${event} ${this.running}${reason}`);
          this.settings.logger?.log(level, event, data);
        },
      },
      metrics: { count: () => {}, gauge: () => {} },
      get words() {
        return shared();
      },
      net: {
        listen: () => {
          throw new Error('this simulation has no sockets');
        },
      },
    };
  }

  // ---- one step

  /** Takes one step; false when nothing can happen any more. `withTimers: false` lets no time pass. */
  turn(withTimers = true): boolean {
    let choice = this.byDefault(withTimers);
    if (choice === null) return false;
    if (this.step >= this.policy.nextStep) {
      const wanted = this.policy.choose(this, choice);
      choice = this.byDefault(withTimers) as Choice;
      if (wanted !== null && wanted !== choice && (withTimers || wanted.kind !== 'fire')) {
        this.taken.push({ step: this.step, choice: wanted, isHold: false, instead: choice });
        choice = wanted;
      }
    }
    this.apply(choice);
    this.step++;
    return true;
  }

  /** What is due: the signal that was sent first, the process that waits longest, what was held, the next timer. */
  private byDefault(withTimers: boolean): Choice | null {
    for (;;) {
      const pair = this.transit.oldest();
      if (pair !== null) return pair;
      const seat = this.nextRunnable();
      if (seat !== null) return seat;
      if (this.held.length === 0 || !this.releaseOne()) return withTimers ? this.nextTimer() : null;
    }
  }

  private nextRunnable(): Seat | null {
    const { threads } = this;
    for (let count = 0; count < threads.length; count++) {
      const { runQueue } = threads[(this.nextThread + count) % threads.length];
      for (let process = runQueue.peek(); process !== null; process = runQueue.peek()) {
        if (process.isAlive) {
          const seat = this.seats.of(process.self);
          if (!seat.isHeld) return seat;
        }
        // The dead and the held leave the run queue; a held one comes back when it is released.
        runQueue.shift();
      }
    }
    return null;
  }

  private nextTimer(): SimScheduler | null {
    let next: SimScheduler | null = null;
    for (const thread of this.threads) {
      if (thread.timers.size > 0 && (next === null || thread.timers.nextMs < next.timers.nextMs)) next = thread;
    }
    return next;
  }

  private apply(choice: Choice): void {
    this.mixIn(choice.hash);
    if (choice instanceof Pair) this.deliver(choice);
    else if (choice instanceof Seat) this.run(choice);
    else this.fire(choice as SimScheduler);
  }

  private deliver(pair: Pair): void {
    const flight = this.transit.take(pair);
    const signal = flight.signal as Signal;
    this.mixIn(SIGNAL_CODES[signal.kind]);
    if (signal.kind === 'message' && typeof signal.message === 'number') this.mixIn(signal.message | 0);
    this.history.step(this.step, this.nowMs, pair, signal);
    if (this.settings.checks.order) this.pairs.add(pair);
    this.watch.arrived(pair, flight.seq, signal);
    this.threads[pair.to.thread].receive(signal);
  }

  private run(seat: Seat): void {
    const process = seat.process as Process;
    const scheduler = this.threads[seat.thread];
    this.history.step(this.step, this.nowMs, seat, null);
    if (seat.isHeld) this.release(seat);
    if (scheduler.runQueue.peek() === process) scheduler.runQueue.shift();
    else scheduler.runQueue.remove(process);
    this.nextThread = (seat.thread + 1) % this.threads.length;
    this.running = seat;
    scheduler.runOne(process);
    this.running = this.seats.outside;
    if ((process.flags & flags.ASYNC) !== 0) this.ranAsync = process;
  }

  private fire(scheduler: SimScheduler): void {
    if (this.isAtRest()) this.checkAtRest();
    this.nowMs = Math.max(this.nowMs, scheduler.timers.nextMs);
    const timer = scheduler.timers.takeDue(this.nowMs);
    this.mixIn(this.nowMs | 0);
    this.history.step(this.step, this.nowMs, scheduler, null);
    if (timer !== null) scheduler.fireTimer(timer);
  }

  private isAtRest(): boolean {
    return (
      this.transit.inFlight === 0 && this.nextRunnable() === null && !this.held.some((each) => this.isEnabled(each))
    );
  }

  /** Checks what must hold when nothing is in flight (R3, R5, R6, R8). */
  checkAtRest(): void {
    for (const thread of this.threads) {
      this.watch.atRest(thread.processes.values(), this.pairs);
      thread.checkTimersAtRest();
    }
  }

  // ---- choices

  enabled(): readonly Choice[] {
    const { choices } = this;
    choices.length = 0;
    for (const pair of this.transit.active) choices.push(pair);
    for (const each of this.held) if (each instanceof Seat && each.isRunnable) choices.push(each);
    for (const thread of this.threads) {
      for (const process of thread.runQueue.list()) {
        const seat = this.seats.of(process.self);
        if (process.isAlive && !seat.isHeld) choices.push(seat);
      }
    }
    for (const thread of this.threads) if (this.isTimerNear(thread)) choices.push(thread);
    if (choices.length === 0) {
      const timer = this.nextTimer();
      if (timer !== null) choices.push(timer);
    }
    return choices;
  }

  private isTimerNear(thread: SimScheduler): boolean {
    return thread.timers.nextMs <= this.nowMs + this.settings.timerJitterMs;
  }

  find(key: string): Choice | null {
    const space = key.indexOf(' ');
    const what = key.slice(space + 1);
    if (key.startsWith('run ')) return this.seats.at(what);
    if (key.startsWith('fire ')) return this.threads[Number(what)] ?? null;
    if (!key.startsWith('deliver ')) return null;
    const [from, to] = what.split('>').map((path) => this.seats.at(path));
    return from == null || to == null ? null : from.pairTo(to);
  }

  isEnabled(choice: Choice): boolean {
    if (choice instanceof Pair) return choice.head !== null;
    if (choice instanceof Seat) return choice.isRunnable;
    return this.isTimerNear(choice as SimScheduler);
  }

  isHeld(choice: Choice): boolean {
    return (choice instanceof Pair || choice instanceof Seat) && choice.isHeld;
  }

  hold(choice: Choice): void {
    if (!(choice instanceof Pair || choice instanceof Seat) || choice.isHeld) return;
    this.taken.push({ step: this.step, choice, isHold: true, instead: null });
    this.held.push(choice);
    if (choice instanceof Pair) this.transit.hold(choice);
    else choice.isHeld = true;
  }

  /** Gives back the first held thing that could happen; false when there is none. */
  private releaseOne(): boolean {
    const next = this.held.find((each) => this.isEnabled(each));
    if (next === undefined) return false;
    this.release(next);
    return true;
  }

  private release(held: Pair | Seat): void {
    this.held.splice(this.held.indexOf(held), 1);
    if (held instanceof Pair) {
      this.transit.release(held);
      return;
    }
    held.isHeld = false;
    if (!held.isRunnable) return;
    // It may still be in the run queue, if its turn never came while it was held.
    const { runQueue } = this.threads[held.thread];
    runQueue.remove(held.process as Process);
    runQueue.push(held.process as Process);
  }

  // ---- what is left of a run

  /** The deviations that were taken, as data. */
  deviations(): Deviation[] {
    return this.taken.map(({ step, choice, isHold }) => [step, isHold ? holdKey(choice) : choice.key]);
  }

  get hash(): string {
    return [this.hashA, this.hashB].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }

  processes(): Process[] {
    return this.threads.flatMap((thread) => [...thread.processes.values()]);
  }

  seatOf(pid: AnyPid): Seat {
    return this.seats.of(pid);
  }

  private mixIn(value: number): void {
    this.hashA = mix(this.hashA, value);
    this.hashB = (Math.imul(this.hashB, 0x01000193) ^ value) | 0;
  }
}
