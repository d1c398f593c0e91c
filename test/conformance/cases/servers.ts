// What the gen-server cases share: callers and parents as bodies, and servers that are started for a case.
import { call, type StartOptions, type StartResult, start, startLink } from '../../../src/behaviours/index.ts';
import { type Context, type Effects, receive } from '../../../src/process/index.ts';
import type { Mfa, Pid } from '../../../src/term/index.ts';
import { type How, SERVER, type TestServerPid } from '../../actors/server.ts';
import type { CaseContext } from '../case.ts';
import { CheckError, equal } from '../check.ts';
import { type Plan, place } from '../plan.ts';

export const serverActor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Starts a server as its parent, tells the result, and then does what it is told: end with a reason. */
export function* parent(
  context: Context<unknown>,
  to: Pid<unknown>,
  plan: Plan,
  how: How,
  options: StartOptions,
): Effects<void> {
  const result = yield* startLink(SERVER, [to, how], { ...options, ...place(plan, context.self) });
  context.send(to, { result });
  const { end } = yield* receive<{ end: unknown }>((message) => (message as { end?: unknown }).end !== undefined);
  context.exit(end);
}

/** Calls and tells the outcome; dies of a failed call. */
export function* caller(
  context: Context<unknown>,
  to: Pid<unknown>,
  server: TestServerPid | string,
  request: { readonly do: 'keep' },
  timeoutMs: number,
): Effects<void> {
  const answer = yield* call(server as TestServerPid, request, timeoutMs);
  context.send(to, { answer });
}

/** A server linked to the case, which gets what it tells. */
export function* started(t: CaseContext, how: How = {}, options?: StartOptions): Effects<TestServerPid> {
  const result = yield* startLink(SERVER, [t.context.self, how], t.options(options));
  if (!result.ok) throw new CheckError(`the server did not start: ${JSON.stringify(result.error)}`);
  const pid = t.kept(result.pid as TestServerPid);
  equal(yield* t.next('its word'), { initialized: pid }, 'what the server told from init');
  return pid;
}

/** As {@link started}, without a link to the case. */
export function* startedAlone(t: CaseContext, how: How = {}): Effects<TestServerPid> {
  const result = yield* start(SERVER, [t.context.self, how], t.options());
  if (!result.ok) throw new CheckError(`the server did not start: ${JSON.stringify(result.error)}`);
  const pid = t.kept(result.pid as TestServerPid);
  equal(yield* t.next('its word'), { initialized: pid }, 'what the server told from init');
  return pid;
}

/** A server whose parent is a process of its own. */
export function* startedBy(t: CaseContext, how: How): Effects<{ pid: TestServerPid; by: Pid<unknown> }> {
  const by = t.spawn(serverActor('parent'), [t.context.self, t.plan, how, {}]);
  const { result } = yield* t.next<{ result: StartResult }>('the result', (message) => 'result' in (message as object));
  if (!result.ok) throw new CheckError('the server did not start');
  yield* t.next('its word', (message) => 'initialized' in (message as object));
  return { pid: t.kept(result.pid as TestServerPid), by };
}

/** True for what a server tells from its `terminate`. */
export const terminated = (message: unknown) => (message as { terminated?: unknown }).terminated !== undefined;

/** What the server told from its `terminate`, once it is known to be dead; undefined when that did not run. */
export function* ranTerminate(t: CaseContext): Effects<unknown> {
  return (yield* t.drain()).find(terminated);
}
