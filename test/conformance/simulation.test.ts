// The conformance suite in the simulator: each case under the plain schedule and under the schedules of several seeds,
// with every invariant of the simulator checked on the way and nothing left behind (R12).
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Context } from '../../src/process/index.ts';
import { loadModules, type SimOptions, simulate, simulateAsync } from '../../src/simulation/index.ts';
import { RECORDER } from '../actors/family.ts';
import { PUPPET } from '../actors/puppet.ts';
import { SERVER } from '../actors/server.ts';
import type { Case } from './case.ts';
import { CASES } from './cases/index.ts';
import { CheckError } from './check.ts';
import { conformance } from './engine-under-test.ts';
import { HERE, type Plan } from './plan.ts';
import { type CaseReport, runCase } from './run-case.ts';

const SEEDS = Number(process.env.CONFORMANCE_SEEDS ?? 20);

const files = readdirSync(new URL('./cases/', import.meta.url)).map(
  (file) => new URL(`./cases/${file}`, import.meta.url),
);
const modules = await loadModules(...files.map((url) => url.href), PUPPET.module, SERVER.module, RECORDER.module);

/** Everything on one simulated thread, or spread over three others, joined by the real wire. */
const SPREAD: Plan = { tag: 'spread', threads: [1, 2, 3] };

function optionsOf(each: Case, seed: number, plan: Plan): SimOptions {
  const isFair = each.needsFairness === true || seed === 0;
  return {
    seed,
    modules,
    threads: plan.tag === 'spread' ? plan.threads.length : 0,
    stepsMax: 400_000,
    failOnSurvivors: true,
    ...(isFair ? {} : { strategy: 'portfolio' }),
  };
}

async function runSeed(each: Case, seed: number, plan: Plan): Promise<CaseReport> {
  const body = (context: Context<unknown>) => runCase(context, each.title, plan);
  const options = optionsOf(each, seed, plan);
  return each.isAsync === true ? (await simulateAsync(options, body)).value : simulate(options, body).value;
}

/** The report of the last seed; throws at the first seed that fails, with its token. */
async function runSeeds(each: Case, plan: Plan): Promise<CaseReport> {
  let report = await runSeed(each, 0, plan);
  // Without deviations a seed decides only what processes draw by chance.
  const seeds = each.needsFairness === true ? 1 : SEEDS;
  for (let seed = 1; seed <= seeds; seed++) report = await runSeed(each, seed, plan);
  if (report.elsewhere !== (plan.tag === 'spread' ? report.placed : 0))
    throw new CheckError('the plan was not followed');
  return report;
}

conformance({
  name: 'simulation',
  open: async () => {},
  close: async () => {},
  variants: [
    { name: `${SEEDS} seeds, one thread`, run: (each) => runSeeds(each, HERE) },
    { name: `${SEEDS} seeds, spread over threads`, run: (each) => runSeeds(each, SPREAD) },
  ],
});

describe('simulation, beyond the suite', () => {
  test('SIG-2 both orders of a direct and a relayed message are seen among the seeds', () => {
    const found = CASES.find(({ title }) => title.startsWith('SIG-2')) as Case;
    const body = (context: Context<unknown>) => runCase(context, found.title, HERE);
    const orders = new Set<unknown>();
    for (let seed = 0; seed < 200 && orders.size < 2; seed++) {
      orders.add(simulate(optionsOf(found, seed, HERE), body).value.value);
    }
    expect(orders).toEqual(new Set([true, false]));
  });
});
