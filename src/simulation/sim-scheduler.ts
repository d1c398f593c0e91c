// The kernel's own scheduler under observation: each process gets a seat and a watched mailbox, and every signal and
// timer is compared with a ledger (R4, R5, R8, R11). It changes nothing of what the kernel does. Tests plant mistakes by
// overriding its methods.
import {
  type Effects,
  flags,
  Mailbox,
  type Process,
  type Signal,
  type SpawnRequest,
  type SpawnSignal,
} from '../process/index.ts';
import { type Alarm, type Engine, Scheduler, type Timer } from '../scheduler/index.ts';
import { type AnyPid, type Origin, Pid, type Ref } from '../term/index.ts';
import { mix } from './random.ts';
import type { Choice, Seat, Seats } from './seat.ts';
import type { Watch } from './watch.ts';
import { WatchedMailbox } from './watched-mailbox.ts';

/** One simulated thread; as a choice it fires the next timer of the thread. */
export class SimScheduler extends Scheduler implements Choice {
  readonly kind = 'fire';
  readonly hash: number;
  readonly seats: Seats;
  readonly watch: Watch;
  private parentOfNext: AnyPid | null = null;
  private timersOpen = 0;
  private readonly cancelled = new Set<object>();
  private lastFired: Timer | null = null;

  constructor(engine: Engine, seats: Seats, watch: Watch) {
    super(engine);
    this.seats = seats;
    this.watch = watch;
    this.hash = mix(0x71, engine.origin.thread);
  }

  get key(): string {
    return `fire ${this.origin.thread}`;
  }

  override spawn(parent: Process | null, request: SpawnRequest) {
    this.parentOfNext = parent?.self ?? null;
    const made = super.spawn(parent, request);
    const seat = this.seats.of(made.pid);
    seat.request = request;
    if (made.ref !== null && parent !== null) this.watch.monitorMade(made.ref, parent.self, made.pid, true);
    this.seatProcess(made.pid);
    this.watch.onLife('spawn', seat, null);
    return made;
  }

  override nextPid(): Pid<unknown> {
    const pid = super.nextPid();
    this.seats.add(pid, this.parentOfNext);
    return pid;
  }

  override nextForeignPid(origin: Parameters<Scheduler['nextForeignPid']>[0]): Pid<never> {
    const pid = super.nextForeignPid(origin);
    this.seats.add(pid, this.parentOfNext);
    return pid;
  }

  override receiveSpawn(signal: SpawnSignal): void {
    super.receiveSpawn(signal);
    this.seatProcess(signal.to);
  }

  private seatProcess(pid: AnyPid): void {
    const process = pid.target as Process | null;
    if (process === null) return;
    const seat = this.seats.of(pid);
    seat.process = process;
    (process as { mailbox: Mailbox }).mailbox = this.makeMailbox(seat);
  }

  /** The mailbox of a new process. */
  protected makeMailbox(seat: Seat): Mailbox {
    return this.watch.checks.mailboxes ? new WatchedMailbox(this.watch, seat) : new Mailbox();
  }

  override terminate(process: Process, reason: unknown): void {
    const seat = this.seats.of(process.self);
    // Deaths wait their turn in the kernel; the first one asked for is the one that happens.
    if (seat.exit === null) {
      seat.exit = { reason };
      this.watch.onLife('exit', seat, reason);
    }
    super.terminate(process, reason);
    seat.process = null;
  }

  override perform(process: Process, effects: Effects<unknown>): unknown {
    if ((process.flags & flags.ASYNC) !== 0) this.seats.of(process.self).lastWait = new Error('here');
    return super.perform(process, effects);
  }

  override sendSignal(signal: Signal): void {
    // The transit sees what stays here; what is for a dead thread is seen by nobody else.
    if (signal.to.origin !== this.origin) {
      this.watch.sent(signal);
      // Answered at once with noproc, as nobody but its sender sees.
      const isRefused = this.engine.outlink?.isUp(signal.to.origin) !== true;
      if (signal.kind === 'monitor' && isRefused) this.watch.monitorRefused(signal.ref);
    }
    super.sendSignal(signal);
  }

  /** Called before the processes here hear of the death of a thread: what it had sent comes first (THR-1). */
  beforeThreadDown: (origin: Origin) => void = () => {};

