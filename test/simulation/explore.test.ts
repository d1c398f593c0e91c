// Every schedule of a tiny system, and every crash of a plain run: what is covered is counted, what is not is said.
import { describe, expect, it } from 'vitest';
import { type Context, isDown, receive } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  type ExploreOptions,
  explore,
  replay,
  type SimBody,
  SimulationError,
  sweepCrashes,
} from '../../src/testing.ts';

function say(context: Context<unknown>, to: Pid<unknown>, word: string) {
  context.send(to, word);
}

/** So many processes say a word each; the value is the order in which they are heard. */
const choir = (size: number) =>
  function* (context: Context<unknown>) {
    for (let n = 0; n < size; n++) context.spawn(say, [context.self as Pid<unknown>, String(n)]);
    let heard = '';
    for (let n = 0; n < size; n++) heard += yield* receive<string>();
    return heard;
  };

/** What the body comes to under all schedules. */
function outcomes(options: ExploreOptions, body: SimBody<unknown>) {
  const values = new Set<unknown>();
  const onRun: ExploreOptions['onRun'] = (result) => values.add(result.isOk ? result.value : result.failure?.tag);
  return { values, exploration: explore({ ...options, onRun }, body) };
}

describe('explore', () => {
  it('reaches every order in which three can be heard, and says that there are no more', () => {
    const { values, exploration } = outcomes({}, choir(3));
    expect([...values].sort()).toEqual(['012', '021', '102', '120', '201', '210']);
    expect(exploration.isComplete).toBe(true);
    expect(exploration.describe()).toMatch(/^\d+ schedules run, \d+ broken off .*that is all there are$/);
  });

  it('leaves out only schedules that are equal to one that is run', () => {
    // With shared variables all slices are tried in both orders; isolated ones need far fewer schedules for the same.
    const shared = outcomes({}, choir(3));
    const isolated = outcomes({ isolated: true }, choir(3));
    expect([...isolated.values].sort()).toEqual([...shared.values].sort());
    expect(isolated.exploration.schedules).toBeLessThan(shared.exploration.schedules / 4);
  });

  it('sees variables that bodies share: both orders of two slices are tried', () => {
    const { values } = outcomes({}, function* (context: Context<unknown>) {
      let log = '';
      for (const name of ['a', 'b']) {
        context.spawn(() => {
          log += name;
        });
      }
      yield* receive(null, { afterMs: 1 });
      return log;
    });
    expect(values).toEqual(new Set(['ab', 'ba', 'a', 'b', '']));
  });

  it('says when it stops early', () => {
    const { exploration } = outcomes({ schedulesMax: 10 }, choir(4));
    expect(exploration.schedules + exploration.equal).toBe(10);
    expect(exploration.isComplete).toBe(false);
    expect(exploration.describe()).toMatch(/NOT all there are, at least \d+ branches were not tried/);
    const all = explore({}, choir(2));
    expect(all.isComplete).toBe(true);
    const allButOne = explore({ schedulesMax: all.schedules + all.equal - 1 }, choir(2));
    expect(allButOne.isComplete).toBe(false);
    const shallow = outcomes({ branchStepsMax: 4 }, choir(2));
    expect(shallow.exploration.isComplete).toBe(false);
    expect(shallow.exploration.describe()).toContain('long runs were not branched to their end');
  });

  it('finds the one bad schedule among all, makes it small and replays it', () => {
    const body = function* (context: Context<unknown>) {
      const heard = yield* choir(3)(context);
      if (heard === '210') throw new Error('backwards');
    };
    const exploration = explore({}, body);
    expect(exploration.first?.failure?.tag).toBe('exit');
    expect(exploration.first?.deviations.length).toBeLessThanOrEqual(4);
    expect(replay(exploration.first?.token ?? '', body).failure?.tag).toBe('exit');
    expect(() => exploration.check()).toThrow(/backwards[\s\S]*the last one failed/);
    expect(explore({}, choir(2)).check().isComplete).toBe(true);
  });

  it('LNK-6 R5 covers a spawn with monitor, a message and a crash at every place', () => {
    const { values, exploration } = outcomes({ crashes: 1 }, function* (context: Context<unknown>) {
      const { pid, ref } = context.spawnMonitor(function* () {
        yield* receive();
      });
      context.send(pid as Pid<unknown>, 'end');
      const down = yield* receive<{ reason: unknown }>((message) => isDown(message, ref));
      return String(down.reason);
    });
    expect(values).toEqual(new Set(['normal', 'killed']));
    expect(exploration.isComplete).toBe(true);
  });
});

/** A store that keeps what it is told, and a client that counts on the answer. */
const store = {
  label: 'store',
  handle(kept: readonly number[], message: { from: Pid<unknown>; n: number }, context: Context<never>) {
    context.send(message.from, { kept: message.n });
    return [...kept, message.n];
  },
};

function* client(context: Context<unknown>, isCareful: boolean) {
  const { pid, ref } = context.spawnMonitor(store, [[]]);
  for (let n = 0; n < 5; n++) {
    context.send(pid as Pid<unknown>, { from: context.self, n });
    const answer = yield* receive<{ kept?: number }>(
      (message) => 'kept' in (message as object) || (isCareful && isDown(message, ref)),
    );
    if (answer.kept === undefined) return 'gone';
  }
  return 'kept';
}

describe('sweepCrashes', () => {
  it('crashes every process at every boundary, and a careful client stands it', () => {
    const sweep = sweepCrashes({ pairs: 20 }, (context) => client(context, true)).check();
    expect(sweep.victims).toEqual(['root/0']);
    expect(sweep.runs).toBeGreaterThan(sweep.boundaries - 2);
    expect(sweep.failed).toBe(0);
    expect(sweep.describe()).toBe(
      `${sweep.runs} runs: 1 processes crashed at ${sweep.boundaries} boundaries; 0 failed`,
    );
  });

  it('finds a client that waits for ever, shows where, and the token replays it', () => {
    const body = (context: Context<unknown>) => client(context, false);
    const sweep = sweepCrashes({}, body);
    expect(sweep.failed).toBeGreaterThan(sweep.runs / 2);
    expect(sweep.first?.failure?.tag).toBe('deadlock');
    expect(sweep.first?.deviations).toEqual([[1, 'crash root/0']]);
    expect(replay(sweep.first?.token ?? '', body).failure?.tag).toBe('deadlock');
    expect(() => sweep.check()).toThrow(SimulationError);
    expect(() => sweep.check()).toThrow(/root\/0 crashes[\s\S]*boundaries; \d+ failed/);
  });

  it('crashes only those that are chosen', () => {
    const two = function* (context: Context<unknown>) {
      for (const label of ['a', 'b']) context.spawn(() => {}, [], { label });
      yield* receive(null, { afterMs: 1 });
    };
    expect(sweepCrashes({ victims: ({ title }) => title === 'b' }, two).victims).toEqual(['root/1']);
  });

  it('does not sweep what fails without a crash', () => {
    const failing = function* () {
      yield* receive();
    };
    expect(() => sweepCrashes({}, failing)).toThrow(/nothing can happen any more/);
  });
});
