// What no client should do, in the numbers of the digest (reliability 2.d), with every bound printed as a figure. The
// broker, the abusers and the good client are separate processes on the same machine, so times are compared only with
// others of the same run.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { besideAbusers, ratio, unrest } from '../support/abuse/beside-abusers.ts';
import { churn } from '../support/abuse/churn.ts';
import { crowd } from '../support/abuse/crowd.ts';
import { fairness } from '../support/abuse/fairness.ts';
import { quantile, startWatchedBroker, type WatchedBroker } from '../support/abuse/watched-broker.ts';

const [KIB, MIB] = [1_024, 1_048_576];

let broker: WatchedBroker;

beforeEach(async () => {
  broker = await startWatchedBroker();
});
afterEach(async () => {
  expect(broker.stderr()).not.toContain('"level":50');
  await broker[Symbol.asyncDispose]();
});

describe('a crowd', () => {
  it('of ten thousand idle connections that all publish and all vanish costs bounded memory, and gives it back', async () => {
    const { before, idle, after, delivered } = await crowd(broker, 10_000);
    const again = await crowd(broker, 10_000);
    expect(idle.connections).toBe(10_001);
    expect(delivered).toBe(10_000);
    expect(idle.rssBytes - before.rssBytes).toBeLessThan(10_000 * 48 * KIB);
    expect(after.processes).toBe(before.processes);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(16 * MIB);
    // What the host keeps of the pages is used by the next crowd.
    expect(again.after.heapBytes - after.heapBytes).toBeLessThan(4 * MIB);
    expect(again.after.rssBytes / after.rssBytes).toBeLessThan(1.25);
  });
});

describe('abusive sockets', () => {
  it('two hundred of them leave the round trips of a good client within twice their quiet time', async () => {
    const result = await besideAbusers(broker, 200, 400, 7);
    expect(result.thrownOut).toBeGreaterThan(200);
    expect(ratio(result, 0.5)).toBeLessThan(2);
    // A p99 that doubles from one quiet turn to another tells of the machine, not of the broker: it is only printed.
    if (unrest(result, 0.99) < 2) expect(ratio(result, 0.99)).toBeLessThan(2);
    else console.log('the machine is too busy to hold a p99 against its quiet value');
  });
});

describe('churn', () => {
  it('of five hundred connections a second for a minute leaves memory flat', async () => {
    const { third, end, completed, delivered } = await churn(broker, 500, 60);
    expect(delivered).toBe(completed);
    expect(end.processes).toBe(third.processes);
    expect(end.heapBytes - third.heapBytes).toBeLessThan(4 * MIB);
    expect(end.rssBytes / third.rssBytes).toBeLessThan(1.2);
  });
});

describe('a flooded queue', () => {
  it('with a slow consumer leaves another one of its connection more than half of an equal split', async () => {
    const { floodedMs, floodWindowMs, alonePerSecond, floodedPerSecond } = await fairness(broker, 500, 5_000);
    expect(floodedPerSecond / alonePerSecond).toBeGreaterThan(0.25);
    // One stream: what is ahead is read first, but nothing may come twice before it.
    expect(quantile(floodedMs, 0.5)).toBeLessThan(2 * floodWindowMs);
  });
});
