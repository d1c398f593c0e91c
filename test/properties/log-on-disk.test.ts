// The log on the disk of a simulated machine: under any faults, and swept: each operation of its life (commit, rotation,
// compaction, recovery) is cut once under every policy, and fails once in every way.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CUT_POLICIES, type Deviation, schedules, simulate } from '../../src/testing.ts';
import { logProperty, type Program } from './storage/log-on-disk.ts';

const SEED = Number(process.env.PROPERTY_SEED ?? 42);
const TIMES = Number(process.env.PROPERTY_TIMES ?? 1);
const RUNS = 1_000 * TIMES;
const { programs, body } = logProperty();

describe('the log on a simulated disk', () => {
  it('B1 B10 B24 keeps what it has confirmed, and no more, whatever is done to the disk', () => {
    const faults = { diskCuts: 3, diskFailures: 2, diskDelays: 2 };
    let struck = 0;
    fc.assert(
      fc.property(schedules({ faults }), programs, (tape, program) => {
        const result = simulate({ tape, disk: { latencyMs: 2 } }, body(program));
        struck += result.deviations.filter(([, key]) => /^(cut|fail|slow)/.test(key)).length;
        result.value;
      }),
      { numRuns: RUNS, seed: SEED },
    );
    expect(struck).toBeGreaterThan(RUNS);
  }, 600_000);

  /** Publishes over several segments, and acks so much that segments are emptied. */
  const life: Program = [600, 600, 600, 0, 0, 0, 600, 700, 0, 0, -1, 0, 500, 0, -1, 600, 700, 0, 0, -1, 600, 0, 0];
  const strokes = [
    ...CUT_POLICIES.map((policy) => `cut ${policy} 3`),
    'cut random 4',
    'cut prefix 4',
    'fail write EIO',
    'fail write EIO 300',
    'fail write ENOSPC 5',
    'fail sync EIO',
    'fail names EIO',
    'fail names ENOSPC',
  ];

  it('B24 stands each of these at each step of its life', () => {
    const kinds = new Map<string, number>();
    const faults = ({ kind, path }: { readonly kind: string; readonly path: string }) => {
      const what = `${kind} ${path.replace(/\d+/, 'N')}`;
      kinds.set(what, (kinds.get(what) ?? 0) + 1);
      return null;
    };
    const { steps, value } = simulate({ disk: { faults } }, body(life));
    expect(value).toBeUndefined();
    // It does rotate, write indexes and remove segments.
    for (const what of ['open log/N.log', 'write log/N.idx.tmp', 'remove log/N.idx'])
      expect([...kinds.keys()]).toContain(what);
    expect(kinds.get('open log/N.log')).toBeGreaterThan(5);
    const failed: string[] = [];
    for (const stroke of strokes) {
      for (let step = 0; step < steps; step++) {
        const deviations: Deviation[] = [[step, stroke]];
        const result = simulate({ deviations }, body(life));
        if (!result.isOk) failed.push(`${stroke} at ${step}: ${result.describe().slice(0, 120)}`);
      }
    }
    expect(failed).toEqual([]);
  }, 120_000);

  it('B24 stands a second cut while it recovers from the first', () => {
    const { steps } = simulate({}, body(life));
    const failed: string[] = [];
    for (let step = 0; step < steps; step += 7) {
      for (let after = 1; after < 30; after += TIMES > 1 ? 1 : 5) {
        const deviations: Deviation[] = [
          [step, 'cut random 5'],
          [step + after, 'cut random 6'],
        ];
        const result = simulate({ deviations }, body(life));
        if (!result.isOk) failed.push(`${step} and ${after}: ${result.describe().slice(0, 120)}`);
      }
    }
    expect(failed).toEqual([]);
  }, 120_000);
});
