// What channels and queues tell each other (DESIGN decisions 12, 13, 16). Everything is batched: one message carries all
// publishes of a slice for one queue, all deliveries of a step for one consumer, all settlements of a read.
import type { CallMessage, Request } from '../../behaviours/index.ts';
import type { DownMessage, TimeoutMessage } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { BrokerError } from '../errors.ts';
import type { FieldTable } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { Stored } from '../store/index.ts';

/** What a consumer asks for. */
export interface ConsumeRequest {
  readonly consumerTag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
  /** Unacknowledged messages it may hold; 0 for no limit. */
  readonly prefetch: number;
  /** Deliveries it takes before it has to give credit again; 0 for consumers that prefetch alone bounds. */
  readonly window: number;
  /** Of a stream, when its actor is a new one: the offset to go on with. */
  readonly resumeAt?: number;
}

/** Ready messages and consumers, as queue.declare-ok tells them. */
export interface QueueCounts {
  readonly ready: number;
  readonly consumers: number;
}

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: BrokerError };

/** Calls of a channel. They are ordered behind the publishes it sent before. */
export type QueueCall =
  | Request<{ readonly tag: 'counts'; readonly isUse: boolean }, QueueCounts>
  | Request<
      { readonly tag: 'consume'; readonly channel: Pid<FromQueue>; readonly request: ConsumeRequest },
      Outcome<number>
    >
  | Request<{ readonly tag: 'cancel'; readonly consumerId: number }, true>
  | Request<{ readonly tag: 'get'; readonly channel: Pid<FromQueue>; readonly noAck: boolean }, Fetched | null>
  | Request<{ readonly tag: 'purge' }, number>
  | Request<{ readonly tag: 'delete'; readonly ifUnused: boolean; readonly ifEmpty: boolean }, Outcome<number>>
  /** After a crash of the queue's actor: the last batch of this channel that the queue holds. */
  | Request<{ readonly tag: 'attach'; readonly channel: Pid<FromQueue> }, number>
  /** Requeues what the channel holds and cancels its consumers. */
  | Request<{ readonly tag: 'leave'; readonly channel: AnyPid }, true>;

/** One message on its way to a channel. `seq` names it in settlements. */
export interface Taken {
  readonly seq: number;
  readonly redelivered: boolean;
  readonly message: Message;
}

/** One message on its way to a consumer. */
export interface QueueDelivery extends Taken {
  readonly consumerId: number;
  /** Of a stream: the offset behind this message. */
  readonly resumeAt?: number;
}

export interface Fetched extends Taken {
  readonly readyLeft: number;
}

/** Plain messages to a queue. */
export type QueueMessage =
  | CallMessage<QueueCall>
  | {
      readonly tag: 'publish';
      readonly channel: Pid<FromQueue>;
      /** Counts the batches of this channel for this queue; comes back in `taken`. */
      readonly batch: number;
      readonly messages: readonly Message[];
    }
  | {
      readonly tag: 'settle';
      readonly channel: AnyPid;
      readonly acked: readonly number[];
      readonly requeued: readonly number[];
      readonly rejected: readonly number[];
    }
  | { readonly tag: 'credit'; readonly consumerId: number; readonly deliveries: number }
  /** As the call `leave`, without an answer. */
  | { readonly tag: 'leaveSoon'; readonly channel: AnyPid }
  | { readonly tag: 'deadLettered'; readonly messages: readonly Message[] }
  /** Policies have changed: its arguments with what they add to them. */
  | { readonly tag: 'settings'; readonly effective: FieldTable }
  /** Its exclusive owner is gone: end now. */
  | { readonly tag: 'vanish' }
  /** Its store has moved on. */
  | Stored
  | DownMessage
  | TimeoutMessage;

/** What a queue tells a channel. */
export type FromQueue =
  | {
      readonly tag: 'deliver';
      readonly queueId: number;
      readonly epoch: number;
      /** For consumers of this channel, in the order in which the queue gave them out. */
      readonly deliveries: readonly QueueDelivery[];
    }
  /** A batch of publishes is safe; `refused` are the places in it of those that the queue did not take. */
  | {
      readonly tag: 'taken';
      readonly queueId: number;
      readonly epoch: number;
      readonly batch: number;
      readonly refused: readonly number[] | null;
      /** Messages wait in it, so that there is no hurry to send more. */
      readonly isBehind: boolean;
    }
  /** The queue is gone and the consumer with it. */
  | { readonly tag: 'consumerGone'; readonly queueId: number; readonly consumerId: number };
