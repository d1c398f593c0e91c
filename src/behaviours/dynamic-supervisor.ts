// Dynamic supervisor (DYN-1): children are started on demand, each with its own spec, and have no order. oneForOne only.
// An exit costs one map lookup however many children there are; all are stopped at once, under one timer.
//
//   const pool = yield* startLink(dynamicSupervisor({ childrenMax: 1000 }));
//   const child = yield* startChild(pool.pid, { start: { body: session, args: [socket] }, restart: 'temporary' });
import { bad, checkFlags, type SupervisorFlags } from './child-spec.ts';
import { DynamicChildren } from './dynamic-children.ts';
import { ok, stop } from './results.ts';
import { type SupervisorDefinition, supervise } from './supervisor.ts';

/** Options of a dynamic supervisor. */
export interface DynamicOptions extends Omit<SupervisorFlags, 'strategy'> {
  /** More are refused with `{tag: 'maxChildren'}`. Default: no bound. */
  readonly childrenMax?: number;
  /** Put before the arguments of every child. */
  readonly extraArguments?: readonly unknown[];
}

/** Defines a dynamic supervisor. Options given at the start replace those of the definition. */
export function dynamicSupervisor(options: DynamicOptions = {}): SupervisorDefinition<readonly [DynamicOptions?]> {
  return supervise<readonly [DynamicOptions?]>('dynamicSupervisor', (_context, given) => {
    const { childrenMax = Number.POSITIVE_INFINITY, extraArguments, ...rest } = { ...options, ...given };
    const flags = checkFlags({ ...rest, strategy: 'oneForOne' });
    if (!flags.ok) return stop({ tag: 'badSupervisorFlags', error: flags.error });
    if (!(typeof childrenMax === 'number' && childrenMax >= 0))
      return stop({ tag: 'badSupervisorFlags', error: bad('badMaxChildren', childrenMax).error });
    if (extraArguments !== undefined && !Array.isArray(extraArguments))
      return stop({ tag: 'badSupervisorFlags', error: bad('badArgs', extraArguments).error });
    return ok(new DynamicChildren(flags.value, null, childrenMax, extraArguments));
  });
}
