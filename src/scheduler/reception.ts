// What each signal does where it is received: the other half of the operations of process.ts.
// LNK-1...6, MON-1...5, ALI-1, EXI-2...5, PRC-4. Signals to a dead process vanish, but for links and monitors (SIG-3).
import { Links, type Process, receiveExit, type Signal, type Tracer } from '../process/index.ts';
import type { AnyPid, Ref } from '../term/index.ts';
import { processInfoOf } from './info.ts';
import type { Scheduler } from './scheduler.ts';
import { receiveResume, receiveSuspend } from './suspension.ts';

/** Applies one signal to its receiver on this scheduler. */
export function receiveSignal(scheduler: Scheduler, signal: Signal): void {
  const to = signal.to as AnyPid;
  if (to.target === null && signal.kind !== 'spawn' && scheduler.unborn.isExpected(to)) {
    scheduler.unborn.keep(to, signal);
    return;
  }
  if (scheduler.tracer !== null) traceTie(scheduler.tracer, signal);
  switch (signal.kind) {
    case 'message':
      processAt(signal.to)?.accept(signal.message, signal.seal);
      return;
    case 'alias':
      receiveAlias(scheduler, signal.to, signal.message, signal.seal);
      return;
    case 'exit':
      receiveExitSignal(scheduler, signal.from, signal.to, signal.reason);
      return;
    case 'linkExit':
      receiveLinkExit(scheduler, signal.from, signal.to, signal.reason);
      return;
    case 'link':
      receiveLink(scheduler, signal.from, signal.to);
      return;
    case 'unlink':
      processAt(signal.to)?.links?.receiveUnlink(signal.from);
      scheduler.sendSignal({ kind: 'unlinkAck', from: signal.to, to: signal.from, id: signal.id });
      return;
    case 'unlinkAck':
      processAt(signal.to)?.links?.receiveUnlinkAck(signal.from, signal.id);
      return;
    case 'monitor':
      receiveMonitor(scheduler, signal.from, signal.to, signal.ref);
      return;
    case 'demonitor':
      processAt(signal.to)?.removeWatcher(signal.ref);
      return;
    case 'down':
      receiveDown(scheduler, signal.to, signal.ref, signal.reason);
      return;
    case 'spawn': {
      const early = scheduler.unborn.born(signal.to);
      scheduler.receiveSpawn(signal);
      for (const each of early) scheduler.receive(each);
      return;
    }
    case 'info': {
      const info = processInfoOf(scheduler, processAt(signal.to), signal.withMessages);
      scheduler.sendSignal({ kind: 'infoReply', from: signal.to, to: signal.from, ref: signal.ref, info });
      return;
    }
    case 'suspend':
      receiveSuspend(scheduler, signal.from, signal.to, signal.ref);
      return;
    case 'resume':
      receiveResume(scheduler, signal.from, signal.to);
      return;
    case 'suspendEnd':
      processAt(signal.to)?.extras?.suspending?.delete(signal.from);
      return;
    case 'infoReply':
      scheduler.takeReply(signal.ref)?.(signal.info);
      return;
    case 'cancelTimer': {
      const info = scheduler.cancelLocalTimer(signal.to);
      scheduler.sendSignal({ kind: 'infoReply', from: signal.from, to: signal.from, ref: signal.ref, info });
      return;
    }
  }
}

/** Answers what asks for an answer when the receiver's thread is dead or never was (LNK-4, MON-2, SIG-6). */
export function refuseSignal(scheduler: Scheduler, signal: Signal): void {
  switch (signal.kind) {
    case 'link':
      receiveSignal(scheduler, { kind: 'linkExit', from: signal.to, to: signal.from, reason: 'noproc' });
      return;
    case 'monitor':
      receiveSignal(scheduler, { kind: 'down', from: signal.to, to: signal.from, ref: signal.ref, reason: 'noproc' });
      return;
    case 'spawn': {
      const { from, to, monitor } = signal;
      if (signal.link) receiveSignal(scheduler, { kind: 'linkExit', from: to, to: from, reason: 'noproc' });
      if (monitor !== null) {
        receiveSignal(scheduler, { kind: 'down', from: to, to: from, ref: monitor, reason: 'noproc' });
      }
      return;
    }
    case 'suspend':
      receiveSignal(scheduler, { kind: 'suspendEnd', from: signal.to, to: signal.from });
      if (signal.ref !== null) scheduler.takeReply(signal.ref)?.(undefined);
      return;
    case 'info':
    case 'cancelTimer':
      scheduler.takeReply(signal.ref)?.(undefined);
      return;
    default:
      // Everything else to a dead process vanishes (SIG-3).
      return;
  }
}

