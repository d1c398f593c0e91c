// What a supervisor does about a child that ended, as pure rules: who comes back (SUP-3, SUP-4), who is affected
// (SUP-2), when the supervisor shuts itself down (SUP-12), and which ends are as expected (SUP-8).
import { hasTag, isClean } from '../term/index.ts';
import type { AutoShutdown, CheckedSpec, Restart, Shutdown, Strategy } from './child-spec.ts';

/** True when a child of that type that ended with `reason` is started again (SUP-4). */
export function comesBack(restart: Restart, reason: unknown): boolean {
  return restart === 'permanent' || (restart === 'transient' && !isClean(reason));
}

/**
 * The ids, in start order, of the children that a restart of `failed` takes along (SUP-2). All of them are stopped, in
 * reverse order; then those that are not temporary are started, in order: an ended transient child as well (SUP-3).
 */
export function affectedBy(strategy: Strategy, ids: readonly string[], failed: string): readonly string[] {
  if (strategy === 'oneForAll') return ids;
  if (strategy === 'restForOne') return ids.slice(Math.max(0, ids.indexOf(failed)));
  return [failed];
}

/** What `shutsDown` looks at in the other children. */
export interface OtherChild {
  readonly spec: Pick<CheckedSpec, 'significant'>;
  /** Null when it is not running and not about to be restarted. */
  readonly pid: unknown;
}

/** True when the end of a child that does not come back ends its supervisor (SUP-12). `others` are what is left. */
export function shutsDown(
  autoShutdown: AutoShutdown,
  ended: Pick<CheckedSpec, 'significant'>,
  others: Iterable<OtherChild>,
): boolean {
  if (!ended.significant || autoShutdown === 'never') return false;
  if (autoShutdown === 'anySignificant') return true;
  for (const child of others) if (child.spec.significant && child.pid !== null) return false;
  return true;
}

/** True when a child that was told to stop ended as it should; everything else is reported (SUP-8). */
export function isExpectedEnd(shutdown: Shutdown, restart: Restart, reason: unknown): boolean {
  if (reason === 'shutdown' || (shutdown === 'brutalKill' && reason === 'killed')) return true;
  return restart !== 'permanent' && (reason === 'normal' || hasTag(reason, 'shutdown'));
}
