// MON-1, MON-2, MON-4: every monitor fires exactly once, with the right reason, and never after it was taken back.
import { describe, expect, it } from 'vitest';
import { catches, holds, violates } from './check.ts';
import { oneDown } from './kernel/monitors.ts';
import { alwaysNoproc, deafToTheDead, losing, oneMonitorPerPair, staleDowns } from './planted.ts';

describe('monitors', () => {
  it('MON-1 each monitor fires exactly once, and never after demonitor with flush', () => holds(oneDown));

  it('MON-4 a DOWN that is believed after its monitor is gone is noticed', () => {
    expect(catches(oneDown, staleDowns).deviations).toBeLessThanOrEqual(4);
    violates(oneDown, staleDowns, 'R5');
  });

  it('MON-1 two monitors taken for one are noticed', () => {
    expect(catches(oneDown, oneMonitorPerPair).deviations).toBeLessThanOrEqual(4);
    violates(oneDown, oneMonitorPerPair, 'R5');
  });

  it('MON-2 a monitor of a dead process that nobody answers is noticed', () => {
    expect(catches(oneDown, deafToTheDead).deviations).toBeLessThanOrEqual(4);
    violates(oneDown, deafToTheDead, 'R5');
  });

  it('MON-2 noproc instead of the real reason is noticed', () => {
    expect(catches(oneDown, alwaysNoproc).deviations).toBeLessThanOrEqual(4);
    violates(oneDown, alwaysNoproc, 'R5');
  });

  it('MON-1 a lost DOWN is noticed', () => {
    expect(catches(oneDown, losing('down', 3)).deviations).toBeLessThanOrEqual(4);
    violates(oneDown, losing('down', 3), 'R3');
  });
});
