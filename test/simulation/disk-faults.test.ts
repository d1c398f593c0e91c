// The disk of a simulated machine: its operations and its faults are part of the schedule, shrink and replay with it.
import { describe, expect, it } from 'vitest';
import { type Context, type Effects, isDown, receive, sleep } from '../../src/process/index.ts';
import type { Pid } from '../../src/term/index.ts';
import {
  findFailure,
  heal,
  isFaultKey,
  loadModules,
  replay,
  SimDisk,
  type SimOptions,
  simDisk,
  simulate,
  sweepCrashes,
} from '../../src/testing.ts';
import { type Add, ask, ledger, storedNumbers, type Ways } from '../actors/ledger.ts';

type Root = Context<unknown>;

/** Numbers go to ledgers, one after the other is dead; at the end every number that was said to be stored must be. */
const storing = (count: number, ways: Ways = {}) =>
  function* (context: Root): Effects<number> {
    const confirmed: number[] = [];
    let next = 0;
    while (next < count) {
      const { pid, ref } = context.spawnMonitor(ledger, [ways]);
      for (let isUp = true; isUp && next < count; next++) {
        context.send(pid as Pid<Add>, { tag: 'add', n: next, from: context.self });
        const answer = yield* receive(
          (message) => isDown(message, ref) || (message as Add).tag === ('stored' as 'add'),
        );
        isUp = !isDown(answer, ref);
        if (isUp) confirmed.push(next);
      }
      context.exit(pid, 'kill');
    }
    heal(context);
    yield* sleep(1_000);
    simDisk(context).cut('none', { next: () => 0 });
    const stored = yield* storedNumbers(context);
    const lost = confirmed.filter((n) => !stored.includes(n));
    if (lost.length > 0) throw new Error(`lost: ${lost}`);
    const invented = stored.filter((n) => n >= count);
    if (invented.length > 0) throw new Error(`invented: ${invented}`);
    return confirmed.length;
  };

const FAULTS: SimOptions = {
  faults: { diskCuts: 2, diskFailures: 2, diskDelays: 1, crashes: 1, victims: ({ title }) => title === 'ledger' },
};

describe('the disk of a simulation', () => {
  it('completes operations by the schedule, and keeps what was synced', () => {
    expect(simulate({}, storing(5)).value).toBe(5);
    expect(simulate({ disk: { latencyMs: 20 } }, storing(5)).value).toBe(5);
  });

  it('starts as a copy of another one, and leaves that one alone', () => {
    const from = new SimDisk();
    from.open('f', 'create', (opened) => {
      if (opened.ok) opened.value.write([new Uint8Array(3)], 0, () => {});
    });
    from.settle();
    const body = function* (context: Root) {
      const { disk } = context.env;
      const file = yield* ask<{ size(done: unknown): void }>(context, (done) => disk.open('f', 'read', done as never));
      const length = yield* ask<number>(context, (done) => file.size(done));
      yield* ask<true>(context, (done) => disk.remove('f', done));
      return length;
    };
    expect(simulate({ disk: { from } }, body).value).toBe(3);
    expect(simulate({ disk: { from } }, body).value).toBe(3);
  });

  it('is there on the control thread only', async () => {
    const url = new URL('./thread-bodies.ts', import.meta.url).href;
    const modules = await loadModules(url);
    const code = simulate({ threads: 1, modules }, function* (context: Root) {
      context.spawn({ module: url, export: 'listing' }, [context.self], { placement: { thread: 1 } });
      return yield* receive<string>();
    }).value;
    expect(code).toBe('ENODISK');
  });

  it('counts files that nobody has closed as leaks', () => {
    const result = simulate({ failOnLeaks: true }, function* (context: Root) {
      yield* ask(context, (done) => context.env.disk.open('f', 'create', done));
    });
    expect(result.describe()).toContain('1 files are open');
  });
});

