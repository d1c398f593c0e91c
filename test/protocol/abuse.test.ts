// Clients that do what no client should, in numbers that an ordinary run can bear (reliability 2.d); the numbers of the
// digest are in test/long/abuse.test.ts. The broker has a process of its own and must outlive all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { besideAbusers, ratio } from '../support/abuse/beside-abusers.ts';
import { churn } from '../support/abuse/churn.ts';
import { crowd } from '../support/abuse/crowd.ts';
import { fairness } from '../support/abuse/fairness.ts';
import { manyChannels } from '../support/abuse/many-channels.ts';
import { quantile, startWatchedBroker, type WatchedBroker } from '../support/abuse/watched-broker.ts';

const [KIB, MIB] = [1_024, 1_048_576];

let broker: WatchedBroker;

beforeAll(async () => {
  broker = await startWatchedBroker();
});
afterAll(() => broker[Symbol.asyncDispose]());

describe('many channels', () => {
  it('two thousand on one connection, each with a consumer, all work, and closing frees them', async () => {
    const { before, open, after, gone, bodies } = await manyChannels(broker, 2_000);
    expect(new Set(bodies)).toEqual(new Set(Array.from({ length: 2_000 }, (_, at) => `${at + 1} ${at + 1}`)));
    expect(open.channels).toBe(2_000);
    expect(open.heapBytes - before.heapBytes).toBeLessThan(64 * MIB);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(16 * MIB);
    expect(gone.processes).toBe(before.processes);
    expect(gone.heapBytes - before.heapBytes).toBeLessThan(6 * MIB);
  });
});

describe('abusive sockets', () => {
  it('fifty of them slow the round trips of a good client by a small factor, and none of its messages is lost', async () => {
    const result = await besideAbusers(broker, 50, 100, 1);
    expect(result.connects).toBeGreaterThan(50);
    expect(result.thrownOut).toBeGreaterThan(0);
    // The machine has other work as well; what would be found here is a client that waits for the abusive ones.
    expect(ratio(result, 0.5)).toBeLessThan(10);
    // All of them vanish together with their process.
    const { connections } = await broker.until((held) => held.connections === 0);
    expect(connections).toBe(0);
    expect(broker.stderr()).not.toContain('"level":50');
  });
});

describe('a crowd', () => {
  it('of five hundred idle connections that all publish and all vanish leaves nothing', async () => {
    const { before, idle, after, delivered } = await crowd(broker, 500);
    expect([idle.connections, delivered]).toEqual([501, 500]);
    expect(idle.heapBytes - before.heapBytes).toBeLessThan(500 * 32 * KIB);
    expect(after.processes).toBe(before.processes);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(4 * MIB);
  });
});

describe('churn', () => {
  it('of connections that come, publish and go leaves memory flat', async () => {
    const { third, end, completed, delivered } = await churn(broker, 300, 1.5);
    expect(completed).toBeGreaterThan(0);
    expect(delivered).toBe(completed);
    expect(end.processes).toBe(third.processes);
    expect(end.heapBytes - third.heapBytes).toBeLessThan(4 * MIB);
  });
});

describe('a flooded queue', () => {
  it('with a slow consumer does not keep another one of its connection waiting', async () => {
    const { floodedMs, floodWindowMs, alonePerSecond, floodedPerSecond } = await fairness(broker, 50, 400);
    // The marks are a quarter and 2; these are for one that waits until the flood is over.
    expect(floodedPerSecond / alonePerSecond).toBeGreaterThan(0.05);
    expect(quantile(floodedMs, 0.5)).toBeLessThan(10 * floodWindowMs);
  });
});
