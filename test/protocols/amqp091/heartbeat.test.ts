// The tally of heartbeats: digest 1, "Heartbeats".
import { expect, it } from 'vitest';
import { Heartbeat } from '../../../src/protocols/amqp091/heartbeat.ts';

/** Ticks from `nowMs` on until the client is given up; when that is, and how many ticks have asked for a heartbeat. */
function untilLost(heartbeat: Heartbeat, nowMs: number): { lostMs: number; sent: number } {
  let sent = 0;
  for (let atMs = nowMs; ; ) {
    const { send, isLost, nextMs } = heartbeat.tick(atMs, true);
    if (send) sent++;
    if (isLost) return { lostMs: atMs, sent };
    atMs += nextMs;
  }
}

it('ticks twice per timeout and sends only when nothing was sent since the last tick', () => {
  const heartbeat = new Heartbeat(60, 0);
  expect(heartbeat.firstMs).toBe(30_000);
  heartbeat.sent();
  expect(heartbeat.tick(30_000, true)).toEqual({ send: false, isLost: false, nextMs: 30_000 });
  expect(heartbeat.tick(60_000, true).send).toBe(true);
});

it.each([1, 2, 7, 60])('B20 gives the client up within a second after two timeouts of %i s in silence', (timeoutS) => {
  for (const heardMs of [0, 1, 400, 999]) {
    const heartbeat = new Heartbeat(timeoutS, 0);
    heartbeat.received(heardMs);
    const { lostMs, sent } = untilLost(heartbeat, heartbeat.firstMs);
    expect(lostMs - heardMs).toBeGreaterThanOrEqual(2_000 * timeoutS);
    expect(lostMs - heardMs).toBeLessThanOrEqual(2_000 * timeoutS + 1_000);
    expect(sent).toBeGreaterThanOrEqual(3);
  }
});

it('does not judge a client that the server does not read', () => {
  const heartbeat = new Heartbeat(60, 0);
  expect(heartbeat.tick(1_000_000, false).isLost).toBe(false);
  expect(heartbeat.tick(1_119_000, true).isLost).toBe(false);
  expect(heartbeat.tick(1_120_000, true).isLost).toBe(true);
});
