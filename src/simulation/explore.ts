// All schedules of a tiny system, depth first (reliability.md 2.a). What commutes is not tried in both orders (sleep
// sets): two deliveries to different processes do, and a delivery that ends nobody with the slice of another process. Slices do
// not, because bodies of a test may share variables; `isolated` says that they do not.
import type { Signal } from '../process/index.ts';
import type { FaultOptions } from './faults.ts';
import { type SimOptions, settingsOf } from './options.ts';
import type { Choices, Policy } from './policy.ts';
import { type SimResult, SimulationError } from './result.ts';
import { Run, type SimBody } from './run.ts';
import { shrinkFound } from './search.ts';
import { type Choice, Pair } from './seat.ts';

export interface ExploreOptions
  extends Omit<SimOptions, 'tape' | 'deviations' | 'strategy' | 'faults' | 'threadDeaths'> {
  /** Stops after so many schedules, and says so. Default 20,000. */
  readonly schedulesMax?: number;
  /** Behind so many steps a run goes on in FIFO order. Default 200. */
  readonly branchStepsMax?: number;
  /** Processes share nothing but messages: neither variables of the test nor names that come and go. Default false. */
  readonly isolated?: boolean;
  /** False tries both orders of what commutes too: slower, and what the reduction is judged by. Default true. */
  readonly reduces?: boolean;
  /** Crashes that are put into every place of every schedule: up to so many a run. Default 0. */
  readonly crashes?: number;
  /** Who may crash. Default: every process but the root. */
  readonly victims?: FaultOptions['victims'];
  /** Sees each run, such as to collect what a program can come to. */
  readonly onRun?: (result: SimResult<unknown>) => void;
}

export interface Exploration<T> {
  /** Schedules that were run to their end. */
  readonly schedules: number;
  /** Schedules that were broken off because they are equal to one that was run. */
  readonly equal: number;
  /** True when there is no schedule that was not covered. */
  readonly isComplete: boolean;
  /** The first failure, its schedule made small; null when there is none. Nothing is tried behind it. */
  readonly first: SimResult<T> | null;
  /** Throws SimulationError for the failure. */
  check(): Exploration<T>;
  /** What was covered, and what was not, in one line. */
  describe(): string;
}

/** Runs `body` under every schedule, up to the bounds of `options`. */
export function explore<T>(options: ExploreOptions, body: SimBody<T>): Exploration<T> {
  const { schedulesMax = 20_000, onRun } = options;
  const search = new Search(options);
  let schedules = 0;
  let equal = 0;
  let first: SimResult<T> | null = null;
  do {
    const result = search.run(body);
    if (result === null) {
      equal++;
      continue;
    }
    schedules++;
    onRun?.(result);
    if (!result.isOk) first = shrinkFound(options, body, result, schedules).result;
  } while (first === null && search.advance() && schedules + equal < schedulesMax);
  return report(schedules, equal, first, search);
}

/** Signals whose reception touches the receiver's record only. */
const QUIET = new Set<Signal['kind']>([
  'message',
  'alias',
  'down',
  'monitor',
  'demonitor',
  'link',
  'unlink',
  'unlinkAck',
  'info',
  'infoReply',
]);

/** A choice as the search remembers it from one run to the next. */
interface Move {
  readonly key: string;
  readonly kind: Choice['kind'];
  /** Whom it touches: the path of the receiver or of the process that runs. */
  readonly path: string;
  /** True for a delivery that runs no code of a body and ends nobody: a message, a monitor, not an exit. */
  readonly isQuiet: boolean;
}

/** One step of the schedule that is being tried. */
interface Node {
  readonly moves: readonly Move[];
  /** Moves that need not be tried here: what they lead to was covered elsewhere, or here before. */
  readonly asleep: Set<string>;
  readonly sleeping: Move[];
  chosen: Move;
}

class Search implements Policy {
  nextStep = 0;
  readonly nodes: Node[] = [];
  isCut = false;
  private readonly options: ExploreOptions;
  private at = 0;
  private isAbandoned = false;
  private victims: () => readonly string[] = () => [];

  constructor(options: ExploreOptions) {
    this.options = options;
  }

  /** One run along the current path and on from there; null when all that is left is covered elsewhere. */
  run<T>(body: SimBody<T>): SimResult<T> | null {
    this.at = 0;
    this.nextStep = 0;
    this.isAbandoned = false;
    const options = { stepsMax: 2_000, history: 0, ...this.options };
    const run = new Run({ ...settingsOf(options), policy: this }, body, false);
    const mayCrash = this.options.victims ?? (({ path }) => path !== 'root');
    this.victims = () =>
      run.world.faults
        .victims()
        .filter(mayCrash)
        .map(({ path }) => path);
    while (!this.isAbandoned && run.step());
    if (this.isAbandoned) {
      run.abandon();
      return null;
    }
    // What is left behind by the body comes to rest in FIFO order.
    this.nextStep = Number.POSITIVE_INFINITY;
    return run.finish({});
  }

