// One scheduler: the kernel of one thread. It runs processes in slices and turns (SCH-1, SCH-3), sends and receives
// signals (SIG-1), spawns, ends and times. What is outside comes from the engine; the rules are in process/,
// reception.ts, slice.ts, timing.ts and teardown.ts.
import {
  type AnyBody,
  type Effects,
  exitReasonOf,
  flags,
  type Kernel,
  type OffloadResult,
  Process,
  type ProcessInfo,
  type RegisterResult,
  type ReloadOutcome,
  running,
  type Signal,
  type SpawnRequest,
  type SpawnSignal,
  type Tracer,
} from '../process/index.ts';
import { type AnyPid, checkReceiver, type Mfa, type Origin, Pid, Ref, type Seal, sealTerm } from '../term/index.ts';
import type { Engine } from './engine.ts';
import { HeldProcesses } from './held.ts';
import { changeCode, reload } from './hot-code.ts';
import type { Names } from './names.ts';
import { receiveSignal, refuseSignal } from './reception.ts';
import { Replies } from './replies.ts';
import { RunQueue } from './run-queue.ts';
import { foreignSerial, ownSerial } from './serial.ts';
import { perform, runSlice } from './slice.ts';
import { receiveSpawn, spawn } from './spawn.ts';
import { endSuspensionsOfThread } from './suspension.ts';
import { reportCrash, tearDown, tellOfThread } from './teardown.ts';
import { type Alarm, type Timer, Timers } from './timers.ts';
import { cancelTimer, fireTimer, startReceiveTimer, startTimer } from './timing.ts';
import { Unborn } from './unborn.ts';

const { ALIVE, BLOCKED, INTERRUPTED, NOT_WAKEABLE, QUEUED, RUNNING, SUSPENDED } = flags;
const SLICES_PER_CLOCK = 16;
const LONG_SLICE = 64;

export class Scheduler implements Kernel {
  readonly engine: Engine;
  readonly processes = new Map<number, Process>();
  /** Dead processes whose name is not free everywhere yet: news of their death has not left (SIG-7). */
  readonly releasing = new Map<number, Process>();
  readonly unborn = new Unborn();
  readonly runQueue = new RunQueue();
  readonly timers = new Timers();
  readonly locals = new Map<string, unknown>();
  /** Processes that get new code when they have done what they wait for, and what their `codeChange` is to get. */
  readonly outdated = new Map<Process, unknown>();
  tracer: Tracer | null;
  /** When the slice under way has to end. */
  sliceEndMs = 0;
  /** Slices run so far; the simulator and observation read it. */
  slices = 0;
  /** True while `runTurn` runs: what is sent now is published at the end of the slice. */
  isInTurn = false;
  private lastSerial = 0;
  private lastForeign = 0;
  private lastRef = 0;
  private readonly replies = new Replies();
  private readonly held = new HeldProcesses();
  private readonly dying: [Process, unknown][] = [];
  private isBurying = false;

  constructor(engine: Engine) {
    this.engine = engine;
    this.tracer = engine.tracer;
  }

  get origin(): Origin {
    return this.engine.origin;
  }

  get env(): Engine['env'] {
    return this.engine.env;
  }

  get names(): Names {
    return this.engine.names;
  }

  // ---- sending

  sendMessage(from: Process | null, to: AnyPid | Ref, message: unknown): void {
    const { engine } = this;
    const seal: Seal | null = engine.strict ? sealTerm(message) : null;
    if (this.tracer !== null) {
      const other = to instanceof Pid ? to : to.toString();
      this.tracer({ kind: 'send', pid: from?.self ?? null, other, detail: message });
    }
    if (to instanceof Pid && engine.transit === null) {
      const target = to.target as Process | null;
      if (target !== null) target.accept(message, seal);
      else if (to.origin !== engine.origin) {
        engine.outlink?.send(to.origin, { kind: 'message', from: from?.self ?? null, to, message, seal });
        if (from !== null) this.held.holdIfCongested(engine.outlink, from, to.origin);
      } else if (this.unborn.isExpected(to)) {
        this.unborn.keep(to, { kind: 'message', from: from?.self ?? null, to, message, seal });
      }
      return;
    }
    checkReceiver('send', to);
    if (this.tracer === null && engine.transit === null && to instanceof Ref && to.origin === engine.origin) {
      this.aliasOwner(to)?.acceptAlias(to, message, seal);
      return;
    }
    const sender = from?.self ?? null;
    if (to instanceof Pid) this.route(sender, to, { kind: 'message', from: sender, to, message, seal });
    else this.route(sender, to, { kind: 'alias', from: sender, to, message, seal });
    if (from !== null && to.origin !== engine.origin) this.held.holdIfCongested(engine.outlink, from, to.origin);
  }

  sendSignal(signal: Signal): void {
    this.route(signal.from, signal.to, signal);
  }

  near(pid: AnyPid): Process | null {
    return this.engine.transit === null && this.tracer === null ? (pid.target as Process | null) : null;
  }

