// Supervisors against a model: random children, strategies, deaths, failing starts and requests. After every step the
// children have seen exactly what the model says: who was affected, in which order, and when the supervisor gave up.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AutoShutdown,
  cast,
  deleteChild,
  type Restart,
  restartChild,
  type Strategy,
  type SupervisorPid,
  startLink,
  supervisor,
  terminateChild,
  whichChildren,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isProcessAlive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { Probe, pidOf } from '../support/probe.ts';
import { play } from '../support/virtual-engine.ts';
import { SupervisorModel } from './supervisor-model.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const name = fc.constantFrom(...NAMES);

type Step =
  | { readonly tag: 'kill'; readonly names: readonly string[] }
  | { readonly tag: 'end'; readonly name: string; readonly reason: string }
  | { readonly tag: 'fail'; readonly name: string; readonly times: number }
  | { readonly tag: 'terminate' | 'restart' | 'delete'; readonly name: string }
  | { readonly tag: 'sleep'; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      tag: fc.constant('kill' as const),
      names: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      tag: fc.constant('end' as const),
      name,
      reason: fc.constantFrom('normal', 'shutdown', 'oops'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ tag: fc.constant('fail' as const), name, times: fc.integer({ min: 1, max: 3 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ tag: fc.constantFrom('terminate' as const, 'restart' as const, 'delete' as const), name }),
  },
  { weight: 2, arbitrary: fc.record({ tag: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
);

const child = fc
  .record({ restart: fc.constantFrom<Restart>('permanent', 'transient', 'temporary'), significant: fc.boolean() })
  .map((spec) => ({ ...spec, significant: spec.significant && spec.restart !== 'permanent' }));

const tree = fc.record({
  strategy: fc.constantFrom<Strategy>('oneForOne', 'oneForAll', 'restForOne'),
  intensity: fc.integer({ min: 0, max: 5 }),
  periodMs: fc.integer({ min: 1, max: 50 }),
  autoShutdown: fc.constantFrom<AutoShutdown>('never', 'anySignificant', 'allSignificant'),
  children: fc.array(child, { minLength: 1, maxLength: NAMES.length }),
});

function* perform(context: Context<unknown>, pid: SupervisorPid, probe: Probe, action: Step): Effects<void> {
  switch (action.tag) {
    case 'kill': {
      const shown = yield* whichChildren(pid);
      for (const id of action.names) {
        const target = shown.find((one) => one.id === id)?.pid;
        if (target != null && target !== 'restarting') context.exit(target, 'kill');
      }
      return;
    }
    case 'end': {
      const target = yield* pidOf(pid, action.name);
      if (target != null) cast(context, target as Pid<unknown>, { tag: 'end', reason: action.reason } as never);
      return;
    }
    case 'fail':
      probe.failures.set(action.name, action.times);
      return;
    case 'terminate':
      yield* terminateChild(pid, action.name);
      return;
    case 'restart':
      yield* restartChild(pid, action.name);
      return;
    case 'delete':
      yield* deleteChild(pid, action.name);
      return;
    case 'sleep':
      yield* sleep(action.ms);
  }
}

function predict(model: SupervisorModel, action: Step): void {
  switch (action.tag) {
    case 'kill':
      model.kill(action.names);
      return;
    case 'end':
      model.end(action.name, action.reason);
      return;
    case 'fail':
      model.failures.set(action.name, action.times);
      return;
    case 'terminate':
      model.terminate(action.name);
      return;
    case 'restart':
      model.restart(action.name);
      return;
    case 'delete':
      model.delete(action.name);
      return;
    case 'sleep':
      model.nowMs += action.ms;
  }
}

describe('supervisor trees', () => {
  it('SUP-1...8, SUP-11, SUP-12 do what the model says, step by step', () => {
    fc.assert(
      fc.property(tree, fc.array(step, { maxLength: 25 }), ({ children, ...flags }, steps) => {
        play(function* (context) {
          context.trapExit(true);
          const probe = new Probe();
          const specs = children.map((spec, index) => ({
            ...spec,
            significant: spec.significant && flags.autoShutdown !== 'never',
            name: NAMES[index],
          }));
          const model = new SupervisorModel(specs, flags);
          const started = yield* startLink(
            supervisor({ ...flags, children: specs.map(({ name: id, ...rest }) => probe.child(id, rest)) }),
          );
          if (!started.ok) throw new Error('not started');
          for (const action of steps) {
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
