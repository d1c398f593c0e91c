// What `explore` leaves out is equal to something that it runs: with and without the reduction, random small programs come
// to the same outcomes, and nothing that another strategy reaches is missing.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Context, receive, TIMEOUT } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { type ExploreOptions, explore, type SimBody, simulate } from '../../src/testing.ts';

type Peer = Pid<unknown>;
/** What a process does: tells somebody a word, waits for one, looks for one, ends by an error. */
type Act = { readonly do: 'tell' | 'wait' | 'look' | 'fail'; readonly to: number };
type Program = readonly (readonly Act[])[];

const act = fc.record<Act>({
  do: fc.constantFrom('tell', 'tell', 'tell', 'wait', 'look', 'fail'),
  to: fc.nat(1),
});
const programs = fc.tuple(fc.array(act, { maxLength: 3 }), fc.array(act, { maxLength: 3 }));

/** Tells the root, or the one that was spawned before it. */
function* actor(context: Context<unknown>, name: string, acts: readonly Act[], peers: readonly Peer[]) {
  let heard = '';
  for (const each of acts) {
    if (each.do === 'fail') throw new Error(name + heard);
    if (each.do === 'tell') context.send(peers[each.to % peers.length], name);
    else {
      const word = yield* receive<string>(null, { afterMs: each.do === 'look' ? 0 : 1_000 });
      heard += word === TIMEOUT ? '-' : word;
    }
  }
  context.exit({ tag: 'heard', heard });
}

/** Runs the program; what the root has heard and in which order, words and ends. */
const outcomeOf = (program: Program): SimBody<string> =>
  function* (context) {
    const peers: Peer[] = [context.self as Peer];
    for (const [n, acts] of program.entries()) {
      peers.push(context.spawnMonitor(actor, [String(n), acts, [...peers]]).pid as Peer);
    }
    let heard = '';
    for (let left = program.length; left > 0; ) {
      const message = yield* receive<string | { reason: { heard?: string; error?: { message: string } } }>();
      if (typeof message !== 'string') left--;
      heard += typeof message === 'string' ? message : `(${message.reason.heard ?? message.reason.error?.message})`;
    }
    return heard;
  };

function outcomes(program: Program, options: ExploreOptions) {
  const values = new Set<string>();
  const onRun: ExploreOptions['onRun'] = (result) => values.add(String(result.value));
  const { isComplete, schedules } = explore({ strict: false, guard: false, ...options, onRun }, outcomeOf(program));
  return { values: [...values].sort(), isComplete, schedules };
}

describe('the reduction of explore', () => {
  it('loses no outcome: neither of the reduced search nor of the isolated one', () => {
    const seen = { complete: 0, several: 0, all: 0, reduced: 0, isolated: 0 };
    fc.assert(
      fc.property(programs, (program) => {
        const all = outcomes(program, { reduces: false, schedulesMax: 4_000 });
        if (!all.isComplete) return;
        const reduced = outcomes(program, {});
        const isolated = outcomes(program, { isolated: true });
        expect(reduced.values).toEqual(all.values);
        expect(isolated.values).toEqual(all.values);
        seen.complete++;
        if (all.values.length > 1) seen.several++;
        seen.all += all.schedules;
        seen.reduced += reduced.schedules;
        seen.isolated += isolated.schedules;
      }),
      { seed: 11, numRuns: 30 },
    );
    expect(seen.several).toBeGreaterThan(5);
    expect(seen.isolated).toBeLessThan(seen.reduced);
    expect(seen.reduced).toBeLessThan(seen.all / 2);
  });

  it('has every outcome that random schedules reach', () => {
    let complete = 0;
    fc.assert(
      fc.property(programs, fc.nat(), (program, seed) => {
        const { values, isComplete } = outcomes(program, { isolated: true, schedulesMax: 2_000 });
        if (!isComplete) return;
        complete++;
        for (let run = 0; run < 30; run++) {
          const options = { seed: seed + run, strategy: { tag: 'uniform' }, history: 0 } as const;
          expect(values).toContain(simulate(options, outcomeOf(program)).value);
        }
      }),
      { seed: 12, numRuns: 25 },
    );
    expect(complete).toBeGreaterThan(15);
  });
});
