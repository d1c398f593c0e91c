// The metadata of the broker as one process on the control thread (DESIGN decision 14): it decides what is declared,
// bound and deleted, tells every replica, bumps the version word, and only then answers. Starting a queue is the one
// thing that takes time; everything else goes on meanwhile.
import {
  type CallResult,
  call,
  type From,
  genServer,
  noReply,
  ok,
  reply,
  replyTo,
  type ServerContext,
  stop,
} from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import { type AnyPid, formatReason, type Pid } from '../../term/index.ts';
import { type BrokerLimits, bindingRefusal, patternRefusal, queueRefusal } from '../access/index.ts';
import { checkQueueArguments, plainName } from '../arguments.ts';
import {
  type Decision,
  decideExchangeBind,
  decideExchangeDeclare,
  decideExchangeDelete,
  decideExchangeUnbind,
  decideQueueBind,
  decideQueueDeclare,
  decideQueueUnbind,
} from '../declaration.ts';
import { type BrokerError, noQueue, serverNamedRefused } from '../errors.ts';
import { type BindingRecord, type RoutingTables, topicCost } from '../exchange/index.ts';
import { NO_FIELDS } from '../field-table.ts';
import { queueType } from '../queue/index.ts';
import type { Outcome, QueueMessage } from '../queue-server/protocol.ts';
import { keepsLog, LOG_NAME, type LogPid } from '../store/index.ts';
import { changeAccess, vhostDeleted } from './access-changes.ts';
import type { MetadataEvent } from './events.ts';
import { recoverMetadata } from './journal.ts';
import { MetadataState, type StartingQueue } from './metadata-state.ts';
import { changePolicy, configure } from './policy-changes.ts';
import type { BindQueue, DeclareQueue, MetadataCall, MetadataMessage, Placed, QueueNotStarted } from './protocol.ts';
import { queueStarter } from './queue-starter.ts';
import type { QueueRecord } from './records.ts';
import { RecoveryBarrier } from './recovery-barrier.ts';
import { snapshotOf } from './tables.ts';
import type { ReplicaPid } from './thread-replica.ts';

interface State {
  readonly metadata: MetadataState;
  /** The data threads, where queues live. */
  readonly threads: readonly number[];
  readonly barrier: RecoveryBarrier;
}

const DONE = { ok: true, value: true } as const;
const GENERATED_LENGTH = 22;
/** How long a durable queue that no thread took waits for its next start. */
const START_AGAIN_MS = 1_000;

/** The process body of the metadata server; its arguments are the threads that queues are spread over, and limits. */
export const metadataServer = genServer<
  State,
  [readonly number[], BrokerLimits?],
  MetadataCall,
  never,
  MetadataMessage
