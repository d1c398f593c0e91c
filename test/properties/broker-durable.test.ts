// The whole broker over a disk that fails and loses power: what it has confirmed is there after a restart.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Deviation, schedules, simulate } from '../../src/testing.ts';
import { type DurableProgram, durableProperty, earlyPublish } from './broker/durable.ts';

const SEED = Number(process.env.PROPERTY_SEED ?? 42);
const RUNS = 150 * Number(process.env.PROPERTY_TIMES ?? 1);
const FAULTS = { diskCuts: 2, diskFailures: 2, diskDelays: 1 };

describe('a broker on a simulated disk', () => {
  it('B1 without faults keeps what it has confirmed, over a power cut at the end', () => {
    const program: DurableProgram = {
      residentBytes: 300,
      ops: [{ do: 'publish', count: 3, bytes: 200 }, { do: 'wait' }, { do: 'take', isAcked: true }],
    };
    const { body, options } = durableProperty();
    expect(simulate({ ...options }, body(program)).value).toEqual({ confirmed: 3 });
  });

  it.each([0, 2] as const)(
    'B1 what is published before a queue has been read again waits for it, with %i data threads',
    (threads) => {
      const { options, body } = earlyPublish(threads);
      for (let seed = 0; seed < 30; seed++) {
        const result = simulate({ ...options, seed, disk: { latencyMs: 2 } }, body);
        expect(result.value, result.token).toEqual([1, 2]);
      }
    },
  );

  it('B10 a queue that starts between the death of the log and that of the broker confirms nothing', () => {
    const { body, options } = durableProperty();
    const program: DurableProgram = {
      residentBytes: 300,
      ops: [{ do: 'publish', count: 1, bytes: 0 }, { do: 'wait' }, { do: 'take', isAcked: false }],
    };
    for (let step = 20; step < 80; step++) {
      // The tree's supervisor is slow to hear that the log is dead.
      const deviations: Deviation[] = [
        [step - 9, 'hold root/1/0>root/1'],
        [step, 'cut random 6830'],
      ];
      const result = simulate({ ...options, deviations, disk: { latencyMs: 2 } }, body(program));
      if (!result.isOk) throw new Error(result.describe());
    }
  });

  it('B24 has its first user and vhost, whenever its very first start was cut', () => {
    const { body, options } = durableProperty();
    for (const policy of ['all', 'prefix', 'random']) {
      for (let step = 20; step < 100; step++) {
        const deviations: Deviation[] = [[step, `cut ${policy} ${step}`]];
        const result = simulate(
          { ...options, deviations, disk: { latencyMs: 1 } },
          body({ residentBytes: 300, ops: [] }),
        );
        if (!result.isOk) throw new Error(result.describe());
      }
    }
  });

  it.each([
    ['on one thread', 0, FAULTS],
    ['on two data threads that die', 2, { ...FAULTS, threadDeaths: 1, delays: 1 }],
  ] as const)(
    'B1 B10 B24 loses nothing that it has confirmed, whatever is done to the disk, %s',
    (_how, threads, faults) => {
      const { body, options, programs } = durableProperty({}, threads);
      let confirmed = 0;
      fc.assert(
        fc.property(schedules({ faults }), programs, (tape, program) => {
          const result = simulate({ ...options, tape, disk: { latencyMs: 2 } }, body(program));
          confirmed += (result.value as { readonly confirmed: number }).confirmed;
        }),
        { numRuns: RUNS, seed: SEED },
      );
      expect(confirmed).toBeGreaterThan(RUNS);
    },
    600_000,
  );
});
