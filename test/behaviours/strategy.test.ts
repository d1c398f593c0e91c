// The pure rules under a supervisor: SUP-2...6, SUP-8, SUP-10, SUP-12, and the thread losses of DESIGN decision 7.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ChildSpec,
  checkFlags,
  checkSpec,
  checkSpecs,
  genServer,
  ok,
  warningFor,
} from '../../src/behaviours/index.ts';
import { RestartWindow } from '../../src/behaviours/restart-window.ts';
import { ThreadLosses, waitsForThread } from '../../src/behaviours/start-child.ts';
import { affectedBy, comesBack, isExpectedEnd, shutsDown } from '../../src/behaviours/strategy.ts';
import { Pid } from '../../src/term/index.ts';

const body = genServer({ init: () => ok(0) });
const DETAIL = { tag: 'shutdown', detail: 1 };

describe('comesBack', () => {
  it.each([
    ['permanent', 'normal', true],
    ['permanent', 'shutdown', true],
    ['permanent', 'oops', true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', DETAIL, false],
    ['transient', 'killed', true],
    ['transient', 'oops', true],
    ['temporary', 'oops', false],
    ['temporary', 'killed', false],
  ] as const)('SUP-4 %s that ends with %j: %s', (restart, reason, expected) => {
    expect(comesBack(restart, reason)).toBe(expected);
  });
});

describe('affectedBy', () => {
  it.each([
    ['oneForOne', ['b']],
    ['simpleOneForOne', ['b']],
    ['oneForAll', ['a', 'b', 'c']],
    ['restForOne', ['b', 'c']],
  ] as const)('SUP-2 %s', (strategy, expected) => {
    expect(affectedBy(strategy, ['a', 'b', 'c'], 'b')).toEqual(expected);
  });
});

describe('shutsDown', () => {
  const significant = { spec: { significant: true } };
  const other = { spec: { significant: false }, pid: 1 };
  it.each([
    ['never', significant.spec, [], false],
    ['anySignificant', { significant: false }, [], false],
    ['anySignificant', significant.spec, [{ ...significant, pid: 1 }], true],
    ['allSignificant', significant.spec, [{ ...significant, pid: 1 }], false],
    ['allSignificant', significant.spec, [{ ...significant, pid: 'restarting' }], false],
    ['allSignificant', significant.spec, [{ ...significant, pid: null }, other], true],
  ] as const)('SUP-12 %s, %j, others %j: %s', (autoShutdown, ended, others, expected) => {
    expect(shutsDown(autoShutdown, ended, others)).toBe(expected);
  });
});

describe('isExpectedEnd', () => {
  it.each([
    [5000, 'permanent', 'shutdown', true],
    [5000, 'permanent', 'normal', false],
    [5000, 'transient', 'normal', true],
    [5000, 'temporary', DETAIL, true],
    [5000, 'permanent', 'killed', false],
    ['brutalKill', 'permanent', 'killed', true],
    ['infinity', 'permanent', 'oops', false],
  ] as const)('SUP-8 shutdown %s, %s, %j: %s', (shutdown, restart, reason, expected) => {
    expect(isExpectedEnd(shutdown, restart, reason)).toBe(expected);
  });
});

describe('RestartWindow', () => {
  it('SUP-5 0 allows none', () => {
    expect(new RestartWindow(0, 1000).add(0)).toBe(false);
  });

  it('SUP-5 the edge of the window is inclusive', () => {
    const atEdge = new RestartWindow(1, 1000);
    expect([atEdge.add(0), atEdge.add(1000)]).toEqual([true, false]);
    const behind = new RestartWindow(1, 1000);
    expect([behind.add(0), behind.add(1000.5)]).toEqual([true, true]);
  });

  it('SUP-5 agrees with counting all restarts of the window, for any times', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 200 }),
        (intensity, periodMs, gaps) => {
          const window = new RestartWindow(intensity, periodMs);
          const times: number[] = [];
          let nowMs = 0;
          for (const gap of gaps) {
            nowMs += gap;
            times.push(nowMs);
            const within = times.filter((time) => time >= nowMs - periodMs).length;
            expect(window.add(nowMs)).toBe(within <= intensity);
          }
        },
      ),
    );
  });
});

