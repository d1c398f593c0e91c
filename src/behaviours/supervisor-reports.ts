// What supervisors log (LOG-1): one event name, one shape. Clean reasons are not errors (PL-1).

import { stackOf } from '../process/index.ts';
import { formatReason, isClean } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import type { CheckedSpec } from './child-spec.ts';

export type SupervisorEvent = 'childTerminated' | 'startError' | 'shutdownError' | 'reachedMaxRestartIntensity';

/** One supervisor report, as logged under the event name `supervisor report`. */
export interface SupervisorReport {
  readonly supervisor: string;
  readonly context: SupervisorEvent;
  readonly reason: string;
  readonly stack: string | undefined;
  readonly child: {
    readonly id: string;
    readonly pid: string | null;
    readonly restart: string;
    readonly shutdown: string | number;
    readonly type: string;
  };
}

/** Logs one report: `error`, or `info` when the reason is clean. */
export function report(
  context: ServerContext,
  event: SupervisorEvent,
  spec: CheckedSpec,
  pid: unknown,
  reason: unknown,
): void {
  const isError = event !== 'childTerminated' || !isClean(reason);
  const { id, restart, shutdown, type } = spec;
  const shown: SupervisorReport = {
    supervisor: context.self.toString(),
    context: event,
    reason: formatReason(reason),
    stack: stackOf(reason),
    child: { id, pid: pid === null ? null : String(pid), restart, shutdown, type },
  };
  context.env.logger.log(isError ? 'error' : 'info', 'supervisor report', { ...shown });
}
