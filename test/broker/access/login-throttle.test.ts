import { describe, expect, it } from 'vitest';
import {
  ADDRESSES_MAX,
  FAILURES_MAX,
  LoginThrottle,
  PAIRS_MAX,
  WINDOW_MS,
} from '../../../src/broker/access/login-throttle.ts';

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

describe('an address alone', () => {
  const trying = (users: number, nowMs = 0): LoginThrottle => {
    const throttle = new LoginThrottle(20);
    for (let user = 0; user < users; user++) throttle.failed('10.0.0.1', `user ${user}`, nowMs);
    return throttle;
  };

  it('is refused for every user when its bucket is full, and no other address is', () => {
    expect(trying(19).refuses('10.0.0.1', 'new', 0)).toBe(false);
    expect(trying(20).refuses('10.0.0.1', 'new', 0)).toBe(true);
    expect(trying(20).refuses('10.0.0.2', 'new', 0)).toBe(false);
  });

  it('has its bucket empty within the window, whatever it tries meanwhile', () => {
    const throttle = trying(20);
    for (let nowMs = 0; nowMs < WINDOW_MS / 20; nowMs += 10) {
      expect(throttle.refuses('10.0.0.1', `other ${nowMs}`, nowMs)).toBe(true);
    }
    expect(throttle.refuses('10.0.0.1', 'new', WINDOW_MS / 20)).toBe(false);
    throttle.failed('10.0.0.1', 'new', WINDOW_MS / 20);
    expect(throttle.refuses('10.0.0.1', 'newer', WINDOW_MS / 20)).toBe(true);
  });

  it('is not forgiven for a login that is good: that user may be the guesser', () => {
    const throttle = trying(20);
    throttle.succeeded('10.0.0.1', 'user 1');
    expect(throttle.refuses('10.0.0.1', 'user 1', 0)).toBe(true);
  });

  it('has no bound where none is asked for', () => {
    const throttle = new LoginThrottle();
    for (let user = 0; user < 1_000; user++) throttle.failed('10.0.0.1', `user ${user}`, 0);
    expect(throttle.refuses('10.0.0.1', 'new', 0)).toBe(false);
  });

  it('is one of a bounded number', () => {
    const throttle = new LoginThrottle(1);
    for (let index = 0; index < ADDRESSES_MAX + 5; index++) throttle.failed(`10.0.${index}`, 'u', 0);
    expect(throttle.size).toBe(ADDRESSES_MAX);
  });
});
