// What the metadata server holds (DESIGN decisions 12, 14): the tables that all replicas follow, who follows them, whose
// exclusive queues there are, and which queues are being started. The part that lasts is kept among the locals of the
// control thread, so that a server that crashes comes back with it.
import { cast, type From } from '../../behaviours/index.ts';
import type { Context, DownMessage } from '../../process/index.ts';
import { type AnyPid, hasTag, type Pid, type Ref } from '../../term/index.ts';
import { type BrokerLimits, DEFAULT_LIMITS, FIRST_PERMISSION, FIRST_USER, FIRST_VHOST } from '../access/index.ts';
import type { QueueMessage } from '../queue-server/protocol.ts';
import type { LogPid } from '../store/index.ts';
import { isDurableEvent, isDurableQueue } from './durable-events.ts';
import type { MetadataEvent, MetadataSnapshot, VersionedEvent } from './events.ts';
import { Journal, type Recovered } from './journal.ts';
import { type DeclareQueue, type MetadataMessage, queuesName } from './protocol.ts';
import type { QueueRecord } from './records.ts';
import { Sessions, type SessionTable } from './sessions.ts';
import { Slots } from './slots.ts';
import { applyEvent, emptyTables, snapshotOf, type Tables } from './tables.ts';
import type { ReplicaPid } from './thread-replica.ts';
import { depthOf, publishDepth, slotsIn, VERSION_WORD } from './words.ts';

/** The counter of messages that went with threads that died. */
export const MESSAGES_LOST = 'broker.messages.lost';

type ServerContext = Context<unknown>;

/** What outlives the server's process. */
interface Kept {
  readonly tables: Tables;
  readonly slots: Slots;
  /** The supervisor of each thread's queues, as last seen. */
  readonly supervisors: Map<number, AnyPid>;
  readonly sessions: SessionTable;
  version: number;
  /** The last number written into the log. */
  lastSequence: number;
  lastQueueId: number;
  /** New queues so far, for the choice of their threads. */
  started: number;
}

/** A queue whose actor is starting, and who waits for it. */
export interface StartingQueue {
  readonly record: QueueRecord;
  readonly from: From;
  /** Declarations of the same name that came meanwhile. */
  readonly behind: { readonly wanted: DeclareQueue; readonly from: From }[];
}

type Watched =
  | { readonly what: 'replica' }
  | { readonly what: 'owner'; readonly pid: AnyPid }
  | { readonly what: 'queue'; readonly id: number };

const LOCAL = 'broker.metadata';

export class MetadataState {
  readonly context: ServerContext;
  readonly kept: Kept;
  readonly limits: BrokerLimits;
  readonly sessions: Sessions;
  readonly starting = new Map<number, StartingQueue>();
  private readonly replicas = new Map<Ref, ReplicaPid>();
  private readonly watched = new Map<Ref, Watched>();
  private readonly queueRefs = new Map<number, Ref>();
  /** Exclusive queues by the connection that owns them. */
  private readonly owned = new Map<AnyPid, { readonly ref: Ref; readonly ids: Set<number> }>();
  private losses: { queues: number; messages: number } | null = null;

  /** Null in a broker that keeps no log. */
  readonly journal: Journal | null;

  /** `recovered` is what the log of an earlier run has; null when there is none, or the server is not the run's first. */
  constructor(
    context: ServerContext,
    log: LogPid | null = null,
    recovered: Recovered | null = null,
    limits: BrokerLimits = DEFAULT_LIMITS,
  ) {
    this.context = context;
    this.limits = limits;
    const { kernel, env } = context;
    const known = kernel.locals.get(LOCAL) as Kept | undefined;
    this.kept = known ?? {
      tables: emptyTables(),
      slots: new Slots(slotsIn(env.words)),
      supervisors: new Map(),
      sessions: new Map(),
      version: 0,
      lastSequence: recovered?.lastSequence ?? 0,
      lastQueueId: recovered?.lastQueueId ?? 0,
      started: 0,
    };
    kernel.locals.set(LOCAL, this.kept);
    this.sessions = new Sessions(context, this.kept.sessions, limits);
    this.journal = log === null ? null : new Journal(context, log, this.kept.lastSequence);
    if (recovered !== null && recovered.events.length > 0) this.restore(recovered);
    else if (known === undefined) this.begin();
    for (const record of this.tables.allQueues()) this.watch(record);
  }

