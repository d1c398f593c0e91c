// Putting a system together and taking it apart again.
//
//   await using system = await startSystem({ threads: 2 });
//   const answer = await system.run(function* (context) { ... });
export * from './engine-handle.ts';
export * from './leaks.ts';
export * from './single-thread.ts';
export * from './system.ts';
