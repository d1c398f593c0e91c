// The account book against planted mistakes of a broker: what it calls lost, duplicated or out of order is exactly that.

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Ledger } from '../../../benchmarks/load/ledger.ts';

/** One queue, one stream; delivers the sequences in order to one consumer. */
function deliver(sequences: readonly number[], published: number) {
  const ledger = new Ledger([[0]], 1);
  const view = ledger.view(0);
  for (const sequence of sequences) ledger.arrive(view, 0, sequence, false);
  return { lost: ledger.lost([published]), duplicated: ledger.duplicated, outOfOrder: ledger.outOfOrder };
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);

test('a faithful broker has no mistakes', () => {
  expect(deliver(range(100_000), 100_000)).toEqual({ lost: 0, duplicated: 0, outOfOrder: 0 });
});

test('each dropped message counts as lost, once', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(199), { maxLength: 50 }), (dropped) => {
      const arrived = range(200).filter((sequence) => !dropped.includes(sequence));
      expect(deliver(arrived, 200)).toEqual({ lost: dropped.length, duplicated: 0, outOfOrder: 0 });
    }),
  );
});

test('a repeated message counts as duplicated and as out of order, never as found', () => {
  expect(deliver([0, 1, 1, 3], 4)).toEqual({ lost: 1, duplicated: 1, outOfOrder: 1 });
});

test('two messages that change places are one out of order and none lost', () => {
  expect(deliver([0, 2, 1, 3], 4)).toEqual({ lost: 0, duplicated: 0, outOfOrder: 1 });
});

test('consumers of one queue share arrivals but not order', () => {
  const ledger = new Ledger([[0]], 1);
  const [first, second] = [ledger.view(0), ledger.view(0)];
  for (const sequence of [1, 3]) ledger.arrive(first, 0, sequence, false);
  for (const sequence of [0, 2, 3]) ledger.arrive(second, 0, sequence, false);
  expect(ledger).toMatchObject({ outOfOrder: 0, duplicated: 1 });
  expect(ledger.lost([4])).toBe(0);
});

test('every queue of a fanout must receive everything', () => {
  const ledger = new Ledger([[0], [0]], 1);
  ledger.arrive(ledger.view(0), 0, 0, false);
  expect(ledger.lost([1])).toBe(1);
});

test('a message in the wrong queue is foreign and still lost where it belongs', () => {
  const ledger = new Ledger([[0], [1]], 2);
  expect(ledger.arrive(ledger.view(1), 0, 0, false)).toBe(false);
  expect(ledger.arrive(ledger.view(1), 99, 0, false)).toBe(false);
  expect(ledger).toMatchObject({ foreign: 2, delivered: 0 });
  expect(ledger.lost([1, 0])).toBe(1);
});

test('a redelivered message is neither duplicated nor out of order', () => {
  const ledger = new Ledger([[0]], 1);
  const view = ledger.view(0);
  for (const sequence of [0, 1]) ledger.arrive(view, 0, sequence, false);
  ledger.arrive(view, 0, 0, true);
  expect(ledger).toMatchObject({ duplicated: 0, outOfOrder: 0, redelivered: 1 });
});
