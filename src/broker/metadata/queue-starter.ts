// Starts the actor of a queue under the supervisor of one thread, and of another when that thread dies meanwhile. A
// process of its own, so that a thread that is slow to answer keeps nobody else from the metadata.
import { startChild } from '../../behaviours/index.ts';
import type { Context, Effects } from '../../process/index.ts';
import { hasTag, type Mfa, type Pid } from '../../term/index.ts';
import { queueType } from '../queue/index.ts';
import type { QueueMessage } from '../queue-server/protocol.ts';
import { type QueueNotStarted, type QueueStarted, queuesName } from './protocol.ts';
import type { QueueRecord } from './records.ts';

/** The extension of this very file: `.ts` from the sources, `.js` when built. */
const EXTENSION = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const QUEUE_SERVER: Mfa = {
  module: new URL(`../queue-server/queue-server.${EXTENSION}`, import.meta.url).href,
  export: 'queueServer',
};
const STREAM_SERVER: Mfa = {
  module: new URL(`../stream-server/stream-server.${EXTENSION}`, import.meta.url).href,
  export: 'streamServer',
};

/**
 * Tries the threads in order. With `tellsPid` the actor counts as started once it is spawned, and its pid is told here;
 * without, the queue itself tells its place when it runs. A start that failed everywhere is told here.
 */
export function* queueStarter(
  context: Context,
  metadata: Pid<QueueNotStarted | QueueStarted>,
  record: QueueRecord,
  threads: readonly number[],
  tellsPid: boolean,
): Effects<void> {
  let reason: unknown = 'noThread';
  const body = queueType(record.arguments) === 'stream' ? STREAM_SERVER : QUEUE_SERVER;
  for (const thread of threads) {
    // On this thread there is nothing to wait for, and an actor that cannot start is a refusal.
    const isEarly = tellsPid && thread !== context.self.origin.thread;
    const started = yield* startChild(queuesName(thread), {
      start: { body, args: [record], placement: { thread }, handshake: !isEarly },
      restart: 'transient',
    });
    if (started.ok) {
      if (tellsPid)
        context.send(metadata, { tag: 'queueStarted', id: record.id, pid: started.pid as Pid<QueueMessage> });
      return;
    }
    reason = started.error;
    if (!hasTag(reason, 'threadDown')) break;
  }
  context.send(metadata, { tag: 'queueNotStarted', id: record.id, reason });
}
