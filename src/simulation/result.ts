// What a run came to, and how it is told to a person.
import { formatReason } from '../term/index.ts';
import { type Chart, type ChartOptions, chartOf } from './chart.ts';
import { conditionsOf } from './conditions.ts';
import { adviceFor } from './guard.ts';
import { describeChoice } from './history.ts';
import { type Deviation, encodeToken } from './schedule.ts';
import { deviationsOf, overtakenOf } from './taken.ts';
import type { World } from './world.ts';

/** Why a run failed. */
export type Failure =
  /** The body threw or was ended; `error` is what it threw. */
  | { readonly tag: 'exit'; readonly reason: unknown; readonly error?: unknown }
  /** A rule of the runtime was broken; `rule` is its number in the reliability digest. */
  | { readonly tag: 'invariant'; readonly rule: string; readonly text: string }
  /** Nothing can happen any more, but the body has not returned: who waits for what, and who for each other. */
  | { readonly tag: 'deadlock'; readonly waiting: readonly string[]; readonly cycle: readonly string[] }
  | { readonly tag: 'stepsExceeded'; readonly steps: number }
  /** An async process awaits something that is not the simulation's, behind the `perform` at `after`, its last one. */
  | { readonly tag: 'uncontrolledAwait'; readonly process: string; readonly after: string | null }
  /** A process reached for the clock, timers, chance, files or sockets of the host. */
  | { readonly tag: 'uncontrolledCall'; readonly process: string; readonly call: string }
  /** An async body in the synchronous `simulate`. */
  | { readonly tag: 'asyncBody'; readonly process: string }
  /** Processes were left that nobody stopped (R12). */
  | { readonly tag: 'survivors'; readonly survivors: readonly string[] }
  /** Something was left: processes, names, timers, messages, sockets (R12). */
  | { readonly tag: 'leaks'; readonly leaks: readonly string[] }
  /** The same schedule took another course the second time (R17). */
  | { readonly tag: 'notRepeatable'; readonly hashes: readonly [string, string] };

export type Outcome<T> =
  | { readonly tag: 'value'; readonly value: T }
  | { readonly tag: 'failure'; readonly failure: Failure };

/** Thrown by {@link SimResult.value}: the failure with everything that is needed to see it again. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly failure: Failure;
  /** Replays exactly this run: `replay(token, body)`. */
  readonly token: string;
  readonly deviations: readonly Deviation[];

  constructor(failure: Failure, token: string, deviations: readonly Deviation[], text: string) {
    super(text, { cause: failure.tag === 'exit' ? failure.error : undefined });
    this.failure = failure;
    this.token = token;
    this.deviations = deviations;
  }
}

export class SimResult<T> {
  readonly outcome: Outcome<T>;
  readonly seed: number;
  readonly steps: number;
  /** Virtual ms that passed. */
  readonly nowMs: number;
  /** 16 hex digits over everything that happened, in order; equal for equal runs. */
  readonly hash: string;
  /** Processes that were alive when the body had returned and all was quiet. */
  readonly survivors: readonly string[];
  /** What was left then, in words: processes, names, timers, unread messages, sockets. */
  readonly leaks: readonly string[];
  private readonly world: World;
  private list: readonly Deviation[] | null = null;

  constructor(world: World, outcome: Outcome<T>, survivors: readonly string[], leaks: readonly string[]) {
    this.world = world;
    this.outcome = outcome;
    this.survivors = survivors;
    this.leaks = leaks;
    this.seed = world.settings.seed;
    this.steps = world.step;
    this.nowMs = world.nowMs;
    this.hash = world.hash;
  }

  get isOk(): boolean {
    return this.outcome.tag === 'value';
  }

  get failure(): Failure | null {
    return this.outcome.tag === 'failure' ? this.outcome.failure : null;
  }

  /** The deviations that the run took; following them gives this run again. */
  get deviations(): readonly Deviation[] {
    this.list ??= deviationsOf(this.world.taken);
    return this.list;
  }

