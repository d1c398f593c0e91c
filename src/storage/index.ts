// Storage: where queues keep what they hold, behind one interface.
//
//   const store: QueueStore<string> = new MemoryQueueStore(0);
//   store.push({ message: 'a', priority: 0, bytes: 1, expiresAtMs: NEVER, isPersistent: false });
//   store.lend(1, null).message; // 'a'
export { EntryFormatError, type MessageCodec } from './entry-codec.ts';
export * from './log/inspect.ts';
export type { LogOptions } from './log/log-options.ts';
export type { LoggedRecord, Page } from './log/reader.ts';
export { RecordBatch, UnknownRecordError } from './log/records.ts';
export { SegmentVersionError } from './log/segment.ts';
export * from './log/segment-log.ts';
export * from './logged-queue-store.ts';
export * from './memory-queue-store.ts';
export * from './queue-log.ts';
export * from './queue-store.ts';
export type { Range } from './range-collector.ts';
export * from './residence.ts';
export * from './sparse-ring.ts';
