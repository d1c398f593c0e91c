// How this program's garbage is collected. Chunks of sockets lie outside the V8 heap; by default V8 looks through the
// whole heap each time some tens of MB of them have come and gone, which costs a broker of large messages a third of its
// time. Counted with the heap instead, they are collected when all of it has grown by its usual share.
import { setFlagsFromString } from 'node:v8';

/** The first Node whose V8 is known to have the flag; one that lacks it would complain on standard error. */
const NODE_MIN = 26;

/** For the process of a broker of its own, before it starts threads; an embedder's process is left as it is. */
export function countExternalMemoryWithHeap(): void {
  if (Number.parseInt(process.versions.node, 10) < NODE_MIN) return;
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
