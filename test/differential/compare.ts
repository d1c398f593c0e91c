// One program on both sides. Every outcome that Erlang has shown must lie in the set that Warren's simulator reaches;
// the search for it grows up to a bound before anything is called a difference.
import type { ErlangNode } from './erlang.ts';
import { INTENDED, type Quirk } from './intended.ts';
import { type Machine, Outcomes } from './outcomes.ts';
import { hasTimes, type Program } from './program.ts';

/** How far the search goes. */
export interface Bounds {
  /** Schedules that a program of one outcome gets before it is taken for one. */
  readonly schedules: number;
  /** Further schedules while something is missing, before the intended differences are tried. */
  readonly schedulesFirst: number;
  /** Further schedules before a difference is declared. */
  readonly schedulesMax: number;
  /** Schedules of each exhaustive search before that. */
  readonly exhaustMax: number;
}

export const BOUNDS: Bounds = { schedules: 60, schedulesFirst: 1_500, schedulesMax: 20_000, exhaustMax: 5_000 };

/** The real unit of time. Where a difference may come from a machine that was busy, it is looked at again, slowly. */
const UNIT_MS = 10;
const SLOW_UNITS_MS = [50, 200];
const SLOW_ROUNDS = 2;
const NOISES = [0, 1, 2] as const;

export interface Verdict {
  readonly program: Program;
  readonly erlang: ReadonlySet<string>;
  readonly warren: ReadonlySet<string>;
  /** Outcomes of Erlang that Warren did not come to. */
  readonly missing: readonly string[];
  /** What explains all of them: an intended difference, or that they never came again with slower times. */
  readonly explained: Quirk | 'busy' | null;
  readonly schedules: number;
}

/** All outcomes that the nodes show: each node with each noise, `rounds` times. */
export async function onErlang(
  nodes: readonly ErlangNode[],
  program: Program,
  rounds = 1,
  unitMs = UNIT_MS,
): Promise<Set<string>> {
  const runs: Promise<string>[] = [];
  for (let round = 0; round < rounds; round++)
    for (const node of nodes) for (const noise of NOISES) runs.push(node.run(program, { unitMs, noise }));
  return new Set(await Promise.all(runs));
}

/** Compares what Erlang has shown with what Warren can come to. */
export async function judge(
  nodes: readonly ErlangNode[],
  program: Program,
  erlang: ReadonlySet<string>,
  machine: Machine = {},
  bounds: Bounds = BOUNDS,
): Promise<Verdict> {
  const outcomes = new Outcomes(program, machine);
  const left = () => [...erlang].filter((outcome) => !outcomes.seen.has(outcome));
  const isComplete = () => left().length === 0;
  outcomes.search(bounds.schedules, () => outcomes.seen.size > 1 && isComplete());
  outcomes.search(bounds.schedulesFirst, isComplete);
  const quirks = INTENDED.filter(({ concerns }) => concerns(program)).map(({ quirk }) => ({
    quirk,
    asErlang: new Outcomes(program, { ...machine, asErlang: quirk }),
  }));
  const explain = (count: number, shown: readonly string[]) =>
    quirks.find(({ asErlang }) => {
      const isExplained = () => shown.every((outcome) => asErlang.seen.has(outcome) || outcomes.seen.has(outcome));
      asErlang.search(count, isExplained);
      return isExplained();
    })?.quirk ?? null;
  let explained: Verdict['explained'] = isComplete() ? null : explain(bounds.schedulesFirst, left());
  if (!isComplete() && explained === null && hasTimes(program)) {
    for (const unitMs of SLOW_UNITS_MS) {
      const slow = [...(await onErlang(nodes, program, SLOW_ROUNDS, unitMs))];
      const isKnown = slow.every((outcome) => outcomes.seen.has(outcome));
      if (!isKnown && explain(bounds.schedulesFirst, slow) === null) continue;
      explained = 'busy';
      break;
    }
  }
  if (!isComplete() && explained === null) {
    grow(outcomes, bounds, isComplete);
    explained = isComplete() ? null : explain(bounds.schedulesMax, left());
  }
  const schedules = quirks.reduce((sum, { asErlang }) => sum + asErlang.schedules, outcomes.schedules);
  return { program, erlang, warren: outcomes.seen, missing: left(), explained, schedules };
}

function grow(outcomes: Outcomes, { schedulesMax, exhaustMax }: Bounds, isEnough: () => boolean): void {
  outcomes.search(schedulesMax, isEnough);
  for (const pauses of [0, 1]) if (!isEnough()) outcomes.exhaust(exhaustMax, pauses);
}
