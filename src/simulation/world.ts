// One simulated machine: schedulers without turns of their own, one virtual clock, signals in transit, and one choice at
// each step (reliability.md 2.a). Without deviations it delivers what was sent first, runs what became runnable first
// and lets time jump only when nothing else is left: the fair FIFO order.
import { flags, type MessageSignal, type Process, type Signal } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';
import { hasFaults, WithFaults } from './fault-plan.ts';
import { FaultStrokes } from './fault-strokes.ts';
import { Fault } from './faults.ts';
import { setWitness, type Witness } from './guard.ts';
import { admit, type Patient } from './heal.ts';
import { History } from './history.ts';
import { Machine } from './machine.ts';
import type { Settings } from './options.ts';
import { type Choices, FIFO, type Policy, Replay } from './policy.ts';
import { RunHash } from './run-hash.ts';
import { type Choice, Pair, Seat, Seats } from './seat.ts';
import type { SimScheduler } from './sim-scheduler.ts';
import { policyOf } from './strategies.ts';
import { isHoldable, type Taken } from './taken.ts';
import { PairTransit, type TransitHost } from './transit.ts';
import { Watch } from './watch.ts';
import { ThreadLink } from './wires.ts';

/** A world that does not come to rest for so many steps is busy: see `beFair`. */
const BUSY_STEPS = 2_000;
const CREEP_MS = 0.01;

export class World implements Choices, Witness, Patient {
  readonly settings: Settings;
  readonly seats: Seats;
  readonly watch: Watch;
  readonly history: History;
  readonly transit: PairTransit;
  readonly machine: Machine;
  readonly threads: SimScheduler[];
  readonly faults: FaultStrokes;
  readonly taken: Taken[] = [];
  step = 0;
  nowMs = 0;
  /** How far the wall clock was set from where it would be. */
  wallOffsetMs = 0;
  /** When nothing was under way for the last time. */
  private restMs = 0;
  /** Steps since then. */
  private busySteps = 0;
  /** The async process that ran in the last step; its promises have to be drained before the next. */
  ranAsync: Process | null = null;
  /** Modules that are being loaded; no step is taken meanwhile. */
  readonly loading = new Set<Promise<unknown>>();
  private policy: Policy;
  /** Every pair that something has arrived from. */
  private readonly pairs: Pair[] = [];
  private readonly held: (Pair | Seat | ThreadLink)[] = [];
  private readonly choices: Choice[] = [];
  /** The process whose slice is under way; the outside between slices. */
  running: Seat;
  private nextThread = 0;
  /** The first call that a process made to the host behind the back of the simulation. */
  uncontrolledCall: { readonly process: string; readonly call: string } | null = null;
  private guardedSeat: Seat | null = null;
  private outerWitness: Witness | null = null;
  private readonly fingerprint = new RunHash();
  /** Of all that signals carry; null in a run that is not made twice. */
  readonly contents: RunHash | null;

  constructor(settings: Settings, isAsync: boolean) {
    this.settings = settings;
    this.seats = new Seats(settings.seed, settings.threads);
    this.running = this.seats.outside;
    this.watch = new Watch(settings.checks, this.seats);
    this.history = new History(settings.history);
    this.contents = settings.checkRepeatable ? new RunHash() : null;
    this.watch.onLife = (kind, seat, reason) => this.history.life(this.step, this.nowMs, kind, seat, reason);
    const host: TransitHost = {
      seats: this.seats,
      sent: (signal: Signal) => this.watch.sent(signal),
      receive: (signal: Signal) => {
        this.history.toSelf(this.step, this.nowMs, signal);
        this.threads[signal.to.origin.thread].receive(signal);
      },
    };
    this.transit = settings.wiring.transit?.(host) ?? new PairTransit(host);
    this.machine = new Machine(this, isAsync);
    this.threads = this.machine.threads;
    this.faults = new FaultStrokes(this);
    this.policy = settings.policy ?? policyFor(settings, this.faults);
    admit(this.machine.env, this);
    admit(this.machine.dataEnv, this);
  }

  note(text: string): void {
    this.history.note(this.step, this.nowMs, text);
  }

  sentAcross({ from, to }: MessageSignal): void {
    this.history.sentAcross(this.step, this.seats.of(from), this.seats.of(to));
  }