  private route(from: AnyPid | null, to: AnyPid | Ref, signal: Signal): void {
    const { engine } = this;
    if (to.origin !== engine.origin) {
      if (engine.outlink?.isUp(to.origin) === true) engine.outlink.send(to.origin, signal);
      else refuseSignal(this, signal);
    } else if (engine.transit !== null) engine.transit.submit(from, to, signal);
    else receiveSignal(this, signal);
  }

  /** Applies a signal that has arrived, from the wire or from the simulator. */
  receive(signal: Signal): void {
    receiveSignal(this, signal);
  }

  aliasOwner(alias: Ref): Process | null {
    return alias.slot instanceof Process ? alias.slot : null;
  }

  // ---- running

  schedule(process: Process): void {
    if ((process.flags & NOT_WAKEABLE) !== 0 || (process.flags & ALIVE) === 0) return;
    process.flags |= QUEUED;
    this.runQueue.push(process);
    if (!this.isInTurn) this.engine.turns.request();
  }

  /** Runs slices until nothing is runnable or the turn's time is over, then asks for the next turn (SCH-3). */
  runTurn(): void {
    const { clock } = this.engine.env;
    const { outlink } = this.engine;
    let now = clock.now();
    const turnEndMs = now + this.engine.limits.turnMs;
    this.isInTurn = true;
    do {
      outlink?.poll();
      this.fireTimers(now);
      for (let count = 0; count < SLICES_PER_CLOCK; count++) {
        const process = this.runQueue.shift();
        if (process === null) break;
        this.sliceEndMs = now + this.engine.limits.sliceMs;
        const before = process.reductions;
        this.runOne(process);
        // A long slice ends the round: timers and other threads are looked at before the next process.
        if (process.reductions - before >= LONG_SLICE) break;
      }
      outlink?.publish();
      if (this.held.size > 0) this.held.release(this);
      now = clock.now();
    } while (now < turnEndMs && (this.hasWork(now) || outlink?.poll() === true));
    this.isInTurn = false;
    // A timer that is already due must not wait for the host's clock, which knows whole milliseconds only.
    if (this.hasWork(now)) this.engine.turns.request();
    else this.engine.turns.wakeAt(this.timers.nextMs);
  }

  /** True when a slice or a timer waits to be run at `nowMs`. */
  private hasWork(nowMs: number): boolean {
    return this.runQueue.length > 0 || this.timers.nextMs <= nowMs;
  }

  /** Runs one slice of `process`, which has been taken from the run queue. */
  runOne(process: Process): void {
    // It may have died while it was queued, even before its body was entered: no user code runs then (R4). Nor may any
    // when it has been suspended since (PRC-4); its resumption queues it again.
    if ((process.flags & (ALIVE | SUSPENDED)) !== ALIVE) {
      process.flags &= ~QUEUED;
      return;
    }
    process.flags = (process.flags & ~QUEUED) | RUNNING;
    this.slices++;
    this.engine.heartbeat?.begin(process.self.serial);
    let hasMore = false;
    // A simulation may run inside a process: its slices come back to that one.
    const outer = running.process;
    running.process = process;
    try {
      hasMore = runSlice(this, process);
    } catch (error) {
      process.flags &= ~RUNNING;
      this.crash(process, error);
    } finally {
      running.process = outer;
    }
    this.engine.heartbeat?.end();
    process.flags &= ~RUNNING;
    if ((process.flags & ALIVE) === 0) return;
    const pending = process.extras?.pendingExit;
    if (pending != null) this.terminate(process, pending.reason);
    else if (hasMore || (process.continuation === null && this.handlerHasMail(process))) this.schedule(process);
  }

  private handlerHasMail(process: Process): boolean {
    return process.mailbox.length > 0 && typeof process.body !== 'function' && (process.flags & BLOCKED) === 0;
  }

  /** Delivers the timers that are due at `nowMs`. */
  fireTimers(nowMs: number): void {
    for (let timer = this.timers.takeDue(nowMs); timer !== null; timer = this.timers.takeDue(nowMs))
      this.fireTimer(timer);
  }

  fireTimer(timer: Timer): void {
    fireTimer(this, timer);
  }

  // ---- ending

  /** An exit that kills struck `process`: at once, or when its slice is over if it is the one running. */
  strike(process: Process, reason: unknown): void {
    if ((process.flags & RUNNING) === 0) this.terminate(process, reason);
    else {
      process.more.pendingExit ??= { reason };
      process.flags |= INTERRUPTED;
    }
  }

  private crash(process: Process, thrown: unknown): void {
    if ((process.flags & ALIVE) === 0) return;
    const pending = process.extras?.pendingExit;
    const reason = exitReasonOf(thrown);
    if (pending == null) reportCrash(this, process, reason);
    this.terminate(process, pending != null ? pending.reason : reason);
  }

