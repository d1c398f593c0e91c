// The whole broker under schedules beside the reference model of a queue, and behind simulated sockets, in numbers: how many
// programs were run, and how fast on one core.
import { describe, expect, it } from 'vitest';
import { lockstepProperty } from '../properties/broker/lockstep.ts';
import { brokerProperty } from '../properties/broker/world.ts';
import { holds, type Property } from '../properties/check.ts';
import { wireProperty } from '../properties/wire/world.ts';

/** Runs a property so many times and says how fast that was. */
function counted<P>(name: string, property: Property<P>, runs: number): number {
  const startedMs = performance.now();
  holds(property, runs);
  const perSecond = Math.round((runs * 1000) / (performance.now() - startedMs));
  console.log(`${name}: ${runs} programs, ${perSecond}/s`);
  return perSecond;
}

const ALL_DIES = { clients: 3, ops: 12, queueKills: 2, channelKills: true } as const;

describe('programs in simulation', () => {
  it('B2-B8 10,000 of one queue and its model, at least 100 a second', () => {
    const perSecond = counted('one queue and its model', lockstepProperty(false, 0), 6_000);
    counted('with kills of the queue', lockstepProperty(true, 0), 2_000);
    counted('on two data threads', lockstepProperty(true, 2), 2_000);
    // 200 and more on a quiet machine; a starved one is no mistake.
    expect(perSecond).toBeGreaterThan(100);
  });

  it('B2-B12 of several clients while queues and channels die', () => {
    counted('several clients', brokerProperty(ALL_DIES, 0), 1_500);
    counted('on two data threads', brokerProperty(ALL_DIES, 2), 1_000);
  });

  it('B12 B13 B20 of connections over sockets', () => {
    counted('connections', wireProperty(0, 700), 1_000);
    counted('on two data threads', wireProperty(2, 0), 1_000);
  });
});