  arrivedAcross(fromThread: number, signal: MessageSignal): void {
    this.history.arrivedAcross(fromThread, this.seats.of(signal.to), signal);
  }

  lostAcross(thread: number): void {
    this.history.lostAcross(thread);
  }

  // ---- one step

  /** Takes one step; false when nothing can happen any more. `withTimers: false` lets no time pass. */
  turn(withTimers = true): boolean {
    let choice = this.byDefault(withTimers);
    if (choice === null) return false;
    if (this.step >= this.policy.nextStep && this.busySteps <= BUSY_STEPS) {
      const wanted = this.policy.choose(this, choice);
      choice = this.byDefault(withTimers) as Choice;
      if (wanted !== null && wanted !== choice && (withTimers || !isForLiving(wanted))) {
        this.taken.push({ step: this.step, choice: wanted, isHold: false, instead: choice });
        choice = wanted;
      }
    }
    this.apply(choice);
    this.transit.step = ++this.step;
    if (++this.busySteps > BUSY_STEPS) this.beFair();
    return true;
  }

  /** A busy world runs in FIFO order: nothing is held back or passed over for ever, and time goes on. */
  private beFair(): void {
    this.nowMs += CREEP_MS;
    this.restMs = this.nowMs;
    this.releaseAll();
  }

  heal(): void {
    this.faults.heal();
    this.releaseAll();
    this.policy = FIFO;
  }

  /** What is due: the signal that was sent first, the process that waits longest, what was held, the next timer. */
  private byDefault(withTimers: boolean): Choice | null {
    if (withTimers && this.busySteps > BUSY_STEPS) {
      const timer = this.nextTimer();
      if (timer !== null && timer.timers.nextMs <= this.nowMs) return timer;
    }
    for (;;) {
      const link = this.nextLink();
      if (link !== null) return link;
      const pair = this.transit.oldest();
      if (pair !== null) return pair;
      const seat = this.nextRunnable();
      if (seat !== null) return seat;
      if (this.held.length === 0 || !this.releaseOne()) return withTimers ? this.nextTimer() : null;
    }
  }

  private nextLink(): ThreadLink | null {
    const { wires } = this.machine;
    return wires?.pending.find((link) => !link.isHeld && wires.canPass(link)) ?? null;
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
    this.fingerprint.add(choice.hash);
    if (choice instanceof Pair) this.deliver(choice);
    else if (choice instanceof Seat) this.run(choice);
    else if (choice.kind === 'fire') this.fire(choice as SimScheduler);
    else {
      this.history.step(this.step, this.nowMs, choice, null);
      if (choice instanceof ThreadLink) this.pass(choice);
      else this.faults.strike(choice as Fault);
    }
    this.machine.publish();
  }

  private pass(link: ThreadLink): void {
    if (link.isHeld) this.release(link);
    this.machine.wires?.pass(link);
  }

  /** Delivers at once everything that is under way between such processes, in order. */
  deliverAll(isDue: (from: Seat, to: Seat) => boolean): void {
    for (const pair of this.transit.active.filter(({ from, to }) => isDue(from, to))) {
      while (pair.head !== null) this.deliver(pair);
    }
  }

  private deliver(pair: Pair): void {
    const flight = this.transit.take(pair);
    const signal = flight.signal as Signal;
    this.fingerprint.addSignal(signal);
    this.contents?.addCarried(signal);
    this.history.delivery(this.step, this.nowMs, pair, flight);
    if (pair.received === 0 && this.settings.checks.order) this.pairs.push(pair);
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
    this.guard(seat);
    scheduler.runOne(process);
    this.guard(null);
    this.running = this.seats.outside;
    if ((process.flags & flags.ASYNC) !== 0) this.ranAsync = process;
  }

  /** What is called from now on is called by this process; by nobody for null. */
  guard(seat: Seat | null): void {
    if (!this.settings.guard) return;
    this.guardedSeat = seat;
    this.outerWitness = setWitness(seat === null ? this.outerWitness : this);
  }

  uncontrolled(call: string): void {
    this.uncontrolledCall ??= { process: String(this.guardedSeat), call };
  }

