// Which faults a seed puts into a run, and when: a policy around another one. Whom a crash strikes is drawn at its
// step among those that live then, so that it is never wasted; what was done is recorded like any deviation.
import { CUT_POLICIES } from './disk-power.ts';
import type { FaultOptions, Victim } from './faults.ts';
import type { Choices, Policy } from './policy.ts';
import { mix, SeededRandom } from './random.ts';
import type { Choice } from './seat.ts';
import { earlyStep } from './strategies.ts';

const DAY_MS = 86_400_000;
const DEFAULTS = {
  delayMsMax: 100,
  partitionMsMax: 1_000,
  jumpMsMax: 60_000,
  jitterMsMax: 20,
  diskDelayMsMax: 1_000,
  socketStallMsMax: 1_000,
};
/** Where there is no stream yet, a fault of one waits for up to so many steps and looks again. */
const LOOK_AGAIN_STEPS = 16;

/** Whom and what a plan may strike. */
export interface Targets {
  /** Processes that live at this moment. */
  victims(): readonly Victim[];
  /** Numbers of the simulated streams that are open at this moment. */
  streams(): readonly number[];
  /** Threads beside the root's; they are numbered from 1. */
  readonly threads: number;
}

interface Planned {
  readonly step: number;
  readonly draw: Draw;
}

/** The key of a fault; null when there is nobody to strike, `'later'` when there may be somebody later. */
type Draw = (random: SeededRandom) => string | null;
const LATER = 'later';

/** True when there is anything to plan. */
export function hasFaults(options: FaultOptions, threads: number): boolean {
  const { crashes, clockJumps, jitters, wallJumps, threadDeaths, delays, partitions } = options;
  const { diskCuts, diskFailures, diskFlips, diskDelays, socketCuts, socketStalls, socketSegments } = options;
  const outside = [diskCuts, diskFailures, diskFlips, diskDelays, socketCuts, socketStalls, socketSegments];
  const anywhere = [crashes, clockJumps, jitters, wallJumps, ...outside];
  const between = threads > 0 ? [threadDeaths, delays, partitions] : [];
  return [...anywhere, ...between].some((count) => (count ?? 0) > 0);
}

/** Adds faults to what another policy does. */
export class WithFaults implements Policy {
  nextStep: number;
  private readonly inner: Policy;
  private readonly random: SeededRandom;
  private readonly planned: Planned[] = [];

  constructor(inner: Policy, options: FaultOptions, targets: Targets, seed: number) {
    this.inner = inner;
    this.random = new SeededRandom(mix(seed, 0xdead));
    for (const [count, draw] of kinds({ ...DEFAULTS, ...options }, targets)) {
      for (let left = this.random.below(count + 1); left > 0; left--) {
        this.planned.push({ step: earlyStep(this.random), draw });
      }
    }
    this.planned.sort((a, b) => a.step - b.step);
    this.nextStep = this.next();
  }

  choose(choices: Choices, byDefault: Choice): Choice | null {
    const due = this.planned[0];
    let choice: Choice | null = null;
    if (due !== undefined && due.step <= choices.step) {
      this.planned.shift();
      const key = due.draw(this.random);
      if (key === LATER) this.plan({ step: choices.step + 1 + this.random.below(LOOK_AGAIN_STEPS), draw: due.draw });
      else if (key !== null) choice = choices.find(key);
    } else if (choices.step >= this.inner.nextStep) choice = this.inner.choose(choices, byDefault);
    this.nextStep = this.next();
    return choice;
  }

  private plan(planned: Planned): void {
    this.planned.push(planned);
    this.planned.sort((a, b) => a.step - b.step);
  }

  private next(): number {
    return Math.min(this.inner.nextStep, this.planned[0]?.step ?? Number.POSITIVE_INFINITY);
  }
}

type Limits = FaultOptions & typeof DEFAULTS;

/** Each kind of fault: how many at most, and one of it. Those between threads only where there are some. */
function kinds(options: Limits, targets: Targets): [number, Draw][] {
  const mayCrash = options.victims ?? (({ path }) => path !== 'root');
  const anywhere: [number | undefined, Draw][] = [
    [options.crashes, (random) => crash(targets.victims().filter(mayCrash), random)],
    [options.clockJumps, (random) => `jump ${lengthMs(random, options.jumpMsMax)}`],
    [options.jitters, (random) => `jump ${lengthMs(random, options.jitterMsMax)}`],
    [options.wallJumps, (random) => `wall ${random.next() < 0.5 ? '-' : ''}${lengthMs(random, DAY_MS)}`],
  ];
  const { threads } = targets;
  const between: typeof anywhere = [
    [options.threadDeaths, (random) => `die ${1 + random.below(threads)}`],
    [options.delays, (random) => `delay ${two(random, threads).join('>')} ${lengthMs(random, options.delayMsMax)}`],
    [
      options.partitions,
      (random) => `part ${two(random, threads).join(' ')} ${lengthMs(random, options.partitionMsMax)}`,
    ],
  ];
  return [...anywhere, ...(threads > 0 ? between : []), ...ofDisk(options), ...ofSockets(options, targets)].map(
    ([count, draw]) => [count ?? 0, draw],
  );
}

const FAILURES = ['write ENOSPC', 'write EIO', 'sync EIO', 'read EIO', 'names EIO', 'names ENOSPC'] as const;
/** Reads and writes are rarely longer. */
const BYTES = 2_048;

function ofDisk(options: Limits): [number | undefined, Draw][] {
  return [
    [options.diskCuts, (random) => `cut ${oneOf(random, CUT_POLICIES)} ${random.below(0xffff)}`],
    [options.diskFailures, failureOf],
    [options.diskFlips, (random) => `flip ${random.below(BYTES * 8)}`],
    [options.diskDelays, (random) => `slow ${lengthMs(random, options.diskDelayMsMax)}`],
  ];
}

const PIECE_BYTES_MAX = 64;

function ofSockets(options: Limits, targets: Targets): [number | undefined, Draw][] {
  const ofStream =
    (draw: (stream: number, random: SeededRandom) => string): Draw =>
    (random) => {
      const streams = targets.streams();
      return streams.length === 0 ? LATER : draw(oneOf(random, streams), random);
    };
  return [
    [options.socketCuts, ofStream((stream) => `reset ${stream}`)],
    [
      options.socketStalls,
      ofStream((stream, random) => `stall ${stream} ${lengthMs(random, options.socketStallMsMax)}`),
    ],
    [options.socketSegments, ofStream((stream, random) => `segment ${stream} ${lengthMs(random, PIECE_BYTES_MAX)}`)],
  ];
}

/** A failing write may have written something. */
function failureOf(random: SeededRandom): string {
  const failure = oneOf(random, FAILURES);
  return failure.startsWith('write') && random.next() < 0.5
    ? `fail ${failure} ${1 + random.below(BYTES)}`
    : `fail ${failure}`;
}

function oneOf<T>(random: SeededRandom, list: readonly T[]): T {
  return list[random.below(list.length)];
}

function crash(victims: readonly Victim[], random: SeededRandom): string | null {
  return victims.length === 0 ? null : `crash ${victims[random.below(victims.length)].path}`;
}

/** Two different threads of 0 to `threads`. */
function two(random: SeededRandom, threads: number): [number, number] {
  const first = random.below(threads + 1);
  return [first, (first + 1 + random.below(threads)) % (threads + 1)];
}

/** From 1 to `maxMs`, short ones being likelier; bytes of a piece as well. */
function lengthMs(random: SeededRandom, maxMs: number): number {
  return Math.max(1, Math.floor(maxMs ** random.next()));
}
