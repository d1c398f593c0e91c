// Carries what the queues of one thread write to the log on the control thread, one batch per step, and what the log
// answers back to them. One per data thread, and the only writer of that thread, so that batches keep their order whoever
// of the queues crashes meanwhile.
import { call, genServer, noReply, ok, stop } from '../../behaviours/index.ts';
import { type Context, type Effects, sleep } from '../../process/index.ts';
import type { AnyPid, Pid } from '../../term/index.ts';
import { LogPort } from './log-port.ts';
import { type FromLog, LOG_NAME, type LogPid } from './protocol.ts';

/** Tells a queue's actor to look at its store again. */
export interface Stored {
  readonly tag: 'stored';
}

const STORED: Stored = { tag: 'stored' };
const FLUSH = { tag: 'flush' } as const;
type AgentMessage = FromLog | typeof FLUSH;

const LOCAL = 'broker.logPort';
const START_WAIT_MS = 5;

interface State {
  readonly port: LogPort;
  readonly log: LogPid;
}

/** The process body of an agent; its argument is how many bytes of ready messages the queues of its thread keep in memory. */
export const logAgent = genServer<State, [number], never, never, AgentMessage>({
  label: 'log agent',
  *init(context, residentBytesMax) {
    const log = context.whereis(LOG_NAME) as LogPid | undefined;
    if (log === undefined) return stop({ tag: 'noLog' });
    context.trapExit(true);
    context.link(log);
    const port = portFor(context, log, residentBytesMax);
    const agent = context.self as AnyPid as Pid<FromLog>;
    const { thread, incarnation } = context.self.origin;
    const join = { tag: 'join', agent, thread: `${thread}.${incarnation}` } as const;
    const lastBatch = yield* call(log, join, Number.POSITIVE_INFINITY);
    port.batchNumber = Math.max(port.batchNumber, lastBatch + 1);
    port.agent = context.self;
    port.adopt();
    const inlet = context.inlet() as (message: AgentMessage) => void;
    port.wake = () => inlet(FLUSH);
    const state = { port, log };
    flush(state, context);
    return ok(state);
  },
  handleInfo(message, state, context) {
    const { port } = state;
    if (message.tag === 'flush') flush(state, context);
    else if (message.tag === 'safe') tell(context, port.safe(message.batch));
    else if (message.tag === 'logFailed') tell(context, port.failed());
    else if (message.tag === 'logFull') tell(context, port.full(message.isFull));
    else if (message.tag === 'page') tell(context, port.loaded(message.readId, message.page));
    else if (message.tag === 'EXIT') return stop(message.reason, state);
    return noReply(state);
  },
  terminate(_reason, state, context) {
    flush(state, context);
  },
});

function flush({ port, log }: State, context: Pick<Context, 'send' | 'self'>): void {
  const { batch, bytes, isAwaited, reads } = port.take();
  const from = context.self as AnyPid as Pid<FromLog>;
  if (bytes !== null) context.send(log, { tag: 'append', from, batch, bytes, isAwaited });
  for (const { id, row, from: sequence, limit } of reads) {
    context.send(log, { tag: 'read', from, readId: id, row, sequence, limit });
  }
}

function tell(context: Pick<Context, 'send'>, pids: readonly AnyPid[]): void {
  for (const pid of pids) context.send(pid as Pid<Stored>, STORED);
}

/** The thread's port; a new one for a new log. */
function portFor({ kernel, env }: Pick<Context, 'kernel' | 'env'>, log: LogPid, residentBytesMax: number): LogPort {
  const known = kernel.locals.get(LOCAL) as LogPort | undefined;
  if (known?.log === log) return known;
  const port = new LogPort((bytes, previous) => env.disk.crc32(bytes, previous), residentBytesMax);
  port.log = log;
  kernel.locals.set(LOCAL, port);
  return port;
}

/** The port of the calling process's thread, waiting for its agent if need be; null in a broker without a log. */
export function* awaitPort(context: Pick<Context, 'kernel' | 'whereis'>): Effects<LogPort | null> {
  for (;;) {
    const log = context.whereis(LOG_NAME);
    if (log === undefined) return null;
    const port = context.kernel.locals.get(LOCAL) as LogPort | undefined;
    if (port !== undefined && port.log === log && port.agent !== null) return port;
    yield* sleep(START_WAIT_MS);
  }
}
