// What a queue's arguments mean, read once when its actor starts (digest 6 and 9). They were checked at declaration.
import type { FieldTable } from '../field-table.ts';

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

export const QUEUE_TYPES = ['classic', 'quorum', 'stream'] as const;
export type QueueType = (typeof QUEUE_TYPES)[number];

/** When and how late a message that comes back is ready again: `minMs` times the number of its returns, at most `maxMs`. */
export interface DelayedRetry {
  /** Which returns: those by the client's word, those of a channel that ended, or all. */
  readonly type: 'all' | 'failed' | 'returned';
  readonly minMs: number;
  readonly maxMs: number;
}

export interface QueueSettings {
  readonly type: QueueType;
  /** Returns after which a message is dead lettered or dropped; Infinity for any number. */
  readonly deliveryLimit: number;
  /** Null for none. */
  readonly delayedRetry: DelayedRetry | null;
  /** Infinity for none. */
  readonly messageTtlMs: number;
  /** Ms without use after which the queue is deleted; Infinity for never. */
  readonly expiresMs: number;
  readonly maxLength: number;
  readonly maxLengthBytes: number;
  readonly overflow: Overflow;
  /** Highest priority; 0 for a queue without priorities. */
  readonly priorityMax: number;
  readonly singleActiveConsumer: boolean;
  /** Null for none; '' is the default exchange. */
  readonly deadLetterExchange: string | null;
  /** Null keeps the message's own keys. */
  readonly deadLetterRoutingKey: string | null;
}

/** Reads the arguments of a declared queue. */
export function queueSettings(args: FieldTable): QueueSettings {
  const number = (name: string) => {
    const value = args.get(name)?.value;
    return value === undefined || value === null ? Number.POSITIVE_INFINITY : Number(value);
  };
  const text = (name: string) => {
    const value = args.get(name)?.value;
    return typeof value === 'string' ? value : null;
  };
  const priorityMax = number('x-max-priority');
  const type = queueType(args);
  const overflow = (text('x-overflow') ?? 'drop-head') as Overflow;
  const deliveryLimit = number('x-delivery-limit');
  return {
    type,
    // A quorum queue takes any value and understands numbers (RabbitMQ 3.10).
    deliveryLimit: Number.isNaN(deliveryLimit) ? Number.POSITIVE_INFINITY : deliveryLimit,
    delayedRetry: delayedRetry(
      number('x-delayed-retry-min'),
      number('x-delayed-retry-max'),
      text('x-delayed-retry-type'),
    ),
    messageTtlMs: number('x-message-ttl'),
    expiresMs: number('x-expires'),
    maxLength: number('x-max-length'),
    maxLengthBytes: number('x-max-length-bytes'),
    // A quorum queue of RabbitMQ 3.10 takes the third mode for the first.
    overflow: type === 'quorum' && overflow === 'reject-publish-dlx' ? 'drop-head' : overflow,
    priorityMax: priorityMax === Number.POSITIVE_INFINITY ? 0 : priorityMax,
    singleActiveConsumer: args.get('x-single-active-consumer')?.value === true,
    deadLetterExchange: text('x-dead-letter-exchange'),
    deadLetterRoutingKey: text('x-dead-letter-routing-key'),
  };
}

/** The type of a declared queue. */
export function queueType(args: FieldTable): QueueType {
  const type = args.get('x-queue-type')?.value;
  return type === 'quorum' || type === 'stream' ? type : 'classic';
}

/** Without a type, a shortest delay asks for all returns. */
function delayedRetry(minMs: number, maxMs: number, type: string | null): DelayedRetry | null {
  if (minMs === Number.POSITIVE_INFINITY || type === 'disabled') return null;
  return { type: (type ?? 'all') as DelayedRetry['type'], minMs, maxMs };
}
