// The definitions that a broker starts with (features 1.11): a child of its tree behind the threads, whose front ends, those
// that listen, it starts when everything is imported, so that no client sees a broker without them. It runs once: what is
// started again later has its front ends at once, and what was changed meanwhile stays.
import { type ChildSpec, genServer, ignore, startChild, stop, whichChildren } from '../../behaviours/index.ts';
import type { Effects } from '../../process/index.ts';
import type { AnyPid, Mfa } from '../../term/index.ts';
import { hasTag } from '../../term/index.ts';
import { THREADS_NAME, threadTreeId } from '../metadata/protocol.ts';
import { holdBack } from '../metadata/words.ts';
import { taggedWithin } from '../reason-within.ts';
import { DefinitionsError } from './definitions.ts';
import { importDefinitions } from './import.ts';

/** Why the tree of a broker does not start: its definitions are wrong, or cannot be declared. */
export interface BadDefinitions {
  readonly tag: 'badDefinitions';
  readonly text: string;
}

/** The definitions that kept a tree from starting, somewhere in the reason of its end; null for another reason. */
export function badDefinitionsIn(reason: unknown): BadDefinitions | null {
  return taggedWithin(reason, 'badDefinitions') as BadDefinitions | null;
}

/** By thread, the front ends that wait for the definitions. */
export type HeldBack = readonly (readonly [thread: number, frontEnds: readonly ChildSpec[]])[];

/** Imports definitions, given as JSON, then starts the front ends that were held back; no process afterwards. */
export const bootDefinitions = genServer<null, [string, HeldBack], never, never, never>({
  label: 'definitions',
  *init(context, json, held) {
    try {
      yield* importDefinitions(json);
    } catch (error) {
      if (!(error instanceof DefinitionsError)) throw error;
      const bad: BadDefinitions = { tag: 'badDefinitions', text: error.message };
      return stop({ tag: 'shutdown', detail: bad });
    }
    // A thread that dies from now on comes back with its front ends.
    holdBack(context.env.words, false);
    const reason = yield* startFrontEnds(held);
    return reason === null ? ignore() : stop({ tag: 'shutdown', detail: reason });
  },
});

/** How the tree starts it. */
export const BOOT_DEFINITIONS: Mfa = { module: import.meta.url, export: 'bootDefinitions' };

/** Why one of them did not start, or null. */
function* startFrontEnds(held: HeldBack): Effects<unknown> {
  const trees = yield* whichChildren(THREADS_NAME);
  for (const [thread, frontEnds] of held) {
    const tree = trees.find(({ id }) => id === threadTreeId(thread))?.pid;
    // It is being started again, with its front ends.
    if (tree === undefined || tree === null || tree === 'restarting') continue;
    for (const spec of frontEnds) {
      const started = yield* startChild(tree as AnyPid as Parameters<typeof startChild>[0], spec);
      if (!started.ok && !hasTag(started.error, 'alreadyStarted') && !hasTag(started.error, 'alreadyPresent'))
        return started.error;
    }
  }
  return null;
}
