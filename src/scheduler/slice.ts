// One slice of one process: entering its body, handling messages, resuming what it had suspended (SCH-1, RCV-1...3).
// A slice ends when the process has nothing to do, has used its reductions or its time, or must look up (INTERRUPTED).
import {
  Continuation,
  type ContinuationEnd,
  type Effects,
  flags,
  type Handler,
  NO_MATCH,
  NotAnEffectError,
  type Process,
  TIMEOUT,
} from '../process/index.ts';
import { changeOutdated } from './hot-code.ts';
import type { Scheduler } from './scheduler.ts';

const { ALIVE, ASYNC, BLOCKED, FRESH, HELD, INTERRUPTED, LONG_MAILBOX_REPORTED, SUSPENDED } = flags;
const CLOCK_EVERY = 63;

const generatorPrototype = Object.getPrototypeOf(function* () {}).prototype as object;
const asyncFunctionPrototype = Object.getPrototypeOf(async () => {}) as object;

export function isEffects(value: unknown): value is Effects<unknown> {
  return typeof value === 'object' && value !== null && Object.prototype.isPrototypeOf.call(generatorPrototype, value);
}

export function isAsyncFunction(body: unknown): boolean {
  return typeof body === 'function' && Object.prototype.isPrototypeOf.call(asyncFunctionPrototype, body);
}

const generatorFunctionPrototype = Object.getPrototypeOf(function* () {}) as object;

export function isGeneratorFunction(body: unknown): boolean {
  return typeof body === 'function' && Object.prototype.isPrototypeOf.call(generatorFunctionPrototype, body);
}

/** Runs one slice; exceptions of user code pass through. Returns true when the process has more to do. */
export function runSlice(scheduler: Scheduler, process: Process): boolean {
  if ((process.flags & FRESH) !== 0) enter(scheduler, process);
  let budget = scheduler.engine.limits.sliceReductions;
  while (budget > 0) {
    if ((process.flags & INTERRUPTED) !== 0 && mustStop(process)) return false;
    if ((process.flags & (BLOCKED | HELD | SUSPENDED)) !== 0) return false;
    if (process.continuation !== null) {
      const used = runContinuation(scheduler, process, process.continuation, budget);
      if (used < 0) return false;
      budget -= used;
      if (process.continuation !== null) return true;
    } else {
      if (typeof process.body === 'function' || process.mailbox.length === 0) return false;
      budget = runHandler(scheduler, process, budget);
    }
  }
  return process.continuation !== null || process.mailbox.length > 0;
}

/** Makes `effects` what the process does next; of an async body, a promise of their result. */
export function perform(scheduler: Scheduler, process: Process, effects: Effects<unknown>): unknown {
  if (process.continuation !== null) throw new Error('perform: the process is already performing effects');
  if ((process.flags & ASYNC) === 0) {
    process.continuation = new Continuation(effects, 'state');
    return undefined;
  }
  // A dead async process waits for ever: its promise must not run user code again (section 0-4).
  if ((process.flags & ALIVE) === 0) return new Promise(() => {});
  return new Promise((resolve, reject) => {
    process.continuation = new Continuation(effects, (outcome) =>
      'error' in outcome ? reject(outcome.error) : resolve(outcome.value),
    );
    scheduler.schedule(process);
  });
}

/** Looks at why the process was interrupted; true when it must end. */
function mustStop(process: Process): boolean {
  process.flags &= ~INTERRUPTED;
  return (process.flags & ALIVE) === 0 || process.extras?.pendingExit != null;
}

/** Handles messages until something interrupts; returns what is left of the budget, 0 when the time is over. */
function runHandler(scheduler: Scheduler, process: Process, budget: number): number {
  const { mailbox } = process;
  const handler = process.body as Handler<unknown, unknown>;
  const { clock } = scheduler.engine.env;
  let left = budget;
  const before = process.reductions;
  while (left > 0 && mailbox.length > 0) {
    const message = mailbox.shift();
    if (scheduler.tracer !== null) scheduler.tracer({ kind: 'receive', pid: process.self, detail: message });
    const next = handler.handle(process.state, message, process);
    process.reductions++;
    left--;
    if ((process.flags & INTERRUPTED) !== 0) {
      // A handler that performs effects gets its state from them, not from what it returned.
      if (process.continuation === null) process.state = next;
      break;
    }
    process.state = next;
    if ((left & CLOCK_EVERY) === 0 && clock.now() > scheduler.sliceEndMs) return 0;
  }
  const bumped = process.reductions - before - (budget - left);
  return Math.max(0, left - bumped);
}

function enter(scheduler: Scheduler, process: Process): void {
  process.flags &= ~FRESH;
  const args = process.state as readonly unknown[];
  process.state = undefined;
  const { body } = process;
  if (typeof body === 'function') {
    const run = () => (body as (context: unknown, ...args: readonly unknown[]) => unknown)(process, ...args);
    const { asyncOwner } = scheduler.engine;
    const result = (process.flags & ASYNC) !== 0 && asyncOwner !== undefined ? asyncOwner.run(process, run) : run();
    if ((process.flags & ASYNC) !== 0) scheduler.awaitBody(process, result as Promise<unknown>);
    else if (isEffects(result)) process.continuation = new Continuation(result, 'body');
    else {
      if (result instanceof Promise) {
        // Nobody will ever look at it; its rejection must not end the host.
        result.catch(() => {});
        throw new TypeError('a body that returns a promise must be declared async');
      }
      scheduler.terminate(process, 'normal');
    }
    return;
  }
  const handler = body as Handler<unknown, unknown>;
  if (handler.init === undefined) {
    process.state = args[0];
    return;
  }
  const state = handler.init(process, ...args);
  if (isEffects(state)) process.continuation = new Continuation(state, 'state');
  else process.state = state;
}

