// Properties of processes on several threads: a dead thread takes with it who was linked to it and nobody else (R13), its
// end is heard once and behind its words, and reasons cross as they are (R20).
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { type Context, type Effects, isDown, isProcessAlive, receive, sleep } from '../../src/process/index.ts';
import type { Mfa } from '../../src/term/index.ts';
import { loadModules, type SimOptions } from '../../src/testing.ts';
import type { Property } from '../properties/check.ts';
import { mourner } from '../simulation/mourner.ts';

const url = (file: string): string => new URL(file, import.meta.url).href;
const BODIES = url('./thread-bodies.ts');
const modules = await loadModules(BODIES, url('../simulation/thread-bodies.ts'));
const OPTIONS: SimOptions = { threads: 2, modules };
const ENDS: Mfa = { module: BODIES, export: 'ends' };
const STAYS: Mfa = { module: BODIES, export: 'stays' };
/** Longer than a slow machine may be late. */
const REST_MS = 200;

/** R13: everything that a dead thread had sent comes, then its end, once. */
export const mourning: Property<null> = { programs: fc.constant(null), options: OPTIONS, body: () => mourner };

/** R13: who has no link to the dead thread lives on. Each is linked to as many processes there. */
export const widows: Property<readonly number[]> = {
  programs: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
  options: OPTIONS,
  body: (links) =>
    function* root(context: Context<unknown>): Effects<void> {
      const married = function* married(own: Context<unknown>, count: number): Effects<void> {
        for (let n = 0; n < count; n++) own.spawnLink(STAYS, [], { placement: { thread: 1 } });
        yield* receive((message) => message === 'never');
      };
      const single = context.spawn(STAYS, []);
      const pids = links.map((count) => context.spawn(married, [count]));
      yield* sleep(REST_MS);
      if (!(yield* isProcessAlive(single))) throw new Error('R13 a process without links is dead');
      for (const [place, pid] of pids.entries()) {
        if (links[place] === 0 && !(yield* isProcessAlive(pid)))
          throw new Error('R13 a process without a link is dead');
      }
    },
};

/** R20: a reason is heard on another thread as it was. */
export const reasons: Property<unknown> = {
  programs: fc.record({
    tag: fc.constant('shutdown'),
    detail: fc.oneof(fc.string(), fc.array(fc.integer()), fc.nat()),
  }),
  options: OPTIONS,
  body: (reason) =>
    function* root(context: Context<unknown>): Effects<void> {
      const { ref } = context.spawnMonitor(ENDS, [reason], { placement: { thread: 1 } });
      const down = yield* receive<{ reason: unknown }>((message) => isDown(message, ref));
      if (!isDeepStrictEqual(down.reason, reason)) throw new Error(`R20 ${JSON.stringify(down.reason)}`);
    },
};
