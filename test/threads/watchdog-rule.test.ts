import { describe, expect, it } from 'vitest';
import { FIRST_WATCH, type Sighting, type Watch, watch } from '../../src/threads/watchdog-rule.ts';

const LIMITS = { tickMs: 20, warnMs: 100, abortMs: 1_000 };

interface Tick extends Partial<Sighting> {
  readonly elapsedMs?: number;
}

/** Runs ticks of a thread that is stuck unless a tick says otherwise; the actions with the tick they came at. */
function run(ticks: readonly Tick[]): [number, string][] {
  const actions: [number, string][] = [];
  let state: Watch = FIRST_WATCH;
  ticks.forEach(({ elapsedMs = 20, ...seen }, index) => {
    const result = watch(state, { beats: 1, loopIdleMs: 5, cpuMs: null, ...seen }, elapsedMs, LIMITS);
    state = result.watch;
    if (result.action !== 'none') actions.push([index, result.action]);
  });
  return actions;
}

const times = (count: number, tick: (n: number) => Tick) => Array.from({ length: count }, (_, n) => tick(n));

describe('the watchdog rule', () => {
  it('warns once after 100 ms and aborts at the bound', () => {
    expect(run(times(51, (n) => ({ cpuMs: n * 20 })))).toEqual([
      [5, 'warn'],
      [50, 'abort'],
    ]);
  });

  it('takes a beat or an idle loop for progress', () => {
    expect(run(times(500, (n) => ({ beats: Math.floor(n / 4) })))).toEqual([]);
    expect(run(times(500, (n) => ({ loopIdleMs: n })))).toEqual([]);
  });

  it('starts again after progress, and may warn again', () => {
    const twice = [...times(8, () => ({})), ...times(8, () => ({ beats: 2 }))];
    expect(run(twice)).toEqual([
      [5, 'warn'],
      [13, 'warn'],
    ]);
  });

  it('adds nothing for a tick that comes late: a paused machine kills nobody', () => {
    const paused = times(1_000, () => ({ elapsedMs: 5_000 }));
    expect(run(paused)).toEqual([]);
    expect(run([...times(10, () => ({})), { elapsedMs: 3_600_000 }, ...times(10, () => ({}))])).toEqual([[5, 'warn']]);
  });

  it('does not abort a starved thread, which uses no CPU, before three times the bound', () => {
    const starved = times(149, (n) => ({ cpuMs: n }));
    expect(run(starved)).toEqual([[5, 'warn']]);
    expect(run(times(151, () => ({ cpuMs: 3 })))).toEqual([
      [5, 'warn'],
      [150, 'abort'],
    ]);
  });

  it('a garbage collection of some seconds is far from the default bound', () => {
    const limits = { ...LIMITS, abortMs: 10_000 };
    let state: Watch = FIRST_WATCH;
    for (let n = 0; n < 5_000 / 20; n++) {
      const result = watch(state, { beats: 1, loopIdleMs: 5, cpuMs: n * 20 }, 20, limits);
      state = result.watch;
      expect(result.action).not.toBe('abort');
    }
  });
});
