// What a queue's arguments mean, read once when its actor starts (digest 6 and 9). They were checked at declaration.
import type { FieldTable } from '../field-table.ts';

export type Overflow = 'drop-head' | 'reject-publish' | 'reject-publish-dlx';

export interface QueueSettings {
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
  return {
    messageTtlMs: number('x-message-ttl'),
    expiresMs: number('x-expires'),
    maxLength: number('x-max-length'),
    maxLengthBytes: number('x-max-length-bytes'),
    overflow: (text('x-overflow') ?? 'drop-head') as Overflow,
    priorityMax: priorityMax === Number.POSITIVE_INFINITY ? 0 : priorityMax,
    singleActiveConsumer: args.get('x-single-active-consumer')?.value === true,
    deadLetterExchange: text('x-dead-letter-exchange'),
    deadLetterRoutingKey: text('x-dead-letter-routing-key'),
  };
}
