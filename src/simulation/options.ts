// What a simulation can be told, with every default in one place.
import type { Logger } from '../env/index.ts';
import type { AnyBody } from '../process/index.ts';
import type { Engine, Names } from '../scheduler/index.ts';
import { checkOptions } from '../term/index.ts';
import { checkSettings } from './check-settings.ts';
import type { DiskSeatOptions } from './disk-seat.ts';
import type { FaultOptions } from './faults.ts';
import type { NetOptions } from './net.ts';
import type { Policy } from './policy.ts';
import type { Deviation } from './schedule.ts';
import { SEARCH_OPTIONS } from './search-options.ts';
import type { Seats } from './seat.ts';
import type { SimScheduler } from './sim-scheduler.ts';
import { portfolio, type Strategy } from './strategies.ts';
import type { SimTape } from './tape.ts';
import type { PairTransit, TransitHost } from './transit.ts';
import { ALL_CHECKS, type Checks, NO_CHECKS, type Watch } from './watch.ts';

/** Replaces parts of the simulated machine; the way to plant a mistake and see a property catch it. */
export interface Wiring {
  readonly transit?: (host: TransitHost) => PairTransit;
  readonly scheduler?: (engine: Engine, seats: Seats, watch: Watch) => SimScheduler;
  readonly names?: () => Names;
}

export interface SimOptions {
  /** Decides everything a process may draw by chance and, with `strategy`, the schedule. Default 1. */
  readonly seed?: number;
  /** The deviations to follow. Default: those of `strategy`. */
  readonly deviations?: readonly Deviation[];
  /** How to look for deviations. Default: none (`fifo`); `'portfolio'` lets the seed decide. */
  readonly strategy?: Strategy | 'portfolio';
  /** Seed, strategy and deviations from a fast-check arbitrary, instead of the three above. */
  readonly tape?: SimTape;
  /**
   * Threads beside the one of the root, number 0; bodies get there as `{ module, export }` by `placement`. Default 0.
   * They share no pid or message objects: everything crosses as bytes.
   */
  readonly threads?: number;
  /** Thread deaths that a strategy puts into a run, each followed by a new incarnation. Default 0. */
  readonly threadDeaths?: number;
  /** What a strategy may put into a run beside thread deaths; see FaultOptions. Default: nothing. */
  readonly faults?: FaultOptions;
  /** A run that is not over after so many steps fails. Default 100,000. */
  readonly stepsMax?: number;
  /** How long what is under way may take while timers fire: a slow machine. Default 20 ms. */
  readonly timerJitterMs?: number;
  /** Checks and freezes what is sent (DESIGN decision 3). Default true. */
  readonly strict?: boolean;
  /** Invariants to check while running. Default: all of them. */
  readonly checks?: boolean | Partial<Checks>;
  /** How many events of the run are kept for printing. Default 200. */
  readonly history?: number;
  /** Fails when processes are left that nobody stopped (R12). Default false: they are counted in the result. */
  readonly failOnSurvivors?: boolean;
  /** Fails when anything is left: processes, names, timers, unread messages, sockets (R12). Default false. */
  readonly failOnLeaks?: boolean;
  /** Fails a process that calls the clock, timers, chance, files or sockets of the host. Default true. */
  readonly guard?: boolean;
  /**
   * Runs everything a second time and fails when the two differ (R17): in what happened, in what messages held, or in what
   * the body returned or threw, as far as it is plain data. Default false.
   */
  readonly checkRepeatable?: boolean;
  /** Modules behind `{ module, export }` bodies by URL, loaded beforehand; see `loadModules`. */
  readonly modules?: ReadonlyMap<string, Readonly<Record<string, AnyBody | unknown>>>;
  /** Gets what the processes log. Default: it goes into the history only. */
  readonly logger?: Logger;
  /** How the simulated network behaves; see `simNet`. */
  readonly net?: NetOptions;
  /** The disk of the root's thread; see `simDisk`. Default: empty, without bound, and nothing goes wrong. */
  readonly disk?: DiskSeatOptions;
  readonly wiring?: Wiring;
}

