import { expect, it } from 'vitest';
import { RecoveryBarrier } from '../../../src/broker/metadata/recovery-barrier.ts';

it('the barrier opens when the last queue has arrived, for those who wait in the order in which they came', () => {
  const barrier = new RecoveryBarrier([1, 2]);
  const went: string[] = [];
  barrier.arrive(1);
  barrier.pass(() => went.push('first'));
  barrier.arrive(1);
  barrier.arrive(9);
  barrier.pass(() => went.push('second'));
  expect(went).toEqual([]);
  barrier.arrive(2);
  expect(went).toEqual(['first', 'second']);
  barrier.pass(() => went.push('third'));
  expect(went).toEqual(['first', 'second', 'third']);
});