  /** What every broker has at first, in one record of the log: half of it would be taken for the whole by a restart. */
  private begin(): void {
    const { kept, journal } = this;
    applyEvent(kept.tables, { tag: 'vhostAdded', vhost: FIRST_VHOST });
    applyEvent(kept.tables, { tag: 'userSet', user: FIRST_USER });
    applyEvent(kept.tables, { tag: 'permissionsSet', permission: FIRST_PERMISSION });
    kept.version += 3;
    Atomics.store(this.context.env.words, VERSION_WORD, kept.version);
    if (journal === null) return;
    journal.snapshot(this.durableEvents(), 0);
    kept.lastSequence = journal.sequence;
  }

  private restore({ events }: Recovered): void {
    const { tables, slots } = this.kept;
    for (const event of events) {
      if (event.tag !== 'queueDeclared') applyEvent(tables, event);
      else applyEvent(tables, { ...event, record: { ...event.record, slot: slots.take() } });
    }
  }

  /** Whether this is the first server of the run. */
  static isFirst({ kernel }: Pick<ServerContext, 'kernel'>): boolean {
    return kernel.locals.get(LOCAL) === undefined;
  }

  get tables(): Tables {
    return this.kept.tables;
  }

  // ---- replicas

  subscribe(replica: ReplicaPid): MetadataSnapshot {
    const ref = this.context.monitor(replica);
    this.replicas.set(ref, replica);
    this.watched.set(ref, { what: 'replica' });
    return { version: this.kept.version, events: snapshotOf(this.tables) };
  }

  allReplicas(): readonly ReplicaPid[] {
    return [...this.replicas.values()];
  }

  /** Makes a change: here, then on its way to every replica, then visible in the version word. */
  emit(event: MetadataEvent): void {
    const { kept, context } = this;
    this.log(event);
    const message: VersionedEvent = { tag: 'event', version: ++kept.version, event };
    for (const replica of this.replicas.values()) cast(context, replica, message);
    Atomics.store(context.env.words, VERSION_WORD, kept.version);
  }

  private log(event: MetadataEvent): void {
    const { journal, tables, kept } = this;
    const isDurable = journal !== null && isDurableEvent(tables, event);
    const vhost = event.tag === 'queueDeleted' ? tables.queueById(event.id)?.vhost : 'vhost' in event && event.vhost;
    const gone = applyEvent(tables, event);
    if (journal === null) return;
    if (isDurable) journal.write(event);
    // An exchange that goes with its last binding was kept for bindings that are not in the log.
    if (vhost) for (const name of gone) journal.write({ tag: 'exchangeDeleted', vhost, name });
    if (isDurable && journal.isSnapshotDue(tables.size)) journal.snapshot(this.durableEvents(), kept.lastQueueId);
    kept.lastSequence = journal.sequence;
  }

  private durableEvents(): readonly MetadataEvent[] {
    return snapshotOf(this.tables).filter((event) => isDurableEvent(this.tables, event));
  }

  // ---- queues

  /** Whether a queue's contents are in the log, so that it may be started again whatever happened. */
  isLogged(record: QueueRecord): boolean {
    return this.journal !== null && isDurableQueue(record);
  }

  /** Durable queues of an earlier run that have no actor yet. */
  unplaced(): readonly QueueRecord[] {
    return [...this.tables.allQueues()].filter(
      ({ id }) => this.tables.placeOf(id) === undefined && !this.starting.has(id),
    );
  }

  /** The record of a queue that is to be started. */
  newQueue(wanted: DeclareQueue, name: string): QueueRecord {
    const { vhost, exclusive, autoDelete, connection, arguments: args } = wanted;
    const owner = exclusive ? connection : null;
    const id = ++this.kept.lastQueueId;
    const slot = this.kept.slots.take();
    return { id, vhost, name, durable: wanted.durable && !exclusive, autoDelete, owner, arguments: args, slot };
  }

  /** The queues whose supervisor on that thread has been replaced: their actors ended with the one before. */
  takeOrphans(thread: number): readonly QueueRecord[] {
    const { supervisors } = this.kept;
    const before = supervisors.get(thread);
    const now = this.context.whereis(queuesName(thread));
    if (now !== undefined) supervisors.set(thread, now);
    if (before === undefined || before === now) return [];
    return [...this.tables.allQueues()].filter(({ id }) => this.tables.placeOf(id)?.pid.origin.thread === thread);
  }