/** Options with every default filled in. */
export interface Settings {
  readonly seed: number;
  readonly deviations: readonly Deviation[] | null;
  readonly isPatient: boolean;
  readonly strategy: Strategy;
  readonly threads: number;
  readonly faults: FaultOptions;
  /** Instead of what strategy, deviations and faults say. */
  readonly policy: Policy | null;
  readonly stepsMax: number;
  readonly timerJitterMs: number;
  readonly strict: boolean;
  readonly checks: Checks;
  readonly history: number;
  readonly failOnSurvivors: boolean;
  readonly failOnLeaks: boolean;
  readonly guard: boolean;
  readonly checkRepeatable: boolean;
  readonly modules: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  readonly logger: Logger | null;
  readonly net: NetOptions;
  readonly disk: DiskSeatOptions;
  readonly wiring: Wiring;
}

const THREADS_MAX = 63;
/** Every option there is, so that a misspelt one is told instead of ignored. */
const OWN: Readonly<Record<keyof SimOptions, true>> = {
  seed: true,
  deviations: true,
  strategy: true,
  tape: true,
  threads: true,
  threadDeaths: true,
  faults: true,
  stepsMax: true,
  timerJitterMs: true,
  strict: true,
  checks: true,
  history: true,
  failOnSurvivors: true,
  failOnLeaks: true,
  guard: true,
  checkRepeatable: true,
  modules: true,
  logger: true,
  net: true,
  disk: true,
  wiring: true,
};
const FAULTS: Readonly<Record<keyof FaultOptions, true>> = {
  crashes: true,
  victims: true,
  threadDeaths: true,
  delays: true,
  delayMsMax: true,
  partitions: true,
  partitionMsMax: true,
  clockJumps: true,
  jumpMsMax: true,
  jitters: true,
  jitterMsMax: true,
  wallJumps: true,
  diskCuts: true,
  diskFailures: true,
  diskFlips: true,
  diskDelays: true,
  diskDelayMsMax: true,
  socketCuts: true,
  socketStalls: true,
  socketStallMsMax: true,
  socketSegments: true,
};
const KNOWN = { ...OWN, ...Object.fromEntries([...SEARCH_OPTIONS].map((name) => [name, true])) };
const NO_MODULES: Settings['modules'] = new Map();

/** Fills in the defaults. Throws RangeError for a number that makes no sense, and for an option that does not exist. */
export function settingsOf(options: SimOptions): Settings {
  checkOptions('a simulation', options, KNOWN);
  checkOptions('faults', options.faults === undefined ? {} : options.faults, FAULTS);
  checkSettings(options);
  const { tape } = options;
  const seed = tape?.seed ?? options.seed ?? 1;
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed must be a whole number below 2 ** 53, got ${seed}`);
  const stepsMax = options.stepsMax ?? 100_000;
  if (!(stepsMax > 0)) throw new RangeError(`stepsMax must be above 0, got ${stepsMax}`);
  const threads = options.threads ?? 0;
  if (!Number.isInteger(threads) || threads < 0 || threads > THREADS_MAX) {
    throw new RangeError(`threads must be 0 to ${THREADS_MAX}, got ${threads}`);
  }
  const strategy = tape?.strategy ?? options.strategy ?? { tag: 'fifo' };
  return {
    seed,
    deviations: tape === undefined ? (options.deviations ?? null) : tape.deviations,
    isPatient: tape?.isPatient ?? true,
    strategy: strategy === 'portfolio' ? portfolio(seed) : strategy,
    threads,
    faults: { threadDeaths: options.threadDeaths, ...options.faults, ...tape?.faults },
    policy: null,
    stepsMax,
    timerJitterMs: options.timerJitterMs ?? 20,
    strict: options.strict ?? true,
    checks: checksOf(options.checks ?? true),
    history: options.history ?? 200,
    failOnSurvivors: options.failOnSurvivors ?? false,
    failOnLeaks: options.failOnLeaks ?? false,
    guard: options.guard ?? true,
    checkRepeatable: options.checkRepeatable ?? false,
    modules: options.modules ?? NO_MODULES,
    logger: options.logger ?? null,
    net: options.net ?? {},
    disk: options.disk ?? {},
    wiring: options.wiring ?? {},
  };
}

function checksOf(checks: boolean | Partial<Checks>): Checks {
  if (typeof checks === 'boolean') return checks ? ALL_CHECKS : NO_CHECKS;
  return { ...ALL_CHECKS, ...checks };
}
