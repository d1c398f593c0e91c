// Clients that do what no client should, in numbers that an ordinary run can bear (reliability 2.d); the numbers of the
// digest are in test/long/abuse.test.ts. The broker has a process of its own and must outlive all of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { besideAbusers, ratio } from '../support/abuse/beside-abusers.ts';
import { manyChannels } from '../support/abuse/many-channels.ts';
import { startWatchedBroker, type WatchedBroker } from '../support/abuse/watched-broker.ts';

const MIB = 1_048_576;

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
    const { quietMs, abusedMs, counts } = await besideAbusers(broker, 50, 300);
    expect(counts.connects).toBeGreaterThan(50);
    expect(counts.thrownOut).toBeGreaterThan(0);
    // The machine has other work as well; what would be found here is a client that waits for the abusive ones.
    expect(ratio(quietMs, abusedMs, 0.5)).toBeLessThan(10);
    // All of them vanish together with their process.
    const { connections } = await broker.until((held) => held.connections === 0);
    expect(connections).toBe(0);
    expect(broker.stderr()).not.toContain('"level":50');
  });
});
