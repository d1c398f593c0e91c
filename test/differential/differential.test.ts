// Warren against Erlang/OTP: each outcome that real Erlang shows for a random small program lies in the set of outcomes
// that Warren's simulator reaches for it (SIG, EXI, LNK, MON, REG, RCV, TMR, GS, SUP rows).
// `DIFFERENTIAL_TIMES=5 DIFFERENTIAL_SEED=$RANDOM npm run test:differential` looks at more, and elsewhere.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Campaign, describeDifference, describeTally, newTally, run, shrink, type Tally } from './campaign.ts';
import { compile, ErlangNode, hasErlang } from './erlang.ts';
import { INTENDED } from './intended.ts';
import type { Theme } from './programs.ts';

const TIMES = Number(process.env.DIFFERENTIAL_TIMES ?? 1);
const SEED = Number(process.env.DIFFERENTIAL_SEED ?? 20260101);
/** More than this share blamed on a busy machine is no comparison any more. */
const BUSY_SHARE_MAX = 0.01;
const PROGRAMS: readonly (readonly [Theme, number])[] = [
  ['links', 400],
  ['monitors', 400],
  ['names', 350],
  ['timers', 350],
  ['everything', 600],
  ['servers', 400],
  ['supervisors', 500],
];

const isHere = hasErlang();
if (!isHere)
  console.warn('test:differential SKIPPED: there is no `erl` on this machine (Debian: apt install erlang-base)');

describe.skipIf(!isHere)('the same program on Warren and on Erlang', () => {
  let folder = '';
  let nodes: ErlangNode[] = [];
  const all = newTally();

  beforeAll(async () => {
    folder = compile();
    nodes = await Promise.all([ErlangNode.start(folder, 1), ErlangNode.start(folder, 2)]);
  });
  afterAll(() => {
    for (const node of nodes) node.stop();
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  async function compare(campaign: Campaign): Promise<Tally> {
    const tally = newTally();
    await run(nodes, campaign, tally);
    console.log(describeTally(campaign.theme, tally));
    return tally;
  }

  it.each(PROGRAMS)('%s: Erlang does nothing that Warren cannot do', async (theme, count) => {
    const tally = await compare({ theme, count: count * TIMES, seed: SEED });
    for (const key of ['programs', 'multiple', 'multipleOnErlang', 'schedules', 'busy', 'intended', 'ms'] as const)
      all[key] += tally[key];
    const [first] = tally.differences;
    if (first === undefined) return;
    const smallest = (await shrink(nodes, theme, first.seed)) ?? first.verdict;
    const others = tally.differences.slice(1, 4).map(({ verdict }) => describeDifference(verdict));
    throw new Error([`seed ${first.seed}`, describeDifference(smallest), 'others:', ...others].join('\n'));
  });

  it('is about enough programs, and races in a quarter of them', () => {
    console.log(describeTally(`all (OTP ${nodes[0].release})`, all));
    expect(all.programs).toBeGreaterThanOrEqual(2_000);
    expect(all.multiple / all.programs).toBeGreaterThanOrEqual(0.25);
    expect(all.multipleOnErlang).toBeGreaterThan(0);
    expect(all.busy / all.programs).toBeLessThanOrEqual(BUSY_SHARE_MAX);
  });

  it('excuses only what was reviewed', () => {
    for (const { row, reason } of INTENDED) {
      expect(row).toMatch(/^[A-Z]+-\d+/);
      expect(reason.length).toBeGreaterThan(40);
    }
  });

  it('fails when Erlang misbehaves', async () => {
    const node = await ErlangNode.start(folder, 1);
    const bad = { isGated: false, roles: [{ spawn: ['plain'], work: { kind: 'script', script: [['nonsense']] } }] };
    await expect(node.run(bad as never, { unitMs: 10, noise: 0 })).resolves.toBe('0-[]');
    node.stop();
    await expect(node.run(bad as never, { unitMs: 10, noise: 0 })).rejects.toThrow();
  });
});
