// Many programs: drawn by fast-check from one seed each, run on Erlang many at a time, judged one after the other, and
// counted. A difference is shrunk to a small program by running both sides again.
import fc from 'fast-check';
import { BOUNDS, type Bounds, judge, onErlang, type Verdict } from './compare.ts';
import type { ErlangNode } from './erlang.ts';
import type { Machine } from './outcomes.ts';
import { erlangOf, type Program } from './program.ts';
import { programs, type Theme } from './programs.ts';

export interface Campaign {
  readonly theme: Theme;
  readonly count: number;
  readonly seed: number;
  /** Replaces parts of Warren, to see a mistake found. */
  readonly machine?: Machine;
}

export interface Tally {
  programs: number;
  /** Programs with more than one outcome in Warren's simulator. */
  multiple: number;
  /** The same on Erlang, in the few runs made there. */
  multipleOnErlang: number;
  schedules: number;
  busy: number;
  intended: number;
  ms: number;
  /** Unexplained differences, with the seed of the program. */
  readonly differences: { readonly seed: number; readonly verdict: Verdict }[];
}

/** Programs that are under way on Erlang at the same time. */
const AT_ONCE = 24;
/** A campaign ends with so many: each costs a long search, and the first is shrunk anyway. */
const DIFFERENCES_MAX = 2;
const SHRINK_MS = 30_000;
const SHRINK_BOUNDS: Bounds = { ...BOUNDS, schedulesFirst: 500, schedulesMax: 1_000, exhaustMax: 500 };
const SHRINK_ROUNDS = 2;

export const newTally = (): Tally => ({
  programs: 0,
  multiple: 0,
  multipleOnErlang: 0,
  schedules: 0,
  busy: 0,
  intended: 0,
  ms: 0,
  differences: [],
});

/** The program of one seed. Drawn as a run of a property, so that the same seed shrinks it later. */
export function programAt(theme: Theme, seed: number): Program {
  let drawn: Program | null = null;
  const property = fc.property(fc.noBias(programs(theme)), (program) => {
    drawn ??= program;
  });
  fc.check(property, { seed, numRuns: 1 });
  if (drawn === null) throw new Error('fast-check drew nothing');
  return drawn;
}

/** Runs a campaign and adds it to the tally. Throws when Erlang misbehaves. */
export async function run(nodes: readonly ErlangNode[], campaign: Campaign, tally: Tally): Promise<void> {
  const { theme, count, seed: first, machine } = campaign;
  const begin = performance.now();
  const stops = () => tally.differences.length >= DIFFERENCES_MAX;
  const batch = (from: number) => draw(nodes, theme, first + from, Math.min(AT_ONCE, count - from));
  let next = batch(0);
  for (let from = 0; from < count && !stops(); from += AT_ONCE) {
    const drawn = await next;
    // Erlang runs the next programs while Warren runs these.
    if (from + AT_ONCE < count) next = batch(from + AT_ONCE);
    next.catch(() => {});
    for (const { seed, program, shown } of drawn) {
      count1(tally, seed, await judgeNamed(nodes, program, shown, machine, seed));
      if (stops()) break;
      await new Promise(setImmediate);
    }
  }
  tally.ms += performance.now() - begin;
}

/** Where Warren breaks a rule of its own, the error says with which program. */
async function judgeNamed(
  nodes: readonly ErlangNode[],
  program: Program,
  shown: ReadonlySet<string>,
  machine: Machine | undefined,
  seed: number,
): Promise<Verdict> {
  try {
    return await judge(nodes, program, shown, machine);
  } catch (error) {
    throw new Error(`seed ${seed}, program ${erlangOf(program)}: ${String(error)}`, { cause: error });
  }
}

interface Drawn {
  readonly seed: number;
  readonly program: Program;
  readonly shown: ReadonlySet<string>;
}

function draw(nodes: readonly ErlangNode[], theme: Theme, first: number, count: number): Promise<Drawn[]> {
  const seeds = Array.from({ length: count }, (_, index) => first + index);
  return Promise.all(
    seeds.map(async (seed) => {
      const program = programAt(theme, seed);
      return { seed, program, shown: await onErlang(nodes, program) };
    }),
  );
}

function count1(tally: Tally, seed: number, verdict: Verdict): void {
  tally.programs++;
  tally.schedules += verdict.schedules;
  if (verdict.warren.size > 1) tally.multiple++;
  if (verdict.erlang.size > 1) tally.multipleOnErlang++;
  if (verdict.missing.length === 0) return;
  if (verdict.explained === 'busy') tally.busy++;
  else if (verdict.explained !== null) tally.intended++;
  else tally.differences.push({ seed, verdict });
}

/** The smallest program like the one of `seed` on which the two still differ. */
export async function shrink(
  nodes: readonly ErlangNode[],
  theme: Theme,
  seed: number,
  machine: Machine = {},
): Promise<Verdict | null> {
  let smallest: Verdict | null = null;
  const property = fc.asyncProperty(fc.noBias(programs(theme)), async (program) => {
    const shown = await onErlang(nodes, program, SHRINK_ROUNDS);
    const verdict = await judge(nodes, program, shown, machine, SHRINK_BOUNDS);
    if (verdict.missing.length === 0 || verdict.explained !== null) return true;
    smallest = verdict;
    return false;
  });
  await fc.check(property, { seed, numRuns: 1, interruptAfterTimeLimit: SHRINK_MS });
  return smallest;
}

/** A difference for people: the program, what only Erlang does, what Warren does. */
export function describeDifference({ program, missing, warren }: Verdict): string {
  const shown = [...warren].slice(0, 8).map((outcome) => `    ${outcome}`);
  return [
    `  program ${erlangOf(program)}`,
    '  only on Erlang:',
    ...missing.map((outcome) => `    ${outcome}`),
    `  on Warren (${warren.size}):`,
    ...shown,
  ].join('\n');
}

/** One line of figures. */
export function describeTally(name: string, tally: Tally): string {
  const { programs: count, multiple, multipleOnErlang, schedules, busy, intended, ms, differences } = tally;
  const share = (part: number) => `${((100 * part) / Math.max(1, count)).toFixed(0)} %`;
  return [
    `${name}: ${count} programs`,
    `${share(multiple)} with more than one outcome (${share(multipleOnErlang)} seen on Erlang)`,
    `${schedules} schedules`,
    `${(count / (ms / 1000)).toFixed(0)} programs/s`,
    `${differences.length} unexplained, ${intended} intended, ${busy} that a busy machine made`,
  ].join(', ');
}
