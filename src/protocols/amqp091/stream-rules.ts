// What a channel refuses because of a queue's type (`x-queue-type`), with RabbitMQ's texts.
import {
  prefetchMissing,
  type QueueRecord,
  queueType,
  sharedPrefetchRefused,
  streamRefused,
} from '../../broker/index.ts';
import { CloseSignal } from './close-signal.ts';

/** Throws CloseSignal where the queue is a stream. */
export function refuseStream(
  { vhost, name, arguments: args }: QueueRecord,
  what: Parameters<typeof streamRefused>[0],
): void {
  if (queueType(args) === 'stream') throw new CloseSignal(streamRefused(what, vhost, name));
}

/** Throws CloseSignal for a consumer that the queue's type does not allow. */
export function checkConsumer(
  { vhost, name, arguments: args }: QueueRecord,
  limits: { readonly prefetch: number; readonly sharedPrefetch: number; readonly noAck: boolean },
): void {
  const type = queueType(args);
  if (type === 'stream' && limits.prefetch === 0) throw new CloseSignal(prefetchMissing(vhost, name));
  if (type === 'stream' && limits.noAck) {
    throw new CloseSignal(streamRefused('automatic acknowledgement', vhost, name));
  }
  if (type !== 'classic' && limits.sharedPrefetch > 0) throw new CloseSignal(sharedPrefetchRefused(vhost, name));
}