  terminate(process: Process, reason: unknown): void {
    if ((process.flags & ALIVE) === 0) return;
    // Deaths that follow from a death wait their turn here: a chain of a million links must not use the stack.
    this.dying.push([process, reason]);
    if (this.isBurying) return;
    this.isBurying = true;
    for (let index = 0; index < this.dying.length; index++) {
      const [next, why] = this.dying[index];
      if (next.isAlive) tearDown(this, next, why);
    }
    this.dying.length = 0;
    this.isBurying = false;
  }

  /** A thread has died (THR-1): tells everybody here who was linked to or watched one of its processes. */
  threadDown(origin: Origin, reasonFor: (pid: AnyPid) => unknown): void {
    this.timers.cancelTo(origin);
    for (const process of this.processes.values()) endSuspensionsOfThread(this, process, origin);
    tellOfThread(this, (pid) => pid.origin === origin, reasonFor);
    for (const signal of this.unborn.lost(origin)) receiveSignal(this, signal);
    this.replies.answerFor(origin);
  }

  // ---- spawning

  spawn(parent: Process | null, request: SpawnRequest): { readonly pid: Pid<never>; readonly ref: Ref | null } {
    return spawn(this, parent, request);
  }

  receiveSpawn(signal: SpawnSignal): void {
    receiveSpawn(this, signal);
  }

  /** A pid on this thread that was never used before. */
  nextPid(): Pid<unknown> {
    return new Pid(this.engine.origin, ownSerial(++this.lastSerial));
  }

  /** A pid on another thread that no thread has used before. */
  nextForeignPid(origin: Origin): Pid<never> {
    const { outlink } = this.engine;
    if (outlink === null) throw new TypeError('this engine has one thread only');
    return outlink.pidAt(origin, foreignSerial(this.engine.origin, ++this.lastForeign));
  }

  load(mfa: Mfa, done: (outcome: { readonly body: AnyBody } | { readonly error: unknown }) => void): void {
    this.engine.loader.load(mfa, done);
  }

  /** Ends an async process when its promise settles. */
  awaitBody(process: Process, promise: Promise<unknown>): void {
    promise.then(
      () => this.terminate(process, 'normal'),
      (error: unknown) => this.crash(process, error),
    );
  }

  perform(process: Process, effects: Effects<unknown>): unknown {
    return perform(this, process, effects);
  }

  // ---- refs and timers

  makeRef(): Ref {
    return new Ref(this.engine.origin, ++this.lastRef);
  }

  startTimer(ms: number, to: AnyPid | string, message: unknown, wrap: boolean): Ref {
    return startTimer(this, ms, to, message, wrap);
  }

  cancelLocalTimer(ref: Ref): number | false {
    return cancelTimer(this, ref);
  }

  dropTimer(timer: Timer): void {
    if (timer.ref !== null) timer.ref.slot = null;
    this.timers.cancel(timer);
  }

  startReceiveTimer(ms: number, alarm: Alarm): Timer {
    return startReceiveTimer(this, ms, alarm);
  }

  cancelReceiveTimer(timer: object): void {
    this.timers.cancel(timer as Timer);
  }

  // ---- requests

  whereis(name: string): AnyPid | undefined {
    return this.names.whereis(name);
  }

  register(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    this.names.register(name, pid, (result) => {
      const process = pid.target as Process | null;
      if (result.ok && process !== null) process.more.name = name;
      if (this.tracer !== null) this.tracer({ kind: 'register', pid, other: name });
      done(result);
    });
  }

  unregister(name: string, done: (existed: boolean) => void): void {
    const process = this.names.whereis(name)?.target as Process | null | undefined;
    if (process?.extras != null) process.extras.name = null;
    this.names.unregister(name, done);
  }

  processInfo(asker: Process, pid: AnyPid, withMessages: boolean, done: (info: ProcessInfo | undefined) => void): void {
    const ref = this.makeRef();
    this.replies.expect(ref, pid.origin, done as (value: unknown) => void);
    this.sendSignal({ kind: 'info', from: asker.self, to: pid, ref, withMessages });
  }

  suspend(asker: Process, pid: AnyPid, done: (isSuspended: boolean) => void): void {
    const ref = this.makeRef();
    this.replies.expect(ref, pid.origin, (answer) => done(answer === true));
    this.sendSignal({ kind: 'suspend', from: asker.self, to: pid, ref });
  }

  cancelTimer(asker: Process, ref: Ref, done: (left: number | false) => void): void {
    if (ref.origin === this.engine.origin) {
      done(this.cancelLocalTimer(ref));
      return;
    }
    const reply = this.makeRef();
    this.replies.expect(reply, ref.origin, (left) => done((left as number | false | undefined) ?? false));
    this.sendSignal({ kind: 'cancelTimer', from: asker.self, to: ref, ref: reply });
  }

  takeReply(ref: Ref): ((value: unknown) => void) | undefined {
    return this.replies.take(ref);
  }

  reload(module: string, extra: unknown, done: (outcome: ReloadOutcome) => void): void {
    reload(this, module, extra, done);
  }

  changeCode(process: Process, extra: unknown): boolean {
    return changeCode(this, process, extra);
  }

  offload(mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void): () => void {
    return this.engine.offload(mfa, args, done);
  }
}
