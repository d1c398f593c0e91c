// Streams: queues that are read by offset and keep what was read.
export * from './stream-log.ts';
export * from './stream-settings.ts';
