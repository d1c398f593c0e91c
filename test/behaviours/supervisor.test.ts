// Supervisors with an order: SUP-1...12 and SUP-14, each on virtual time.
import { describe, expect, it } from 'vitest';
import {
  type ChildSpec,
  cast,
  countChildren,
  deleteChild,
  getChildSpec,
  ignore,
  restartChild,
  type SupervisorPid,
  type SupervisorSpec,
  startChild,
  startLink,
  stopServer,
  supervisor,
  terminateChild,
  whichChildren,
} from '../../src/behaviours/index.ts';
import {
  type Context,
  type Effects,
  isExit,
  isProcessAlive,
  receive,
  sleep,
  TIMEOUT,
} from '../../src/process/index.ts';
import type { AnyPid, Pid } from '../../src/term/index.ts';
import { Probe, pidOf } from '../support/probe.ts';
import { play, type VirtualEngine } from '../support/virtual-engine.ts';

const many = { intensity: 1000 };

interface Tools {
  readonly context: Context<unknown>;
  readonly engine: VirtualEngine;
  readonly probe: Probe;
  /** Starts a supervisor that must start. */
  begin(spec: SupervisorSpec): Effects<SupervisorPid>;
  /** Ends a child with a reason of its own. */
  end(supervisor: SupervisorPid, id: string, reason: unknown): Effects<void>;
  kill(supervisor: SupervisorPid, id: string): Effects<void>;
}

/** Runs one case: the test process traps exits and is the supervisor's parent. */
function tryOut(body: (tools: Tools) => Effects<void>): void {
  const probe = new Probe();
  play(function* (context, engine) {
    context.trapExit(true);
    yield* body({
      context,
      engine,
      probe,
      *begin(spec) {
        const started = yield* startLink(supervisor(spec));
        if (!started.ok) throw new Error(`not started: ${JSON.stringify(started.error)}`);
        return started.pid;
      },
      *end(pid, id, reason) {
        cast(context, (yield* pidOf(pid, id)) as Pid<unknown>, { tag: 'end', reason } as never);
        yield* sleep(1);
      },
      *kill(pid, id) {
        context.exit(yield* pidOf(pid, id), 'kill');
        yield* sleep(1);
      },
    });
  });
}

function* exitOf(pid: AnyPid): Effects<unknown> {
  const exit = yield* receive((message) => isExit(message) && message.from === pid, { afterMs: 1_000_000 });
  return exit === TIMEOUT ? 'still alive' : (exit as { reason: unknown }).reason;
}

const THREE = ['a', 'b', 'c'] as const;

describe('order', () => {
  it('SUP-1 children start left to right and stop right to left, each awaited before the next', () => {
    tryOut(function* ({ begin, context, probe }) {
      for (const name of THREE) probe.slowMs.set(name, name === 'c' ? 30 : 10);
      const pid = yield* begin({ children: THREE.map((name) => probe.child(name)) });
      expect(probe.take()).toEqual(['+a', '+b', '+c']);
      context.exit(pid, 'shutdown');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['-c shutdown', '-b shutdown', '-a shutdown']);
    });
  });

  it('SUP-1 a failed start at boot stops those before it in reverse; the supervisor ends with failedToStartChild', () => {
    tryOut(function* ({ probe }) {
      probe.failures.set('c', 1);
      const started = yield* startLink(supervisor({ children: [...THREE, 'd'].map((name) => probe.child(name)) }));
      expect(started).toEqual({
        ok: false,
        error: {
          tag: 'shutdown',
          detail: { tag: 'failedToStartChild', id: 'c', reason: { tag: 'planned', name: 'c' } },
        },
      });
      expect(probe.take()).toEqual(['+a', '+b', '!c', '-b shutdown', '-a shutdown']);
      expect(yield* receive(null, { afterMs: 0 })).toBe(TIMEOUT);
    });
  });
});

