// Where a new process goes (PRC-1). `any` means the data thread with the least to do, in turns among equals.
import type { Placement } from '../process/index.ts';
import { NoThreadError } from '../scheduler/index.ts';
import type { Origin } from '../term/index.ts';
import type { ThreadStatus } from './thread-status.ts';

/** How `any` chooses. */
export type PlacementPolicy = 'leastLoaded' | 'roundRobin';

export interface Places {
  readonly own: Origin;
  /** Data threads are 1 to this number. */
  readonly threads: number;
  readonly policy: PlacementPolicy;
  readonly statuses: readonly ThreadStatus[];
  /** The present, or next, incarnation of another thread. */
  originAt(thread: number): Origin | null;
}

/** Makes the `place` of an engine. */
export function placer(places: Places): (placement: Exclude<Placement, 'here'>) => Origin {
  let turn = places.own.thread;
  const at = (thread: number): Origin => {
    const origin = thread === places.own.thread ? places.own : places.originAt(thread);
    if (origin === null) throw noThread(thread, places.threads);
    return origin;
  };
  return (placement) => {
    if (placement === 'any') {
      if (places.threads === 0) return places.own;
      turn = (turn % places.threads) + 1;
      if (places.policy === 'leastLoaded') turn = leastLoaded(places, turn);
      return at(turn);
    }
    return at('thread' in placement ? placement.thread : placement.with.origin.thread);
  };
}

/** The thread with the shortest run queue, looking from `first` on. */
function leastLoaded({ threads, statuses }: Places, first: number): number {
  let best = first;
  for (let step = 0; step < threads; step++) {
    const thread = ((first - 1 + step) % threads) + 1;
    if (statuses[thread].runnable < statuses[best].runnable) best = thread;
  }
  return best;
}

function noThread(thread: number, threads: number): NoThreadError {
  const known = threads === 0 ? 'one thread, number 0' : `threads 0 to ${threads}`;
  return new NoThreadError(`there is no thread ${thread}: this system has ${known}`);
}
