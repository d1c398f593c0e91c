// The supervisor and its model again, under any schedule. A step leaves time to come to rest. When two children are killed
// at once the supervisor may hear of it in several ways; what happens must be one of those that the model knows.
import fc from 'fast-check';
import { startLink, supervisor, whichChildren } from '../../../src/behaviours/index.ts';
import { type Context, type Effects, isProcessAlive, sleep } from '../../../src/process/index.ts';
import { Probe } from '../../support/probe.ts';
import type { Property } from '../check.ts';
import type { SupervisorModel } from '../supervisor-model.ts';
import {
  type Flags,
  modelOf,
  perform,
  predict,
  type Step,
  specsOf,
  steps,
  type Tree,
  trees,
} from '../supervisor-steps.ts';

/** Longer than a slow machine may be late with what is under way: when it is over the world has come to rest. */
const REST_MS = 50;

interface Program {
  readonly tree: Tree;
  readonly actions: readonly Step[];
}

/** What can be seen of a supervisor and its children after a step. */
interface Seen {
  readonly events: readonly string[];
  readonly isAlive: boolean;
  /** Children, the newest first, and whether they run. */
  readonly table: readonly (readonly [string, boolean])[];
}

function seenOf(model: SupervisorModel): Seen {
  const table = model.table.map((one) => [one.name, one.state === 'running'] as const).reverse();
  return { events: model.events.splice(0), isAlive: model.isAlive, table: model.isAlive ? table : [] };
}

type Move = (model: SupervisorModel) => void;

/** The ways a step may go: for two kills, who is heard of first, and whether the second death comes at all. */
function waysOf(action: Step): readonly Move[] {
  if (action.tag !== 'kill' || action.names.length < 2) return [(model) => predict(model, action)];
  const [a, b] = action.names;
  const orders = [[[a, b]], [[b, a]], [[a], [b]], [[b], [a]], [[a]], [[b]]];
  return orders.map((order) => (model) => {
    for (const names of order) model.kill(names);
  });
}

/** The model with what was found to have happened so far. */
class Course {
  private readonly tree: Tree;
  private readonly moves: Move[] = [];

  constructor(tree: Tree) {
    this.tree = tree;
  }

  get model(): SupervisorModel {
    const model = modelOf(this.tree);
    for (const move of this.moves) this.make(model, move);
    return model;
  }

  private make(model: SupervisorModel, move: Move): void {
    model.events.length = 0;
    move(model);
    model.nowMs += REST_MS;
  }

  /** Goes on as was seen; throws when no way of the step leads there. */
  take(action: Step, seen: Seen): void {
    const outcomes: Seen[] = [];
    for (const way of waysOf(action)) {
      const { model } = this;
      this.make(model, way);
      const outcome = seenOf(model);
      outcomes.push(outcome);
      if (JSON.stringify(outcome) !== JSON.stringify(seen)) continue;
      this.moves.push(way);
      return;
    }
    const text = `after ${JSON.stringify(action)} ${JSON.stringify(seen)} is none of ${JSON.stringify(outcomes)}`;
    throw new Error(text);
  }
}

export function property(plant: (flags: Flags) => Flags = (flags) => flags): Property<Program> {
  return {
    programs: fc.record({ tree: trees(2_000), actions: fc.array(steps(2, 2_000), { maxLength: 10 }) }),
    body: (program) => (context) => run(context, program, plant),
  };
}

function* run(context: Context<unknown>, { tree, actions }: Program, plant: (flags: Flags) => Flags): Effects<void> {
  context.trapExit(true);
  const probe = new Probe();
  const { children: _drawn, ...flags } = tree;
  const children = specsOf(tree).map(({ name: id, ...rest }) => probe.child(id, rest));
  const started = yield* startLink(supervisor({ ...plant(flags), children }));
  if (!started.ok) throw new Error('not started');
  const course = new Course(tree);
  probe.take();
  for (const action of actions) {
    // With failing starts as well there would be more ways than it is worth to name.
    const isPlain = action.tag !== 'kill' || [...course.model.failures.values()].every((left) => left === 0);
    const step = isPlain || action.tag !== 'kill' ? action : { ...action, names: action.names.slice(0, 1) };
    yield* perform(context, started.pid, probe, step);
    yield* sleep(REST_MS);
    const isAlive = yield* isProcessAlive(started.pid);
    const shown = isAlive ? yield* whichChildren(started.pid) : [];
    const table = shown.map(({ id, pid }) => [String(id), pid !== null] as const);
    course.take(step, { events: probe.take(), isAlive, table });
    if (!isAlive) return;
  }
}
