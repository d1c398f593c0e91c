import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import type { AsyncContext } from '../../src/process/index.ts';
import { startSystem } from '../../src/start.ts';

it('pids and refs are printed as text, not with the whole system behind them', async () => {
  await using system = await startSystem({ logger: 'silent' });
  const ref = await system.run(async (context: AsyncContext<unknown>) => context.makeRef());
  expect(inspect({ pid: system.self, ref })).toBe(`{ pid: ${system.self}, ref: ${ref} }`);
});
