// One queue as a process (DESIGN decisions 11, 12): the queue of ../queue with its channels, its timers and its end.
// The contents live in a store among the thread's locals, so that the next actor finds them when this one crashes.
import {
  call,
  genServer,
  type InitResult,
  type Next,
  noReply,
  ok,
  reply,
  replyTo,
  type ServerContext,
  type Stop,
  stop,
} from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import { hasTag } from '../../term/index.ts';
import { consumerPriority } from '../arguments.ts';
import { conditionalDeleteRefused, exclusiveUse, queueInUse, queueNotEmpty } from '../errors.ts';
import { takePlace } from '../metadata/client.ts';
import type { QueueRecord } from '../metadata/records.ts';
import { awaitReplica } from '../metadata/thread-replica.ts';
import { type QueueSettings, queueSettings } from '../queue/index.ts';
import { forget, isLogged, keptInLog, keptInMemory } from './kept.ts';
import type { ConsumeRequest, QueueCall, QueueMessage } from './protocol.ts';
import { QueueState } from './queue-state.ts';

/** Asks to be placed before anything else is handled: channels find an actor by its place. */
const PLACE: Next = { continue: 'place' };
const PUMP: Next = { continue: 'pump' };

/** The process body of a queue; its argument is its record. */
export const queueServer = genServer<QueueState, [QueueRecord], QueueCall, never, QueueMessage>({
  label: 'queue',
  init(context, record) {
    context.setLabel(`queue ${record.name}`);
    const settings = queueSettings(record.arguments);
    if (isLogged(context, record)) return initLogged(context, record, settings);
    return ok(new QueueState(context, record, settings, keptInMemory(context, record, settings)), PLACE);
  },
  *handleContinue(what, state, context) {
    if (what === 'place') {
      const replica = yield* awaitReplica(context);
      const { epoch, effective } = yield* takePlace(context, replica, state.record);
      state.placed(replica, epoch);
      state.adopt(queueSettings(effective));
      state.recover();
    }
    state.pump();
    return noReply(state);
  },
  handleCall(request, from, state, context) {
    switch (request.tag) {
      case 'counts':
        if (request.isUse) state.used();
        return reply({ ready: state.queue.store.readyCount, consumers: state.queue.consumers.size }, state);
      case 'consume': {
        const error = refusal(state, request.request);
        if (error !== null) return reply({ ok: false, error } as const, state);
        const value = state.consume(request.channel, request.request, consumerPriority(request.request.arguments));
        // The answer goes out before the first delivery (digest 7).
        return reply({ ok: true, value } as const, state, PUMP);
      }
      case 'cancel':
        return state.cancel(request.consumerId) ? end(state, context, true) : reply(true as const, state);
      case 'get':
        state.fetch(request.channel, request.noAck, (fetched) => replyTo(context, from, fetched));
        return noReply(state);
      case 'purge':
        return reply(state.purge(), state);
      case 'attach':
        state.takenFrom(request.channel, (batch) => replyTo(context, from, batch));
        return noReply(state);
      case 'delete': {
        const { vhost, name } = state.record;
        const { store, consumers, settings } = state.queue;
        if (settings.type === 'quorum' && (request.ifUnused || request.ifEmpty)) {
          const flag = request.ifUnused ? 'if-unused' : 'if-empty';
          return reply({ ok: false, error: conditionalDeleteRefused(vhost, name, flag) } as const, state);
        }
        if (request.ifUnused && consumers.size > 0)
          return reply({ ok: false, error: queueInUse(vhost, name) } as const, state);
        if (request.ifEmpty && store.readyCount > 0) {
          return reply({ ok: false, error: queueNotEmpty(vhost, name) } as const, state);
        }
        return end(state, context, { ok: true, value: store.readyCount } as const);
      }
      case 'leave':
        return state.leave(request.channel) ? end(state, context, true) : reply(true as const, state);
    }
  },
  handleInfo(message, state, context) {
    switch (message.tag) {
      case 'publish':
        state.publish(message);
        break;
      case 'settle':
        state.settle(message.channel, message);
        break;
      case 'credit':
        state.credit(message.consumerId, message.deliveries);
        break;
      case 'leaveSoon':
        if (state.leave(message.channel)) return end(state, context);
        break;
      case 'DOWN':
        if (state.channelDown(message)) return end(state, context);
        break;
      case 'deadLettered':
        state.takeDeadLetters(message.messages);
        break;
      case 'settings':
        state.adopt(queueSettings(message.effective));
        state.wake();
        break;
      case 'timeout':
        if (state.onTimer(message.ref)) return end(state, context);
        break;
      case 'vanish':
        state.sayGone();
        forget(context, state.record);
        return stop('normal', state);
      case 'stored':
        state.stored();
        break;
    }
    return noReply(state);
  },
  terminate(reason, state) {
    if (reason === 'shutdown' || hasTag(reason, 'shutdown')) state.close();
  },
});

/** Traps exits, so that an ordered end can say in the log how far it has come. */
function* initLogged(
  context: ServerContext,
  record: QueueRecord,
  settings: QueueSettings,
): Effects<InitResult<QueueState>> {
  context.trapExit(true);
  const kept = yield* keptInLog(context, record, settings);
  return ok(new QueueState(context, record, settings, kept), PLACE);
}

function refusal(state: QueueState, { exclusive }: ConsumeRequest) {
  const { consumers, settings } = state.queue;
  const { vhost, name } = state.record;
  // A quorum queue knows no exclusive consumer (RabbitMQ 3.10).
  if (settings.type === 'quorum') return null;
  const isTaken = consumers.hasExclusive || (exclusive && (consumers.size > 0 || settings.singleActiveConsumer));
  return isTaken ? exclusiveUse(vhost, name) : null;
}

/**
 * Takes the queue out of the metadata, tells its consumers, and ends; `answer` is for the call that asked for it.
 * Answers are checked where they are made, not against the union of all of them.
 */
function* end(
  state: QueueState,
  context: ServerContext,
  ...answer: readonly unknown[]
): Effects<Stop<never, QueueState>> {
  const replica = yield* awaitReplica(context);
  yield* call(replica.metadata, { tag: 'queueDeleted', id: state.record.id });
  state.sayGone();
  forget(context, state.record);
  if (answer.length === 0) return stop('normal', state);
  return stop('normal', state, answer[0]) as Stop<never, QueueState>;
}
