// The conformance suite in the simulator: each case under the plain schedule and under the schedules of several seeds,
// with every invariant of the simulator checked on the way and nothing left behind (R12).
import { readdirSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GO_CHANNEL_SERVER, GROUP_SCOPE, TERM_REPLICA } from '../../src/behaviours/index.ts';
import { type Context, type Effects, receive, sleep, TIMEOUT } from '../../src/process/index.ts';
import { loadModules, replay, type SimOptions, simulate, simulateAsync } from '../../src/simulation/index.ts';
import { COUNTING } from '../actors/counting.ts';
import { MANAGER } from '../actors/events.ts';
import { RECORDER } from '../actors/family.ts';
import { PUPPET } from '../actors/puppet.ts';
import { SERVER } from '../actors/server.ts';
import { MACHINE } from '../actors/statem.ts';
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
const modules = await loadModules(
  ...files.map((url) => url.href),
  ...[PUPPET, SERVER, MACHINE, MANAGER, COUNTING, RECORDER, GO_CHANNEL_SERVER, GROUP_SCOPE, TERM_REPLICA].map(
    ({ module }) => module,
  ),
);

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

  test('TST-1 selective receives agree with a naive list under any commands and any schedule', () => {
    const command = fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((value) => ({ send: value })),
      fc.nat(3).map((value) => ({ take: value })),
    );
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), fc.integer({ min: 1 }), (commands, seed) => {
        simulate({ seed, strategy: 'portfolio' }, function* (context): Effects<void> {
          const model: number[] = [];
          for (const each of commands) {
            if ('send' in each) {
              context.send(context.self, each.send);
              model.push(each.send);
              continue;
            }
            const index = model.indexOf(each.take);
            const expected = index < 0 ? TIMEOUT : model.splice(index, 1)[0];
            const got = yield* receive<unknown>((message): message is unknown => message === each.take, { afterMs: 0 });
            expect(got).toBe(expected);
          }
          for (const rest of model) expect(yield* receive()).toBe(rest);
        }).value;
      }),
      { numRuns: 200 },
    );
  });

  test('TST-2 one seed is one schedule, and its token replays it', () => {
    const found = CASES.find(({ title }) => title.startsWith('LNK-5')) as Case;
    const body = (context: Context<unknown>) => runCase(context, found.title, HERE);
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const first = simulate(optionsOf(found, seed, HERE), body);
      const second = simulate(optionsOf(found, seed, HERE), body);
      expect([second.hash, second.steps]).toEqual([first.hash, first.steps]);
      expect(replay(first.token, body, { modules }).hash).toBe(first.hash);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBeGreaterThan(5);
  });

  test('TST-5 time is virtual: a month of waiting takes no time, and ends to the ms', () => {
    const start = performance.now();
    const days = simulate({}, function* (context): Effects<number> {
      const before = context.now();
      for (let day = 0; day < 30; day++) yield* sleep(86_400_000);
      return (context.now() - before) / 86_400_000;
    });
    expect(days.value).toBe(30);
    expect(performance.now() - start).toBeLessThan(5_000);
  });
});
