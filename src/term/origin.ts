// Where a pid or a ref was made: node, thread and the thread's incarnation.
// Origins are interned by each scheduler, so two pids of one thread share one object and `===` compares them.
// The node field exists so that a cluster can come later without changing what a pid is (DST-1).

/** Names one incarnation of one thread of one node. */
export interface Origin {
  readonly node: string;
  readonly thread: number;
  /** Counts the lives of the thread from 1; a restarted thread never reuses an old pid. */
  readonly incarnation: number;
}