  private fire(scheduler: SimScheduler): void {
    const isAtRest = this.isAtRest();
    if (isAtRest) this.checkAtRest();
    this.nowMs = Math.max(this.nowMs, scheduler.timers.nextMs);
    if (isAtRest) {
      this.restMs = this.nowMs;
      this.busySteps = 0;
    }
    const timer = scheduler.timers.takeDue(this.nowMs);
    this.fingerprint.add(this.nowMs | 0);
    this.history.step(this.step, this.nowMs, scheduler, null);
    if (timer !== null) scheduler.fireTimer(timer);
  }

  private isAtRest(): boolean {
    if (this.faults.isHolding || this.transit.inFlight > 0 || this.nextRunnable() !== null || this.nextLink() !== null)
      return false;
    return !this.held.some((each) => this.isEnabled(each));
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
    const { wires } = this.machine;
    if (wires !== null) for (const link of wires.pending) if (wires.canPass(link)) choices.push(link);
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

  /** A slow machine may be late by the jitter with what is under way, but not by more, however often time jumps. */
  private isTimerNear(thread: SimScheduler): boolean {
    return thread.timers.nextMs <= Math.max(this.nowMs, this.restMs + this.settings.timerJitterMs);
  }

  find(key: string): Choice | null {
    const space = key.indexOf(' ');
    const what = key.slice(space + 1);
    if (key.startsWith('run ')) return this.seats.at(what);
    if (key.startsWith('fire ')) return this.threads[Number(what)] ?? null;
    if (key.startsWith('link ')) {
      const [from, to] = what.split('>').map(Number);
      return this.machine.wires?.link(from, to) ?? null;
    }
    if (!key.startsWith('deliver ')) return this.faults.find(key);
    const [from, to] = what.split('>').map((path) => this.seats.at(path));
    return from == null || to == null ? null : from.pairTo(to);
  }

  isEnabled(choice: Choice): boolean {
    if (choice instanceof ThreadLink) return this.machine.wires?.canPass(choice) === true;
    if (choice instanceof Fault) return this.faults.isPossible(choice);
    if (choice instanceof Pair) return choice.head !== null;
    if (choice instanceof Seat) return choice.isRunnable;
    return this.isTimerNear(choice as SimScheduler);
  }

  isHeld(choice: Choice): boolean {
    return isHoldable(choice) && choice.isHeld;
  }

  hold(choice: Choice): void {
    if (!isHoldable(choice) || choice.isHeld) return;
    this.taken.push({ step: this.step, choice, isHold: true, instead: null });
    this.held.push(choice);
    if (choice instanceof Pair) this.transit.hold(choice);
    else choice.isHeld = true;
  }

  private releaseAll(): void {
    for (const each of [...this.held]) this.release(each);
  }

  /** Gives back the first held thing that could happen; false when there is none. */
  private releaseOne(): boolean {
    const next = this.held.find((each) => this.isEnabled(each));
    if (next === undefined) return false;
    this.release(next);
    return true;
  }

  private release(held: Pair | Seat | ThreadLink): void {
    this.held.splice(this.held.indexOf(held), 1);
    if (held instanceof Pair) {
      this.transit.release(held);
      return;
    }
    held.isHeld = false;
    if (held instanceof ThreadLink || !held.isRunnable) return;
    // It may still be in the run queue, if its turn never came while it was held.
    const { runQueue } = this.threads[held.thread];
    runQueue.remove(held.process as Process);
    runQueue.push(held.process as Process);
  }

  // ---- what is left of a run

  get hash(): string {
    return this.fingerprint.toString();
  }

  /** The hash, and behind it that of what signals held and of how the run ended where it is known. */
  get wholeHash(): string {
    return `${this.fingerprint}${this.contents ?? ''}`;
  }

  processes(): Process[] {
    return this.threads.flatMap((thread) => [...thread.processes.values()]);
  }

  seatOf(pid: AnyPid): Seat {
    return this.seats.of(pid);
  }
}

/** What may not happen any more when the body is over: time, and faults that want it to pass. */
function isForLiving(choice: Choice): boolean {
  return choice.kind === 'fire' || choice.kind === 'fault';
}

function policyFor(
  { deviations, isPatient, strategy, seed, threads, faults }: Settings,
  strokes: FaultStrokes,
): Policy {
  if (deviations !== null) return new Replay(deviations, isPatient);
  const policy = policyOf(strategy, seed);
  if (!hasFaults(faults, threads)) return policy;
  const targets = { threads, victims: () => strokes.victims(), streams: () => strokes.streams() };
  return new WithFaults(policy, faults, targets, seed);
}
