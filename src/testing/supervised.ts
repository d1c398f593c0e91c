// Started-supervised fixtures, as ExUnit's start_supervised: what a test starts is under a supervisor of its own, and is
// stopped in reverse order, each before the next, when the body ends in whatever way.
//
//   simulate({ tape }, supervised(function* (context, start) {
//     const pid = yield* start(counter, [0], { name: 'counter' });
//     ...
//   }));
import {
  type ChildSpec,
  type StartOptions,
  type SupervisorPid,
  startChild,
  startLink,
  stopServer,
  supervisor,
} from '../behaviours/index.ts';
import { type AnyBody, type Body, type Context, type Effects, ExitError } from '../process/index.ts';
import { formatReason, type Mfa, type Pid } from '../term/index.ts';

/** How a fixture is started and stopped. Default: restarted when it ends, stopped within 5 s. */
export type FixtureOptions = StartOptions & Omit<ChildSpec, 'start'>;

/** Starts a child of the test's supervisor and returns its pid. Throws FixtureError when it does not start. */
export interface StartSupervised {
  <P, A extends readonly unknown[]>(body: Body<P, A>, args?: A, options?: FixtureOptions): Effects<Pid<P>>;
  <P = unknown>(body: Mfa, args?: readonly unknown[], options?: FixtureOptions): Effects<Pid<P>>;
}

/** Thrown when a fixture does not start. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
}

const fixtures = supervisor({ strategy: 'oneForOne', intensity: Number.POSITIVE_INFINITY, children: [] });

/** A body for `simulate` whose second argument starts fixtures. */
export function supervised<T>(
  body: (context: Context<unknown>, start: StartSupervised) => Effects<T>,
): (context: Context<unknown>) => Effects<T> {
  return function* root(context) {
    const started = yield* startLink(fixtures, [], { label: 'fixtures' });
    if (!started.ok) throw new FixtureError(`the supervisor does not start: ${formatReason(started.error)}`);
    const { pid } = started;
    let count = 0;
    const start = (fixture: AnyBody, args: readonly unknown[] = [], options: FixtureOptions = {}) =>
      startFixture(pid as SupervisorPid, `fixture ${++count}`, fixture, args, options);
    try {
      return yield* body(context, start as StartSupervised);
    } finally {
      yield* stopFixtures(context, pid);
    }
  };
}

function* startFixture(
  under: SupervisorPid,
  id: string,
  body: AnyBody,
  args: readonly unknown[],
  { restart, significant, shutdown, type, id: given, ...options }: FixtureOptions,
): Effects<Pid<never>> {
  const flags = { restart, significant, shutdown, type };
  const rest = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const outcome = yield* startChild(under, { id: given ?? id, ...rest, start: { ...options, body, args } });
  if (outcome.ok && outcome.pid !== null) return outcome.pid;
  throw new FixtureError(`${id} does not start: ${formatReason(outcome.ok ? 'it declined' : outcome.error)}`);
}

/** The error of the test itself is worth more than that of a supervisor that is dead already. */
function* stopFixtures(context: Context<unknown>, pid: Pid<never>): Effects<void> {
  context.unlink(pid);
  try {
    yield* stopServer(pid, 'shutdown');
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
  }
}