/** Resumes a generator. Returns the reductions used, or -1 when the process has to wait or has ended. */
function runContinuation(scheduler: Scheduler, process: Process, continuation: Continuation, budget: number): number {
  let input = continuation.input;
  continuation.input = undefined;
  if (continuation.receiving !== null) {
    const message = process.mailbox.scan(continuation.receiving.match);
    if (message === NO_MATCH && !continuation.hasTimedOut) return -1;
    input = message === NO_MATCH ? TIMEOUT : message;
    endReceive(scheduler, continuation);
    if (input !== TIMEOUT && scheduler.tracer !== null)
      scheduler.tracer({ kind: 'receive', pid: process.self, detail: input });
  }
  for (let used = 1; ; used++) {
    const step = resume(process, continuation, input);
    process.reductions++;
    if (step === null || step.done === true) {
      if (step !== null) finish(scheduler, process, continuation, step.value);
      return (process.flags & ALIVE) === 0 ? -1 : used;
    }
    if ((process.flags & INTERRUPTED) !== 0 && mustStop(process)) return -1;
    const effect = step.value;
    const op = effect?.op;
    if (op === 'context') input = process;
    else if (op === 'receive') {
      process.mailbox.beginReceive(effect.ref);
      input = process.mailbox.scan(effect.match);
      if (input === NO_MATCH) {
        if (effect.afterMs === 0) input = TIMEOUT;
        else {
          beginWait(scheduler, process, continuation, effect);
          return -1;
        }
      } else if (scheduler.tracer !== null) scheduler.tracer({ kind: 'receive', pid: process.self, detail: input });
    } else if (op === 'pause') return budget;
    else if (op !== 'wait') throw new NotAnEffectError(effect);
    else {
      input = startWait(scheduler, process, continuation, effect.start);
      if (input === WAITING) return -1;
    }
    // A held generator stops behind its effect, which must not be lost.
    if (
      used >= budget ||
      (process.flags & (HELD | SUSPENDED)) !== 0 ||
      ((used & CLOCK_EVERY) === 0 && scheduler.engine.env.clock.now() > scheduler.sliceEndMs)
    ) {
      continuation.input = input;
      return budget;
    }
  }
}

/** One step of the generator; null when it threw and its end is a promise, which then has been rejected. */
function resume(process: Process, continuation: Continuation, input: unknown) {
  if (typeof continuation.end !== 'function') return continuation.effects.next(input);
  try {
    return continuation.effects.next(input);
  } catch (error) {
    process.continuation = null;
    continuation.end({ error });
    return null;
  }
}

function finish(scheduler: Scheduler, process: Process, continuation: Continuation, value: unknown): void {
  process.continuation = null;
  const end: ContinuationEnd = continuation.end;
  if (end === 'state') {
    process.state = value;
    if (scheduler.outdated.size > 0) changeOutdated(scheduler, process);
  } else if (end === 'body') scheduler.terminate(process, 'normal');
  else end({ value });
}

function beginWait(
  scheduler: Scheduler,
  process: Process,
  continuation: Continuation,
  effect: NonNullable<Continuation['receiving']>,
): void {
  continuation.receiving = effect;
  if (process.mailbox.length > scheduler.engine.limits.longMailbox) reportLongMailbox(scheduler, process);
  if (effect.afterMs === Number.POSITIVE_INFINITY) return;
  continuation.timer = scheduler.startReceiveTimer(effect.afterMs, process);
}

/** Messages that no receive wants pile up for ever: said once per process (RCV-4). */
function reportLongMailbox(scheduler: Scheduler, process: Process): void {
  if ((process.flags & LONG_MAILBOX_REPORTED) !== 0) return;
  process.flags |= LONG_MAILBOX_REPORTED;
  const data = { pid: process.self.toString(), messages: process.mailbox.length };
  scheduler.env.logger.log('warning', 'a receive leaves a long mailbox unread', data);
}

function endReceive(scheduler: Scheduler, continuation: Continuation): void {
  continuation.receiving = null;
  continuation.hasTimedOut = false;
  if (continuation.timer !== null) scheduler.cancelReceiveTimer(continuation.timer);
  continuation.timer = null;
}

const WAITING = Symbol('waiting');

/** Starts a wait; its value when it is there at once, else WAITING. */
function startWait(
  scheduler: Scheduler,
  process: Process,
  continuation: Continuation,
  start: (process: Process, resume: (value: unknown) => void) => (() => void) | undefined,
): unknown {
  let value: unknown = WAITING;
  let isStarting = true;
  process.flags |= BLOCKED;
  const abandon = start(process, (result) => {
    continuation.abandon = undefined;
    if ((process.flags & ALIVE) === 0) return;
    process.flags &= ~BLOCKED;
    if (isStarting) value = result;
    else {
      continuation.input = result;
      scheduler.schedule(process);
    }
  });
  isStarting = false;
  if (value === WAITING) continuation.abandon = abandon;
  return value;
}
