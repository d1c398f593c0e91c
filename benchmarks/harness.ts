// Question: what is this case's figure, and how far may it be trusted? Warm-up, repeats, median and spread for anything
// that yields a number per sample. Contenders of one case are sampled in turns, so that a slow minute hits them all.

/** One runtime case. `benchmarks/runtime/index.ts` exports `cases: BenchCase[]`. */
export interface BenchCase {
  /** kebab-case; `npm run bench -- runtime NAME` runs it alone. */
  readonly name: string;
  readonly question: string;
  /** What one sample's number means, such as `msgs/s`, `B` or `us`. */
  readonly unit: string;
  /** Takes one sample of about a second (set-up not counted) and returns its figure in `unit`. */
  run(): Promise<number> | number;
  /** The Erlang case that does the same work (see `benchmarks/erlang`); its unit must be the same. */
  readonly peer?: string;
  /** Bytes and latencies: smaller is better. Rates leave it out. */
  readonly isLowerBetter?: boolean;
}

/** Something that can be sampled again and again, in this process or another. */
export interface Contender {
  readonly name: string;
  sample(): Promise<number>;
}

/** The samples of one contender, condensed. */
export interface Summary {
  readonly contender: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
}

/** How often to sample. */
export interface Repeats {
  /** Samples thrown away first. */
  readonly warmups: number;
  readonly samples: number;
}

/** What a run does unless told otherwise. */
export const DEFAULT_REPEATS: Repeats = { warmups: 1, samples: 5 };

/** One line of a result file: a case, who was measured and further columns by contender. */
export interface CaseResult {
  readonly group: string;
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly isLowerBetter: boolean;
  readonly summaries: readonly Summary[];
  /** Why a contender has no figure, by contender. */
  readonly failures: Readonly<Record<string, string>>;
  /** More columns, by contender: column name to text. */
  readonly details: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Of a point of a scaling curve: which curve, and how much of what grows. */
  readonly point?: { readonly curve: string; readonly x: number };
  /** Percentiles of the latency in ms, by contender: medians over the samples. */
  readonly latencyMs?: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** The middle sample, or the mean of the two in the middle. Throws without samples. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('no samples, no median');
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and extremes of a contender's samples. */
export function summarize(contender: string, samples: readonly number[]): Summary {
  return { contender, median: median(samples), min: Math.min(...samples), max: Math.max(...samples), samples };
}

/** Distance of the extremes as a share of the median: 0.1 is "within ten percent". */
export function spread(summary: Summary): number {
  return summary.median === 0 ? 0 : (summary.max - summary.min) / summary.median;
}

/** Samples all contenders in turns. A contender that throws is out; its message is kept and the others go on. */
export async function sampleInTurns(
  contenders: readonly Contender[],
  repeats: Repeats,
): Promise<{ summaries: Summary[]; failures: Record<string, string> }> {
  const samples = new Map<string, number[]>();
  const failures: Record<string, string> = {};
  for (let round = 0; round < repeats.warmups + repeats.samples; round += 1) {
    for (const { name, sample } of contenders) {
      if (failures[name] !== undefined) continue;
      try {
        const value = await sample();
        if (!Number.isFinite(value)) throw new Error(`a sample is not a number: ${value}`);
        if (round >= repeats.warmups) samples.set(name, [...(samples.get(name) ?? []), value]);
      } catch (error) {
        failures[name] = error instanceof Error ? error.message : String(error);
      }
    }
  }
  const summaries = [...samples]
    .filter(([name]) => failures[name] === undefined)
    .map(([name, values]) => summarize(name, values));
  return { summaries, failures };
}

/** How many times as good `ours` is as `theirs`: above 1 is better, whichever way the unit points. */
export function ratio(ours: number, theirs: number, isLowerBetter: boolean): number {
  return isLowerBetter ? theirs / ours : ours / theirs;
}

/** The cases of a group whose names begin with one of the wanted ones; all when none is wanted. */
export function selectCases<T extends { readonly name: string }>(cases: readonly T[], wanted: readonly string[]): T[] {
  for (const name of wanted) {
    if (!cases.some((each) => each.name.startsWith(name))) {
      throw new RangeError(`no case is called ${name}; there are: ${cases.map((each) => each.name).join(', ')}`);
    }
  }
  return cases.filter((each) => wanted.length === 0 || wanted.some((name) => each.name.startsWith(name)));
}
