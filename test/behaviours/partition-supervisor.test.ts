// Partition supervisor: PAR-1.
import { describe, expect, it } from 'vitest';
import {
  call,
  genServer,
  ok,
  partitionFor,
  partitionNames,
  partitionOf,
  partitionSupervisor,
  partitions,
  type Request,
  reply,
  type ServerPid,
  startLink,
  whereisPartition,
  whichChildren,
} from '../../src/behaviours/index.ts';
import { sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import { play } from '../support/virtual-engine.ts';

const counter = genServer({
  init: (_context, first: number) => ok(first),
  handleCall: (request: Request<{ add: number }, number>, _from, sum: number) =>
    reply(sum + request.add, sum + request.add),
});

describe('partitionOf', () => {
  const set = partitions('p', 4);

  it('PAR-1 integers are taken modulo the count, without their sign', () => {
    expect([0, 1, 5, -5, 8n, -7n].map((key) => partitionOf(set, key))).toEqual([0, 1, 1, 1, 0, 3]);
  });

  it('PAR-1 other keys are hashed, always the same, and spread evenly', () => {
    const counts = [0, 0, 0, 0];
    for (let at = 0; at < 4_000; at++) counts[partitionOf(set, `customer-${at}`)]++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
    expect(partitionOf(set, 'customer-1')).toBe(partitionOf(partitions('other', 4), 'customer-1'));
    expect(partitionOf(set, 0.5)).toBe(partitionOf(set, '0.5'));
  });

  it('pids are keys, other values are refused, and so is a count of none', () => {
    play(function* (context) {
      yield* sleep(0);
      expect(partitionOf(set, context.self)).toBeLessThan(4);
      expect(() => partitionOf(set, {} as never)).toThrow(/partitionOf needs a key/);
      expect(() => partitions('p', 0)).toThrow(/a count of 1 or more/);
    });
  });
});

describe('partitionSupervisor', () => {
  it('PAR-1 starts so many copies of one child, and a call by key reaches the one responsible', () => {
    play(function* () {
      const set = partitions<ServerPid<Request<{ add: number }, number>>>('sums', 3);
      const started = yield* startLink(partitionSupervisor(set, { start: { body: counter, args: [100] } }));
      if (!started.ok) throw new Error('not started');
      for (const key of [0, 1, 2, 3]) yield* call(partitionFor(set, key), { add: key });
      expect(yield* call('sums/0', { add: 0 })).toBe(103);
      expect(yield* call('sums/2', { add: 0 })).toBe(102);
      expect(partitionNames(set)).toEqual(['sums/0', 'sums/1', 'sums/2']);
      expect((yield* whichChildren(started.pid)).map(({ id }) => id)).toEqual(['2', '1', '0']);
    });
  });

  it('PAR-1 each copy may start differently, and a dead one comes back alone, under its name', () => {
    play(function* (context) {
      const set = partitions('sums', 2);
      const tree = partitionSupervisor(set, { start: (index) => ({ body: counter, args: [index * 10] }) });
      yield* startLink(tree);
      const before = ['sums/0', 'sums/1'].map((name) => context.whereis(name) as Pid<never>);
      yield* call('sums/1', { add: 5 });
      context.exit(before[1], 'kill');
      yield* sleep(1);
      expect(whereisPartition(context, set, 0)).toBe(before[0]);
      expect(whereisPartition(context, set, 1)).not.toBe(before[1]);
      expect(yield* call('sums/1', { add: 0 })).toBe(10);
    });
  });
});
