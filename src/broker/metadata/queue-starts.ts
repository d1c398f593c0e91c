// Declaring queues and starting their actors, as part of the metadata server. A new queue's pid is known when it is spawned,
// so that whoever declared it is answered without waiting for the thread that it is on: on that thread the spawn arrives
// before the place does, and on any other signals to it wait until it is born.
import { type From, replyTo, type ServerContext } from '../../behaviours/index.ts';
import { type AnyPid, formatReason, type Pid } from '../../term/index.ts';
import { queueRefusal } from '../access/index.ts';
import { checkQueueArguments, plainName } from '../arguments.ts';
import { decideQueueDeclare } from '../declaration.ts';
import { type BrokerError, noQueue, serverNamedRefused } from '../errors.ts';
import { NO_FIELDS } from '../field-table.ts';
import { queueType } from '../queue/index.ts';
import type { Outcome, QueueMessage } from '../queue-server/protocol.ts';
import { vhostDeleted } from './access-changes.ts';
import type { MetadataState, StartingQueue } from './metadata-state.ts';
import type { DeclareQueue, Placed, QueueNotStarted, QueueStarted } from './protocol.ts';
import { queueStarter } from './queue-starter.ts';
import type { QueueRecord } from './records.ts';
import type { RecoveryBarrier } from './recovery-barrier.ts';

/** What starting queues needs; the whole state of the metadata server. */
export interface Starts {
  readonly metadata: MetadataState;
  /** The data threads, where queues live. */
  readonly threads: readonly number[];
  readonly barrier: RecoveryBarrier;
}

const GENERATED_LENGTH = 22;
/** How long a durable queue that no thread took waits for its next start. */
const START_AGAIN_MS = 1_000;

/** The outcome, or null when it comes later: the queue has to be started, or is being started already. */
export function declareQueue(
  state: Starts,
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
  state: Starts,
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

function begin(state: Starts, context: ServerContext, record: QueueRecord, from: From): null {
  const { metadata, barrier } = state;
  metadata.starting.set(record.id, { record, from, behind: [] });
  // Behind the barrier the queue itself has to wait, and asks for its place.
  startActor(context, record, nextThreads(state), barrier.isOpen);
  return null;
}

/** The threads in the order in which the next queue tries them. */
export function nextThreads({ metadata, threads }: Starts): readonly number[] {
  const first = metadata.kept.started++ % Math.max(1, threads.length);
  return [...threads.slice(first), ...threads.slice(0, first)];
}

/**
 * Linked: a starter that crashes would leave somebody waiting for ever. `tellsPid`: the starter says where the actor is
 * ({@link queueStarted}); otherwise the actor says it when it runs ({@link beginQueue}).
 */
export function startActor(
  context: ServerContext,
  record: QueueRecord,
  threads: readonly number[],
  tellsPid = false,
): void {
  const self = context.self as AnyPid as Pid<QueueNotStarted | QueueStarted>;
  context.spawnLink(queueStarter, [self, record, threads, tellsPid], { label: 'queue starter' });
}

/** A queue's actor says where it is, and hears when it may begin. */
export function beginQueue(
  state: Starts,
  context: ServerContext,
  id: number,
  pid: Pid<QueueMessage>,
  from: From,
): void {
  const { metadata, barrier } = state;
  const epoch = queuePlaced(state, context, id, pid);
  barrier.arrive(id);
  barrier.pass(() => replyTo(context, from, placed(metadata, id, epoch)));
}

/** A new queue's actor was spawned. Void when it, or the one after it, has said so before. */
export function queueStarted(state: Starts, context: ServerContext, { id, pid }: QueueStarted): void {
  if (state.metadata.starting.has(id)) queuePlaced(state, context, id, pid);
}

/** A queue's actor says where it is; returns its epoch. */
function queuePlaced(state: Starts, context: ServerContext, id: number, pid: Pid<QueueMessage>): number {
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
  state: Starts,
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

export function startAgain(state: Starts, context: ServerContext, id: number): void {
  const record = state.metadata.tables.queueById(id);
  if (record !== undefined) startActor(context, record, nextThreads(state));
}

export function queueNotStarted(state: Starts, context: ServerContext, { id, reason }: QueueNotStarted): void {
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
  state: Starts,
  context: ServerContext,
  waiting: readonly { readonly wanted: DeclareQueue; readonly from: From }[],
): void {
  for (const { wanted, from } of waiting) {
    const outcome = declareQueue(state, context, wanted, from);
    if (outcome !== null) replyTo(context, from, outcome);
  }
}
