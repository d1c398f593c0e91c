// The shutdown protocol (SUP-8, SUP-13): ask, wait, kill; by monitor, so that a child which unlinked itself cannot hang
// its supervisor; afterwards neither DOWN nor EXIT of the child is left in the mailbox.
// Node: a child of the same thread that does not return from a handler cannot be killed; the watchdog ends its thread.
import {
  type Context,
  type DownMessage,
  type Effects,
  type ExitMessage,
  isDown,
  receive,
  TIMEOUT,
} from '../process/index.ts';
import type { AnyPid, Ref } from '../term/index.ts';
import type { CheckedSpec, Shutdown } from './child-spec.ts';
import { flushExit } from './start-link.ts';

/** Stops one process and returns the reason with which it really ended. */
export function* shutDown(context: Context<unknown>, pid: AnyPid, shutdown: Shutdown): Effects<unknown> {
  const ref = context.monitor(pid);
  const isItsDown = (message: unknown): message is DownMessage => isDown(message, ref);
  context.exit(pid, shutdown === 'brutalKill' ? 'kill' : 'shutdown');
  let down = yield* receive(isItsDown, { afterMs: waitMs(shutdown), ref });
  if (down === TIMEOUT) {
    context.exit(pid, 'kill');
    down = yield* receive(isItsDown, { ref });
  }
  context.unlink(pid);
  const exit = yield* flushExit(pid);
  // A child that was dead before it was asked is `noproc` for the monitor; its EXIT knows better.
  return exit === undefined ? down.reason : exit.reason;
}

/** One process to stop. */
export interface Stopping {
  readonly pid: AnyPid;
  readonly spec: CheckedSpec;
}

/**
 * Stops many processes at once, under one timer (SUP-13, DYN-1): each has its own time from now.
 * `ended` is told of each with its real reason.
 */
export function* shutDownAll(
  context: Context<unknown>,
  targets: readonly Stopping[],
  ended: (target: Stopping, reason: unknown) => void,
): Effects<void> {
  const waiting = new Map<AnyPid, Stopping>();
  const refs = new Map<Ref, Stopping>();
  const exits = new Map<AnyPid, unknown>();
  for (const target of targets) {
    waiting.set(target.pid, target);
    refs.set(context.monitor(target.pid), target);
  }
  for (const { pid, spec } of targets) context.exit(pid, spec.shutdown === 'brutalKill' ? 'kill' : 'shutdown');
  const isNews = (message: unknown): message is DownMessage | ExitMessage => {
    const { tag, ref, from } = (message ?? {}) as { tag?: unknown; ref?: Ref; from?: AnyPid };
    return tag === 'DOWN' ? refs.has(ref as Ref) : tag === 'EXIT' && waiting.has(from as AnyPid);
  };
  const rounds = deadlines(targets, context.now());
  while (waiting.size > 0) {
    const round = rounds[0];
    const afterMs = round === undefined ? Number.POSITIVE_INFINITY : Math.max(0, round.atMs - context.now());
    const news = yield* receive(isNews, { afterMs });
    if (news === TIMEOUT) {
      for (const pid of round.pids) if (waiting.has(pid)) context.exit(pid, 'kill');
      rounds.shift();
    } else if (news.tag === 'EXIT') exits.set(news.from, news.reason);
    else {
      const target = refs.get(news.ref) as Stopping;
      waiting.delete(target.pid);
      ended(target, exits.has(target.pid) ? exits.get(target.pid) : news.reason);
    }
  }
}

/** When whom to kill, in order; there are few distinct times. */
function deadlines(targets: readonly Stopping[], nowMs: number): { readonly atMs: number; readonly pids: AnyPid[] }[] {
  const rounds = new Map<number, AnyPid[]>();
  for (const { pid, spec } of targets) {
    const ms = waitMs(spec.shutdown);
    if (ms === Number.POSITIVE_INFINITY) continue;
    const round = rounds.get(ms);
    if (round === undefined) rounds.set(ms, [pid]);
    else round.push(pid);
  }
  return [...rounds].sort(([a], [b]) => a - b).map(([ms, pids]) => ({ atMs: nowMs + ms, pids }));
}

function waitMs(shutdown: Shutdown): number {
  return typeof shutdown === 'number' ? shutdown : Number.POSITIVE_INFINITY;
}
