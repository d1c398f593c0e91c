// Persistent terms (PT-1): values that are read everywhere, all the time, and hardly ever change: configuration, routing
// tables, handles of counters. Reading asks nobody; a write is told to every thread and returns when all have it.
// One process owns the truth, and each other thread has one that keeps its replica. The terms of a thread stay when
// these processes crash, and go with the thread; those of the owner's thread are the truth, so it belongs on thread 0.
//
//   yield* startLink(persistentTerms({ threads: [0, ...system.engine.threads] }));
//   yield* putTerm('limits', { connections: 1000 });
//   const limits = getTerm(context, 'limits'); // from any process of these threads
import { type Context, type DownMessage, type Effects, isDown } from '../process/index.ts';
import { type AnyPid, BadArgumentError, formatReason, type Mfa, type Pid, type Ref } from '../term/index.ts';
import { call, replyTo } from './call.ts';
import type { ServerContext } from './callbacks.ts';
import type { ChildSpec, SupervisorFlags } from './child-spec.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import type { From, Request } from './protocol.ts';
import { checkKey, type RegistryKey } from './registry.ts';
import { type CallResult, noReply, ok, reply } from './results.ts';
import { readTerm, type StoredTerm, storeTerm } from './stored-term.ts';
import { type SupervisorDefinition, supervisor } from './supervisor.ts';

export type TermKey = RegistryKey;

type Terms = Map<TermKey, StoredTerm>;
type Change = { readonly key: TermKey } & ({ readonly put: unknown } | { readonly erase: true });

type OwnerCall =
  | Request<{ readonly tag: 'change'; readonly change: Change }, boolean>
  | Request<{ readonly tag: 'attach' }, ReadonlyMap<TermKey, unknown>>;

interface UpdateMessage {
  readonly tag: '$update';
  readonly version: number;
  readonly change: Change;
}

interface AppliedMessage {
  readonly tag: '$applied';
  readonly from: AnyPid;
  readonly version: number;
}

/** A write that some replicas have not applied yet. */
interface Writing {
  readonly from: From;
  readonly outcome: boolean;
  readonly left: Set<AnyPid>;
}

interface Owner {
  readonly context: ServerContext;
  readonly terms: Terms;
  readonly replicas: Map<AnyPid, Ref>;
  readonly writings: Map<number, Writing>;
  version: number;
}

const LOCALS = 'persistentTerms';
const OWNER = 'persistentTerms/owner';

export interface PersistentTermsOptions extends Pick<SupervisorFlags, 'intensity' | 'periodMs'> {
  /** The threads whose processes read: such as `[0, ...system.engine.threads]`. Default: the supervisor's. */
  readonly threads?: readonly number[];
}

/** Defines the supervisor of a system's persistent terms; one per system. The owner lives on its thread. */
export function persistentTerms({ threads, ...flags }: PersistentTermsOptions = {}): SupervisorDefinition {
  return supervisor((context) => {
    const own = context.self.origin.thread;
    const replicas = (threads ?? []).filter((thread) => thread !== own);
    const children: ChildSpec[] = [
      { id: 'owner', start: { body: termOwner, name: OWNER } },
      ...replicas.map((thread): ChildSpec => {
        return { id: `thread ${thread}`, start: { body: TERM_REPLICA, placement: { thread } } };
      }),
    ];
    return { ...flags, strategy: 'restForOne', children };
  });
}

/** The value under `key`, or undefined. Throws BadArgumentError on a thread that has no persistent terms. */
export function getTerm<T = unknown>(context: Pick<Context, 'kernel'>, key: TermKey): T | undefined {
  const stored = termsOf(context).get(key);
  return stored === undefined ? undefined : (readTerm(stored) as T);
}

/** All keys, as this thread knows them. */
export function termKeys(context: Pick<Context, 'kernel'>): readonly TermKey[] {
  return [...termsOf(context).keys()];
}

/** Writes; when it returns every thread reads the new value. Throws CallError when the owner is not there, NotATermError. */
export function* putTerm(key: TermKey, value: unknown): Effects<void> {
  checkKey('putTerm', key);
  // What is no term is the caller's fault, and must not be found out by the owner.
  storeTerm(value);
  yield* call(OWNER, { tag: 'change', change: { key, put: value } });
}

/** Erases; false when there was nothing under `key`. */
export function* eraseTerm(key: TermKey): Effects<boolean> {
  return (yield* call(OWNER, { tag: 'change', change: { key, erase: true } })) as boolean;
}

function termsOf({ kernel }: Pick<Context, 'kernel'>): Terms {
  const terms = kernel.locals.get(LOCALS) as Terms | undefined;
  if (terms === undefined) {
    throw new BadArgumentError('a persistent term', 'persistentTerms to run for this thread', kernel.origin.thread);
  }
  return terms;
}

