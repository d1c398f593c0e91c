// Handlers that go over to new code between two messages, their state with them (HOT-1).
import { type AnyBody, exitReasonOf, flags, type Handler, type Process, type ReloadOutcome } from '../process/index.ts';
import { isMfa, type Pid } from '../term/index.ts';
import type { Scheduler } from './scheduler.ts';

/** Loads `module` again and changes what runs its old code. */
export function reload(
  scheduler: Scheduler,
  module: string,
  extra: unknown,
  done: (outcome: ReloadOutcome) => void,
): void {
  const { loader } = scheduler.engine;
  if (loader.reload === undefined) {
    done({ ok: false, error: 'this engine cannot load code again' });
    return;
  }
  loader.reload(module, (loaded) => {
    if ('error' in loaded) done({ ok: false, error: loaded.error });
    else done({ ok: true, version: loaded.version, ...changeAll(scheduler, extra) });
  });
}

function changeAll(scheduler: Scheduler, extra: unknown) {
  const counts = { changed: 0, waiting: 0, kept: 0 };
  const failed: { readonly pid: Pid<never>; readonly reason: unknown }[] = [];
  for (const process of [...scheduler.processes.values()]) {
    const newest = scheduler.engine.loader.newest?.(process.body) ?? null;
    if (newest === null) continue;
    if (!isHandler(newest.body) || !isHandler(process.body)) counts.kept++;
    else if (process.continuation !== null) {
      counts.waiting++;
      scheduler.outdated.set(process, extra);
    } else {
      try {
        changeCode(scheduler, process, extra);
        counts.changed++;
      } catch (error) {
        failed.push({ pid: process.self as Pid<never>, reason: exitReasonOf(error) });
      }
    }
  }
  return { ...counts, failed };
}

/** Gives `process` the new code of its body; false when there is none. Throws what `codeChange` threw, changing nothing. */
export function changeCode(scheduler: Scheduler, process: Process, extra: unknown): boolean {
  const newest = scheduler.engine.loader.newest?.(process.body) ?? null;
  if (newest === null || !isHandler(newest.body)) return false;
  // A process that has not begun has no state yet.
  if ((process.flags & flags.FRESH) === 0 && newest.body.codeChange !== undefined)
    process.state = newest.body.codeChange(newest.oldVersion, process.state, extra, process);
  process.body = newest.body;
  return true;
}

/** Changes `process`, which has done what it waited for, if its code is old. */
export function changeOutdated(scheduler: Scheduler, process: Process): void {
  if (!scheduler.outdated.has(process)) return;
  const extra = scheduler.outdated.get(process);
  scheduler.outdated.delete(process);
  try {
    changeCode(scheduler, process, extra);
  } catch (error) {
    const data = { pid: process.self.toString(), reason: String((error as Error | null)?.message ?? error) };
    scheduler.env.logger.log('error', 'a process keeps its old code: codeChange failed', data);
  }
}

function isHandler(body: AnyBody): body is Handler<unknown, unknown> {
  return typeof body === 'object' && !isMfa(body);
}
