// One run of a body from start to end: the body is the root process; when it returns, the rest comes to rest, what is left
// is counted, killed, and must leave nothing (R12).
import { type AsyncContext, type Context, type Effects, ExitError, flags, type Process } from '../process/index.ts';
import { describe, reasonOf } from '../term/index.ts';
import { conditionsOf } from './conditions.ts';
import { holdGuard } from './guard.ts';
import { leaksOf } from './leaks.ts';
import type { Settings, SimOptions } from './options.ts';
import { type Failure, type Outcome, SimResult } from './result.ts';
import { waitsOf } from './waits.ts';
import { World } from './world.ts';

/** What a simulation runs: a generator body; in `simulateAsync` also an async one. */
export type SimBody<T> = (context: Context<unknown>) => Effects<T>;
export type AsyncSimBody<T> = (context: AsyncContext<unknown>) => Promise<T>;

/** Steps that what the body has left behind may still take, without time passing, to come to rest. */
const SETTLE_STEPS_MAX = 2_000;

/** One run from start to end. */
export class Run<T> {
  readonly world: World;
  private readonly isAsync: boolean;
  private readonly root: Process;
  private outcome: Outcome<T> | null = null;
  private thrown: { readonly error: unknown } | null = null;
  private value: { readonly value: T } | null = null;
  private readonly release: () => void;
  private restStepsLeft = SETTLE_STEPS_MAX;
  private isAtRest = false;

  constructor(settings: Settings, body: SimBody<T> | AsyncSimBody<T>, isAsync: boolean) {
    this.world = new World(settings, isAsync);
    this.isAsync = isAsync;
    this.release = settings.guard ? holdGuard() : () => {};
    const { pid } = this.world.threads[0].spawn(null, {
      body: isAsync && !isGeneratorBody(body) ? this.asyncRoot(body) : this.syncRoot(body as SimBody<T>),
      args: [],
      options: undefined,
      link: false,
      monitor: false,
    });
    this.root = pid.target as Process;
  }

  private syncRoot(body: SimBody<T>) {
    const keep = (value: T) => {
      this.value = { value };
    };
    const note = (error: unknown) => this.noteThrown(error);
    return function* root(context: Context<unknown>): Effects<void> {
      try {
        const effects = body(context);
        if (effects instanceof Promise) throw refusal(effects);
        checkEffects(effects);
        keep(yield* effects);
      } catch (error) {
        note(error);
        throw error;
      }
    };
  }

  /** For an async function, and for a function that returns a promise or effects. */
  private asyncRoot(body: SimBody<T> | AsyncSimBody<T>): AsyncSimBody<void> {
    return async (context) => {
      try {
        const made = (body as (context: AsyncContext<unknown>) => Effects<T> | Promise<T>)(context);
        if (!(made instanceof Promise)) checkEffects(made);
        this.value = { value: await (made instanceof Promise ? made : context.perform(made)) };
      } catch (error) {
        this.noteThrown(error);
        throw error;
      }
    };
  }

  private noteThrown(error: unknown): void {
    this.thrown ??= { error };
  }

  /** One step; false when the body is over or the run has failed. */
  step(): boolean {
    const { world } = this;
    const hasTurned = world.turn();
    this.checkCalls();
    if (!hasTurned) {
      if (this.root.isAlive && world.loading.size === 0) this.fail({ tag: 'deadlock', ...waitsOf(world) });
      return this.outcome === null && this.root.isAlive;
    }
    if (world.watch.violation !== null) this.fail({ tag: 'invariant', ...world.watch.violation });
    else if (!this.isAsync && world.ranAsync !== null) {
      this.fail({ tag: 'asyncBody', process: String(world.seatOf(world.ranAsync.self)) });
    } else if (world.step >= world.settings.stepsMax) this.fail({ tag: 'stepsExceeded', steps: world.step });
    return this.outcome === null && this.root.isAlive;
  }

  /** An async process that ran must now wait for the simulation, or be over. */
  checkAwait(process: Process): void {
    this.checkCalls();
    if (isWaiting(process)) return;
    const seat = this.world.seatOf(process.self);
    this.fail({ tag: 'uncontrolledAwait', process: String(seat), after: seat.lastWaitAt });
  }

  /** What a process has called behind the back of the simulation fails the run, whatever it made of the error. */
  checkCalls(): void {
    if (this.world.uncontrolledCall !== null) this.fail({ tag: 'uncontrolledCall', ...this.world.uncontrolledCall });
  }

  /** One step of what is under way when the body is over; no time passes. False when it has come to rest. */
  rest(): boolean {
    const { world } = this;
    if (this.outcome !== null || this.isAtRest) return false;
    if (this.restStepsLeft === SETTLE_STEPS_MAX) world.faults.heal();
    this.isAtRest = this.restStepsLeft-- <= 0 || world.watch.violation !== null || !world.turn(false);
    this.checkCalls();
    return !this.isAtRest;
  }

