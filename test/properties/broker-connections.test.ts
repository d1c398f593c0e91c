// Connections over simulated sockets: one that comes to a bad end is noticed by nobody else, byte for byte, and leaves what
// it held in its place. The code is the broker's whole own: listener, connections, channels, queues.
import { describe, it } from 'vitest';
import { holds } from './check.ts';
import { wireProperty } from './wire/world.ts';

const RUNS = 40;

describe.each([
  ['one thread', 0],
  ['two data threads', 2],
] as const)('connections of one broker, %s', (_name, threads) => {
  it.each([0, 700])(
    'B4 B6 B12 B13 B14 B20 the end of one is nothing to the others; pieces of at most %i bytes',
    (segmentBytes) => holds(wireProperty(threads, segmentBytes), RUNS),
  );
});
