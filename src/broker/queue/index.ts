// One queue without processes: contents, consumers, limits, dead letters.
export * from './consumers.ts';
export * from './dead-letter.ts';
export * from './queue.ts';
export * from './queue-settings.ts';
export * from './slab.ts';
