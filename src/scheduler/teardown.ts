// The end of a process, in the order that SIG-7 fixes: mark it dead, free its name, its timers, its aliases and what it
// owns, and only then tell links (EXIT) and monitors (DOWN). Links come before monitors (LNK-7).
import { type CrashReport, flags, formatReason, type Process, type Resource, stackOf } from '../process/index.ts';
import { type AnyPid, isClean, type Ref, reasonOf } from '../term/index.ts';
import { initialCall } from './info.ts';
import type { Scheduler } from './scheduler.ts';
import { endSuspensions } from './suspension.ts';
import type { Timer } from './timers.ts';

/** A reason may hold megabytes; a line of the log must not. */
const REPORT_TEXT_MAX = 4096;

/** Tears `process` down; news of its death leaves when its name is free everywhere. */
export function tearDown(scheduler: Scheduler, process: Process, reason: unknown): void {
  process.flags &= ~flags.ALIVE;
  process.self.target = null;
  scheduler.processes.delete(process.self.serial);
  const name = process.extras?.name ?? null;
  const tell = () => tellOthers(scheduler, process, reason);
  releaseResources(scheduler, process);
  if (scheduler.tracer !== null) scheduler.tracer({ kind: 'exit', pid: process.self, detail: reason });
  if (name === null) {
    tell();
    return;
  }
  scheduler.releasing.set(process.self.serial, process);
  scheduler.names.release(name, process.self, () => {
    scheduler.releasing.delete(process.self.serial);
    tell();
  });
}

function releaseResources(scheduler: Scheduler, process: Process): void {
  const { continuation, extras, monitors } = process;
  process.mailbox.clear();
  if (scheduler.outdated.size > 0) scheduler.outdated.delete(process);
  process.state = undefined;
  if (continuation !== null) {
    // The generator is dropped, not returned: a killed process runs no more user code (section 0-4).
    process.continuation = null;
    if (continuation.timer !== null) scheduler.cancelReceiveTimer(continuation.timer);
    continuation.abandon?.();
  }
  if (monitors !== null) {
    for (const [ref] of monitors.aliases.entries()) ref.slot = null;
    for (const [ref] of monitors.held.entries()) ref.slot = null;
  }
  if (extras === null) return;
  let timer = extras.timers as Timer | null;
  extras.timers = null;
  while (timer !== null) {
    const { next } = timer;
    timer.previous = null;
    timer.next = null;
    scheduler.dropTimer(timer);
    timer = next;
  }
  if (extras.resources !== null) for (const resource of extras.resources) closeResource(scheduler, process, resource);
}

/** A resource that cannot be closed must not keep its siblings open, nor the links of its owner uninformed. */
function closeResource(scheduler: Scheduler, process: Process, resource: Resource): void {
  const pid = process.self.toString();
  const tell = (error: unknown) =>
    scheduler.env.logger.log('error', 'a resource did not close', { pid, error: formatReason(reasonOf(error)) });
  try {
    const closing: unknown = resource.close();
    // The rejection of a promise that nobody waits for would end the host.
    if (closing instanceof Promise) closing.catch(tell);
  } catch (error) {
    tell(error);
  }
}

function tellOthers(scheduler: Scheduler, process: Process, reason: unknown): void {
  const { links, monitors, self } = process;
  if (process.extras !== null) endSuspensions(scheduler, process);
  process.links = null;
  process.monitors = null;
  if (links !== null) {
    for (const pid of links.active()) scheduler.sendSignal({ kind: 'linkExit', from: self, to: pid, reason });
  }
  if (monitors === null) return;
  for (const [ref, watcher] of monitors.watchers.entries()) {
    scheduler.sendSignal({ kind: 'down', from: self, to: watcher, ref, reason });
  }
  for (const [ref, held] of monitors.held.entries()) {
    if (held.target !== null) scheduler.sendSignal({ kind: 'demonitor', from: self, to: held.target, ref });
  }
}

/** Reports a process that crashed by itself (LOG-1); a clean reason is no crash. Call before the teardown. */
export function reportCrash(scheduler: Scheduler, process: Process, reason: unknown): void {
  if (isClean(reason)) return;
  const report: CrashReport = {
    pid: process.self.toString(),
    name: scheduler.names.nameOf(process.self),
    initialCall: initialCall(process),
    label: process.extras?.label ?? null,
    ancestors: process.ancestors.map(String),
    reason: formatReason(reason).slice(0, REPORT_TEXT_MAX),
    stack: stackOf(reason),
    mailboxLength: process.mailbox.length,
    links: (process.links?.active() ?? []).map(String),
  };
  scheduler.env.logger.log('error', 'process crashed', { ...report });
}

/** The deaths that a dead thread brings to the processes of this one (THR-1): each link and monitor hears once. */
export function tellOfThread(
  scheduler: Scheduler,
  isDead: (pid: AnyPid) => boolean,
  reasonFor: (pid: AnyPid) => unknown,
): void {
  for (const process of [...scheduler.processes.values()]) {
    if (process.links !== null) {
      for (const pid of process.links.active()) {
        if (isDead(pid)) scheduler.receive({ kind: 'linkExit', from: pid, to: process.self, reason: reasonFor(pid) });
      }
    }
    const held = process.monitors?.held;
    if (held === undefined) continue;
    const downs: [Ref, AnyPid][] = [];
    for (const [ref, { target }] of held.entries()) if (target !== null && isDead(target)) downs.push([ref, target]);
    for (const [ref, pid] of downs) {
      scheduler.receive({ kind: 'down', from: pid, to: process.self, ref, reason: reasonFor(pid) });
    }
    for (const [ref, watcher] of process.monitors?.watchers.entries() ?? [])
      if (isDead(watcher)) process.monitors?.watchers.delete(ref);
  }
}
