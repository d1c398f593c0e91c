// Question: how fast do processes on two threads talk? Both ends live on data threads of their own.

import { receive } from '../../src/index.ts';
import type { BenchCase } from '../harness.ts';
import { BODIES } from './bodies.ts';
import { inSystem } from './support.ts';

const crossCase = (kind: string, name: string, question: string, unit: string, peer = name): BenchCase => ({
  name,
  question,
  unit,
  peer,
  run: () =>
    inSystem(function* (context) {
      context.spawnLink(BODIES.driver, [kind, 2, context.self], { placement: { thread: 1 } });
      return (yield* receive<number>()) as number;
    }, 2),
});

export const crossCases: readonly BenchCase[] = [
  crossCase('ping-pong', 'ping-pong-cross', 'round trips between two threads', 'round trips/s'),
  crossCase('one-way', 'one-way-cross', 'messages from one thread to another, window 2 x 1000', 'msgs/s'),
  crossCase('bytes-1024', 'bytes-1kib-cross', '1 KiB of bytes each from one thread to another', 'msgs/s'),
  crossCase('bytes-65536', 'bytes-64kib-cross', 'the same with 64 KiB', 'msgs/s'),
  crossCase(
    'shared-1024',
    'shared-1kib-cross',
    '1 KiB in shared memory, passed by reference',
    'msgs/s',
    'bytes-1kib-cross',
  ),
  crossCase('shared-65536', 'shared-64kib-cross', 'the same with 64 KiB', 'msgs/s', 'bytes-64kib-cross'),
  crossCase('call', 'gen-server-call-cross', 'calls of a gen-server on another thread', 'calls/s'),
];
