// Steps that a supervisor and its model (supervisor-model.ts) can be taken through, as data that fast-check draws.
import fc from 'fast-check';
import {
  type AutoShutdown,
  cast,
  deleteChild,
  type Restart,
  restartChild,
  type Strategy,
  type SupervisorPid,
  terminateChild,
  whichChildren,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { type Probe, pidOf } from '../support/probe.ts';
import { type ModelSpec, SupervisorModel } from './supervisor-model.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const name = fc.constantFrom(...NAMES);

/** One step. */
export type Step =
  | { readonly tag: 'kill'; readonly names: readonly string[] }
  | { readonly tag: 'end'; readonly name: string; readonly reason: string }
  | { readonly tag: 'fail'; readonly name: string; readonly times: number }
  | { readonly tag: 'terminate' | 'restart' | 'delete'; readonly name: string }
  | { readonly tag: 'sleep'; readonly ms: number };

/** Steps that kill at most so many children at once, and wait at most so long. */
export const steps = (killsMax: number, waitMaxMs: number): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        tag: fc.constant('kill' as const),
        names: fc.uniqueArray(name, { minLength: 1, maxLength: killsMax }),
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
    {
      weight: 2,
      arbitrary: fc.record({ tag: fc.constant('sleep' as const), ms: fc.integer({ min: 1, max: waitMaxMs }) }),
    },
  );

const child = fc
  .record({ restart: fc.constantFrom<Restart>('permanent', 'transient', 'temporary'), significant: fc.boolean() })
  .map((spec) => ({ ...spec, significant: spec.significant && spec.restart !== 'permanent' }));

/** A supervisor with children, as drawn. */
export interface Tree extends Flags {
  readonly children: readonly { readonly restart: Restart; readonly significant: boolean }[];
}

export interface Flags {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly periodMs: number;
  readonly autoShutdown: AutoShutdown;
}

export const trees = (periodMaxMs: number): fc.Arbitrary<Tree> =>
  fc.record({
    strategy: fc.constantFrom<Strategy>('oneForOne', 'oneForAll', 'restForOne'),
    intensity: fc.integer({ min: 0, max: 5 }),
    periodMs: fc.integer({ min: 1, max: periodMaxMs }),
    autoShutdown: fc.constantFrom<AutoShutdown>('never', 'anySignificant', 'allSignificant'),
    children: fc.array(child, { minLength: 1, maxLength: NAMES.length }),
  });

/** The children with their names. */
export function specsOf({ children, autoShutdown }: Tree): readonly ModelSpec[] {
  return children.map((spec, index) => ({
    ...spec,
    significant: spec.significant && autoShutdown !== 'never',
    name: NAMES[index],
  }));
}

/** The model of that tree. */
export function modelOf(tree: Tree): SupervisorModel {
  return new SupervisorModel(specsOf(tree), tree);
}

/** Takes the step with the supervisor. */
export function* perform(context: Context<unknown>, pid: SupervisorPid, probe: Probe, action: Step): Effects<void> {
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

/** Takes the step with the model. */
export function predict(model: SupervisorModel, action: Step): void {
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
