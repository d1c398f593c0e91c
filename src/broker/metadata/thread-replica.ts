// The replica of the metadata on one thread (DESIGN decision 14): tables that the thread's channels read directly, kept
// up to date by one process. Before a batch is routed its channel compares the shared version word with the replica's
// version, and waits for the replica if that is behind: the reader waits, never the writer.
import { call, genServer, noReply, ok, type From, reply, replyTo, type Request, type ServerPid } from '../../behaviours/index.ts';
import { type Context, type Effects, sleep } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import { applyEvent, emptyTables, type MetadataEvent, type Tables } from './tables.ts';
import { VERSION_WORD } from './words.ts';
import type { MetadataPid } from './metadata-server.ts';

/** One event with the version the metadata has after it. */
export interface VersionedEvent {
  readonly tag: 'event';
  readonly version: number;
  readonly event: MetadataEvent;
}

type ReplicaCall = Request<{ readonly tag: 'catchUp'; readonly version: number }, true>;
export type ReplicaPid = ServerPid<ReplicaCall, VersionedEvent>;

/** What the processes of a thread share: the tables and who keeps them. */
export interface Replica {
  readonly tables: Tables;
  readonly pid: ReplicaPid;
  readonly metadata: MetadataPid;
  version: number;
}

interface State {
  readonly replica: Replica;
  readonly waiting: { readonly version: number; readonly from: From }[];
}

const LOCAL = 'broker.replica';
const START_WAIT_MS = 5;

/** Keeps the tables of the thread it runs on. Its argument is the metadata server. */
export const threadReplica = genServer<State, [MetadataPid], ReplicaCall, VersionedEvent, never>({
  label: 'metadata replica',
  *init(context, metadata) {
    const tables = emptyTables();
    const snapshot = yield* call(metadata, { tag: 'subscribe', replica: context.self as AnyPid });
    for (const event of snapshot.events) applyEvent(tables, event);
    const replica: Replica = { tables, pid: context.self as ReplicaPid, metadata, version: snapshot.version };
    context.kernel.locals.set(LOCAL, replica);
    return ok({ replica, waiting: [] });
  },
  handleCall(request, from, state) {
    if (state.replica.version >= request.version) return reply(true as const, state);
    state.waiting.push({ version: request.version, from });
    return noReply(state);
  },
  handleCast({ version, event }, state, context) {
    const { replica, waiting } = state;
    applyEvent(replica.tables, event);
    replica.version = version;
    for (let index = waiting.length - 1; index >= 0; index--) {
      if (waiting[index].version > version) continue;
      replyTo(context, waiting[index].from, true);
      waiting.splice(index, 1);
    }
    return noReply(state);
  },
});

/** The replica of this thread, or undefined while it starts. */
export function replicaHere(context: Pick<Context, 'kernel'>): Replica | undefined {
  return context.kernel.locals.get(LOCAL) as Replica | undefined;
}

/** The replica of this thread, waiting for its start if need be. */
export function* awaitReplica(context: Pick<Context, 'kernel'>): Effects<Replica> {
  for (;;) {
    const replica = replicaHere(context);
    if (replica !== undefined && replica.pid.target !== null) return replica;
    yield* sleep(START_WAIT_MS);
  }
}

/** Whether the replica lacks an event that some thread may already have acted on. */
export function isBehind(context: Pick<Context, 'env'>, replica: Replica): boolean {
  return Atomics.load(context.env.words, VERSION_WORD) > replica.version;
}

/** Waits until the replica knows everything that was done before this call. */
export function* catchUp(context: Pick<Context, 'env'>, replica: Replica): Effects<void> {
  const version = Atomics.load(context.env.words, VERSION_WORD);
  if (version > replica.version) yield* call(replica.pid as Pid<never> as ReplicaPid, { tag: 'catchUp', version });
}
