// The supervisors of the programs on Warren, as the Erlang module warren_supervisor has them. Begins and ends of all
// children stand in the supervisor's own lines, in the order in which they happened.
import {
  CallError,
  type ChildOutcome,
  type ChildShown,
  type ChildSpec,
  type ChildStartOutcome,
  countChildren,
  deleteChild,
  restartChild,
  type Strategy,
  type SupervisorDefinition,
  type SupervisorPid,
  startChild,
  startWith,
  supervisor,
  terminateChild,
  whichChildren,
} from '../../src/behaviours/index.ts';
import type { Effects } from '../../src/process/index.ts';
import { type AnyPid, Pid } from '../../src/term/index.ts';
import type { Role, World } from './interpreter.ts';
import type { Child, SupRequest, Work } from './program.ts';
import { scripted } from './servers.ts';

type SupervisorWork = Extract<Work, { kind: 'supervisor' }>;

const STRATEGIES: Readonly<Record<SupervisorWork['strategy'], Strategy>> = {
  one_for_one: 'oneForOne',
  one_for_all: 'oneForAll',
  rest_for_one: 'restForOne',
  simple_one_for_one: 'simpleOneForOne',
};
const AUTO = { never: 'never', any_significant: 'anySignificant', all_significant: 'allSignificant' } as const;
/** No run lasts as long. */
const PERIOD_MS = 3_600_000;

/** The supervisor of a role. */
export function supervising(world: World, number: number, work: SupervisorWork): SupervisorDefinition {
  const { strategy, intensity, autoShutdown, children } = work;
  const isSimple = strategy === 'simple_one_for_one';
  return supervisor((context) => {
    world.labels.set(context.self, String(number));
    const specs = children.flatMap((child, index) =>
      child.isExtra && !isSimple ? [] : [specOf(world, number, index, child)],
    );
    const flags = { strategy: STRATEGIES[strategy], intensity, autoShutdown: AUTO[autoShutdown] };
    return { ...flags, periodMs: PERIOD_MS, children: specs };
  });
}

function specOf(world: World, number: number, index: number, child: Child): ChildSpec {
  const { restart, shutdown, significant, inits, shortLives, lifeReason } = child;
  const key = `${number} ${index}`;
  const body = scripted(world, child, () => {
    const start = (world.starts.get(key) ?? 0) + 1;
    world.starts.set(key, start);
    return {
      label: `${10 * (number + 1) + index}.${start}`,
      init: inits[Math.min(start, inits.length) - 1],
      dies: start <= shortLives ? lifeReason : null,
      note: (what, ...items) => world.log(String(number), [what, index, start, ...items]),
    };
  });
  const stopping = shutdown === 'brutal_kill' ? 'brutalKill' : shutdown;
  return { id: String(index), start: { body }, restart, shutdown: stopping, significant };
}

/** Asks a supervisor, and writes down the answer. */
export function* askSupervisor(
  role: Role,
  pid: AnyPid,
  number: number,
  work: SupervisorWork,
  request: SupRequest,
): Effects<void> {
  try {
    role.log(...(yield* answer(role, pid as SupervisorPid, number, work, request)));
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    role.log('sup_failed', error.reason.reason);
  }
}

function* answer(
  role: Role,
  pid: SupervisorPid,
  number: number,
  work: SupervisorWork,
  request: SupRequest,
): Effects<readonly unknown[]> {
  const isSimple = work.strategy === 'simple_one_for_one';
  const { world } = role;
  if (request[0] === 'which') {
    const shown = yield* children(world, pid, isSimple);
    return ['which', `(${shown.map(([id, child]) => `{${id},${world.show(child)}}`).join(',')})`];
  }
  if (request[0] === 'count') {
    const { specs, active, supervisors, workers } = yield* countChildren(pid);
    return ['count', specs, active - unheard(role, number, work), supervisors, workers];
  }
  const [kind, index] = request;
  if (kind === 'hit' || (isSimple && kind === 'terminate')) {
    const shown = (yield* children(world, pid, isSimple)).find(([id]) => id === String(index));
    const child = shown?.[1];
    if (kind === 'hit' && child instanceof Pid) role.context.exit(child, request[2]);
    if (kind === 'hit') return [kind, index, shown === undefined ? 'none' : child];
    return [kind, index, child instanceof Pid ? resultOf(world, yield* terminateChild(pid, child)) : 'none'];
  }
  if (isSimple) return [kind, index, kind === 'start' ? resultOf(world, yield* startWith(pid, [])) : 'none'];
  return [kind, index, resultOf(world, yield* change(role, pid, number, work, kind, index))];
}

/** For the intended difference `activeAlive`: how many of the dead children Erlang may have seen dead. */
function unheard({ world, context }: Role, number: number, { children: all }: SupervisorWork): number {
  if (world.asErlang !== 'activeAlive') return 0;
  const own = all.map((_, index) => String(10 * (number + 1) + index));
  const dead = [...world.labels].filter(([pid, label]) => pid.target === null && own.includes(label.split('.')[0]));
  return Math.floor(context.random() * (dead.length + 1));
}

type Change = Exclude<SupRequest[0], 'hit' | 'which' | 'count'>;

function change(
  role: Role,
  pid: SupervisorPid,
  number: number,
  { children: all }: SupervisorWork,
  kind: Change,
  index: number,
): Effects<ChildOutcome | ChildStartOutcome> {
  const id = String(index);
  if (kind === 'terminate') return terminateChild(pid, id);
  if (kind === 'restart') return restartChild(pid, id);
  if (kind === 'delete') return deleteChild(pid, id);
  return startChild(pid, specOf(role.world, number, index, all[index]));
}

type Shown = readonly [id: string, child: AnyPid | 'restarting' | undefined];

/** Ids with what runs under them. Children of a template have no order and no id: by the order of their starts. */
function* children(world: World, pid: SupervisorPid, isSimple: boolean): Effects<readonly Shown[]> {
  const shown = yield* whichChildren(pid);
  if (!isSimple) return shown.map(({ id, pid: child }): Shown => [id, child ?? undefined]);
  const startOf = ({ pid: child }: ChildShown) =>
    child instanceof Pid ? Number(world.show(child).split('.')[1] ?? 0) : -1;
  const sorted = shown.toSorted((a, b) => startOf(a) - startOf(b));
  return sorted.map(({ pid: child }, index): Shown => [String(index), child ?? undefined]);
}

/** A result as Erlang has it: `not_found`, the pid of the new child, or why it did not start. */
function resultOf(world: World, outcome: ChildOutcome | ChildStartOutcome): string {
  if (outcome.ok) return 'pid' in outcome ? world.show(outcome.pid ?? undefined) : 'ok';
  const { error } = outcome;
  const { tag, pid } = error as { tag?: string; pid?: AnyPid };
  if (tag === 'alreadyStarted') return `{already_started,${world.show(pid)}}`;
  if (tag === undefined || tag === 'error') return world.show(error);
  return tag.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
