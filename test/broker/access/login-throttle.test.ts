import { expect, it } from 'vitest';
import { FAILURES_MAX, LoginThrottle, PAIRS_MAX, WINDOW_MS } from '../../../src/broker/access/login-throttle.ts';

function failing(times: number): LoginThrottle {
  const throttle = new LoginThrottle();
  for (let time = 0; time < times; time++) throttle.failed('10.0.0.1', 'u', time);
  return throttle;
}

it('a pair that fails too often is refused until it has been quiet for the window', () => {
  expect(failing(FAILURES_MAX - 1).refuses('10.0.0.1', 'u', 100)).toBe(false);
  const throttle = failing(FAILURES_MAX);
  expect(throttle.refuses('10.0.0.1', 'u', 100)).toBe(true);
  expect(throttle.refuses('10.0.0.1', 'u', 99 + WINDOW_MS)).toBe(true);
  expect(throttle.refuses('10.0.0.1', 'u', 99 + 2 * WINDOW_MS)).toBe(false);
});

it('nobody is refused for what happened at another address or to another user', () => {
  const throttle = failing(FAILURES_MAX);
  expect(throttle.refuses('10.0.0.2', 'u', 100)).toBe(false);
  expect(throttle.refuses('10.0.0.1', 'v', 100)).toBe(false);
});

it('a good login forgets the failures before it', () => {
  const throttle = failing(FAILURES_MAX - 1);
  throttle.succeeded('10.0.0.1', 'u');
  throttle.failed('10.0.0.1', 'u', 50);
  expect(throttle.refuses('10.0.0.1', 'u', 100)).toBe(false);
});

it('the table is bounded, and keeps those that were tried last', () => {
  const throttle = failing(FAILURES_MAX);
  for (let index = 0; index < PAIRS_MAX - 1; index++) throttle.failed('10.0.0.9', `user ${index}`, 200);
  expect(throttle.refuses('10.0.0.1', 'u', 300)).toBe(true);
  for (let index = 0; index < 5; index++) throttle.failed('10.0.0.8', `user ${index}`, 400);
  expect(throttle.size).toBe(PAIRS_MAX);
  expect(throttle.refuses('10.0.0.1', 'u', 500)).toBe(true);
});