  override threadDown(origin: Origin, reasonFor: (pid: AnyPid) => unknown): void {
    this.beforeThreadDown(origin);
    const bystanders = [...this.processes.values()].filter((process) => isBystander(process, origin));
    super.threadDown(origin, reasonFor);
    for (const process of bystanders) {
      if (!process.isAlive) {
        this.watch.violate(
          'R13',
          `${this.seats.of(process.self)} ends with thread ${origin.thread}, to which it had no link`,
        );
      }
    }
  }

  override receive(signal: Signal): void {
    if (signal.kind === 'monitor') {
      // A process that is not born yet is found when it is: the signal waits for it and comes here again.
      // One that is dead but waits for its name to be free still tells its real reason.
      const isFound = signal.to.target !== null || this.releasing.has(signal.to.serial);
      if (!this.unborn.isExpected(signal.to)) this.watch.monitorFound(signal.ref, isFound);
    } else if (signal.kind === 'down') {
      this.receiveDown(signal);
      return;
    } else if (signal.kind === 'linkExit') this.checkName(signal.from);
    super.receive(signal);
  }

  private receiveDown(signal: Signal & { kind: 'down' }): void {
    this.checkName(signal.from);
    const mailbox = (signal.to.target as Process | null)?.mailbox;
    const before = mailbox?.length ?? 0;
    super.receive(signal);
    const messages = (mailbox?.length ?? 0) - before;
    this.watch.downReceived(signal.ref, signal.reason, this.seats.of(signal.from), this.seats.of(signal.to), messages);
  }

  /** The name of a dead process is free before news of its death arrives (SIG-7, R11). */
  private checkName(dead: AnyPid): void {
    const seat = this.seats.of(dead);
    if (seat.exit === null || this.names.nameOf(dead) === null) return;
    this.watch.violate('R11', `${seat} is dead and heard of, but still has the name ${this.names.nameOf(dead)}`);
  }

  // ---- timers (R8)

  override startTimer(ms: number, to: AnyPid | string, message: unknown, wrap: boolean): Ref {
    const before = this.timers.size;
    const ref = super.startTimer(ms, to, message, wrap);
    this.timersOpen += this.timers.size - before;
    return ref;
  }

  override startReceiveTimer(ms: number, alarm: Alarm): Timer {
    this.timersOpen++;
    return super.startReceiveTimer(ms, alarm);
  }

  override cancelLocalTimer(ref: Ref): number | false {
    const timer = ref.slot;
    const left = super.cancelLocalTimer(ref);
    if (left !== false && timer !== null) this.closeTimer(timer);
    return left;
  }

  override dropTimer(timer: Timer): void {
    if (timer.index >= 0) this.closeTimer(timer);
    super.dropTimer(timer);
  }

  override cancelReceiveTimer(timer: object): void {
    if ((timer as Timer).index >= 0) this.closeTimer(timer);
    super.cancelReceiveTimer(timer);
  }

  private closeTimer(timer: object): void {
    this.timersOpen--;
    this.cancelled.add(timer);
  }

  override fireTimer(timer: Timer): void {
    if (this.watch.checks.timers) this.checkTimer(timer);
    this.timersOpen--;
    this.lastFired = timer;
    super.fireTimer(timer);
  }

  private checkTimer(timer: Timer): void {
    const { watch, lastFired } = this;
    const name = `a timer of ${timer.atMs} ms`;
    if (this.cancelled.has(timer)) watch.violate('R8', `${name} fires after it was cancelled`);
    if (this.env.clock.now() < timer.atMs) watch.violate('R8', `${name} fires at ${this.env.clock.now()} ms`);
    if (timer === lastFired) watch.violate('R8', `${name} fires twice`);
    if (lastFired !== null && lastFired.atMs === timer.atMs && lastFired.seq > timer.seq) {
      watch.violate('R8', `${name} fires behind one that was started later`);
    }
    if (timer.to instanceof Pid && timer.to.origin === this.origin && timer.to.target === null) {
      watch.violate('R4', `${name} fires for ${this.seats.of(timer.to)}, which is dead`);
    }
  }

  /** Nothing is in flight: every timer that was started has fired, was cancelled or is still waiting. */
  checkTimersAtRest(): void {
    if (!this.watch.checks.timers || this.timersOpen === this.timers.size) return;
    this.watch.violate('R8', `${this.timersOpen} timers are open, but ${this.timers.size} are waiting`);
  }
}

/** True for a living process that the death of a thread must not end (R13): it has no link to any process there. */
function isBystander({ isAlive, links }: Process, dead: Origin): boolean {
  return isAlive && !(links?.active() ?? []).some(({ origin }) => origin === dead);
}