/** The process that owns the terms. What it owns outlives its crash: it stands among the locals of its thread. */
export const termOwner: ServerDefinition<readonly [], OwnerCall, never, AppliedMessage> = genServer({
  label: 'termOwner',
  formatStatus: ({ terms }: Owner) => ({ keys: [...terms.keys()] }),
  init(context) {
    const { locals } = context.kernel;
    const terms = (locals.get(LOCALS) as Terms | undefined) ?? new Map();
    locals.set(LOCALS, terms);
    return ok<Owner>({ context, terms, replicas: new Map(), writings: new Map(), version: 0 });
  },
  handleCall(request: OwnerCall, from, owner: Owner) {
    return request.tag === 'attach' ? attach(owner, from.caller) : change(owner, from, request.change);
  },
  handleInfo(message, owner: Owner) {
    if (isDown(message)) replicaDown(owner, message);
    else if (isTagged(message, '$applied')) applied(owner, message as AppliedMessage);
    else complain(owner.context, message);
    return noReply(owner);
  },
});

function attach(owner: Owner, replica: AnyPid): CallResult<ReadonlyMap<TermKey, unknown>, Owner> {
  if (!owner.replicas.has(replica)) owner.replicas.set(replica, owner.context.monitor(replica));
  const all = new Map([...owner.terms].map(([key, stored]) => [key, readTerm(stored)] as const));
  return reply(all, owner);
}

function change(owner: Owner, from: From, asked: Change): CallResult<boolean, Owner> {
  const { context, terms, replicas } = owner;
  const outcome = 'put' in asked || terms.has(asked.key);
  apply(terms, asked);
  if (!outcome || replicas.size === 0) return reply(outcome, owner);
  const version = ++owner.version;
  owner.writings.set(version, { from, outcome, left: new Set(replicas.keys()) });
  const update: UpdateMessage = { tag: '$update', version, change: asked };
  for (const replica of replicas.keys()) context.send(replica as Pid<unknown>, update);
  return noReply(owner);
}

function applied(owner: Owner, { from, version }: AppliedMessage): void {
  const writing = owner.writings.get(version);
  if (writing !== undefined) settle(owner, version, writing, from);
}

/** A dead replica reads nothing any more: nobody waits for it. */
function replicaDown(owner: Owner, { ref, object }: DownMessage): void {
  const replica = object as AnyPid;
  if (owner.replicas.get(replica) !== ref) return;
  owner.replicas.delete(replica);
  for (const [version, writing] of owner.writings) settle(owner, version, writing, replica);
}

function settle(owner: Owner, version: number, { from, outcome, left }: Writing, replica: AnyPid): void {
  left.delete(replica);
  if (left.size > 0) return;
  owner.writings.delete(version);
  replyTo(owner.context, from, outcome);
}

interface Replica {
  readonly context: ServerContext;
  readonly owner: AnyPid;
  readonly terms: Terms;
}

/** The process that keeps the replica of one thread; named by {@link TERM_REPLICA}. */
export const termReplica: ServerDefinition<readonly [], never, never, UpdateMessage> = genServer({
  label: 'termReplica',
  formatStatus: ({ terms }: Replica) => ({ keys: [...terms.keys()] }),
  *init(context) {
    const all = (yield* call(OWNER, { tag: 'attach' })) as ReadonlyMap<TermKey, unknown>;
    const terms: Terms = new Map([...all].map(([key, value]) => [key, storeTerm(value)]));
    context.kernel.locals.set(LOCALS, terms);
    return ok<Replica>({ context, terms, owner: context.whereis(OWNER) as AnyPid });
  },
  handleInfo(message, replica: Replica) {
    const { context, terms, owner } = replica;
    if (isTagged(message, '$update')) {
      const { version, change: asked } = message as UpdateMessage;
      apply(terms, asked);
      const done: AppliedMessage = { tag: '$applied', from: context.self, version };
      context.send(owner as Pid<unknown>, done);
    } else complain(context, message);
    return noReply(replica);
  },
});

/** The replica's server by name. */
export const TERM_REPLICA: Mfa = { module: import.meta.url, export: 'termReplica' };

function apply(terms: Terms, asked: Change): void {
  if ('put' in asked) terms.set(asked.key, storeTerm(asked.put));
  else terms.delete(asked.key);
}

function isTagged(message: unknown, tag: string): boolean {
  return typeof message === 'object' && message !== null && (message as { tag?: unknown }).tag === tag;
}

function complain(context: ServerContext, message: unknown): void {
  const data = { pid: String(context.self), text: formatReason(message) };
  context.env.logger.log('warning', 'unexpected message', data);
}
