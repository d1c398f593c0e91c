import { expect, it } from 'vitest';
import { LINES_MAX, PERIOD_MS, RefusalLog } from '../../../src/broker/access/refusal-log.ts';

function play() {
  const lines: unknown[] = [];
  const counts = new Map<string, number>();
  const tools = {
    nowMs: 0,
    now: () => tools.nowMs,
    env: {
      logger: { log: (_level: string, event: string, data?: object) => lines.push({ event, ...data }) },
      metrics: { count: (name: string) => counts.set(name, (counts.get(name) ?? 0) + 1), gauge: () => {} },
    },
  };
  return { tools, lines, counts };
}

it('a flood of refused logins gets so many lines a period, and the next line says how many were left out', () => {
  const { tools, lines, counts } = play();
  const log = new RefusalLog();
  for (let time = 0; time < 10_000; time++) log.tell(tools, 'login refused', { user: `u${time}` });
  expect(lines).toHaveLength(LINES_MAX);
  expect(lines[0]).toEqual({ event: 'login refused', user: 'u0' });
  tools.nowMs = PERIOD_MS;
  log.tell(tools, 'login refused', { user: 'late' });
  expect(lines[LINES_MAX]).toEqual({ event: 'login refused', user: 'late', leftOut: 10_000 - LINES_MAX });
  log.tell(tools, 'login refused', { user: 'later' });
  expect(lines[LINES_MAX + 1]).toEqual({ event: 'login refused', user: 'later' });
  expect(Object.fromEntries(counts)).toEqual({
    'logins.refused': 10_002,
    'logins.refusedUnlogged': 10_000 - LINES_MAX,
  });
});

it('single ones are all there', () => {
  const { tools, lines } = play();
  const log = new RefusalLog();
  for (let time = 0; time < 100; time++, tools.nowMs += PERIOD_MS) log.tell(tools, 'login refused', {});
  expect(lines).toHaveLength(100);
});
