// Starting, cancelling and delivering timers on one scheduler (TMR-1, TMR-2). Those sent to a process go with it: they
// are chained through the timers themselves, so that a process with timers needs no table.
import type { Process } from '../process/index.ts';
import { type AnyPid, Pid, type Ref, sealTerm } from '../term/index.ts';
import type { Scheduler } from './scheduler.ts';
import { type Alarm, Timer } from './timers.ts';

/** Starts a timer that sends `message` to `to` after `ms`; `wrap` makes it a `timeout` message. Throws what cannot be sent. */
export function startTimer(
  scheduler: Scheduler,
  ms: number,
  to: AnyPid | string,
  message: unknown,
  wrap: boolean,
): Ref {
  const { engine } = scheduler;
  const ref = scheduler.makeRef();
  const timed = wrap ? { tag: 'timeout', ref, message } : message;
  const target = typeof to === 'string' ? null : (to.target as Process | null);
  // What may have to cross threads when it fires is refused now: then there is nobody to tell.
  if (engine.strict || (target === null && engine.outlink !== null)) sealTerm(timed);
  // A timer to a pid that is already dead never fires (TMR-1).
  if (target === null && to instanceof Pid && to.origin === engine.origin && !scheduler.unborn.isExpected(to)) {
    return ref;
  }
  const timer = scheduler.timers.start(engine.env.clock.now() + ms, to, timed, ref, null);
  ref.slot = timer;
  if (target !== null) own(target, timer);
  notice(scheduler, timer);
  return ref;
}

/** Starts the timer of a receive: it goes off after `ms` and sends nothing. */
export function startReceiveTimer(scheduler: Scheduler, ms: number, alarm: Alarm): Timer {
  const timer = scheduler.timers.start(scheduler.engine.env.clock.now() + ms, null, null, null, alarm);
  notice(scheduler, timer);
  return timer;
}

/** The milliseconds that were left, or false when `ref` stands for no waiting timer of this scheduler. */
export function cancelTimer(scheduler: Scheduler, ref: Ref): number | false {
  const timer = ref.slot;
  if (!(timer instanceof Timer) || !scheduler.timers.cancel(timer)) return false;
  ref.slot = null;
  const owner = timer.to instanceof Pid ? (timer.to.target as Process | null) : null;
  if (owner !== null) disown(owner, timer);
  return Math.max(0, Math.ceil(timer.atMs - scheduler.engine.env.clock.now()));
}

/** Delivers `timer`, which has been taken from the waiting ones. */
export function fireTimer(scheduler: Scheduler, timer: Timer): void {
  const { alarm } = timer;
  if (alarm !== null) {
    if (typeof alarm === 'function') alarm();
    else alarm.timeOut();
    return;
  }
  if (timer.ref !== null) timer.ref.slot = null;
  const pid = typeof timer.to === 'string' ? scheduler.names.whereis(timer.to) : timer.to;
  if (pid == null) return;
  const target = pid.target as Process | null;
  if (target !== null) disown(target, timer);
  if (scheduler.tracer !== null) scheduler.tracer({ kind: 'timer', pid, detail: timer.message });
  if (target !== null) target.acceptAlways(timer.message, null);
  else scheduler.sendMessage(null, pid, timer.message);
}

function notice(scheduler: Scheduler, timer: Timer): void {
  if (!scheduler.isInTurn && scheduler.timers.nextMs === timer.atMs) scheduler.engine.turns.wakeAt(timer.atMs);
}

/** Makes `timer` end with `process`. */
function own(process: Process, timer: Timer): void {
  const { more } = process;
  const head = more.timers as Timer | null;
  timer.next = head;
  if (head !== null) head.previous = timer;
  more.timers = timer;
}

/** Takes `timer` out of the chain of `process`; nothing happens when it is not in it. */
function disown(process: Process, timer: Timer): void {
  const { previous, next } = timer;
  const { extras } = process;
  if (previous !== null) previous.next = next;
  else if (extras !== null && extras.timers === timer) extras.timers = next;
  if (next !== null) next.previous = previous;
  timer.previous = null;
  timer.next = null;
}
