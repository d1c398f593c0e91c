// What a program can come to on Warren: the set of outcomes over many schedules of the simulator. The first schedules
// are those of a machine that is left alone (FIFO, run until it waits); then the strategies by seed.
import { type Context, type Effects, sleep } from '../../src/process/index.ts';
import { explore, type SimOptions, type Strategy, simulate } from '../../src/simulation/index.ts';
import type { Quirk } from './intended.ts';
import { main, UNIT_MS, World } from './interpreter.ts';
import type { Program } from './program.ts';

/** Longer than all times of a program together. */
const END_MS = UNIT_MS * 1_000;
const STEPS_MAX = 5_000;

/** Many changes of priority find the rare outcomes: one process far ahead, then another. */
const STRATEGIES: readonly Strategy[] = [
  { tag: 'priorities', depth: 8 },
  { tag: 'uniform' },
  { tag: 'rare', chance: 0.1 },
  { tag: 'priorities', depth: 12 },
  { tag: 'starve' },
  { tag: 'rare', chance: 0.3 },
  { tag: 'priorities', depth: 4 },
];
const PAUSES: readonly number[] = [1, 0, 0.3];

/** Options of the simulator that every run gets, such as a machine with a planted mistake. */
export interface Machine extends Pick<SimOptions, 'wiring'> {
  readonly asErlang?: Quirk;
}

export class Outcomes {
  readonly seen = new Set<string>();
  schedules = 0;
  private readonly program: Program;
  private readonly machine: Machine;
  private seed = 0;

  constructor(program: Program, machine: Machine = {}) {
    this.program = program;
    this.machine = machine;
  }

  /** Tries `count` more schedules, or fewer once `isEnough`. Throws SimulationError where the runtime breaks a rule. */
  search(count: number, isEnough: () => boolean): void {
    for (let tried = 0; tried < count && !isEnough(); tried++) this.runOne(this.seed++);
  }

  /** Tries every schedule up to a bound, without pauses between the steps of a script. */
  exhaust(schedulesMax: number, pauses: number): boolean {
    const { asErlang = null, ...machine } = this.machine;
    const options = {
      ...machine,
      schedulesMax,
      checks: false,
      strict: false,
      guard: false,
      seed: 1,
      stepsMax: STEPS_MAX,
    };
    const exploration = explore({ ...options, onRun: (result) => this.seen.add(result.value as string) }, (context) =>
      root(context, this.program, pauses, asErlang),
    );
    this.schedules += exploration.schedules;
    return exploration.isComplete;
  }

  private runOne(seed: number): void {
    const isFirst = seed < PAUSES.length;
    const pauses = PAUSES[seed % PAUSES.length];
    const strategy: Strategy = isFirst
      ? { tag: 'fifo' }
      : STRATEGIES[Math.floor(seed / PAUSES.length) % STRATEGIES.length];
    const { asErlang = null, ...machine } = this.machine;
    const options = { ...machine, seed, strategy, history: 0, stepsMax: STEPS_MAX };
    const result = simulate({ ...options, checks: isFirst, strict: isFirst, guard: false }, (context) =>
      root(context, this.program, pauses, asErlang),
    );
    this.seen.add(result.value);
    this.schedules++;
  }
}

/** Runs the program in a process of its own and, when all is over, reads what was seen. */
function* root(context: Context<unknown>, program: Program, pauses: number, asErlang: Quirk | null): Effects<string> {
  const world = new World(program, pauses, asErlang);
  context.spawn((child: Context<unknown>) => main(world, child));
  yield* sleep(END_MS);
  return yield* world.outcome();
}
