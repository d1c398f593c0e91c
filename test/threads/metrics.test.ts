import { expect, it, vi } from 'vitest';
import { startSystem } from '../../src/start.ts';
import { METERED } from '../actors/threads.ts';
import { at } from './fixture.ts';

it.each([0, 2])('what processes count is read at the system, on %i data threads', async (threads) => {
  await using system = await startSystem({ threads, logger: 'silent' });
  const places = threads === 0 ? [0, 0, 0] : [0, 1, 2];
  for (const thread of places) system.spawn(METERED, [], at(thread));
  await vi.waitFor(() => expect(system.metrics()).toEqual({ 'test.counted': 9, 'test.level': 7 }));
});
