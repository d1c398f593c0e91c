// What a connection and its channels tell each other, as messages. All of it is data; contents are views of what was read.
import type { Message } from '../../broker/index.ts';
import type { Pid } from '../../term/index.ts';
import type { Content, Method } from './codec/index.ts';

/** Why a channel or a connection is closed. */
export interface CloseCause {
  readonly code: number;
  readonly text: string;
  readonly classId: number;
  readonly methodId: number;
}

/** One step of a channel's input: a method with its content, or a breach that closes the channel. */
export type Command =
  | { readonly method: Method; readonly content: Content | null }
  | { readonly method: null; readonly cause: CloseCause };

/** Connection to channel. */
export type ToChannel =
  /** What one chunk held for this channel; `bytes` come back as `consumed`. */
  | { readonly tag: 'commands'; readonly commands: readonly Command[]; readonly bytes: number }
  /** So many deliveries have been given to the socket. */
  | { readonly tag: 'written'; readonly deliveries: number }
  /** The connection closes: give everything back and end. */
  | { readonly tag: 'release' };

/** One frame sequence to be written: a method, with its content if it has one. */
export interface Reply {
  readonly method: Method;
  readonly content: Content | null;
}

/** One delivery to be written. */
export interface OutgoingDelivery {
  readonly consumerTag: string;
  readonly deliveryTag: number;
  readonly redelivered: boolean;
  readonly message: Message;
}

/** Channel to connection. */
export type FromChannel =
  | { readonly tag: 'replies'; readonly channel: number; readonly replies: readonly Reply[] }
  | { readonly tag: 'deliveries'; readonly channel: number; readonly deliveries: readonly OutgoingDelivery[] }
  | { readonly tag: 'confirms'; readonly channel: number; readonly confirms: readonly ConfirmRange[] }
  /** `isBehind`: messages wait where the channel publishes to, so that there is no hurry to read more. */
  | { readonly tag: 'consumed'; readonly bytes: number; readonly isBehind: boolean }
  /** The channel is over and its number free; `replies` go out first. */
  | {
      readonly tag: 'ended';
      readonly channel: number;
      readonly from: Pid<ToChannel>;
      readonly replies: readonly Reply[];
    }
  /** A breach that closes the whole connection. */
  | { readonly tag: 'hardError'; readonly cause: CloseCause };

/** One basic.ack or basic.nack of the server. */
export interface ConfirmRange {
  readonly deliveryTag: number;
  readonly multiple: boolean;
  readonly isAck: boolean;
}
