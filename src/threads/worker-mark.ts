// The mark of a worker thread that belongs to a system. A program that starts a system at its top level is loaded again on
// each thread that runs one of its exports; without a check every one of these would start a system of its own, and so on.

const MARK = Symbol.for('warren.worker');

/** Marks this thread; done before any module of the embedder is loaded. */
export function markWorker(): void {
  Reflect.set(globalThis, MARK, true);
}

/** Throws where a system is started on a thread that belongs to one. */
export function checkNoWorker(): void {
  if (Reflect.get(globalThis, MARK) !== true) return;
  throw new Error(
    'startSystem was called on a data thread: a module whose exports run there is loaded there as a whole; ' +
      'put what starts the system behind `if (isMainThread)` of node:worker_threads, or into a module of its own',
  );
}
