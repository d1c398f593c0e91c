// The metadata of the broker as one process on the control thread (DESIGN decision 14): it decides what is declared,
// bound and deleted, tells every replica, bumps the version word, and only then answers. Queues: queue-starts.ts.
import { type CallResult, call, type From, genServer, noReply, ok, reply, stop } from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import { type BrokerLimits, bindingRefusal, patternRefusal, userNamed } from '../access/index.ts';
import { plainName } from '../arguments.ts';
import {
  type Decision,
  decideExchangeBind,
  decideExchangeDeclare,
  decideExchangeDelete,
  decideExchangeUnbind,
  decideQueueBind,
  decideQueueUnbind,
} from '../declaration.ts';
import { type BindingRecord, type RoutingTables, topicCost } from '../exchange/index.ts';
import type { Outcome } from '../queue-server/protocol.ts';
import { keepsLog, LOG_NAME, type LogPid } from '../store/index.ts';
import { changeAccess, userDeletedText, vhostDeleted } from './access-changes.ts';
import type { MetadataEvent } from './events.ts';
import { recoverMetadata } from './journal.ts';
import { MetadataState } from './metadata-state.ts';
import { changePolicy, configure } from './policy-changes.ts';
import type { BindQueue, Entered, MetadataCall, MetadataMessage } from './protocol.ts';
import {
  beginQueue,
  declareQueue,
  nextThreads,
  queueNotStarted,
  queueStarted,
  type Starts,
  startActor,
  startAgain,
} from './queue-starts.ts';
import { RecoveryBarrier } from './recovery-barrier.ts';
import { snapshotOf } from './tables.ts';
import type { ReplicaPid } from './thread-replica.ts';

const DONE = { ok: true, value: true } as const;

/** The process body of the metadata server; its arguments are the threads that queues are spread over, and limits. */
export const metadataServer = genServer<
  Starts,
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
    const state: Starts = { metadata, threads, barrier: new RecoveryBarrier(unplaced.map(({ id }) => id)) };
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
        beginQueue(state, context, request.id, request.pid, from);
        return noReply(state);
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
    else if (message.tag === 'queueStarted') queueStarted(state, context, message);
    else if (message.tag === 'queueNotStarted') queueNotStarted(state, context, message);
    else if (message.tag === 'entered') entered(state.metadata, message);
    else if (message.tag === 'channelsClosed') state.metadata.sessions.channelsClosed(message.connection, message.open);
    else if (message.tag === 'reportLosses') state.metadata.reportLosses();
    else if (message.tag === 'safe') state.metadata.journal?.safe(message.batch);
    else if (message.tag === 'logFailed') state.metadata.journal?.failed();
    else if (message.tag === 'timeout') startAgain(state, context, message.message as number);
    return noReply(state);
  },
});

/** The vhost, or the user, may have been deleted while this was on its way. */
function entered({ sessions, tables }: MetadataState, { connection, user, vhost }: Entered): void {
  sessions.entered(connection, user, vhost);
  if (!tables.hasVhost(vhost)) sessions.closeOne(connection, vhostDeleted(vhost).text);
  else if (userNamed(tables.configuration, user) === undefined) sessions.closeOne(connection, userDeletedText(user));
}

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
function answer(state: Starts, from: From, outcome: unknown): CallResult<never, Starts> {
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
