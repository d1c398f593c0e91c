// Runs one case as the body of a process: makes its context, lets it run, ends what it started.
import { type Context, type Effects, isDown, receive } from '../../src/process/index.ts';
import type { Mfa, Pid } from '../../src/term/index.ts';
import { CaseContext } from './case.ts';
import { CASES } from './cases/index.ts';
import type { Plan } from './plan.ts';

export const REPORT_CASE: Mfa = { module: import.meta.url, export: 'reportCase' };

/** What a case that went well reports. */
export interface CaseReport {
  /** What its body returned. */
  readonly value: unknown;
  /** Processes that it spawned where its plan said. */
  readonly placed: number;
  /** Those of them that lived on another thread than the case itself. */
  readonly elsewhere: number;
}

/** Runs the case in the calling process; throws what the case threw, after its processes have ended. */
export function* runCase(context: Context<unknown>, title: string, plan: Plan): Effects<CaseReport> {
  const found = CASES.find((each) => each.title === title);
  if (found === undefined) throw new RangeError(`there is no case '${title}'`);
  const t = new CaseContext(context, plan);
  let value: unknown;
  try {
    value = yield* found.run(t);
  } catch (error) {
    yield* endAll(t);
    throw error;
  }
  yield* endAll(t);
  const elsewhere = t.placed.filter((pid) => pid.origin !== context.self.origin).length;
  return { value, placed: t.placed.length, elsewhere };
}

/** As {@link runCase}, for a process of its own: tells its parent `{tag: 'report', report}`. */
export function* reportCase(context: Context<unknown>, title: string, plan: Plan): Effects<void> {
  const report = yield* runCase(context, title, plan);
  context.send(context.parent as Pid<unknown>, { tag: 'report', report });
}

/** Nothing a case has started outlives it. */
function* endAll(t: CaseContext): Effects<void> {
  const { context } = t;
  context.trapExit(true);
  for (const pid of [...t.started].reverse()) {
    context.unlink(pid);
    const ref = context.monitor(pid);
    context.exit(pid, 'kill');
    yield* receive((message) => isDown(message, ref), { ref });
  }
}