describe('child specs', () => {
  const good: ChildSpec = { id: 'a', start: { body } };

  it('SUP-8 the defaults', () => {
    expect(checkSpec(good, 'never')).toEqual({
      ok: true,
      value: { id: 'a', start: { body }, restart: 'permanent', significant: false, shutdown: 5000, type: 'worker' },
    });
    expect(checkSpec({ ...good, type: 'supervisor' }, 'never')).toMatchObject({ value: { shutdown: 'infinity' } });
  });

  it.each([
    ['badId', { id: '' }],
    ['badId', { id: 7 }],
    ['badStart', { start: undefined }],
    ['badStart', { start: { body: { no: 'handle' } } }],
    ['badArgs', { start: { body, args: 'x' } }],
    ['badRestart', { restart: 'always' }],
    ['badSignificant', { significant: 1 }],
    ['badShutdown', { shutdown: -1 }],
    ['badShutdown', { shutdown: 'kill' }],
    ['badType', { type: 'thing' }],
    ['significantPermanent', { significant: true }],
  ])('SUP-10, SUP-12 %s for %j', (tag, change) => {
    expect(checkSpec({ ...good, ...change } as ChildSpec, 'anySignificant')).toMatchObject({ error: { tag } });
  });

  it('SUP-12 significant needs an autoShutdown', () => {
    const spec: ChildSpec = { ...good, significant: true, restart: 'transient' };
    expect(checkSpec(spec, 'never')).toMatchObject({ error: { tag: 'significantWithoutAutoShutdown' } });
    expect(checkSpec(spec, 'anySignificant')).toMatchObject({ ok: true });
  });

  it('SUP-10 ids are unique', () => {
    expect(checkSpecs([good, good], 'never')).toMatchObject({ error: { tag: 'duplicateId', value: 'a' } });
  });

  it.each([
    ['badStrategy', { strategy: 'oneForNone' }],
    ['badIntensity', { intensity: -1 }],
    ['badIntensity', { intensity: 1.5 }],
    ['badPeriod', { periodMs: 0 }],
    ['badAutoShutdown', { autoShutdown: 'yes' }],
  ])('SUP-5 %s for %j', (tag, flags) => {
    expect(checkFlags(flags as never)).toMatchObject({ error: { tag } });
  });

  it('SUP-5 the defaults are one restart in five seconds', () => {
    expect(checkFlags({})).toEqual({
      ok: true,
      value: { strategy: 'oneForOne', intensity: 1, periodMs: 5000, autoShutdown: 'never' },
    });
  });

  it('SUP-6, SUP-8 warns of a transient supervisor and of one with a finite shutdown time', () => {
    const warn = (change: Partial<ChildSpec>) => {
      const checked = checkSpec({ ...good, ...change }, 'never');
      return checked.ok ? warningFor(checked.value) : 'bad';
    };
    expect(warn({ type: 'supervisor', restart: 'transient' })).toMatch(/SUP-6/);
    expect(warn({ type: 'supervisor', shutdown: 1000 })).toMatch(/orphans/);
    expect(warn({ type: 'supervisor' })).toBeNull();
    expect(warn({ restart: 'transient' })).toBeNull();
  });
});

describe('thread losses', () => {
  const origin = (thread: number) => ({ node: 'n', thread, incarnation: 1 });
  const lost = { tag: 'threadDown', thread: 1, cause: 'aborted' };

  it('decision 7: all that is lost to one thread’s death counts once, another death counts again, a culprit always', () => {
    const losses = new ThreadLosses();
    const [one, two] = [origin(1), origin(2)];
    expect(losses.counts(new Pid(one, 2), lost)).toBe(true);
    expect(losses.counts(new Pid(one, 4), lost)).toBe(false);
    expect(losses.counts(new Pid(two, 2), lost)).toBe(true);
    expect(losses.counts(new Pid(one, 6), 'killed')).toBe(true);
    expect(losses.counts(new Pid(one, 8), lost)).toBe(false);
  });

  it('decision 7: only a child that names its thread waits for it', () => {
    const spec = (placement: 'any' | { thread: number }) => {
      const checked = checkSpec({ id: 'a', start: { body, placement } }, 'never');
      if (!checked.ok) throw new Error();
      return checked.value;
    };
    expect(waitsForThread(spec({ thread: 1 }), lost)).toBe(true);
    expect(waitsForThread(spec({ thread: 1 }), 'oops')).toBe(false);
    expect(waitsForThread(spec('any'), lost)).toBe(false);
  });
});
