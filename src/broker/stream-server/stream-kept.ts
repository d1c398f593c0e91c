// What survives the actor of a stream on its thread: the contents, which batches of publishes they include, and where
// consumers began that have not read anything yet. A stream is always durable: with a log its contents are there too.
import { call, type ServerContext } from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import type { Message } from '../message.ts';
import type { QueueRecord } from '../metadata/records.ts';
import { awaitPort, type FromLog, keepsLog, type LogPort, messageCodec } from '../store/index.ts';
import { type StreamCursor, StreamLog, streamSettings } from '../stream/index.ts';

export interface KeptStream {
  readonly log: StreamLog<Message>;
  /** Where it is written; null for a stream in memory only. */
  readonly port: LogPort | null;
  /** The last batch taken from each channel. */
  readonly batches: Map<AnyPid, number>;
  /** Of each consumer, by channel and tag. */
  readonly begins: Map<AnyPid, Map<string, StreamCursor>>;
}

const keyOf = ({ id }: QueueRecord): string => `broker.stream.${id}`;
const sizeOf = ({ bytes }: Message): number => bytes.length;

/** What an earlier actor has left on this thread, or else what the log has, or a new stream. */
export function* keptStream(context: ServerContext, record: QueueRecord): Effects<KeptStream> {
  const { kernel, env } = context;
  const found = kernel.locals.get(keyOf(record)) as KeptStream | undefined;
  const settings = streamSettings(record.arguments);
  if (!keepsLog(env.words)) return found ?? keep(context, record, new StreamLog(settings, sizeOf), null);
  const port = yield* awaitPort(context);
  if (port === null || port.log === null || port.agent === null) throw new Error('the log has ended');
  if (found !== undefined && found.port === port) return found;
  const { id } = record;
  const rows = [2 * id];
  const [opened] = yield* call(
    port.log,
    { tag: 'openRows', agent: port.agent as Pid<FromLog>, rows },
    Number.POSITIVE_INFINITY,
  );
  const disk = { queueId: id, log: port, codec: messageCodec };
  return keep(context, record, new StreamLog(settings, sizeOf, disk, opened), port);
}

function keep(
  { kernel }: ServerContext,
  record: QueueRecord,
  log: StreamLog<Message>,
  port: LogPort | null,
): KeptStream {
  const kept: KeptStream = { log, port, batches: new Map(), begins: new Map() };
  kernel.locals.set(keyOf(record), kept);
  return kept;
}

/** The stream is no more. */
export function forgetStream({ kernel }: ServerContext, record: QueueRecord): void {
  const kept = kernel.locals.get(keyOf(record)) as KeptStream | undefined;
  kept?.log.discard();
  kept?.port?.disown(record.id);
  kernel.locals.delete(keyOf(record));
}
