// What the metadata server is asked. Refusals are outcomes, so that a client's mistake ends its channel and nothing else.
import type { Request, ServerPid } from '../../behaviours/index.ts';
import type { DownMessage, TimeoutMessage } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { AccessEvent } from '../access/index.ts';
import type { ExchangeBinding, ExchangeDeclaration } from '../declaration.ts';
import type { FieldTable } from '../field-table.ts';
import type { Policy, PolicyKey } from '../policies/index.ts';
import type { Outcome, QueueMessage } from '../queue-server/protocol.ts';
import type { FromLog } from '../store/index.ts';
import type { Configuration } from './configuration.ts';
import type { MetadataEvent, MetadataSnapshot } from './events.ts';
import type { QueueRecord } from './records.ts';

/** exchange.declare. */
export type DeclareExchange = ExchangeDeclaration;

/** exchange.delete. */
export interface DeleteExchange {
  readonly vhost: string;
  readonly name: string;
  readonly ifUnused: boolean;
}

/** exchange.bind and exchange.unbind. */
export type BindExchange = ExchangeBinding;

/** queue.bind and queue.unbind. */
export interface BindQueue {
  readonly vhost: string;
  readonly exchange: string;
  readonly queue: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
  /** Who asks: an exclusive queue is for its own connection only. */
  readonly connection: AnyPid;
}

/** queue.declare. */
export interface DeclareQueue {
  readonly vhost: string;
  /** '' lets the server name it. */
  readonly name: string;
  readonly passive: boolean;
  readonly durable: boolean;
  readonly exclusive: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
  /** Who asks, and whose the queue is when it is exclusive. */
  readonly connection: AnyPid;
}

/** Where a queue's actor begins: its epoch, and its arguments with what the policies add to them. */
export interface Placed {
  readonly epoch: number;
  readonly effective: FieldTable;
}

/** What became of a change by an administrator. */
export type Change = { readonly ok: true } | { readonly ok: false; readonly why: string };

export type MetadataCall =
  /** A replica begins: everything so far; later events come as casts. */
  | Request<{ readonly tag: 'subscribe'; readonly replica: AnyPid }, MetadataSnapshot>
  | Request<{ readonly tag: 'declareExchange'; readonly wanted: DeclareExchange }, Outcome<true>>
  | Request<{ readonly tag: 'deleteExchange'; readonly wanted: DeleteExchange }, Outcome<true>>
  | Request<{ readonly tag: 'bindExchange'; readonly wanted: BindExchange }, Outcome<true>>
  | Request<{ readonly tag: 'unbindExchange'; readonly wanted: BindExchange }, Outcome<true>>
  | Request<{ readonly tag: 'bindQueue'; readonly wanted: BindQueue }, Outcome<true>>
  | Request<{ readonly tag: 'unbindQueue'; readonly wanted: BindQueue }, Outcome<true>>
  /** Answered once the queue's actor has its place. */
  | Request<{ readonly tag: 'declareQueue'; readonly wanted: DeclareQueue }, Outcome<QueueRecord>>
  /** The replicas of all threads. */
  | Request<{ readonly tag: 'replicas' }, readonly AnyPid[]>
  /** Everything there is, without following it. */
  | Request<{ readonly tag: 'everything' }, MetadataSnapshot>
  /** Of vhosts, users, permissions and policies, checked before: all at once, in this order. */
  | Request<{ readonly tag: 'configure'; readonly events: readonly MetadataEvent[] }, true>
  /** A policy that was checked; its vhost may not exist. */
  | Request<{ readonly tag: 'setPolicy'; readonly policy: Policy }, Change>
  | Request<{ readonly tag: 'deletePolicy'; readonly key: PolicyKey }, Change>
  /** A queue's actor has started. */
  | Request<{ readonly tag: 'queuePlaced'; readonly id: number; readonly pid: Pid<QueueMessage> }, Placed>
  /** A queue's actor is about to end for good. */
  | Request<{ readonly tag: 'queueDeleted'; readonly id: number }, true>
  | Request<{ readonly tag: 'configuration' }, Configuration>
  /** A user, a vhost or permissions change. */
  | Request<{ readonly tag: 'changeAccess'; readonly event: AccessEvent }, Outcome<true>>
  /** A connection opens a vhost: null, or why not. */
  | Request<
      { readonly tag: 'enterVhost'; readonly connection: AnyPid; readonly user: string; readonly vhost: string },
      string | null
    >
  /** A connection opens one channel beside `open` others: null, or why not. */
  | Request<{ readonly tag: 'openChannel'; readonly connection: AnyPid; readonly open: number }, string | null>
  /** A connection closes: its exclusive queues go. */
  | Request<{ readonly tag: 'deleteExclusive'; readonly connection: AnyPid }, true>;

/** What the starter of a new queue says when its actor is spawned. */
export interface QueueStarted {
  readonly tag: 'queueStarted';
  readonly id: number;
  readonly pid: Pid<QueueMessage>;
}

/** What the starter of a queue says when no thread took it. */
export interface QueueNotStarted {
  readonly tag: 'queueNotStarted';
  readonly id: number;
  readonly reason: unknown;
}

/** A connection has opened a vhost where no limit counts it. */
export interface Entered {
  readonly tag: 'entered';
  readonly connection: AnyPid;
  readonly user: string;
  readonly vhost: string;
}

/** A connection whose user's channels are limited has that many open now. */
export interface ChannelsClosed {
  readonly tag: 'channelsClosed';
  readonly connection: AnyPid;
  readonly open: number;
}

export type MetadataMessage =
  | QueueStarted
  | QueueNotStarted
  | { readonly tag: 'reportLosses' }
  | Entered
  | ChannelsClosed
  | FromLog
  | DownMessage
  | TimeoutMessage;
export type MetadataPid = ServerPid<MetadataCall, never, MetadataMessage>;

/** The names under which the broker's parts find each other. */
export const METADATA_NAME = 'broker.metadata';

/** The supervisor of what runs on the threads beside queues. */
export const THREADS_NAME = 'broker.threads';

/** The id of a thread's own supervisor under it. */
export function threadTreeId(thread: number): string {
  return `thread ${thread}`;
}

/** The supervisor of the queues of one thread. */
export function queuesName(thread: number): string {
  return `broker.queues.${thread}`;
}
