// Storage: where queues keep what they hold, behind one interface.
//
//   const store: QueueStore<string> = new MemoryQueueStore(0);
//   store.push({ message: 'a', priority: 0, bytes: 1, expiresAtMs: NEVER, isPersistent: false });
//   store.lend(1, null).message; // 'a'
export * from './memory-queue-store.ts';
export * from './queue-store.ts';
export * from './sparse-ring.ts';
