// One queue as a process.
export * from './protocol.ts';
export * from './queue-server.ts';
