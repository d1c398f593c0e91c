// What survives the actor of a queue on its thread: the contents, and which batches of publishes they include. A durable
// queue of a broker with a log finds its contents there when the thread, or the whole broker, is a new one.
import { call, type ServerContext } from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import { LoggedQueueStore, MemoryQueueStore, type QueueStore } from '../../storage/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { Message } from '../message.ts';
import type { QueueRecord } from '../metadata/records.ts';
import type { QueueSettings } from '../queue/index.ts';
import { awaitPort, type FromLog, keepsLog, type LogPort, messageCodec } from '../store/index.ts';

export interface Kept {
  readonly store: QueueStore<Message>;
  /** Where the store writes; null for a queue in memory only. */
  readonly port: LogPort | null;
  /** The last batch taken from each channel. */
  readonly batches: Map<AnyPid, number>;
  /** An auto-delete queue ends with its last consumer, but not before its first. */
  hadConsumer: boolean;
}

const keyOf = ({ id }: QueueRecord): string => `broker.queue.${id}`;

/** Whether what the queue holds goes to the log. */
export function isLogged(context: Pick<ServerContext, 'env'>, record: QueueRecord): boolean {
  return record.durable && keepsLog(context.env.words);
}

/** What an earlier actor has left on this thread, or an empty queue in memory. */
export function keptInMemory(context: ServerContext, record: QueueRecord, { priorityMax }: QueueSettings): Kept {
  const found = context.kernel.locals.get(keyOf(record)) as Kept | undefined;
  return found ?? keep(context, record, new MemoryQueueStore(priorityMax), null);
}

/** What an earlier actor has left on this thread, or else what the log has of the queue. */
export function* keptInLog(context: ServerContext, record: QueueRecord, settings: QueueSettings): Effects<Kept> {
  const port = yield* awaitPort(context);
  if (port === null || port.log === null || port.agent === null) throw new Error('the log has ended');
  const found = context.kernel.locals.get(keyOf(record)) as Kept | undefined;
  if (found !== undefined && found.port === port) return found;
  const { id } = record;
  const agent = port.agent as Pid<FromLog>;
  const [ready, delayed] = yield* call(
    port.log,
    { tag: 'openRows', agent, rows: [2 * id, 2 * id + 1] },
    Number.POSITIVE_INFINITY,
  );
  const { priorityMax, maxLengthBytes } = settings;
  const options = {
    queueId: id,
    priorityMax,
    isEager: priorityMax > 0 || maxLengthBytes !== Number.POSITIVE_INFINITY,
    keepsReturns:
      settings.type === 'quorum' ||
      settings.deliveryLimit !== Number.POSITIVE_INFINITY ||
      settings.delayedRetry !== null,
    log: port,
    codec: messageCodec,
    clock: context.env.clock,
  };
  return keep(context, record, new LoggedQueueStore(options, ready, delayed), port);
}

function keep({ kernel }: ServerContext, record: QueueRecord, store: QueueStore<Message>, port: LogPort | null): Kept {
  const kept: Kept = { store, port, batches: new Map(), hadConsumer: false };
  kernel.locals.set(keyOf(record), kept);
  return kept;
}

/** The queue is no more. */
export function forget({ kernel }: ServerContext, record: QueueRecord): void {
  const kept = kernel.locals.get(keyOf(record)) as Kept | undefined;
  kept?.store.discard();
  kept?.port?.disown(record.id);
  kernel.locals.delete(keyOf(record));
}
