// Which timers go with a process (TMR-1): those sent to it, chained through the timers themselves, so that a process
// with timers needs no table and starting or cancelling one costs two writes.
import type { Process } from '../process/index.ts';
import type { Timer } from './timers.ts';

/** Makes `timer` end with `process`. */
export function ownTimer(process: Process, timer: Timer): void {
  const { more } = process;
  const head = more.timers as Timer | null;
  timer.next = head;
  if (head !== null) head.previous = timer;
  more.timers = timer;
}

/** Takes `timer` out of the chain of `process`; nothing happens when it is not in it. */
export function disownTimer(process: Process, timer: Timer): void {
  const { previous, next } = timer;
  const { extras } = process;
  if (previous !== null) previous.next = next;
  else if (extras !== null && extras.timers === timer) extras.timers = next;
  if (next !== null) next.previous = previous;
  timer.previous = null;
  timer.next = null;
}