describe('strategies', () => {
  it('SUP-2 oneForOne starts only the child that ended', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ ...many, children: THREE.map((name) => probe.child(name)) });
      probe.take();
      yield* kill(pid, 'b');
      expect(probe.take()).toEqual(['+b']);
    });
  });

  it('SUP-2 oneForAll stops the others in reverse and starts all in order', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ ...many, strategy: 'oneForAll', children: THREE.map((name) => probe.child(name)) });
      probe.take();
      yield* kill(pid, 'b');
      expect(probe.take()).toEqual(['-c shutdown', '-a shutdown', '+a', '+b', '+c']);
    });
  });

  it('SUP-2 restForOne stops and starts only those after', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({
        ...many,
        strategy: 'restForOne',
        children: [...THREE, 'd'].map((name) => probe.child(name)),
      });
      probe.take();
      yield* kill(pid, 'b');
      expect(probe.take()).toEqual(['-d shutdown', '-c shutdown', '+b', '+c', '+d']);
    });
  });

  it.each([
    ['the normal end of a transient child', { restart: 'transient' } as const, 'normal'],
    ['any end of a temporary child', { restart: 'temporary' } as const, 'oops'],
  ])('SUP-2 %s leaves the siblings alone', (_name, rest, reason) => {
    tryOut(function* ({ begin, end, probe }) {
      const pid = yield* begin({
        ...many,
        strategy: 'oneForAll',
        children: [probe.child('a'), probe.child('b', rest), probe.child('c')],
      });
      probe.take();
      yield* end(pid, 'b', reason);
      expect(probe.take()).toEqual([`-b ${reason}`]);
    });
  });

  it('SUP-3 oneForAll starts an ended transient child again, and not a temporary sibling', () => {
    tryOut(function* ({ begin, end, kill, probe }) {
      const pid = yield* begin({
        ...many,
        strategy: 'oneForAll',
        children: [
          probe.child('a'),
          probe.child('b', { restart: 'transient' }),
          probe.child('c', { restart: 'temporary' }),
        ],
      });
      yield* end(pid, 'b', 'normal');
      probe.take();
      yield* kill(pid, 'a');
      expect(probe.take()).toEqual(['-c shutdown', '+a', '+b']);
      expect((yield* whichChildren(pid)).map((child) => child.id)).toEqual(['b', 'a']);
    });
  });

  it.each([
    ['permanent', 'normal', true],
    ['transient', 'normal', false],
    ['transient', 'shutdown', false],
    ['transient', { tag: 'shutdown', detail: 1 }, false],
    ['transient', 'killed', true],
    ['temporary', 'oops', false],
  ] as const)('SUP-4 a %s child that ends with %j comes back: %s', (restart, reason, expected) => {
    tryOut(function* ({ begin, end, probe }) {
      const pid = yield* begin({ ...many, children: [probe.child('a', { restart })] });
      yield* end(pid, 'a', reason);
      expect(probe.take().filter((event) => event === '+a')).toHaveLength(expected ? 2 : 1);
      const shown = (yield* whichChildren(pid)).map((child) => child.pid !== null);
      expect(shown).toEqual(restart === 'temporary' ? [] : [expected]);
    });
  });
});

describe('intensity', () => {
  it('SUP-5 one restart more than allowed stops all children and ends the supervisor with shutdown', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ intensity: 2, periodMs: 1000, children: THREE.map((name) => probe.child(name)) });
      yield* kill(pid, 'a');
      yield* kill(pid, 'b');
      probe.take();
      yield* kill(pid, 'b');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['-c shutdown', '-a shutdown']);
    });
  });

  it('SUP-5 restarts that are further apart than the period do not add up', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ intensity: 1, periodMs: 1000, children: [probe.child('a')] });
      for (let round = 0; round < 5; round++) {
        yield* kill(pid, 'a');
        yield* sleep(1000);
      }
      expect(yield* isProcessAlive(pid)).toBe(true);
    });
  });

  it('SUP-5 intensity 0 makes the first crash fatal', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ intensity: 0, children: [probe.child('a')] });
      yield* kill(pid, 'a');
      expect(yield* exitOf(pid)).toBe('shutdown');
    });
  });

  it('SUP-5 a restart of the whole group counts once', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({
        intensity: 1,
        strategy: 'oneForAll',
        children: THREE.map((name) => probe.child(name)),
      });
      yield* kill(pid, 'a');
      expect(yield* isProcessAlive(pid)).toBe(true);
    });
  });

  it('SUP-5 every failed start counts: 3 allowed are 4 attempts', () => {
    tryOut(function* ({ begin, context, probe }) {
      const pid = yield* begin({ intensity: 3, children: [probe.child('a')] });
      probe.take();
      probe.failures.set('a', 100);
      context.exit(yield* pidOf(pid, 'a'), 'kill');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['!a', '!a', '!a']);
    });
  });

  it('SUP-6 an inner supervisor that gave up is not restarted when it is transient, and is when permanent', () => {
    for (const restart of ['transient', 'permanent'] as const) {
      tryOut(function* ({ begin, context, probe, engine }) {
        const inner = supervisor({ intensity: 0, children: [probe.child('a')] });
        const outer = yield* begin({
          ...many,
          children: [{ id: 'inner', start: { body: inner }, type: 'supervisor', restart }],
        });
        const first = (yield* pidOf(outer, 'inner')) as SupervisorPid;
        context.exit(yield* pidOf(first, 'a'), 'kill');
        yield* sleep(1);
        const second = yield* pidOf(outer, 'inner');
        expect(second === null).toBe(restart === 'transient');
        expect(engine.logged('child spec')).toHaveLength(restart === 'transient' ? 1 : 0);
      });
    }
  });

  it('decision 7: children lost to one thread’s death count as one restart', () => {
    tryOut(function* ({ begin, context, probe }) {
      const pid = yield* begin({ intensity: 1, children: THREE.map((name) => probe.child(name)) });
      probe.take();
      const lost = { tag: 'threadDown', thread: 0, cause: 'test' };
      for (const child of yield* whichChildren(pid)) {
        cast(context, child.pid as Pid<unknown>, { tag: 'end', reason: lost } as never);
      }
      yield* sleep(1);
      expect(yield* isProcessAlive(pid)).toBe(true);
      expect(probe.take().filter((event) => event.startsWith('+'))).toEqual(['+c', '+b', '+a']);
    });
  });
});