  choose(choices: Choices, byDefault: Choice): Choice | null {
    if (this.at >= this.nodes.length && !this.grow(choices, byDefault)) return null;
    const { chosen } = this.nodes[this.at++];
    return choices.find(chosen.key);
  }

  /** Makes the next node; false when there is none to make. */
  private grow(choices: Choices, byDefault: Choice): boolean {
    const { branchStepsMax = 200 } = this.options;
    if (this.nodes.length >= branchStepsMax) {
      this.isCut = true;
      this.nextStep = Number.POSITIVE_INFINITY;
      return false;
    }
    const moves = this.movesOf(choices, byDefault);
    const before = this.nodes[this.nodes.length - 1];
    const sleeping = before === undefined ? [] : before.sleeping.filter((move) => this.commute(move, before.chosen));
    const asleep = new Set(sleeping.map(({ key }) => key));
    const chosen = moves.find(({ key }) => !asleep.has(key));
    if (chosen === undefined) {
      this.isAbandoned = true;
      return false;
    }
    this.nodes.push({ moves, asleep, sleeping, chosen });
    return true;
  }

  /** Goes to the next path: false when every one was tried. */
  advance(): boolean {
    for (let node = this.nodes.pop(); node !== undefined; node = this.nodes.pop()) {
      node.asleep.add(node.chosen.key);
      node.sleeping.push(node.chosen);
      const next = node.moves.find(({ key }) => !node.asleep.has(key));
      if (next === undefined) continue;
      node.chosen = next;
      this.nodes.push(node);
      return true;
    }
    return false;
  }

  /** Branches that are known and were not tried. */
  get open(): number {
    // Where the search stops early, its path is that of a schedule that was not run.
    let open = this.nodes.length === 0 ? 0 : 1;
    for (const { moves, asleep, chosen } of this.nodes) {
      open += moves.filter(({ key }) => key !== chosen.key && !asleep.has(key)).length;
    }
    return open;
  }

  /** The FIFO choice comes first, so that the first schedule is the plain one; crashes come last. */
  private movesOf(choices: Choices, byDefault: Choice): Move[] {
    const rest = choices.enabled().filter((choice) => choice !== byDefault);
    const moves = [byDefault, ...rest].map(moveOf);
    const crashed = this.nodes.filter(({ chosen }) => chosen.kind === 'fault').length;
    if (crashed >= (this.options.crashes ?? 0)) return moves;
    const crashes = this.victims().map((path): Move => ({ key: `crash ${path}`, kind: 'fault', path, isQuiet: false }));
    return [...moves, ...crashes];
  }

  private commute(a: Move, b: Move): boolean {
    if (a.path === b.path || this.options.reduces === false) return false;
    if (a.kind === 'deliver' && b.kind === 'deliver') return true;
    if (a.kind === 'run' && b.kind === 'run') return this.options.isolated === true;
    return (a.kind === 'run' && b.isQuiet) || (b.kind === 'run' && a.isQuiet);
  }
}

function moveOf(choice: Choice): Move {
  const { key, kind } = choice;
  if (!(choice instanceof Pair)) return { key, kind, path: key.slice(key.indexOf(' ') + 1), isQuiet: false };
  const signal = choice.head?.signal?.kind;
  return { key, kind, path: choice.to.path, isQuiet: signal !== undefined && QUIET.has(signal) };
}

function report<T>(schedules: number, equal: number, first: SimResult<T> | null, search: Search): Exploration<T> {
  const { open, isCut } = search;
  const isComplete = first === null && open === 0 && !isCut;
  const describe = () => {
    const count = `${schedules} schedules run, ${equal} broken off as equal to one of them`;
    if (first !== null) return `${count}: the last one failed`;
    if (isComplete) return `${count}: that is all there are`;
    const why = open > 0 ? `at least ${open} branches were not tried` : 'long runs were not branched to their end';
    return `${count}: NOT all there are, ${why}`;
  };
  const exploration: Exploration<T> = {
    schedules,
    equal,
    isComplete,
    first,
    check() {
      if (first?.failure == null) return exploration;
      throw new SimulationError(first.failure, first.token, first.deviations, `${first.describe()}\n${describe()}`);
    },
    describe,
  };
  return exploration;
}
