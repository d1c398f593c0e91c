// The replica of the metadata on one thread (DESIGN decision 14): tables that the thread's channels read directly, kept
// up to date by one process. Before a batch is routed its channel compares the shared version word with the replica's
// version, and waits for the replica if that is behind: the reader waits, never the writer.
import {
  call,
  cast,
  type From,
  genServer,
  noReply,
  ok,
  type Request,
  reply,
  replyTo,
  type ServerPid,
  stop,
} from '../../behaviours/index.ts';
import { type Context, type Effects, sleep } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { Remembered } from '../exchange/index.ts';
import type { PropertiesFormats } from '../message.ts';
import type { VersionedEvent } from './events.ts';
import { formatsOn } from './formats.ts';
import { METADATA_NAME, type MetadataPid } from './protocol.ts';
import type { QueuePlace } from './records.ts';
import { applyEvent, emptyTables, type Tables } from './tables.ts';
import { nextTurn, VERSION_WORD } from './words.ts';

/** Where a queue is from now on; null when it was deleted. */
export interface PlaceNotice {
  readonly tag: 'place';
  readonly queueId: number;
  readonly place: QueuePlace | null;
}

/** Asks for one {@link PlaceNotice}, as soon as the queue has an epoch above `afterEpoch` or is gone. */
interface TellPlace {
  readonly tag: 'tellPlace';
  readonly to: Pid<PlaceNotice>;
  readonly queueId: number;
  readonly afterEpoch: number;
}

type ReplicaCall =
  | Request<{ readonly tag: 'catchUp'; readonly version: number }, true>
  /** What an exchange with a history has routed on this thread. */
  | Request<{ readonly tag: 'history'; readonly vhost: string; readonly exchange: string }, readonly Remembered[]>;
type ReplicaCast = VersionedEvent | TellPlace;
export type ReplicaPid = ServerPid<ReplicaCall, ReplicaCast>;

/** What the processes of a thread share: the tables and who keeps them. One object for the life of the thread. */
export interface Replica {
  tables: Tables;
  pid: ReplicaPid;
  metadata: MetadataPid;
  /** The version of the metadata that the tables have. */
  version: number;
  readonly formats: PropertiesFormats;
}

interface State {
  readonly replica: Replica;
  readonly waiting: { readonly version: number; readonly from: From }[];
  /** By queue id. */
  readonly asking: Map<number, TellPlace[]>;
}

const LOCAL = 'broker.replica';
const START_WAIT_MS = 5;

/** Keeps the tables of the thread it runs on. */
export const threadReplica = genServer<State, [], ReplicaCall, ReplicaCast, never>({
  label: 'metadata replica',
  *init(context) {
    const metadata = context.whereis(METADATA_NAME) as MetadataPid | undefined;
    if (metadata === undefined) return stop({ tag: 'noMetadata' });
    const pid = context.self as AnyPid as ReplicaPid;
    const { version, events } = yield* call(metadata, { tag: 'subscribe', replica: pid }, Number.POSITIVE_INFINITY);
    const formats = formatsOn(context);
    const tables = emptyTables(formats, () => nextTurn(context.env.words));
    for (const event of events) applyEvent(tables, event);
    const known = replicaHere(context);
    const replica = known ?? { tables, pid, metadata, version, formats };
    // Queues outlive this process and keep the object.
    if (known !== undefined) Object.assign(known, { tables, pid, metadata, version });
    context.kernel.locals.set(LOCAL, replica);
    return ok({ replica, waiting: [], asking: new Map() });
  },
  handleCall(request, from, state) {
    const { tables } = state.replica;
    if (request.tag === 'history') {
      return reply(tables.routing(request.vhost)?.exchange(request.exchange)?.history?.all() ?? [], state);
    }
    if (state.replica.version >= request.version) return reply(true as const, state);
    state.waiting.push({ version: request.version, from });
    return noReply(state);
  },
  handleCast(message, state, context) {
    if (message.tag === 'tellPlace') tell(state, message, context);
    else apply(state, message, context);
    return noReply(state);
  },
});

function apply(state: State, { version, event }: VersionedEvent, context: Pick<Context, 'send'>): void {
  const { replica, waiting, asking } = state;
  applyEvent(replica.tables, event);
  replica.version = version;
  if (event.tag === 'queuePlaced' || event.tag === 'queueDeleted') {
    const asked = asking.get(event.id);
    asking.delete(event.id);
    if (asked !== undefined) for (const each of asked) tell(state, each, context);
  }
  for (let index = waiting.length - 1; index >= 0; index--) {
    if (waiting[index].version > version) continue;
    replyTo(context, waiting[index].from, true);
    waiting.splice(index, 1);
  }
}

function tell({ replica, asking }: State, asked: TellPlace, context: Pick<Context, 'send'>): void {
  const { to, queueId, afterEpoch } = asked;
  const place = replica.tables.placeOf(queueId) ?? null;
  const isGone = replica.tables.queueById(queueId) === undefined;
  if (isGone || (place !== null && place.epoch > afterEpoch)) {
    context.send(to, { tag: 'place', queueId, place });
    return;
  }
  const others = asking.get(queueId);
  if (others === undefined) asking.set(queueId, [asked]);
  else others.push(asked);
}

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
  if (version > replica.version) yield* call(replica.pid, { tag: 'catchUp', version }, Number.POSITIVE_INFINITY);
}

/** Has the caller sent one {@link PlaceNotice} once the queue has an epoch above `afterEpoch`, or is deleted. */
export function tellPlace<P>(
  context: Pick<Context<P>, 'send' | 'trySend' | 'self'>,
  replica: Replica,
  queueId: number,
  afterEpoch: number,
): void {
  const to = context.self as AnyPid as Pid<PlaceNotice>;
  cast(context, replica.pid, { tag: 'tellPlace', to, queueId, afterEpoch });
}