describe('retries', () => {
  it('SUP-7 between failed restarts the supervisor answers, and the child shows as restarting', () => {
    tryOut(function* ({ begin, context, probe }) {
      const pid = yield* begin({ ...many, children: THREE.map((name) => probe.child(name)) });
      probe.failures.set('b', 50);
      context.exit(yield* pidOf(pid, 'b'), 'kill');
      const seen = new Set<unknown>();
      for (let round = 0; round < 20; round++) seen.add(yield* pidOf(pid, 'b'));
      expect(seen).toContain('restarting');
      expect(probe.failures.get('b')).toBeGreaterThan(0);
      yield* sleep(1);
      expect(yield* pidOf(pid, 'b')).not.toBe('restarting');
    });
  });

  it('SUP-7 terminateChild gives up a pending restart', () => {
    tryOut(function* ({ begin, context, probe }) {
      const pid = yield* begin({ ...many, children: [probe.child('a')] });
      probe.failures.set('a', 1_000_000);
      context.exit(yield* pidOf(pid, 'a'), 'kill');
      while ((yield* pidOf(pid, 'a')) !== ('restarting' as unknown)) yield* sleep(0);
      expect(yield* restartChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'restarting' } });
      expect(yield* deleteChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'restarting' } });
      expect(yield* terminateChild(pid, 'a')).toEqual({ ok: true });
      expect(yield* pidOf(pid, 'a')).toBeNull();
      yield* sleep(10);
      expect(yield* isProcessAlive(pid)).toBe(true);
    });
  });

  it('SUP-7 a failed start within a group restart is retried with those after it', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({ ...many, strategy: 'oneForAll', children: THREE.map((name) => probe.child(name)) });
      probe.take();
      probe.failures.set('b', 1);
      yield* kill(pid, 'c');
      expect(probe.take()).toEqual(['-b shutdown', '-a shutdown', '+a', '!b', '-a shutdown', '+a', '+b', '+c']);
    });
  });
});