  finish(options: SimOptions): SimResult<T> {
    try {
      return this.end(options);
    } finally {
      this.abandon();
    }
  }

  private end(options: SimOptions): SimResult<T> {
    const { world } = this;
    while (this.rest());
    const survivors = this.outcome === null ? this.left() : [];
    const leaks = this.outcome === null ? leaksOf(world) : [];
    this.outcome ??= this.rootOutcome();
    if (this.outcome.tag === 'value' && leaks.length > 0 && world.settings.failOnLeaks) {
      this.outcome = { tag: 'failure', failure: { tag: 'leaks', leaks } };
    }
    if (this.outcome.tag === 'value' && survivors.length > 0 && world.settings.failOnSurvivors) {
      this.outcome = { tag: 'failure', failure: { tag: 'survivors', survivors } };
    }
    world.contents?.addOutcome(this.outcome);
    const result = new SimResult(world, this.outcome, survivors, leaks);
    if (this.outcome.tag === 'value') this.checkNothingLeft();
    if (options.tape !== undefined) {
      options.tape.taken = result.deviations;
      options.tape.conditions = conditionsOf(world.settings);
      options.tape.overtaken = result.overtaken;
    }
    const { violation } = world.watch;
    if (violation === null || result.failure?.tag === 'invariant') return result;
    return new SimResult<T>(world, { tag: 'failure', failure: { tag: 'invariant', ...violation } }, survivors, leaks);
  }

  /** Ends a run of which nobody wants to know the result. */
  abandon(): void {
    this.release();
  }

  /** What came of the run, unless the same schedule has gone another way the second time. */
  unlessDiffers(again: Run<T>, result: SimResult<T>): SimResult<T> {
    const hashes = [this.world.wholeHash, again.world.wholeHash] as const;
    if (hashes[0] === hashes[1]) return result;
    const failure: Failure = { tag: 'notRepeatable', hashes };
    return new SimResult<T>(this.world, { tag: 'failure', failure }, [], []);
  }

  private rootOutcome(): Outcome<T> {
    const exit = this.world.seatOf(this.root.self).exit;
    if (this.value !== null && exit?.reason === 'normal') return { tag: 'value', value: this.value.value };
    const error = this.thrown?.error;
    const reason = exit?.reason ?? (error instanceof ExitError ? error.reason : reasonOf(error));
    return { tag: 'failure', failure: { tag: 'exit', reason, ...(this.thrown ?? {}) } };
  }

  /** Processes that are alive although all is quiet. */
  private left(): string[] {
    const { world } = this;
    if (this.restStepsLeft >= 0) world.checkAtRest();
    return world.processes().map((process) => String(world.seatOf(process.self)));
  }

  /** Kills what is left; then no process, name, timer or signal may remain (R12). */
  private checkNothingLeft(): void {
    const { world } = this;
    for (const process of world.processes().reverse())
      world.threads[process.self.origin.thread].terminate(process, 'killed');
    let left = SETTLE_STEPS_MAX;
    while (left-- > 0 && world.turn(false));
    for (const thread of world.threads) {
      const timers = thread.timers.due(Number.POSITIVE_INFINITY).filter((timer) => typeof timer.to !== 'string');
      const ofDisk = thread === world.threads[0] ? world.machine.disk.timers : 0;
      const counts = { processes: thread.processes.size, names: thread.names.size, timers: timers.length - ofDisk };
      if (counts.processes + counts.names + counts.timers + world.transit.inFlight === 0) continue;
      world.watch.violate(
        'R12',
        `after the end ${JSON.stringify({ ...counts, signals: world.transit.inFlight })} are left`,
      );
    }
  }

  private fail(failure: Failure): void {
    this.outcome ??= { tag: 'failure', failure };
  }
}

function isGeneratorBody(body: (...args: never[]) => unknown): boolean {
  return body.constructor.name === 'GeneratorFunction';
}

/** Nobody will look at the promise again; its rejection must not end the host. */
function refusal(promise: Promise<unknown>): TypeError {
  promise.catch(() => {});
  return new TypeError('a body that returns a promise needs simulateAsync');
}

/** Throws TypeError for what a body returned that no process can run: what a plain function returns, for example. */
function checkEffects(effects: unknown): void {
  if (typeof effects === 'object' && effects !== null && Symbol.iterator in effects && 'next' in effects) return;
  throw new TypeError(
    `a simulation's body is a generator function (function*), or async in simulateAsync; this one returned ${describe(effects)}`,
  );
}

/** True when an async process waits for the simulation, or is over. */
export function isWaiting(process: Process): boolean {
  return !process.isAlive || process.continuation !== null || (process.flags & flags.BLOCKED) !== 0;
}
