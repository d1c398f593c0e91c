// Supervisors against a model: random children, strategies, deaths, failing starts and requests. After every step the
// children have seen exactly what the model says: who was affected, in which order, and when the supervisor gave up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startLink, supervisor, whichChildren } from '../../src/behaviours/index.ts';
import { isProcessAlive, sleep } from '../../src/process/index.ts';
import { Probe } from '../support/probe.ts';
import { play } from '../support/virtual-engine.ts';
import { modelOf, perform, predict, specsOf, steps, trees } from './supervisor-steps.ts';

describe('supervisor trees', () => {
  it('SUP-1...8, SUP-11, SUP-12 do what the model says, step by step', () => {
    fc.assert(
      fc.property(trees(50), fc.array(steps(3, 60), { maxLength: 25 }), (tree, actions) => {
        play(function* (context) {
          context.trapExit(true);
          const probe = new Probe();
          const model = modelOf(tree);
          const { children: _drawn, ...flags } = tree;
          const children = specsOf(tree).map(({ name: id, ...rest }) => probe.child(id, rest));
          const started = yield* startLink(supervisor({ ...flags, children }));
          if (!started.ok) throw new Error('not started');
          for (const action of actions) {
            yield* perform(context, started.pid, probe, action);
            predict(model, action);
            yield* sleep(1);
            model.nowMs += 1;
            expect(probe.take(), JSON.stringify(action)).toEqual(model.events.splice(0));
            expect(yield* isProcessAlive(started.pid)).toBe(model.isAlive);
            if (!model.isAlive) return;
            const shown = (yield* whichChildren(started.pid)).map((one) => [one.id, one.pid !== null]);
            expect(shown).toEqual(model.table.map((one) => [one.name, one.state === 'running']).reverse());
          }
        });
      }),
      { numRuns: 400 },
    );
  });
});