describe('shutdown', () => {
  it('SUP-8 a child that takes too long is killed, and that is reported', () => {
    tryOut(function* ({ begin, context, engine, probe }) {
      probe.deaf.add('b');
      const pid = yield* begin({ children: THREE.map((name) => probe.child(name, { shutdown: 100 })) });
      probe.take();
      const before = context.now();
      context.exit(pid, 'shutdown');
      yield* exitOf(pid);
      expect(context.now() - before).toBe(100);
      expect(probe.take()).toEqual(['-c shutdown', '-a shutdown']);
      expect(engine.logged('supervisor report')).toMatchObject([
        { context: 'shutdownError', reason: 'killed', child: { id: 'b' } },
      ]);
    });
  });

  it('SUP-8 brutalKill does not ask', () => {
    tryOut(function* ({ begin, context, engine, probe }) {
      const pid = yield* begin({ children: [probe.child('a', { shutdown: 'brutalKill' })] });
      probe.take();
      context.exit(pid, 'shutdown');
      yield* exitOf(pid);
      expect(probe.take()).toEqual([]);
      expect(engine.logged('supervisor report')).toEqual([]);
    });
  });

  it('SUP-8 a child that unlinked itself is stopped as well and does not hang its supervisor', () => {
    tryOut(function* ({ begin, context, engine, probe }) {
      probe.unlinking.add('b');
      const pid = yield* begin({ children: THREE.map((name) => probe.child(name, { shutdown: 50 })) });
      const child = yield* pidOf(pid, 'b');
      context.exit(pid, 'shutdown');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(yield* isProcessAlive(child)).toBe(false);
      expect(engine.scheduler.processes.size).toBe(1);
    });
  });

  it('SUP-9 an unlinked child that dies is not restarted; the spec still shows its pid', () => {
    tryOut(function* ({ begin, kill, probe }) {
      probe.unlinking.add('a');
      const pid = yield* begin({ children: [probe.child('a')] });
      const child = yield* pidOf(pid, 'a');
      probe.take();
      yield* kill(pid, 'a');
      expect(probe.take()).toEqual([]);
      expect(yield* pidOf(pid, 'a')).toBe(child);
      expect(yield* terminateChild(pid, 'a')).toEqual({ ok: true });
    });
  });

  it('SUP-8 a child that had died before it was stopped is reported with its real reason, and its EXIT is gone', () => {
    tryOut(function* ({ begin, context, engine, probe }) {
      const pid = yield* begin({ children: [probe.child('a'), probe.child('b')] });
      const child = yield* pidOf(pid, 'b');
      probe.take();
      // Both are in the supervisor's mailbox, the parent's exit first.
      context.exit(pid, 'shutdown');
      context.exit(child, 'kill');
      yield* exitOf(pid);
      expect(probe.take()).toEqual(['-a shutdown']);
      expect(engine.logged('supervisor report')).toMatchObject([{ context: 'shutdownError', reason: 'killed' }]);
    });
  });
});

