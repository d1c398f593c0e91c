// SIG-1: signals of one ordered pair arrive in the order in which they were sent, all kinds together, under any schedule.
import { describe, expect, it } from 'vitest';
import { catches, holds, violates } from './check.ts';
import { order } from './kernel/signal-order.ts';
import { fastLane, losing, repeating } from './planted.ts';

describe('SIG-1 signals of a pair', () => {
  it('SIG-1 arrive in sending order, all kinds together, under any schedule', () => holds(order));

  it('SIG-1 an exit signal with a channel of its own is noticed', () => {
    expect(catches(order, fastLane('exit')).deviations).toBeLessThanOrEqual(3);
    violates(order, fastLane('exit'), 'R1');
  });

  it('SIG-1 the exit of a linked process that overtakes messages is noticed', () => {
    expect(catches(order, fastLane('linkExit')).deviations).toBeLessThanOrEqual(3);
  });

  it('SIG-6 a question that is answered without waiting its turn is noticed', () => {
    expect(catches(order, fastLane('info')).deviations).toBeLessThanOrEqual(3);
  });

  it('SIG-3 a lost message is noticed', () => {
    expect(catches(order, losing('message', 5)).deviations).toBeLessThanOrEqual(3);
    violates(order, losing('message', 3), 'R1');
  });

  it('SIG-1 a repeated message is noticed', () => {
    expect(catches(order, repeating).deviations).toBeLessThanOrEqual(3);
  });
});
