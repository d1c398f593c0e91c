// Crashing every chosen process at every message boundary (reliability.md 2.a): one plain run tells which boundaries there
// are and who lives at each; then one run for each of them, with that process crashed there.
import type { FaultOptions } from './faults.ts';
import { type SimOptions, settingsOf } from './options.ts';
import { mix, SeededRandom } from './random.ts';
import { type SimResult, SimulationError } from './result.ts';
import { Run, type SimBody } from './run.ts';
import type { Deviation } from './schedule.ts';
import { withoutSearch } from './search-options.ts';
import { simulate } from './simulate.ts';

export interface SweepOptions extends Omit<SimOptions, 'tape' | 'strategy' | 'faults' | 'threadDeaths'> {
  /** Who is crashed. Default: every process but the root. */
  readonly victims?: FaultOptions['victims'];
  /** So many runs more with two crashes each, drawn by the seed. Default 0. */
  readonly pairs?: number;
}

export interface Sweep<T> {
  /** Steps of the run without a crash; each is a boundary. */
  readonly boundaries: number;
  /** Spawn paths of those who were crashed. */
  readonly victims: readonly string[];
  readonly runs: number;
  readonly failed: number;
  /** The first run that failed, with its history; null when none did. */
  readonly first: SimResult<T> | null;
  /** Throws SimulationError for the first failure. */
  check(): Sweep<T>;
  /** What was done, in one line. */
  describe(): string;
}

/**
 * Runs `body` once for every boundary and every chosen process that lives there. The body itself is what must hold: it
 * throws when it finds what a crash must not cause. Nothing is thrown here unless the run without a crash fails.
 */
export function sweepCrashes<T>(options: SweepOptions, body: SimBody<T>): Sweep<T> {
  const { points, boundaries } = survey(options, body);
  const base = options.deviations ?? [];
  const passed = withoutSearch(options);
  let first: SimResult<T> | null = null;
  let runs = 0;
  let failed = 0;
  const attempt = (crashes: readonly Deviation[]) => {
    const deviations = [...base, ...crashes].sort((a, b) => a[0] - b[0]);
    runs++;
    if (simulate({ ...passed, history: 0, deviations }, body).isOk) return;
    failed++;
    first ??= simulate({ ...passed, deviations }, body);
  };
  for (const point of points) attempt([point]);
  const random = new SeededRandom(mix(options.seed ?? 1, 0x9a125));
  for (let pair = 0; points.length > 1 && pair < (options.pairs ?? 0); pair++) {
    attempt([points[random.below(points.length)], points[random.below(points.length)]]);
  }
  const victims = [...new Set(points.map(([, key]) => key.slice('crash '.length)))];
  return report({ boundaries, victims, runs, failed, first });
}

/** Where each chosen process could be crashed in the run without a crash. */
function survey<T>(options: SweepOptions, body: SimBody<T>): { points: Deviation[]; boundaries: number } {
  const mayCrash = options.victims ?? (({ path }) => path !== 'root');
  const run = new Run(settingsOf(options), body, false);
  const points: Deviation[] = [];
  do {
    const { step, faults } = run.world;
    for (const victim of faults.victims()) if (mayCrash(victim)) points.push([step, `crash ${victim.path}`]);
  } while (run.step());
  const boundaries = run.world.step;
  run.finish(options).value;
  return { points, boundaries };
}

function report<T>(counts: Omit<Sweep<T>, 'check' | 'describe'>): Sweep<T> {
  const { boundaries, victims, runs, failed, first } = counts;
  const sweep: Sweep<T> = {
    ...counts,
    check() {
      if (first?.failure == null) return sweep;
      const text = `${first.describe()}\n${sweep.describe()}`;
      throw new SimulationError(first.failure, first.token, first.deviations, text);
    },
    describe: () => `${runs} runs: ${victims.length} processes crashed at ${boundaries} boundaries; ${failed} failed`,
  };
  return sweep;
}
