// One thread full of processes. An engine (engine.ts) makes a Scheduler with its own clock, turns and links to others.
export * from './engine.ts';
export { processInfoOf } from './info.ts';
export * from './names.ts';
export * from './scheduler.ts';
export { NotSpawnableError, SystemLimitError } from './spawn.ts';
export { type Alarm, Timer } from './timers.ts';