/** Links and monitors are traced where they take effect (TRC-1). */
function traceTie(tracer: Tracer, signal: Signal): void {
  const { kind } = signal;
  if (kind === 'link' || kind === 'unlink' || kind === 'monitor' || kind === 'demonitor') {
    tracer({ kind, pid: signal.from, other: signal.to });
  }
}

export function processAt(pid: AnyPid): Process | null {
  return pid.target as Process | null;
}

function receiveAlias(
  scheduler: Scheduler,
  alias: Ref,
  message: unknown,
  seal: Parameters<Process['accept']>[1],
): void {
  scheduler.aliasOwner(alias)?.acceptAlias(alias, message, seal);
}

function receiveExitSignal(scheduler: Scheduler, from: AnyPid, to: AnyPid, reason: unknown): void {
  const process = processAt(to);
  if (process === null) return;
  applyExit(scheduler, process, from, reason, from === to ? 'self' : 'explicit');
}

function receiveLinkExit(scheduler: Scheduler, from: AnyPid, to: AnyPid, reason: unknown): void {
  const process = processAt(to);
  if (process === null) return;
  const isActive = process.links?.receiveExit(from) === true;
  applyExit(scheduler, process, from, reason, isActive ? 'activeLink' : 'staleLink');
}

function applyExit(
  scheduler: Scheduler,
  process: Process,
  from: AnyPid,
  reason: unknown,
  via: 'self' | 'explicit' | 'activeLink' | 'staleLink',
): void {
  const fromSelf = via === 'self';
  const effect = receiveExit(
    { trapsExits: process.trapsExits, fromSelf, via: via === 'self' ? 'explicit' : via },
    reason,
  );
  if (effect.action === 'message') process.acceptAlways({ tag: 'EXIT', from, reason }, null);
  else if (effect.action === 'die') scheduler.strike(process, effect.reason);
}

/** The process, or what is left of it while its name is being freed: who asks then hears with the others (SIG-7). */
function mournedAt(scheduler: Scheduler, pid: AnyPid): Process | null {
  return processAt(pid) ?? scheduler.releasing.get(pid.serial) ?? null;
}

function receiveLink(scheduler: Scheduler, from: AnyPid, to: AnyPid): void {
  const process = mournedAt(scheduler, to);
  if (process === null) {
    scheduler.sendSignal({ kind: 'linkExit', from: to, to: from, reason: 'noproc' });
    return;
  }
  process.links ??= new Links();
  process.links.receiveLink(from);
}

function receiveMonitor(scheduler: Scheduler, from: AnyPid, to: AnyPid, ref: Ref): void {
  const process = mournedAt(scheduler, to);
  if (process === null) {
    scheduler.sendSignal({ kind: 'down', from: to, to: from, ref, reason: 'noproc' });
    return;
  }
  process.addWatcher(ref, from);
}

function receiveDown(scheduler: Scheduler, to: AnyPid, ref: Ref, reason: unknown): void {
  const process = processAt(to);
  const held = process?.monitors?.held.get(ref);
  if (process === null || held === undefined) return;
  process.monitors?.remove(ref);
  if (held.alias !== null) ref.slot = null;
  if (scheduler.tracer !== null) scheduler.tracer({ kind: 'down', pid: to, detail: reason });
  process.acceptAlways({ tag: held.tag ?? 'DOWN', ref, object: held.object, reason }, null);
}
