// Registry (RGY-1): processes under keys of the user's choice, unique or many per key, with a value attached.
// Registering links the caller to the registry: when the caller dies its entries go, when the registry dies so do those
// it lists, so that no entry outlives the truth. Entries of the dead go a little after their DOWN, not before it:
// `lookup` may still show them, `whereisKey` does not.
import { context as currentContext, type Effects, isExit, isProcessAlive } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkTarget, formatReason, Pid } from '../term/index.ts';
import { call } from './call.ts';
import type { ServerContext } from './callbacks.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import type { From, Request, ServerPid } from './protocol.ts';
import { noReply, ok, reply } from './results.ts';

/** Keys are compared by value when they are text, numbers or booleans, and by identity when they are pids or refs. */
export type RegistryKey = string | number | bigint | boolean | AnyPid;

/** `unique`: one process per key. `duplicate`: many, and one process more than once. */
export type RegistryKeys = 'unique' | 'duplicate';

export interface RegistryEntry {
  readonly pid: AnyPid;
  readonly value: unknown;
}

export type RegisterKeyResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly error: { readonly tag: 'alreadyRegistered'; readonly pid: AnyPid } };

export type RegistryCall =
  | Request<{ readonly tag: 'register'; readonly key: RegistryKey; readonly value: unknown }, RegisterKeyResult>
  | Request<{ readonly tag: 'unregister'; readonly key: RegistryKey }, boolean>
  | Request<{ readonly tag: 'lookup'; readonly key: RegistryKey }, readonly RegistryEntry[]>
  | Request<{ readonly tag: 'keysOf'; readonly pid: AnyPid }, readonly RegistryKey[]>
  | Request<{ readonly tag: 'count' }, number>;

export type RegistryPid = ServerPid<RegistryCall>;
type Server = RegistryPid | string;

interface State {
  readonly keys: RegistryKeys;
  readonly entries: Map<RegistryKey, RegistryEntry[]>;
  /** The keys of each process, as often as it is registered. */
  readonly owners: Map<AnyPid, RegistryKey[]>;
}

/** The registry's definition; start it with `['unique']` or `['duplicate']`. */
export const registry: ServerDefinition<readonly [RegistryKeys], RegistryCall, never, never> = genServer({
  label: 'registry',
  init(context, keys: RegistryKeys) {
    if (keys !== 'unique' && keys !== 'duplicate') {
      throw new BadArgumentError('registry', "'unique' or 'duplicate' keys", keys);
    }
    context.trapExit(true);
    return ok<State>({ keys, entries: new Map(), owners: new Map() });
  },
  handleCall(request: RegistryCall, from, state: State, context) {
    switch (request.tag) {
      case 'register':
        return reply(add(state, from, request, context), state);
      case 'unregister':
        return reply(remove(state, from.caller, request.key, context), state);
      case 'lookup':
        return reply([...(state.entries.get(request.key) ?? [])], state);
      case 'keysOf':
        return reply([...(state.owners.get(request.pid) ?? [])], state);
      case 'count':
        return reply(countEntries(state), state);
    }
  },
  handleInfo(message, state: State, context) {
    if (isExit(message)) forget(state, message.from);
    else
      context.env.logger.log('warning', 'unexpected message', {
        registry: String(context.self),
        text: formatReason(message),
      });
    return noReply(state);
  },
});

function add(
  state: State,
  { caller }: From,
  { key, value }: { readonly key: RegistryKey; readonly value: unknown },
  context: ServerContext,
): RegisterKeyResult {
  const entries = state.entries.get(key);
  const keys = state.owners.get(caller);
  if (state.keys === 'unique' && entries !== undefined) {
    if (keys === undefined) context.unlink(caller);
    return { ok: false, error: { tag: 'alreadyRegistered', pid: entries[0].pid } };
  }
  if (entries === undefined) state.entries.set(key, [{ pid: caller, value }]);
  else entries.push({ pid: caller, value });
  if (keys === undefined) state.owners.set(caller, [key]);
  else keys.push(key);
  return { ok: true };
}

function remove(state: State, pid: AnyPid, key: RegistryKey, context: ServerContext): boolean {
  const keys = state.owners.get(pid);
  if (keys === undefined || !keys.includes(key)) return false;
  dropEntries(state, pid, key);
  const left = keys.filter((other) => other !== key);
  if (left.length > 0) state.owners.set(pid, left);
  else {
    state.owners.delete(pid);
    context.unlink(pid);
  }
  return true;
}

function forget(state: State, pid: AnyPid): void {
  const keys = state.owners.get(pid);
  if (keys === undefined) return;
  state.owners.delete(pid);
  for (const key of new Set(keys)) dropEntries(state, pid, key);
}

function dropEntries(state: State, pid: AnyPid, key: RegistryKey): void {
  const left = (state.entries.get(key) ?? []).filter((entry) => entry.pid !== pid);
  if (left.length === 0) state.entries.delete(key);
  else state.entries.set(key, left);
}

function countEntries(state: State): number {
  let count = 0;
  for (const entries of state.entries.values()) count += entries.length;
  return count;
}

const KEY_TYPES: readonly string[] = ['string', 'number', 'bigint', 'boolean'];

/** Throws BadArgumentError for what cannot be compared by value. */
export function checkKey(operation: string, key: unknown): void {
  if (key instanceof Pid || KEY_TYPES.includes(typeof key)) return;
  throw new BadArgumentError(operation, 'a key of text, a number, a boolean or a pid', key);
}

/** Registers the caller under `key`. In a unique registry it fails for a taken key, even if the caller itself has it. */
export function* registerKey(server: Server, key: RegistryKey, value: unknown = null): Effects<RegisterKeyResult> {
  checkTarget('registerKey', server);
  checkKey('registerKey', key);
  const context = yield* currentContext();
  const pid = typeof server === 'string' ? context.whereis(server) : server;
  // The link comes first, on the same way as the call: there is no moment at which an entry could outlive its process.
  if (pid !== undefined) context.link(pid);
  return yield* ask(server, { tag: 'register', key, value });
}

/** Takes the caller's entries under `key` away; false when it had none. */
export function unregisterKey(server: Server, key: RegistryKey): Effects<boolean> {
  return ask(server, { tag: 'unregister', key });
}

/** All entries under `key`, in the order of registering; may show processes that have just died. */
export function lookup(server: Server, key: RegistryKey): Effects<readonly RegistryEntry[]> {
  return ask(server, { tag: 'lookup', key });
}

/** The living process under `key` in a unique registry, or undefined. */
export function* whereisKey(server: Server, key: RegistryKey): Effects<AnyPid | undefined> {
  for (const { pid } of yield* lookup(server, key)) if (yield* isProcessAlive(pid)) return pid;
  return undefined;
}

/** Calls `each` in the caller for every entry under `key`. */
export function* dispatch(server: Server, key: RegistryKey, each: (entry: RegistryEntry) => void): Effects<void> {
  for (const entry of yield* lookup(server, key)) each(entry);
}

/** The keys under which `pid` is registered. */
export function keysOf(server: Server, pid: AnyPid): Effects<readonly RegistryKey[]> {
  return ask(server, { tag: 'keysOf', pid });
}

/** How many entries there are. */
export function countKeys(server: Server): Effects<number> {
  return ask(server, { tag: 'count' });
}

function ask(server: Server, request: RegistryCall): Effects<never> {
  return call(server as RegistryPid, request as never) as Effects<never>;
}
