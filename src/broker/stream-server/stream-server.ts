// One stream as a process: it speaks what queues and channels tell each other, so that a channel need not know which of
// both it has. What a stream does not do was refused by the channel before.
import {
  call,
  genServer,
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
import { exclusiveUse, streamRefused } from '../errors.ts';
import { takePlace } from '../metadata/client.ts';
import type { QueueRecord } from '../metadata/records.ts';
import { awaitReplica } from '../metadata/thread-replica.ts';
import type { QueueCall, QueueMessage } from '../queue-server/protocol.ts';
import { streamSettings } from '../stream/index.ts';
import { forgetStream, keptStream } from './stream-kept.ts';
import { StreamState } from './stream-state.ts';

/** Asks to be placed before anything else is handled: channels find an actor by its place. */
const PLACE: Next = { continue: 'place' };
const PUMP: Next = { continue: 'pump' };

/** The process body of a stream; its argument is its record. */
export const streamServer = genServer<StreamState, [QueueRecord], QueueCall, never, QueueMessage>({
  label: 'stream',
  *init(context, record) {
    context.setLabel(`stream ${record.name}`);
    context.trapExit(true);
    const kept = yield* keptStream(context, record);
    return ok(new StreamState(context, record, kept), PLACE);
  },
  *handleContinue(what, state, context) {
    if (what === 'place') {
      const replica = yield* awaitReplica(context);
      const { epoch, effective } = yield* takePlace(context, replica, state.record);
      state.placed(replica, epoch);
      state.adopt(streamSettings(effective));
    }
    state.pump();
    return noReply(state);
  },
  handleCall(request, from, state, context) {
    const { vhost, name } = state.record;
    switch (request.tag) {
      case 'counts':
        return reply({ ready: state.count, consumers: state.consumerCount }, state);
      case 'consume': {
        if (state.isTaken(request.request.exclusive)) {
          return reply({ ok: false, error: exclusiveUse(vhost, name) } as const, state);
        }
        const value = state.consume(request.channel, request.request);
        // The answer goes out before the first delivery (digest 7).
        return reply({ ok: true, value } as const, state, PUMP);
      }
      case 'cancel':
        state.cancel(request.consumerId);
        return reply(true as const, state);
      case 'attach':
        state.takenFrom(request.channel, (batch) => replyTo(context, from, batch));
        return noReply(state);
      case 'delete':
        return end(state, context, { ok: true, value: 0 } as const);
      case 'leave':
        state.leave(request.channel);
        return reply(true as const, state);
      default:
        throw new Error(streamRefused(request.tag === 'get' ? 'basic.get' : 'queue.purge', vhost, name).text);
    }
  },
  handleInfo(message, state, context) {
    switch (message.tag) {
      case 'publish':
        state.publish(message);
        break;
      case 'settle':
        state.settle(message);
        break;
      case 'credit':
        state.credit(message.consumerId, message.deliveries);
        break;
      case 'leaveSoon':
        state.leave(message.channel);
        break;
      case 'DOWN':
        state.channelDown(message.object as never);
        break;
      case 'deadLettered':
        state.takeDeadLetters(message.messages);
        break;
      case 'settings':
        state.adopt(streamSettings(message.effective));
        break;
      case 'vanish':
        state.sayGone();
        forgetStream(context, state.record);
        return stop('normal', state);
      case 'stored':
        state.stored();
        break;
    }
    return noReply(state);
  },
});

/** Takes the stream out of the metadata, tells its consumers, and ends; `answer` is for the call that asked for it. */
function* end(state: StreamState, context: ServerContext, answer: unknown): Effects<Stop<never, StreamState>> {
  const replica = yield* awaitReplica(context);
  yield* call(replica.metadata, { tag: 'queueDeleted', id: state.record.id });
  state.sayGone();
  forgetStream(context, state.record);
  return stop('normal', state, answer) as Stop<never, StreamState>;
}
