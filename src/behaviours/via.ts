// `via` names (REG-2): a process under a key of a registry, wherever a server or the name of a new process is expected.
// A registry is any process that answers the calls `register`, `unregister` and `lookup` as registry.ts does, and to
// which registering links; `registry` is one.
//
//   const session = via('sessions', userId);
//   yield* startLink(SESSION, [userId], { name: session });
//   yield* call(session, { tag: 'touch' });
import { context as currentContext, type Effects, isProcessAlive, sleep } from '../process/index.ts';
import { type AnyPid, checkTarget, hasTag } from '../term/index.ts';
import { call, whereisVia } from './call.ts';
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

/** Registers the caller under a `via` name, linked to the registry, as `registerKey` does. */
export function* registerVia({ registry, key }: ViaName): Effects<RegisterKeyResult> {
  const context = yield* currentContext();
  for (;;) {
    const pid = typeof registry === 'string' ? context.whereis(registry) : registry;
    if (pid !== undefined) context.link(pid);
    const result = (yield* call(registry as string, { tag: 'register', key, value: null })) as RegisterKeyResult;
    // A registry hears of deaths a little later than a supervisor: who starts again must not fail for its own corpse.
    if (result.ok || result.error.pid === context.self || (yield* isProcessAlive(result.error.pid))) return result;
    yield* sleep(0);
  }
}
