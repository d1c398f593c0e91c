// Connections over simulated sockets: one that comes to a bad end is noticed by nobody else, byte for byte, and leaves what
// it held in its place. The code is the broker's whole own: listener, connections, channels, queues.
import { describe, expect, it } from 'vitest';
import { deafToChannels as queueDeafToChannels, requeueAtTail, requeueUnflagged } from './broker/planted.ts';
import { holds, tells } from './check.ts';
import * as planted from './wire/planted.ts';
import { type WirePlant, wireProperty } from './wire/world.ts';

const RUNS = 40;
const SHRINK_RUNS = 30;

describe.each([
  ['one thread', 0],
  ['two data threads', 2],
] as const)('connections of one broker, %s', (_name, threads) => {
  it.each([0, 700])(
    'B4 B6 B12 B13 B14 B20 the end of one is nothing to the others; pieces of at most %i bytes',
    (segmentBytes) => holds(wireProperty(threads, segmentBytes), RUNS),
  );
});

describe('mistakes', () => {
  const rows: readonly (readonly [string, WirePlant])[] = [
    ['B12 a channel whose death its connection does not notice', { connection: planted.deafToChannels }],
    ['B12 a connection that takes a neighbour with it', { connection: planted.neighbourly() }],
    ['B13 a peer that is half open for ever', { connection: planted.deafToSilence }],
    ['B13 a connection that outlives its socket', { connection: planted.clingy }],
    ['B20 frames that are longer than was agreed', { connection: planted.frameMaxForgotten }],
    ['B4 what comes back without its flag', requeueUnflagged],
    ['B6 what comes back at the tail', requeueAtTail],
    ['B13 a queue that does not notice dead channels', queueDeafToChannels],
  ];
  it.each(rows)('%s is noticed', (_name, plant) => {
    const caught = tells(wireProperty(0, 700), wireProperty(0, 700, plant), SHRINK_RUNS);
    expect(caught.deviations).toBeLessThanOrEqual(6);
  });
});