describe('the interface', () => {
  it('SUP-10 bad specs and flags fail the start, each with its tag', () => {
    tryOut(function* ({ probe }) {
      const child = probe.child('a');
      const bad: [SupervisorSpec, unknown][] = [
        [{ children: [child, child] }, { tag: 'badChildSpec', error: { tag: 'duplicateId', value: 'a' } }],
        [
          { children: [{ ...child, restart: 'x' } as never] },
          { tag: 'badChildSpec', error: { tag: 'badRestart', value: 'x' } },
        ],
        [
          { strategy: 'x' as never, children: [] },
          { tag: 'badSupervisorFlags', error: { tag: 'badStrategy', value: 'x' } },
        ],
      ];
      for (const [spec, error] of bad) expect(yield* startLink(supervisor(spec))).toEqual({ ok: false, error });
      expect(probe.take()).toEqual([]);
    });
  });

  it('SUP-10 a child that ignores keeps its spec without a pid, unless it is temporary', () => {
    tryOut(function* ({ begin, probe }) {
      probe.ignoring.add('a').add('b');
      const pid = yield* begin({ children: [probe.child('a'), probe.child('b', { restart: 'temporary' })] });
      expect(yield* whichChildren(pid)).toEqual([{ id: 'a', pid: null, type: 'worker' }]);
      expect(yield* startChild(pid, probe.child('c'))).toMatchObject({ ok: true });
      probe.ignoring.add('d');
      expect(yield* startChild(pid, probe.child('d'))).toEqual({ ok: true, pid: null });
    });
  });

  it('SUP-10 an Mfa starts a child, and a supervisor is named by one itself', () => {
    tryOut(function* ({ begin, engine, probe }) {
      engine.code.probe = probe.body as never;
      engine.code.inner = supervisor<readonly [string]>((_context, name) => ({
        children: [{ id: name, start: { body: { module: 'virtual:test', export: 'probe' }, args: [name] } }],
      })) as never;
      yield* begin({
        children: [
          {
            id: 'inner',
            start: { body: { module: 'virtual:test', export: 'inner' }, args: ['x'] },
            type: 'supervisor',
          },
        ],
      });
      expect(probe.take()).toEqual(['+x']);
    });
  });

  it('SUP-10 init may be a function and may ignore', () => {
    tryOut(function* () {
      expect(yield* startLink(supervisor(() => ignore()))).toEqual({ ok: false, error: { tag: 'ignored' } });
    });
  });

  it('SUP-11 startChild: added last, running and stopped duplicates, a failed start is not kept', () => {
    tryOut(function* ({ begin, probe }) {
      const pid = yield* begin({ children: [probe.child('a')] });
      const started = yield* startChild(pid, probe.child('b'));
      expect(started).toEqual({ ok: true, pid: yield* pidOf(pid, 'b') });
      const again = yield* startChild(pid, probe.child('b'));
      expect(again).toEqual({ ok: false, error: { tag: 'alreadyStarted', pid: yield* pidOf(pid, 'b') } });
      yield* terminateChild(pid, 'b');
      expect(yield* startChild(pid, probe.child('b'))).toEqual({ ok: false, error: { tag: 'alreadyPresent' } });
      probe.failures.set('c', 1);
      expect(yield* startChild(pid, probe.child('c'))).toEqual({ ok: false, error: { tag: 'planned', name: 'c' } });
      expect(yield* startChild(pid, { id: '', start: { body: probe.body } })).toMatchObject({
        ok: false,
        error: { tag: 'badChildSpec', error: { tag: 'badId' } },
      });
      expect((yield* whichChildren(pid)).map((child) => child.id)).toEqual(['b', 'a']);
    });
  });

  it('SUP-11 terminateChild neither restarts nor counts, and twice is fine', () => {
    tryOut(function* ({ begin, probe }) {
      const pid = yield* begin({ intensity: 0, children: [probe.child('a')] });
      probe.take();
      expect(yield* terminateChild(pid, 'a')).toEqual({ ok: true });
      expect(yield* terminateChild(pid, 'a')).toEqual({ ok: true });
      expect(yield* terminateChild(pid, 'x')).toEqual({ ok: false, error: { tag: 'notFound' } });
      yield* sleep(1);
      expect(probe.take()).toEqual(['-a shutdown']);
      expect(yield* isProcessAlive(pid)).toBe(true);
    });
  });

  it('SUP-11 restartChild, deleteChild, countChildren, getChildSpec', () => {
    tryOut(function* ({ begin, probe }) {
      const pid = yield* begin({ children: [probe.child('a'), probe.child('s', { type: 'supervisor' })] });
      expect(yield* countChildren(pid)).toEqual({ specs: 2, active: 2, supervisors: 1, workers: 1 });
      expect(yield* restartChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'running' } });
      expect(yield* deleteChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'running' } });
      yield* terminateChild(pid, 'a');
      expect(yield* countChildren(pid)).toMatchObject({ specs: 2, active: 1 });
      expect(yield* restartChild(pid, 'a')).toEqual({ ok: true, pid: yield* pidOf(pid, 'a') });
      yield* terminateChild(pid, 'a');
      expect(yield* deleteChild(pid, 'a')).toEqual({ ok: true });
      expect(yield* deleteChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'notFound' } });
      expect(yield* restartChild(pid, 'a')).toEqual({ ok: false, error: { tag: 'notFound' } });
      const found = yield* getChildSpec(pid, 's');
      expect(found).toMatchObject({ ok: true, spec: { id: 's', shutdown: 'infinity', start: { body: probe.body } } });
    });
  });

  it('SUP-11 whichChildren shows the newest first', () => {
    tryOut(function* ({ begin, probe }) {
      const pid = yield* begin({ children: THREE.map((name) => probe.child(name)) });
      expect((yield* whichChildren(pid)).map((child) => child.id)).toEqual(['c', 'b', 'a']);
    });
  });
});