describe('faults of the disk', () => {
  const strike = (key: string, body = storing(3)) => simulate({ deviations: [[12, key]] }, body);

  it('a power cut ends who uses the disk, and is told in words', () => {
    const result = strike('cut random 7');
    expect(result.isOk).toBe(true);
    expect(result.words.join()).toContain('the disk loses power, keeping any sectors of what was not synced');
    const { text } = result.chart({ rows: 100 });
    expect(text).toContain('the disk loses power');
    expect(text).toContain('exits: killed');
  });

  it.each([
    ['fail sync EIO', 'syncDirectory', 'fails with EIO'],
    ['fail write ENOSPC', 'write ledger', 'fails with ENOSPC'],
    ['fail write EIO 7', 'write ledger', 'fails with EIO'],
    ['fail names EIO', 'rename ledger', 'fails with EIO'],
  ])('%s strikes the next one, and stands in the chart', (key, operation, how) => {
    const result = strike(key);
    expect(result.isOk, result.describe()).toBe(true);
    const { text } = result.chart({ rows: 100 });
    expect(text).toMatch(new RegExp(`disk: ${operation}[.a-z]* ${how}`));
  });

  it('a slow operation takes so much longer', () => {
    const ended = (deviations: SimOptions['deviations']) =>
      simulate({ deviations }, function* (context: Root) {
        yield* ask(context, (done) => context.env.disk.list('', done));
        return context.env.clock.now();
      }).value;
    expect(ended([])).toBe(0);
    expect(ended([[0, 'slow 500']])).toBe(500);
  });

  it('R21 nothing of the disk fails any more after heal', () => {
    const keys = ['fail write EIO', 'fail sync EIO', 'fail read EIO', 'fail names EIO', 'flip 3', 'slow 90'];
    const { value } = simulate({ deviations: keys.map((key) => [0, key]) }, function* (context: Root) {
      heal(context);
      yield* ask(context, (done) => context.env.disk.list('', done));
      return context.env.clock.now();
    });
    expect(value).toBe(0);
  });

  it('R17 the same seed does the same to the disk, and the token replays it', () => {
    let struck = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const options: SimOptions = { ...FAULTS, seed, strategy: 'portfolio', disk: { latencyMs: 3 } };
      const once = simulate(options, storing(4));
      expect(simulate(options, storing(4)).hash).toBe(once.hash);
      expect(replay(once.token, storing(4), { disk: { latencyMs: 3 } }).hash).toBe(once.hash);
      struck += once.deviations.filter(([, key]) => /^(cut|fail|slow)/.test(key)).length;
    }
    expect(struck).toBeGreaterThan(50);
  });
});

describe('a ledger', () => {
  it('B24 that waits for its syncs loses nothing it has confirmed, whatever is done to the disk', () => {
    let confirmed = 0;
    for (let seed = 1; seed <= 400; seed++) {
      const result = simulate({ ...FAULTS, seed, strategy: 'portfolio' }, storing(5));
      if (!result.isOk) throw new Error(result.describe());
      confirmed += result.value;
    }
    expect(confirmed).toBeGreaterThan(400 * 3);
  });

  it('B24 whose process crashes at any boundary keeps what it has confirmed', () => {
    const sweep = sweepCrashes({ victims: ({ title }) => title === 'ledger' }, storing(3));
    expect(sweep.check().runs).toBeGreaterThan(30);
  });

  it.each<[string, Ways]>([
    ['does not sync its file', { syncsFile: false }],
    ['does not sync the name of its file', { syncsNames: false }],
    ['takes a failed sync for done', { minds: false }],
  ])('B24 that %s is found', (_what, ways) => {
    const failure = findFailure({ ...FAULTS, seed: 5, schedules: 2_000 }, storing(4, ways));
    if (failure === null) throw new Error('not found');
    expect(failure.result.describe()).toContain('lost: ');
    const faults = failure.result.deviations.filter(([, key]) => isFaultKey(key));
    expect(faults.length).toBeLessThanOrEqual(1);
  });
});
