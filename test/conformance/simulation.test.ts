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
import { conformance } from './engine-under-test.ts';
import { HERE } from './plan.ts';
import { type CaseReport, runCase } from './run-case.ts';

const SEEDS = Number(process.env.CONFORMANCE_SEEDS ?? 20);

const files = readdirSync(new URL('./cases/', import.meta.url)).map(
  (file) => new URL(`./cases/${file}`, import.meta.url),
);
const modules = await loadModules(...files.map((url) => url.href), PUPPET.module, SERVER.module, RECORDER.module);

function optionsOf(each: Case, seed: number): SimOptions {
  const isFair = each.needsFairness === true || seed === 0;
  return { seed, modules, stepsMax: 400_000, failOnSurvivors: true, ...(isFair ? {} : { strategy: 'portfolio' }) };
}

async function runSeed(each: Case, seed: number): Promise<CaseReport> {
  const body = (context: Context<unknown>) => runCase(context, each.title, HERE);
  const options = optionsOf(each, seed);
  return each.isAsync === true ? (await simulateAsync(options, body)).value : simulate(options, body).value;
}

/** The report of the last seed; throws at the first seed that fails, with its token. */
async function runSeeds(each: Case): Promise<CaseReport> {
  let report = await runSeed(each, 0);
  // Without deviations a seed decides only what processes draw by chance.
  const seeds = each.needsFairness === true ? 1 : SEEDS;
  for (let seed = 1; seed <= seeds; seed++) report = await runSeed(each, seed);
  return report;
}

conformance({
  name: 'simulation',
  open: async () => {},
  close: async () => {},
  variants: [{ name: `${SEEDS} seeds`, run: runSeeds }],
});

describe('simulation, beyond the suite', () => {
  test('SIG-2 both orders of a direct and a relayed message are seen among the seeds', () => {
    const found = CASES.find(({ title }) => title.startsWith('SIG-2')) as Case;
    const body = (context: Context<unknown>) => runCase(context, found.title, HERE);
    const orders = new Set<unknown>();
    for (let seed = 0; seed < 200 && orders.size < 2; seed++) {
      orders.add(simulate(optionsOf(found, seed), body).value.value);
    }
    expect(orders).toEqual(new Set([true, false]));
  });
});