describe('auto shutdown', () => {
  const significant: Omit<ChildSpec, 'id' | 'start'> = { significant: true, restart: 'transient' };

  it('SUP-12 anySignificant: the end of one significant child shuts the supervisor down', () => {
    tryOut(function* ({ begin, end, probe }) {
      const pid = yield* begin({
        autoShutdown: 'anySignificant',
        children: [probe.child('a'), probe.child('b', significant)],
      });
      yield* end(pid, 'b', 'normal');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['+a', '+b', '-b normal', '-a shutdown']);
    });
  });

  it('SUP-12 allSignificant: only the end of the last one does', () => {
    tryOut(function* ({ begin, end, probe }) {
      const pid = yield* begin({
        autoShutdown: 'allSignificant',
        children: [
          probe.child('a'),
          probe.child('b', significant),
          probe.child('c', { significant: true, restart: 'temporary' }),
        ],
      });
      yield* end(pid, 'c', 'oops');
      expect(yield* isProcessAlive(pid)).toBe(true);
      yield* end(pid, 'b', 'normal');
      expect(yield* exitOf(pid)).toBe('shutdown');
    });
  });

  it('SUP-12 not when it is restarted, stopped by hand or stopped through a sibling', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({
        ...many,
        strategy: 'oneForAll',
        autoShutdown: 'anySignificant',
        children: [probe.child('a'), probe.child('b', significant)],
      });
      yield* kill(pid, 'b');
      yield* kill(pid, 'a');
      yield* terminateChild(pid, 'b');
      yield* sleep(10);
      expect(yield* isProcessAlive(pid)).toBe(true);
    });
  });

  it('SUP-12 the shape of a connection: oneForAll, intensity 0, any significant child crashes, all goes', () => {
    tryOut(function* ({ begin, kill, probe }) {
      const pid = yield* begin({
        strategy: 'oneForAll',
        intensity: 0,
        autoShutdown: 'anySignificant',
        children: [probe.child('a', significant), probe.child('b', significant)],
      });
      yield* kill(pid, 'a');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['+a', '+b', '-b shutdown']);
    });
  });
});

describe('signals', () => {
  it('SUP-14 ignores the exits of strangers and logs what it does not understand', () => {
    tryOut(function* ({ begin, context, engine, probe }) {
      const pid = yield* begin({ intensity: 0, children: [probe.child('a')] });
      context.spawn((stranger: Context<unknown>) => stranger.exit(pid, 'oops'));
      context.send(pid as Pid<unknown>, 'hello');
      yield* sleep(1);
      expect(yield* countChildren(pid)).toMatchObject({ active: 1 });
      expect(engine.logged('unexpected message')).toHaveLength(1);
    });
  });

  it('SUP-14 dies with its parent and takes its children along', () => {
    tryOut(function* ({ context, engine, probe }) {
      context.spawn(function* (parent: Context<unknown>) {
        yield* startLink(supervisor({ children: THREE.map((name) => probe.child(name)) }));
        parent.exit('normal');
      });
      yield* sleep(1);
      expect(probe.take()).toEqual(['+a', '+b', '+c', '-c shutdown', '-b shutdown', '-a shutdown']);
      expect(engine.scheduler.processes.size).toBe(1);
    });
  });

  it('SUP-14 killed brutally, its children get killed', () => {
    tryOut(function* ({ begin, context, probe }) {
      const pid = yield* begin({ children: [probe.child('a')] });
      probe.take();
      context.exit(pid, 'kill');
      yield* exitOf(pid);
      yield* sleep(1);
      expect(probe.take()).toEqual(['-a killed']);
    });
  });

  it('GS-13 a supervisor is stopped like any behaviour', () => {
    tryOut(function* ({ begin, probe }) {
      const pid = yield* begin({ children: THREE.map((name) => probe.child(name)) });
      probe.take();
      yield* stopServer(pid, 'shutdown');
      expect(probe.take()).toEqual(['-c shutdown', '-b shutdown', '-a shutdown']);
    });
  });

  it('LOG-1 reports: child terminated, start error, too many restarts; clean reasons are not errors', () => {
    tryOut(function* ({ begin, context, end, engine, probe }) {
      const pid = yield* begin({
        intensity: 2,
        children: [probe.child('a'), probe.child('b', { restart: 'transient' })],
      });
      yield* end(pid, 'b', 'shutdown');
      yield* end(pid, 'a', 'normal');
      probe.failures.set('a', 9);
      context.exit(yield* pidOf(pid, 'a'), 'kill');
      yield* exitOf(pid);
      const lines = engine.logs.filter((line) => line.event === 'supervisor report');
      expect(lines.map(({ level, data }) => [level, data.context, data.reason])).toEqual([
        ['info', 'childTerminated', 'normal'],
        ['error', 'childTerminated', 'killed'],
        ['error', 'startError', '{"tag":"planned","name":"a"}'],
        ['error', 'reachedMaxRestartIntensity', 'shutdown'],
      ]);
    });
  });
});