>({
  label: 'metadata',
  *init(context, threads, limits) {
    const log = (context.whereis(LOG_NAME) ?? null) as LogPid | null;
    if (log === null && keepsLog(context.env.words)) return stop({ tag: 'noLog' });
    const recovered = log !== null && MetadataState.isFirst(context) ? yield* recoverMetadata(log) : null;
    if (recovered !== null && 'tag' in recovered) return stop({ tag: 'shutdown', detail: recovered });
    const metadata = new MetadataState(context, log, recovered, limits);
    if (log !== null && recovered !== null) yield* dropUnknownRows(metadata, log);
    const unplaced = metadata.unplaced();
    const state: State = { metadata, threads, barrier: new RecoveryBarrier(unplaced.map(({ id }) => id)) };
    for (const record of unplaced) startActor(context, record, nextThreads(state));
    for (const thread of threads) {
      for (const record of state.metadata.takeOrphans(thread)) startActor(context, record, [thread]);
    }
    return ok(state);
  },
  handleCall(request, from, state, context) {
    const { metadata } = state;
    switch (request.tag) {
      case 'subscribe':
        return reply(metadata.subscribe(request.replica as ReplicaPid), state);
      case 'replicas':
        return reply(metadata.allReplicas(), state);
      case 'everything':
        return reply({ version: metadata.kept.version, events: snapshotOf(metadata.tables) }, state);
      case 'configure':
        configure(metadata, request.events);
        return answer(state, from, true as const);
      case 'setPolicy':
      case 'deletePolicy':
        return answer(state, from, changePolicy(metadata, request));
      case 'declareQueue': {
        const outcome = declareQueue(state, context, request.wanted, from);
        return outcome === null ? noReply(state) : answer(state, from, outcome);
      }
      case 'queuePlaced':
        return beginQueue(state, context, request.id, request.pid, from);
      case 'queueDeleted':
        metadata.removeQueue(request.id);
        return answer(state, from, true as const);
      case 'configuration':
        return reply(metadata.tables.configuration, state);
      case 'changeAccess':
        return answer(state, from, changeAccess(metadata, context, request.event));
      case 'enterVhost': {
        const { connection, user, vhost } = request;
        return reply(metadata.sessions.enter(metadata.tables.configuration, connection, user, vhost), state);
      }
      case 'openChannel': {
        const { connection, open } = request;
        return reply(metadata.sessions.openChannel(metadata.tables.configuration, connection, open), state);
      }
      case 'deleteExclusive':
        metadata.removeOwned(request.connection);
        return reply(true as const, state);
      default:
        return answer(state, from, changeTopology(metadata, request));
    }
  },
  handleInfo(message, state, context) {
    if (message.tag === 'DOWN') state.metadata.down(message);
    else if (message.tag === 'queueNotStarted') queueNotStarted(state, context, message);
    else if (message.tag === 'channelsClosed') state.metadata.sessions.channelsClosed(message.connection, message.open);
    else if (message.tag === 'reportLosses') state.metadata.reportLosses();
    else if (message.tag === 'safe') state.metadata.journal?.safe(message.batch);
    else if (message.tag === 'logFailed') state.metadata.journal?.failed();
    else if (message.tag === 'timeout') startAgain(state, context, message.message as number);
    return noReply(state);
  },
});

// ---- exchanges and bindings

type TopologyCall = Extract<MetadataCall, { readonly tag: `${string}Exchange` | 'bindQueue' | 'unbindQueue' }>;

function changeTopology(metadata: MetadataState, request: TopologyCall): Outcome<true> {
  const { vhost } = request.wanted;
  const routing = metadata.tables.routing(vhost);
  if (routing === undefined) return { ok: false, error: vhostDeleted(vhost) };
  switch (request.tag) {
    case 'declareExchange': {
      const decision = decideExchangeDeclare(routing, request.wanted);
      return carryOut(metadata, decision, (record) => ({ tag: 'exchangeDeclared', vhost, record }));
    }
    case 'deleteExchange': {
      const decision = decideExchangeDelete(routing, request.wanted);
      return carryOut(metadata, decision, (name) => ({ tag: 'exchangeDeleted', vhost, name }));
    }
    case 'bindExchange': {
      const decision = withinBindings(metadata, routing, decideExchangeBind(routing, request.wanted));
      return carryOut(metadata, decision, (binding) => ({ tag: 'bound', vhost, binding }));
    }
    case 'unbindExchange': {
      const decision = decideExchangeUnbind(routing, request.wanted);
      return carryOut(metadata, decision, (binding) => ({ tag: 'unbound', vhost, binding }));
    }
    case 'bindQueue': {
      const decided = decideQueueBind(routing, withRecord(metadata, request.wanted));
      const decision = withinBindings(metadata, routing, decided);
      return carryOut(metadata, decision, (binding) => ({ tag: 'bound', vhost, binding }));
    }
    case 'unbindQueue': {
      const decision = decideQueueUnbind(routing, withRecord(metadata, request.wanted));
      return carryOut(metadata, decision, (binding) => ({ tag: 'unbound', vhost, binding }));
    }
  }
}

/** A new binding is refused where its end has as many as it may have; counting them costs nothing without a limit. */
function withinBindings(
  { tables, limits }: MetadataState,
  routing: RoutingTables,
  decision: Decision<BindingRecord>,
): Decision<BindingRecord> {
  if (decision.tag !== 'change') return decision;
  const { destination, source, routingKey } = decision.change;
  const what =
    destination.kind === 'queue'
      ? `queue '${tables.queueById(destination.queueId)?.name}'`
      : `exchange '${destination.name}'`;
  const matcher = routing.exchange(source)?.matcher;
  const error =
    bindingRefusal(what, () => routing.countTo(destination), limits) ??
    (matcher === undefined ? null : patternRefusal(source, topicCost(matcher, routingKey), limits));
  return error === null ? decision : { tag: 'refused', error };
}

