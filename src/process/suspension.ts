// Suspending processes from outside (PRC-4): a suspended process runs no code, its mailbox fills, signals reach it and
// exits still end it. Counted per suspender; whoever suspends is the only one who can resume, and its end resumes.
import { BadArgumentError, checkOptions, checkPid, type Pid } from '../term/index.ts';
import type { Effects } from './effects.ts';
import type { Process } from './process.ts';

export interface SuspendOptions {
  /** Goes on at once: the process is suspended when the signal arrives, in order behind what was sent before. */
  readonly asynchronous?: boolean;
  /** Does nothing, and returns false, when the caller already suspends the process. */
  readonly unlessSuspending?: boolean;
}

const OPTIONS: Readonly<Record<keyof SuspendOptions, true>> = { asynchronous: true, unlessSuspending: true };

/**
 * Suspends `pid`, once more each time; when it returns, the process has stopped (unless `asynchronous`). False only with
 * `unlessSuspending`. Throws BadArgumentError for the caller itself and, unless `asynchronous`, for a dead process.
 * For looking for mistakes, not for taking turns. Of an async body only the effects stop: what it awaits elsewhere goes on.
 */
export function* suspendProcess(pid: Pid<never>, options: SuspendOptions = {}): Effects<boolean> {
  checkPid('suspendProcess', pid);
  checkOptions('suspendProcess', options, OPTIONS);
  const outcome = yield { op: 'wait', start: (process, resume) => suspend(process, pid, options, resume) };
  if (outcome === 'self') throw new BadArgumentError('suspendProcess', 'another process', pid);
  if (outcome === 'dead') throw new BadArgumentError('suspendProcess', 'a process that is alive', pid);
  return outcome === 'suspended';
}

/** Takes back one `suspendProcess` of the caller. Throws BadArgumentError when it does not suspend `pid`, or `pid` is dead. */
export function* resumeProcess(pid: Pid<never>): Effects<void> {
  checkPid('resumeProcess', pid);
  const wasSuspending = yield {
    op: 'wait',
    start: (process, resume) => {
      resume(unsuspend(process, pid));
      return undefined;
    },
  };
  if (wasSuspending !== true) throw new BadArgumentError('resumeProcess', 'a process that the caller suspends', pid);
}

type Outcome = 'suspended' | 'already' | 'self' | 'dead';

function suspend(
  process: Process,
  pid: Pid<never>,
  { asynchronous, unlessSuspending }: SuspendOptions,
  resume: (outcome: Outcome) => void,
): undefined {
  if (pid === process.self) {
    resume('self');
    return;
  }
  const { more } = process;
  more.suspending ??= new Map();
  const count = more.suspending.get(pid) ?? 0;
  if (count > 0 && unlessSuspending === true) {
    resume('already');
    return;
  }
  more.suspending.set(pid, count + 1);
  if (asynchronous === true) {
    if (count === 0) process.kernel.sendSignal({ kind: 'suspend', from: process.self, to: pid, ref: null });
    resume('suspended');
    return;
  }
  process.kernel.suspend(process, pid, (isSuspended) => {
    if (!isSuspended) more.suspending?.delete(pid);
    resume(isSuspended ? 'suspended' : 'dead');
  });
}

function unsuspend(process: Process, pid: Pid<never>): boolean {
  const suspending = process.extras?.suspending;
  const count = suspending?.get(pid) ?? 0;
  if (count === 0) return false;
  if (count > 1) suspending?.set(pid, count - 1);
  else {
    suspending?.delete(pid);
    process.kernel.sendSignal({ kind: 'resume', from: process.self, to: pid });
  }
  return true;
}
