// Where suspensions are received (PRC-4). A process knows by whom it is suspended, and whom it suspends: the end of
// either side, or of its thread, ends the suspension.
import { flags, type Process } from '../process/index.ts';
import type { AnyPid, Origin, Ref } from '../term/index.ts';
import type { Scheduler } from './scheduler.ts';

/** Stops `to`, or says that it is dead. */
export function receiveSuspend(scheduler: Scheduler, from: AnyPid, to: AnyPid, ref: Ref | null): void {
  const process = to.target as Process | null;
  if (process === null) scheduler.sendSignal({ kind: 'suspendEnd', from: to, to: from });
  else {
    process.more.suspenders ??= new Set();
    process.more.suspenders.add(from);
    // It may be running: then it stops where its slice looks up.
    process.flags |= flags.SUSPENDED | flags.INTERRUPTED;
  }
  const info = process === null ? undefined : true;
  if (ref !== null) scheduler.sendSignal({ kind: 'infoReply', from: to, to: from, ref, info });
}

/** `from` suspends `to` no longer; the last of the suspenders lets it go on. */
export function receiveResume(scheduler: Scheduler, from: AnyPid, to: AnyPid): void {
  const process = to.target as Process | null;
  if (process !== null) release(scheduler, process, from);
}

function release(scheduler: Scheduler, process: Process, from: AnyPid): void {
  const suspenders = process.extras?.suspenders;
  if (suspenders?.delete(from) !== true || suspenders.size > 0) return;
  process.flags &= ~flags.SUSPENDED;
  scheduler.schedule(process);
}

/** At the end of `process`: whom it suspended goes on, and who suspended it forgets it. */
export function endSuspensions(scheduler: Scheduler, process: Process): void {
  const { extras, self } = process;
  for (const to of extras?.suspending?.keys() ?? []) scheduler.sendSignal({ kind: 'resume', from: self, to });
  for (const to of extras?.suspenders ?? []) scheduler.sendSignal({ kind: 'suspendEnd', from: self, to });
}

/** At the end of a thread: the same for what its processes had to do with `process`. */
export function endSuspensionsOfThread(scheduler: Scheduler, process: Process, origin: Origin): void {
  const { extras } = process;
  if (extras === null) return;
  for (const pid of extras.suspending?.keys() ?? []) if (pid.origin === origin) extras.suspending?.delete(pid);
  for (const pid of extras.suspenders ?? []) if (pid.origin === origin) release(scheduler, process, pid);
}