  /** What the run has passed over, as holds of it: the first time of each. */
  get overtaken(): readonly Deviation[] {
    return overtakenOf(this.world.taken);
  }

  /** The deviations that were asked for and not possible: another build, or another body, than the one they are of. */
  get missed(): readonly Deviation[] {
    const left = this.deviations.map(([, key]) => key);
    return (this.world.settings.deviations ?? []).filter(([, key]) => {
      const at = left.indexOf(key);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  }

  /** One word that replays this run exactly, under the same options. */
  get token(): string {
    return encodeToken({ seed: this.seed, deviations: this.deviations }, conditionsOf(this.world.settings));
  }

  /** The deviations in words, one line each. */
  get words(): readonly string[] {
    return this.world.taken.map(({ step, choice, isHold, instead }) => {
      if (isHold) return `step ${step}: hold back ${describeChoice(choice)}`;
      return `step ${step}: ${describeChoice(choice)}${instead === null ? '' : ` before ${describeChoice(instead)}`}`;
    });
  }

  /** The last events of the run, oldest first. */
  get history(): readonly string[] {
    return this.world.history.lines((pid) => this.world.seatOf(pid).path);
  }

  /** The run as a message-sequence chart, as text and as SVG. Needs the option `history`, which is on by default. */
  chart(options?: ChartOptions): Chart {
    return chartOf(this.world, options);
  }

  /** What the body returned. Throws SimulationError when the run failed. */
  get value(): T {
    if (this.outcome.tag === 'value') return this.outcome.value;
    throw new SimulationError(this.outcome.failure, this.token, this.deviations, this.describe());
  }

  /** The run for people: what went wrong, the token, the deviations and the last events. */
  describe(): string {
    const { failure, words } = this;
    const lines = [failure === null ? 'the run went well' : describeFailure(failure)];
    lines.push(`  after ${this.steps} steps and ${this.nowMs.toFixed(0)} ms of virtual time`);
    lines.push(`  replay with ${this.token}`);
    lines.push(words.length === 0 ? '  schedule: plain FIFO' : '  schedule: FIFO, but');
    for (const line of words) lines.push(`    ${line}`);
    for (const [step, key] of this.missed) lines.push(`  left out, because it was not possible: step ${step} ${key}`);
    const { rows, text } = this.chart();
    if (rows.length > 0) lines.push('  what happened (a star is where it left FIFO):', text);
    return lines.join('\n');
  }
}

function placeOf(after: string | null): string {
  return after === null ? 'before its first context.perform' : `behind the perform at ${after}`;
}

/** A failure as one line. */
export function describeFailure(failure: Failure): string {
  switch (failure.tag) {
    case 'exit':
      return `the body ended: ${formatReason(failure.reason)}`;
    case 'invariant':
      return `rule ${failure.rule} is broken: ${failure.text}`;
    case 'deadlock':
      return [
        'nothing can happen any more:',
        ...failure.waiting.map((text) => `    ${text}`),
        ...(failure.cycle.length === 0 ? [] : [`    in a circle: ${failure.cycle.join(' > ')}`]),
      ].join('\n');
    case 'stepsExceeded':
      return `the body has not returned after ${failure.steps} steps; stepsMax allows more`;
    case 'uncontrolledAwait':
      return `${failure.process} awaits something outside the simulation ${placeOf(failure.after)}: await context.perform(...) only`;
    case 'uncontrolledCall':
      return `${failure.process} calls ${failure.call}: ${adviceFor(failure.call)}`;
    case 'asyncBody':
      return `${failure.process} is an async function: use simulateAsync`;
    case 'survivors':
      return `left behind: ${failure.survivors.join(', ')}`;
    case 'leaks':
      return `left behind: ${failure.leaks.join('; ')}`;
    case 'notRepeatable':
      return `the same schedule went two ways (${failure.hashes.join(' and ')}): something outside the simulation decides`;
  }
}