  startingByName(vhost: string, name: string): StartingQueue | undefined {
    for (const each of this.starting.values()) {
      if (each.record.name === name && each.record.vhost === vhost) return each;
    }
    return undefined;
  }

  addQueue(record: QueueRecord, pid: Pid<QueueMessage>): void {
    this.emit({ tag: 'queueDeclared', record });
    this.placeQueue(record.id, pid, 1);
    this.watchOwner(record);
  }

  placeQueue(id: number, pid: Pid<QueueMessage>, epoch: number): void {
    this.emit({ tag: 'queuePlaced', id, place: { pid, epoch } });
    this.watchQueue(id, pid);
  }

  /** The queue is no more. Void when it is gone already. */
  removeQueue(id: number): void {
    const record = this.tables.queueById(id);
    if (record === undefined) return;
    this.emit({ tag: 'queueDeleted', id });
    this.kept.slots.giveBack(record.slot);
    this.unwatch(this.queueRefs.get(id));
    this.queueRefs.delete(id);
    const owned = record.owner === null ? undefined : this.owned.get(record.owner);
    if (record.owner === null || owned === undefined) return;
    owned.ids.delete(id);
    if (owned.ids.size > 0) return;
    this.unwatch(owned.ref);
    this.owned.delete(record.owner);
  }

  /** A connection is gone or going: so are its exclusive queues. */
  removeOwned(connection: AnyPid): void {
    for (const id of [...(this.owned.get(connection)?.ids ?? [])]) {
      const place = this.tables.placeOf(id);
      this.removeQueue(id);
      if (place !== undefined) this.context.send(place.pid, { tag: 'vanish' });
    }
  }

  // ---- watching

  private watch(record: QueueRecord): void {
    const place = this.tables.placeOf(record.id);
    if (place !== undefined) this.watchQueue(record.id, place.pid);
    this.watchOwner(record);
  }

  private watchQueue(id: number, pid: AnyPid): void {
    this.unwatch(this.queueRefs.get(id));
    const ref = this.context.monitor(pid);
    this.queueRefs.set(id, ref);
    this.watched.set(ref, { what: 'queue', id });
  }

  private watchOwner({ id, owner }: QueueRecord): void {
    if (owner === null) return;
    const known = this.owned.get(owner);
    if (known !== undefined) {
      known.ids.add(id);
      return;
    }
    const ref = this.context.monitor(owner);
    this.owned.set(owner, { ref, ids: new Set([id]) });
    this.watched.set(ref, { what: 'owner', pid: owner });
  }

  private unwatch(ref: Ref | undefined): void {
    if (ref === undefined) return;
    this.watched.delete(ref);
    this.context.demonitor(ref, { flush: true });
  }

  down(message: DownMessage): void {
    if (this.sessions.down(message)) return;
    const { ref, reason } = message;
    const watched = this.watched.get(ref);
    if (watched === undefined) return;
    this.watched.delete(ref);
    if (watched.what === 'replica') this.replicas.delete(ref);
    else if (watched.what === 'owner') this.removeOwned(watched.pid);
    else if (hasTag(reason, 'threadDown')) this.countLoss(watched.id);
  }

  // ---- what a thread takes with it

  private countLoss(id: number): void {
    const { words } = this.context.env;
    const record = this.tables.queueById(id);
    const slot = record?.slot ?? -1;
    const { ready, unacked } = depthOf(words, slot);
    publishDepth(words, slot, 0, 0);
    // What the log has is not lost; how much of the rest there was nobody knows.
    if (record !== undefined && this.isLogged(record)) return;
    if (this.losses === null) {
      this.losses = { queues: 0, messages: 0 };
      // Behind the news of the thread's other queues, so that one line tells of all.
      const message: MetadataMessage = { tag: 'reportLosses' };
      this.context.send(this.context.self as Pid<MetadataMessage>, message);
    }
    this.losses.queues++;
    this.losses.messages += ready + unacked;
  }

  reportLosses(): void {
    const { losses } = this;
    this.losses = null;
    if (losses === null || losses.messages === 0) return;
    const { metrics, logger } = this.context.env;
    metrics.count(MESSAGES_LOST, losses.messages);
    logger.log('warning', 'messages lost with a thread', losses);
  }
}
