// Looking without touching: the entry point `warren/observe`. What a process is doing is asked of the process itself, in
// the order of its signals, so an answer never runs ahead of what the asker has sent before (SIG-6).
//
//   const info = await system.run(() => processInfo(pid));
//   const children = await system.run(() => whichChildren(supervisor));
//   const busiest = await top(system, { by: 'reductions', windowMs: 1_000 });
//   await using tracing = await trace(system, { kinds: ['exit'] }, (event) => console.log(event));
export { type ChildCounts, type ChildShown, countChildren, whichChildren } from './behaviours/index.ts';
export * from './observe/index.ts';
export { isProcessAlive, type ProcessInfo, processInfo } from './process/index.ts';
