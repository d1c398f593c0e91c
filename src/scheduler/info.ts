// The snapshot of one process (PRC-3).
import { flags, type Process, type ProcessInfo } from '../process/index.ts';
import { type AnyPid, isMfa, Pid } from '../term/index.ts';
import type { Scheduler } from './scheduler.ts';

const MESSAGES_MAX = 1000;

/** A plain snapshot of `process`; undefined when it is dead. */
export function processInfoOf(
  scheduler: Scheduler,
  process: Process | null,
  withMessages: boolean,
): ProcessInfo | undefined {
  if (process === null || !process.isAlive) return undefined;
  return {
    pid: process.self,
    name: scheduler.names.nameOf(process.self),
    label: process.extras?.label ?? null,
    initialCall: initialCall(process),
    status: statusOf(process),
    messageQueueLength: process.mailbox.length,
    links: process.links?.active() ?? [],
    monitors: (process.monitors?.held.entries() ?? []).map(([, held]) => held.object),
    monitoredBy: (process.monitors?.watchers.entries() ?? []).map(([, watcher]) => watcher),
    trapsExits: process.trapsExits,
    reductions: process.reductions,
    parent: process.parent,
    ancestors: process.ancestors,
    ...(withMessages ? { messages: process.mailbox.peek(MESSAGES_MAX) } : {}),
  };
}

/** What the process was started with, for reports (PL-1). */
export function initialCall(process: Process): string {
  const { body } = process;
  if (isMfa(body)) return `${body.module}#${body.export}`;
  if (typeof body === 'function') return body.name === '' ? 'anonymous' : body.name;
  return body.label ?? 'handler';
}

function statusOf(process: Process): ProcessInfo['status'] {
  if ((process.flags & flags.SUSPENDED) !== 0) return 'suspended';
  if ((process.flags & flags.RUNNING) !== 0) return 'running';
  return (process.flags & flags.QUEUED) !== 0 ? 'runnable' : 'waiting';
}

/** A pid or a name as text, for logs. */
export function format(target: AnyPid | string): string {
  return target instanceof Pid ? target.toString() : target;
}
