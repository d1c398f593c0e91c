// The tally of heartbeats: digest 1, "Heartbeats".
import { expect, it } from 'vitest';
import { Heartbeat } from '../../../src/protocols/amqp091/heartbeat.ts';

it('ticks twice per timeout and sends only when nothing was sent since the last tick', () => {
  const heartbeat = new Heartbeat(60);
  expect(heartbeat.tickMs).toBe(30_000);
  heartbeat.sent();
  expect(heartbeat.tick(true).send).toBe(false);
  expect(heartbeat.tick(true).send).toBe(true);
});

it('gives the client up after two whole timeouts of silence, counted anew after each sign of life', () => {
  const heartbeat = new Heartbeat(60);
  const lost = (ticks: number) => Array.from({ length: ticks }, () => heartbeat.tick(true).isLost);
  expect(lost(4)).toEqual([false, false, false, false]);
  heartbeat.received();
  expect(lost(6)).toEqual([false, false, false, false, false, true]);
});

it('does not judge a client that the server does not read', () => {
  const heartbeat = new Heartbeat(60);
  for (let tick = 0; tick < 20; tick++) expect(heartbeat.tick(false).isLost).toBe(false);
  expect(heartbeat.tick(true).isLost).toBe(false);
});
