// The file a data thread starts with: a Piscina task that ends only when the engine stops (DESIGN decision 6).
import { DataThread } from './data-thread.ts';
import type { ThreadTask } from './messages.ts';
import { markWorker } from './worker-mark.ts';

markWorker();

/** Runs one data thread; resolves when it has been told to stop, rejects when it cannot start. */
export default async function boot(task: ThreadTask): Promise<void> {
  let thread: DataThread;
  try {
    thread = await DataThread.start(task);
  } catch (error) {
    // The worker outlives a task that fails; its closed port is how the control thread sees that this one is no more.
    task.control.end.threadPort.close();
    throw error;
  }
  await thread.stopped;
}
