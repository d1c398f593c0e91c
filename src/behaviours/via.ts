// `via` names (REG-2): a process under a key of a registry, wherever a server or the name of a new process is expected.
// A registry is any process that answers the calls `register`, `unregister` and `lookup` as registry.ts does, and to
// which registering links; `registry` is one.
//
//   const session = via('sessions', userId);
//   yield* startLink(SESSION, [userId], { name: session });
//   yield* call(session, { tag: 'touch' });
import { context as currentContext, type Effects, isProcessAlive, sleep } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkTarget, hasTag, Pid } from '../term/index.ts';
import { CALL_TIMEOUT_MS, call, checkVia, whereisVia } from './call.ts';
import type { CastMessage } from './protocol.ts';
import type { RegisterKeyResult, RegistryKey } from './registry.ts';

/** A name that a registry keeps. A term. */
export interface ViaName {
  readonly tag: 'via';
  /** The registry, by pid or by registered name. */
  readonly registry: AnyPid | string;
  readonly key: RegistryKey;
}

/** The name `key` in `registry`. */
export function via(registry: AnyPid | string, key: RegistryKey): ViaName {
  checkTarget('via', registry);
  return { tag: 'via', registry, key };
}

/** True for a {@link ViaName}. */
export function isViaName(value: unknown): value is ViaName {
  return hasTag(value, 'via');
}

/** As `cast`, to a `via` name; false when nobody has it. */
export function castVia(name: ViaName, message: unknown): Effects<boolean> {
  return sendVia(name, { tag: '$cast', message } satisfies CastMessage<unknown>);
}

/** Sends to a `via` name; false when nobody has it. */
export function* sendVia(name: ViaName, message: unknown): Effects<boolean> {
  const context = yield* currentContext();
  const pid = yield* whereisVia(name);
  if (pid === undefined) return false;
  context.send(pid as never, message as never);
  return true;
}

/** Between two attempts at a name that a dead process still has: it grows from 0 to this. */
const WAIT_MS_MAX = 50;

/** Registers the caller under a `via` name, linked to the registry, as `registerKey` does. Throws as {@link whereisVia}. */
export function* registerVia(name: ViaName): Effects<RegisterKeyResult> {
  checkVia('registerVia', name);
  const { registry, key } = name;
  const context = yield* currentContext();
  const untilMs = context.now() + CALL_TIMEOUT_MS;
  let waitMs = 0;
  for (;;) {
    const pid = typeof registry === 'string' ? context.whereis(registry) : registry;
    if (pid !== undefined) context.link(pid);
    const result = checkResult(yield* call(registry as string, { tag: 'register', key, value: null }));
    // A registry hears of deaths a little later than a supervisor: who starts again must not fail for its own corpse.
    if (result.ok || result.error.pid === context.self || (yield* isProcessAlive(result.error.pid))) return result;
    // One that does not watch those it lists never hears of it.
    if (context.now() >= untilMs) return result;
    yield* sleep(waitMs);
    waitMs = Math.min(WAIT_MS_MAX, 2 * waitMs + 1);
  }
}

function checkResult(answer: unknown): RegisterKeyResult {
  const result = answer as
    | Partial<Extract<RegisterKeyResult, { ok: false }>>
    | { readonly ok: true }
    | null
    | undefined;
  if (result?.ok === true) return { ok: true };
  if (result?.ok === false && result.error?.pid instanceof Pid) return result as RegisterKeyResult;
  const needs = 'a registry that answers `register` with { ok: true } or { ok: false, error: { tag, pid } }';
  throw new BadArgumentError('a via name', needs, answer);
}
