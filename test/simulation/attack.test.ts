// Wrong arguments are told by name, and simulations within and beside each other do not disturb one another.
import { describe, expect, it } from 'vitest';
import { type AsyncContext, sleep } from '../../src/process/index.ts';
import {
  checkLinearizable,
  checkQueueHistory,
  explore,
  findFailure,
  SimDisk,
  type SimOptions,
  simulate,
  simulateAsync,
  sweepCrashes,
} from '../../src/testing.ts';

function* fine() {
  yield* sleep(1);
  return 1;
}

const WRONG: readonly (readonly [string, Record<string, unknown>])[] = [
  ['strategy must be', { strategy: 'portfolo' }],
  ['strategy must be', { strategy: { tag: 'unifrom' } }],
  ['strategy must be', { strategy: null }],
  ['deviations must be', { deviations: 'x' }],
  ['deviations must be', { deviations: [null] }],
  ['deviations must be', { deviations: [['a', 'b']] }],
  ['deviations must be', { deviations: [[0, 5]] }],
  ['tape must come from', { tape: {} }],
  ['tape must come from', { tape: 's1.1.W10' }],
  ['modules must come from', { modules: {} }],
  ['victims must be a function', { faults: { victims: 'server' } }],
  ['faults.crashes must be', { faults: { crashes: -1 } }],
  ['faults.crashes must be', { faults: { crashes: Number.NaN } }],
  ['faults.crashes must be', { faults: { crashes: true } }],
  ['faults.delayMsMax must be', { faults: { delayMsMax: -5 } }],
  ['faults needs an object', { faults: null }],
  ['history must be', { history: -1 }],
  ['timerJitterMs must be', { timerJitterMs: Number.NaN }],
  ["net has no option 'latency'", { net: { latency: 1 } }],
  ["disk has no option 'capacity'", { disk: { capacity: 1 } }],
  ["a simulation has no option 'schedules': it is one of findFailure", { schedules: 5 }],
  ["a simulation has no option 'victims': it is one of", { victims: () => true }],
  ['net.latencyMs must be', { net: { latencyMs: -1 } }],
  ['disk.latencyMs must be', { disk: { latencyMs: Number.NaN } }],
  ["checks has no option 'ordr'", { checks: { ordr: true } }],
  ["wiring has no option 'sched'", { wiring: { sched: 1 } }],
  ['seed must be a whole number', { seed: 2 ** 60 }],
];

describe('wrong arguments', () => {
  it.each(WRONG)('%s: %j', async (text, options) => {
    expect(() => simulate(options as SimOptions, fine)).toThrow(text);
    await expect(simulateAsync(options as SimOptions, fine)).rejects.toThrow(text);
  });

  it.each([undefined, null, 5, {}])('a body that is %s is no body', async (body) => {
    const text = 'a simulation needs a body';
    expect(() => simulate({}, body as never)).toThrow(text);
    expect(() => findFailure({}, body as never)).toThrow(text);
    await expect(simulateAsync({}, body as never)).rejects.toThrow(text);
  });
});

describe('what is no body, disk, chart, history', () => {
  const reasonOf = (body: unknown) => simulate({ guard: false }, body as () => Generator<never, number>).failure;

  it('a body that makes no generator is told so', () => {
    for (const body of [() => 5, () => undefined, () => [1], () => ({})]) {
      expect(JSON.stringify(reasonOf(body))).toContain("a simulation's body is a generator function (function*)");
    }
    expect(JSON.stringify(reasonOf(async () => 5))).toContain('needs simulateAsync');
  });

  it('so is an async one that returns neither a promise nor effects', async () => {
    const { failure } = await simulateAsync({}, (() => 5) as never);
    expect(JSON.stringify(failure)).toContain('this one returned the number 5');
  });

  it('a disk and a chart refuse what they do not know', () => {
    expect(() => new SimDisk({ capacity: 5 } as never)).toThrow("a simulated disk has no option 'capacity'");
    expect(() => new SimDisk({ capacityBytes: -1 })).toThrow('capacityBytes must be');
    expect(() => new SimDisk({ from: {} as never })).toThrow('from needs a SimDisk');
    expect(() => new SimDisk({ faults: 'all' as never })).toThrow('faults needs a function');
    const result = simulate({}, fine);
    expect(() => result.chart({ row: 3 } as never)).toThrow("a chart has no option 'row'");
    expect(() => result.chart({ rows: 0 })).toThrow('rows must be');
  });

  it('checkers name what is no history and no model', () => {
    const model = { initial: 0, apply: (state: number): [number, number] => [state, state] };
    expect(() => checkLinearizable(null as never, model)).toThrow('checkLinearizable needs an array of operations');
    expect(() => checkLinearizable([], null as never)).toThrow("checkLinearizable: the model's apply needs a function");
    expect(() => checkQueueHistory(null as never)).toThrow('checkQueueHistory needs an array of observations');
  });
});

describe('searches without anything to try', () => {
  it.each([0, -1, Number.NaN])('%d schedules are refused: nothing would be tried', (count) => {
    expect(() => findFailure({ schedules: count }, fine)).toThrow('schedules must be above 0');
    expect(() => explore({ schedulesMax: count }, fine)).toThrow('schedulesMax must be above 0');
  });

  it('bounds that are no numbers are refused, and 0 branches or nobody to crash is said', () => {
    for (const options of [{ branchStepsMax: Number.NaN }, { crashes: -1 }]) {
      expect(() => explore(options, fine)).toThrow('must be a number from 0 on');
    }
    expect(() => sweepCrashes({ pairs: Number.NaN }, fine)).toThrow('pairs must be a number from 0 on');
    expect(explore({ branchStepsMax: 0 }, fine).describe()).toContain('NOT all there are');
    expect(sweepCrashes({}, fine).describe()).toContain('0 processes crashed');
  });
});

describe('simulations within and beside each other', () => {
  it('a simulation within another leaves the guard of the outer one in place', () => {
    const outer = simulate({}, function* () {
      yield* sleep(1);
      simulate({}, fine).value;
      Date.now();
    });
    expect(outer.failure).toEqual({ tag: 'uncontrolledCall', process: 'root(root)', call: 'Date.now' });
  });

  it('several async ones at a time come to what each comes to alone', async () => {
    const body = (isGuilty: boolean) => async (context: AsyncContext<unknown>) => {
      for (let round = 0; round < 5; round++) {
        await context.perform(sleep(1));
        await Promise.resolve();
        try {
          if (isGuilty) Date.now();
        } catch {
          // Swallowed.
        }
      }
      return 1;
    };
    const runs = await Promise.all([false, true, false].map((isGuilty) => simulateAsync({}, body(isGuilty))));
    expect(runs.map(({ failure }) => failure?.tag)).toEqual([undefined, 'uncontrolledCall', undefined]);
    expect(runs[0].hash).toBe(runs[2].hash);
    expect(Date.now()).toBeGreaterThan(0);
  });
});
