// A process body of the consumer, named by module and export, so that it can live on another thread.
import { threadId } from 'node:worker_threads';
import { receive } from 'warren';

/** Answers each message with its text and the host's id of the thread it ran on. */
export function* echo(context) {
  for (;;) {
    const { from, text } = yield* receive();
    context.send(from, { text, threadId });
  }
}