/** Answers a call: at once, or when what it has changed is safe. */
function answer(state: State, from: From, outcome: unknown): CallResult<never, State> {
  const { journal } = state.metadata;
  if (journal === null) return reply(outcome as never, state);
  journal.answer(from, outcome);
  return noReply(state);
}

function* dropUnknownRows({ tables, journal }: MetadataState, log: LogPid): Effects<void> {
  const rows = yield* call(log, { tag: 'rows' }, Number.POSITIVE_INFINITY);
  // Deleted, and the run ended before its contents were.
  journal?.deleteRows(rows.filter((row) => row > 1 && tables.queueById(row >> 1) === undefined));
}

function carryOut<T>(
  metadata: MetadataState,
  decision: Decision<T>,
  eventOf: (change: T) => MetadataEvent,
): Outcome<true> {
  if (decision.tag === 'refused') return { ok: false, error: decision.error };
  if (decision.tag === 'change') metadata.emit(eventOf(decision.change));
  return DONE;
}

function withRecord({ tables }: MetadataState, wanted: BindQueue) {
  return { ...wanted, record: tables.queueByName(wanted.vhost, plainName(wanted.queue)) };
}

// ---- queues

/** The outcome, or null when it comes later: the queue has to be started, or is being started already. */
function declareQueue(
  state: State,
  context: ServerContext,
  wanted: DeclareQueue,
  from: From,
): Outcome<QueueRecord> | null {
  const { metadata } = state;
  const { vhost, connection } = wanted;
  if (!metadata.tables.hasVhost(vhost)) return { ok: false, error: vhostDeleted(vhost) };
  const name = plainName(wanted.name);
  const starting = metadata.startingByName(vhost, name);
  if (starting !== undefined) {
    starting.behind.push({ wanted, from });
    return null;
  }
  if (name === '' && !wanted.passive) return declareGenerated(state, context, wanted, from);
  const record = metadata.tables.queueByName(vhost, name);
  const decision = decideQueueDeclare(wanted, record, connection);
  if (decision.tag === 'refused') return { ok: false, error: decision.error };
  if (decision.tag === 'change') {
    const full = fullVhost(metadata, vhost, name);
    if (full !== null) return { ok: false, error: full };
    return begin(state, context, metadata.newQueue(wanted, decision.change), from);
  }
  return record === undefined ? { ok: false, error: noQueue(vhost, name) } : { ok: true, value: record };
}

/** A queue that the server names (digest 6). */
function declareGenerated(
  state: State,
  context: ServerContext,
  wanted: DeclareQueue,
  from: From,
): Outcome<QueueRecord> | null {
  const { metadata } = state;
  const type = queueType(wanted.arguments);
  if (type !== 'classic') return { ok: false, error: serverNamedRefused(type) };
  const name = `amq.gen-${context.env.ids.next(GENERATED_LENGTH)}`;
  const error = fullVhost(metadata, wanted.vhost, name) ?? checkQueueArguments({ vhost: wanted.vhost, name }, wanted);
  if (error !== null) return { ok: false, error };
  return begin(state, context, metadata.newQueue(wanted, name), from);
}

/** The refusal where a vhost has as many queues as it may have, those that are starting included. */
function fullVhost({ tables, starting, limits }: MetadataState, vhost: string, name: string): BrokerError | null {
  const records = () => [...tables.allQueues(), ...[...starting.values()].map(({ record }) => record)];
  const count = () => records().filter((each) => each.vhost === vhost).length;
  return queueRefusal(tables.configuration, vhost, name, count, limits);
}

function begin(state: State, context: ServerContext, record: QueueRecord, from: From): null {
  state.metadata.starting.set(record.id, { record, from, behind: [] });
  startActor(context, record, nextThreads(state));
  return null;
}

/** The threads in the order in which the next queue tries them. */
function nextThreads({ metadata, threads }: State): readonly number[] {
  const first = metadata.kept.started++ % Math.max(1, threads.length);
  return [...threads.slice(first), ...threads.slice(0, first)];
}

