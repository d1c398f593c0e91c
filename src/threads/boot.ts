// The file a data thread starts with: a Piscina task that ends only when the engine stops (DESIGN decision 6).
import { DataThread } from './data-thread.ts';
import type { ThreadTask } from './messages.ts';

/** Runs one data thread; resolves when it has been told to stop. */
export default async function boot(task: ThreadTask): Promise<void> {
  const thread = await DataThread.start(task);
  await thread.stopped;
}
