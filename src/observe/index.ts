// Looking without touching: processes, the busiest of them, supervision trees, traces.
export { processes, supervisionTree, type TopOptions, type TreeNode, top } from './observe.ts';
export { SHOWN_MAX, showTerm } from './show-term.ts';
export type { ProcessShown, TopBy, TopRow } from './shown.ts';
export { THREAD_OBSERVER, threadObserver } from './thread-observer.ts';
export { type Trace, trace } from './trace.ts';
export type { Traced, TraceKind, TraceOptions } from './trace-tap.ts';
