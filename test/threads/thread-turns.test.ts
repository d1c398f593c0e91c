import { afterEach, expect, it, vi } from 'vitest';
import { statusMemory, ThreadStatus } from '../../src/threads/thread-status.ts';
import { ThreadTurns } from '../../src/threads/thread-turns.ts';

/** Turns over rings that a test fills, and what they did. */
function makeTurns(pollMs: number, looksUntilWork: number) {
  const status = new ThreadStatus(statusMemory(1), 0);
  const seen = { turns: 0, looks: 0, isAsleep: () => status.takeSleeping(1) };
  let work = 0;
  const turns: ThreadTurns = new ThreadTurns({
    status,
    incarnation: 1,
    pollMs,
    hasWork: () => ++seen.looks % looksUntilWork === 0 && work-- > 0,
    run: () => {
      seen.turns++;
      turns.wakeAt(Number.POSITIVE_INFINITY);
    },
  });
  return { turns, seen, give: (count: number) => (work = count) };
}

const made: ThreadTurns[] = [];
afterEach(() => {
  for (const turns of made.splice(0)) turns.stop();
});

it('turns follow each other without the event loop while the neighbour answers within the look, then sleep', async () => {
  const { turns, seen, give } = makeTurns(5, 40);
  made.push(turns);
  give(3);
  turns.request();
  expect(seen.turns).toBe(0);
  await new Promise(setImmediate);
  expect(seen.turns).toBe(4);
  expect(seen.isAsleep()).toBe(true);
});

it('a look in vain is half as long the next time, until there is none', async () => {
  const { turns, seen } = makeTurns(0.1, 1);
  made.push(turns);
  const looks: number[] = [];
  for (let count = 0; count < 12; count++) {
    seen.looks = 0;
    turns.request();
    await vi.waitFor(() => expect(seen.isAsleep()).toBe(true), { interval: 0 });
    looks.push(seen.looks);
  }
  expect(looks[0]).toBeGreaterThan(17);
  // One look when the turn ends and one when the word is raised.
  expect(looks.at(-1)).toBe(2);
});

it('a thread that may not look sleeps at once', async () => {
  const { turns, seen } = makeTurns(0, 1);
  made.push(turns);
  turns.request();
  await new Promise(setImmediate);
  expect([seen.looks, seen.isAsleep()]).toEqual([2, true]);
});
