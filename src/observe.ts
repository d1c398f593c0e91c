// Looking without touching: the entry point `warren/observe`. What a process is doing is asked of the process itself, in
// the order of its signals, so an answer never runs ahead of what the asker has sent before (SIG-6).
//
//   const info = await system.run(() => processInfo(pid));
//   const children = await system.run(() => whichChildren(supervisor));
export { type ChildCounts, type ChildShown, countChildren, whichChildren } from './behaviours/index.ts';
export { isProcessAlive, type ProcessInfo, processInfo } from './process/index.ts';
