// Children on demand: SUP-13 (simpleOneForOne) and DYN-1 (dynamic supervisor).
import { describe, expect, it } from 'vitest';
import {
  type ChildSpec,
  cast,
  countChildren,
  type DynamicOptions,
  deleteChild,
  dynamicSupervisor,
  getChildSpec,
  restartChild,
  type SupervisorPid,
  type SupervisorSpec,
  startChild,
  startLink,
  startWith,
  supervisor,
  terminateChild,
  whichChildren,
} from '../../src/behaviours/index.ts';
import { type Context, type Effects, isExit, isProcessAlive, receive, sleep } from '../../src/process/index.ts';
import type { AnyPid, Pid } from '../../src/term/index.ts';
import { Probe } from '../support/probe.ts';
import { play, type VirtualEngine } from '../support/virtual-engine.ts';

interface Tools {
  readonly context: Context<unknown>;
  readonly engine: VirtualEngine;
  readonly probe: Probe;
}

function tryOut(body: (tools: Tools) => Effects<void>): void {
  const probe = new Probe();
  play(function* (context, engine) {
    context.trapExit(true);
    yield* body({ context, engine, probe });
  });
}

function* begin(options?: DynamicOptions): Effects<SupervisorPid> {
  const started = yield* startLink(dynamicSupervisor(options));
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

function* beginSimple(probe: Probe, rest: Omit<ChildSpec, 'start'> = {}, flags: Partial<SupervisorSpec> = {}) {
  const template: ChildSpec = { id: 'template', start: { body: probe.body }, ...rest };
  const started = yield* startLink(supervisor({ strategy: 'simpleOneForOne', ...flags, children: [template] }));
  if (!started.ok) throw new Error('not started');
  return started.pid;
}

function* add(pid: SupervisorPid, probe: Probe, name: string, rest: Omit<ChildSpec, 'start'> = {}): Effects<AnyPid> {
  const started = yield* startChild(pid, { start: { body: probe.body, args: [name] }, ...rest });
  if (!started.ok || started.pid === null) throw new Error('child not started');
  return started.pid;
}

function* exitOf(pid: AnyPid): Effects<unknown> {
  return ((yield* receive((message) => isExit(message) && message.from === pid)) as { reason: unknown }).reason;
}

describe('simpleOneForOne', () => {
  it('SUP-13 starts no child by itself; startWith appends its arguments; a restart uses them again', () => {
    tryOut(function* ({ context, probe }) {
      const pid = yield* beginSimple(probe);
      expect(probe.take()).toEqual([]);
      const child = yield* startWith(pid, ['x', 1, 2]);
      expect(probe.take()).toEqual(['+x [1,2]']);
      if (child.ok && child.pid !== null) context.exit(child.pid, 'kill');
      yield* sleep(1);
      expect(probe.take()).toEqual(['+x [1,2]']);
    });
  });

  it('SUP-13 terminate works by pid; by id, delete and restart are not supported', () => {
    tryOut(function* ({ probe, context }) {
      const pid = yield* beginSimple(probe);
      const child = yield* startWith(pid, ['x']);
      if (!child.ok || child.pid === null) throw new Error();
      const refused = { ok: false, error: { tag: 'notSupported' } };
      expect(yield* terminateChild(pid, 'template')).toEqual(refused);
      expect(yield* deleteChild(pid, 'template')).toEqual(refused);
      expect(yield* restartChild(pid, 'template')).toEqual(refused);
      expect(yield* startChild(pid, probe.child('y'))).toEqual(refused);
      expect(yield* terminateChild(pid, child.pid)).toEqual({ ok: true });
      // Whoever is dead has been stopped; whoever lives elsewhere is none of its children.
      expect(yield* terminateChild(pid, child.pid)).toEqual({ ok: true });
      expect(yield* terminateChild(pid, context.self)).toEqual({ ok: false, error: { tag: 'notFound' } });
      expect(yield* getChildSpec(pid, 'template')).toMatchObject({ ok: true, spec: { id: 'template' } });
      expect(yield* countChildren(pid)).toEqual({ specs: 1, active: 0, supervisors: 0, workers: 0 });
    });
  });

  it('SUP-13 exactly one template', () => {
    tryOut(function* ({ probe }) {
      const started = yield* startLink(
        supervisor({ strategy: 'simpleOneForOne', children: [probe.child('a'), probe.child('b')] }),
      );
      expect(started).toEqual({
        ok: false,
        error: { tag: 'badChildSpec', error: { tag: 'notOneTemplate', value: '2' } },
      });
    });
  });

  it('SUP-13 children stop at once, under one timer', () => {
    tryOut(function* ({ context, probe }) {
      const pid = yield* beginSimple(probe, { shutdown: 500 });
      for (let n = 0; n < 20; n++) {
        probe.slowMs.set(`c${n}`, 100);
        yield* startWith(pid, [`c${n}`]);
      }
      probe.deaf.add('c3').add('c7');
      probe.take();
      const before = context.now();
      context.exit(pid, 'shutdown');
      yield* exitOf(pid);
      expect(context.now() - before).toBe(500);
      expect(probe.take()).toHaveLength(18);
    });
  });

  it('SUP-12 a significant template: the end of any, or of the last, shuts it down', () => {
    for (const autoShutdown of ['anySignificant', 'allSignificant'] as const) {
      tryOut(function* ({ context, probe }) {
        const pid = yield* beginSimple(probe, { significant: true, restart: 'temporary' }, { autoShutdown });
        const children: AnyPid[] = [];
        for (const name of ['a', 'b']) {
          const child = yield* startWith(pid, [name]);
          if (child.ok && child.pid !== null) children.push(child.pid);
        }
        context.exit(children[0], 'kill');
        yield* sleep(1);
        expect(yield* isProcessAlive(pid)).toBe(autoShutdown === 'allSignificant');
        context.exit(children[1], 'kill');
        expect(yield* exitOf(pid)).toBe('shutdown');
      });
    }
  });
});

describe('dynamic supervisor', () => {
  it('DYN-1 children bring their own specs and are shown newest first', () => {
    tryOut(function* ({ probe }) {
      const pid = yield* begin();
      const a = yield* add(pid, probe, 'a');
      const b = yield* add(pid, probe, 'b', { type: 'supervisor' });
      expect(yield* whichChildren(pid)).toEqual([
        { id: '', pid: b, type: 'supervisor' },
        { id: '', pid: a, type: 'worker' },
      ]);
      expect(yield* countChildren(pid)).toEqual({ specs: 2, active: 2, supervisors: 1, workers: 1 });
    });
  });

  it('DYN-1 at most childrenMax; a place is free again when a child is gone', () => {
    tryOut(function* ({ probe }) {
      const pid = yield* begin({ childrenMax: 2 });
      const a = yield* add(pid, probe, 'a');
      yield* add(pid, probe, 'b');
      const spec: ChildSpec = { start: { body: probe.body, args: ['c'] } };
      expect(yield* startChild(pid, spec)).toEqual({ ok: false, error: { tag: 'maxChildren' } });
      yield* terminateChild(pid, a);
      expect(yield* startChild(pid, spec)).toMatchObject({ ok: true });
    });
  });

  it('DYN-1 extraArguments come before those of the child', () => {
    tryOut(function* ({ probe }) {
      const pid = yield* begin({ extraArguments: ['name'] });
      const rest: ChildSpec = { start: { body: probe.body, args: [7] } };
      yield* startChild(pid, rest);
      expect(probe.take()).toEqual(['+name [7]']);
    });
  });

  it('DYN-1 restarts by type: permanent, transient, temporary', () => {
    tryOut(function* ({ context, probe }) {
      const pid = yield* begin({ intensity: 10 });
      for (const restart of ['permanent', 'transient', 'temporary'] as const) {
        for (const reason of ['normal', 'oops']) {
          const child = yield* add(pid, probe, restart, { restart });
          probe.take();
          cast(context, child as Pid<unknown>, { tag: 'end', reason } as never);
          yield* sleep(1);
          const comesBack = restart === 'permanent' || (restart === 'transient' && reason === 'oops');
          expect(probe.take()).toEqual([`-${restart} ${reason}`, ...(comesBack ? [`+${restart}`] : [])]);
        }
      }
    });
  });

  it('DYN-1, SUP-5 failed restarts count, are retried, and one too many ends it', () => {
    tryOut(function* ({ context, probe }) {
      const pid = yield* begin({ intensity: 3 });
      const child = yield* add(pid, probe, 'a');
      yield* add(pid, probe, 'b');
      probe.take();
      probe.failures.set('a', 99);
      context.exit(child, 'kill');
      expect(yield* exitOf(pid)).toBe('shutdown');
      expect(probe.take()).toEqual(['!a', '!a', '!a', '-b shutdown']);
    });
  });

  it('DYN-1 each child has its own shutdown time; all are stopped together', () => {
    tryOut(function* ({ context, engine, probe }) {
      const pid = yield* begin();
      for (const [name, shutdown] of [
        ['a', 100],
        ['b', 300],
        ['c', 'brutalKill'],
        ['d', 'infinity'],
      ] as const) {
        probe.slowMs.set(name, 200);
        yield* add(pid, probe, name, { shutdown });
      }
      probe.take();
      const before = context.now();
      context.exit(pid, 'shutdown');
      yield* exitOf(pid);
      expect(context.now() - before).toBe(200);
      expect(probe.take().sort()).toEqual(['-b shutdown', '-d shutdown']);
      const reports = engine.logged('supervisor report');
      expect(reports).toMatchObject([{ context: 'shutdownError', reason: 'killed' }]);
    });
  });

  it('DYN-1 children that died just before the stop are reported with their real reason', () => {
    tryOut(function* ({ context, engine, probe }) {
      const pid = yield* begin();
      const child = yield* add(pid, probe, 'a');
      yield* add(pid, probe, 'b');
      context.exit(pid, 'shutdown');
      context.exit(child, 'kill');
      yield* exitOf(pid);
      expect(engine.logged('supervisor report')).toMatchObject([{ context: 'shutdownError', reason: 'killed' }]);
      expect(engine.scheduler.processes.size).toBe(1);
    });
  });

  it('DYN-1 bad options fail the start', () => {
    tryOut(function* () {
      expect(yield* startLink(dynamicSupervisor({ childrenMax: -1 }))).toMatchObject({
        error: { tag: 'badSupervisorFlags', error: { tag: 'badMaxChildren' } },
      });
      expect(yield* startLink(dynamicSupervisor(), [{ intensity: -1 }])).toMatchObject({
        error: { tag: 'badSupervisorFlags', error: { tag: 'badIntensity' } },
      });
    });
  });
});
