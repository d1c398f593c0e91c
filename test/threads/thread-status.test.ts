import { describe, expect, it } from 'vitest';
import { statusMemory, ThreadStatus } from '../../src/threads/thread-status.ts';

describe('the status words of a thread', () => {
  it('give the wake-up of a sleeper to exactly one, and never to who still writes to a dead incarnation', () => {
    const memory = statusMemory(3);
    const own = new ThreadStatus(memory, 1);
    const seen = new ThreadStatus(memory, 1);
    expect(seen.takeSleeping(2)).toBe(false);
    own.setSleeping(2);
    expect(seen.takeSleeping(1)).toBe(false);
    expect(seen.isSleeping).toBe(true);
    expect(seen.takeSleeping(2)).toBe(true);
    expect(seen.takeSleeping(2)).toBe(false);
  });

  it('are those of one thread only', () => {
    const memory = statusMemory(3);
    const statuses = [0, 1, 2].map((thread) => new ThreadStatus(memory, thread));
    statuses[1].begin(2 ** 40 + 1);
    statuses[1].setLoad(7, 8);
    statuses[1].setSleeping(3);
    expect(statuses.map((status) => [status.serial, status.beats, status.runnable, status.isSleeping])).toEqual([
      [0, 0, 0, false],
      [2 ** 40 + 1, 1, 7, true],
      [0, 0, 0, false],
    ]);
    statuses[1].end();
    expect(statuses[1].serial).toBe(0);
    statuses[1].reset();
    expect([statuses[1].beats, statuses[1].isSleeping]).toEqual([0, false]);
  });
});
