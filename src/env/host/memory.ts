// What this process uses of the machine's memory, and each thread of its heap.
import { totalmem } from 'node:os';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Memory } from '../index.ts';

/** What of a heap's limit is for new objects only: three times the largest semi-space. What lasts has the rest. */
const YOUNG_BYTES = 100_663_296;

/** Of the calling thread and its process. */
export const hostMemory: Memory = {
  usedBytes: () => process.memoryUsage.rss(),
  heapShare: () => {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    return used / Math.max(limit - YOUNG_BYTES, limit / 2);
  },
  collect: () => {
    // A program cannot ask for it otherwise; the flag changes nothing for who does not ask.
    setFlagsFromString('--expose-gc');
    const gc: () => void = runInNewContext('gc');
    gc();
  },
};

/** What the process may use: the machine's memory, or less where its group (a container) is given less. */
export function machineMemoryBytes(): number {
  const given = process.constrainedMemory();
  // Without a bound the host says 0, or more than there is.
  return given > 0 ? Math.min(given, totalmem()) : totalmem();
}