/** Linked: a starter that crashes would leave somebody waiting for ever. */
function startActor(context: ServerContext, record: QueueRecord, threads: readonly number[]): void {
  const self = context.self as AnyPid as Pid<QueueNotStarted>;
  context.spawnLink(queueStarter, [self, record, threads], { label: 'queue starter' });
}

/** A queue's actor says where it is, and hears when it may begin. */
function beginQueue(state: State, context: ServerContext, id: number, pid: Pid<QueueMessage>, from: From) {
  const { metadata, barrier } = state;
  const epoch = queuePlaced(state, context, id, pid);
  barrier.arrive(id);
  barrier.pass(() => replyTo(context, from, placed(metadata, id, epoch)));
  return noReply(state);
}

/** A queue's actor says where it is; returns its epoch. */
function queuePlaced(state: State, context: ServerContext, id: number, pid: Pid<QueueMessage>): number {
  const { metadata } = state;
  const starting = metadata.starting.get(id);
  if (starting !== undefined) {
    metadata.starting.delete(id);
    if (!metadata.tables.hasVhost(starting.record.vhost)) return placedTooLate(state, context, starting, pid);
    metadata.addQueue(starting.record, pid);
    const outcome: Outcome<QueueRecord> = { ok: true, value: starting.record };
    if (metadata.journal === null) replyTo(context, starting.from, outcome);
    else metadata.journal.answer(starting.from, outcome);
    declareAgain(state, context, starting.behind);
    return 1;
  }
  const place = metadata.tables.placeOf(id);
  if (metadata.tables.queueById(id) === undefined) {
    // Deleted while it was away.
    context.send(pid, { tag: 'vanish' });
    return 0;
  }
  if (place?.pid === pid) return place.epoch;
  const epoch = (place?.epoch ?? 0) + 1;
  metadata.placeQueue(id, pid, epoch);
  return epoch;
}

/** The actor knows what holds for it before it handles anything. */
function placed({ tables }: MetadataState, id: number, epoch: number): Placed {
  const record = tables.queueById(id);
  return { epoch, effective: record === undefined ? NO_FIELDS : tables.effectiveArguments(record) };
}

/** The vhost of a queue was deleted while its actor started. */
function placedTooLate(
  state: State,
  context: ServerContext,
  { record, from, behind }: StartingQueue,
  pid: Pid<QueueMessage>,
): number {
  state.metadata.kept.slots.giveBack(record.slot);
  context.send(pid, { tag: 'vanish' });
  replyTo(context, from, { ok: false, error: vhostDeleted(record.vhost) } satisfies Outcome<QueueRecord>);
  declareAgain(state, context, behind);
  return 0;
}

function startAgain(state: State, context: ServerContext, id: number): void {
  const record = state.metadata.tables.queueById(id);
  if (record !== undefined) startActor(context, record, nextThreads(state));
}

function queueNotStarted(state: State, context: ServerContext, { id, reason }: QueueNotStarted): void {
  const { metadata } = state;
  const starting = metadata.starting.get(id);
  const record = starting?.record ?? metadata.tables.queueById(id);
  const { name } = record ?? { name: '' };
  context.env.logger.log('error', 'queue did not start', { queue: name, reason: formatReason(reason) });
  state.barrier.arrive(id);
  if (starting === undefined) {
    // What is in the log is not given up because no thread has taken it now.
    if (record !== undefined && metadata.isLogged(record)) context.startTimer(START_AGAIN_MS, context.self, id);
    else metadata.removeQueue(id);
    return;
  }
  metadata.starting.delete(id);
  metadata.kept.slots.giveBack(starting.record.slot);
  const error: BrokerError = { scope: 'connection', code: 541, text: '' };
  replyTo(context, starting.from, { ok: false, error } satisfies Outcome<QueueRecord>);
  declareAgain(state, context, starting.behind);
}

/** What was declared while a queue of that name was starting is decided now, in order. */
function declareAgain(
  state: State,
  context: ServerContext,
  waiting: readonly { readonly wanted: DeclareQueue; readonly from: From }[],
): void {
  for (const { wanted, from } of waiting) {
    const outcome = declareQueue(state, context, wanted, from);
    if (outcome !== null) replyTo(context, from, outcome);
  }
}
