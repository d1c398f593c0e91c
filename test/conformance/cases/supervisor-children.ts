// SUP-10...13 and DYN-1: child specs, what can be asked of a supervisor, automatic shutdown, dynamic children.
import {
  type ChildSpec,
  countChildren,
  deleteChild,
  getChildSpec,
  restartChild,
  type SupervisorFlags,
  startChild,
  startWith,
  terminateChild,
  whichChildren,
} from '../../../src/behaviours/index.ts';
import type { Effects } from '../../../src/process/index.ts';
import type { AnyPid } from '../../../src/term/index.ts';
import { CHILD, type ChildPid } from '../../actors/family.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';
import { type Family, family } from './family.ts';

const errorOf = (outcome: unknown) => (outcome as { error?: { tag?: string; error?: { tag: string } } }).error;

/** The tag of the spec error with which a start fails. */
function* refusal(f: Family, flags: SupervisorFlags, ...children: readonly ChildSpec[]): Effects<string | undefined> {
  return errorOf(yield* f.begin(flags, children))?.error?.tag;
}

export const supervisorChildrenCases: readonly Case[] = [
  {
    title: 'SUP-10 bad specs and flags are refused at the start, each with its own error',
    *run(t) {
      const f = yield* family(t);
      const a = f.spec('a');
      equal(yield* refusal(f, {}, a, a), 'duplicateId', 'two of one id');
      equal(yield* refusal(f, {}, f.spec('')), 'badId', 'no id');
      equal(yield* refusal(f, {}, { ...a, restart: 'sometimes' as never }), 'badRestart', 'restart');
      equal(yield* refusal(f, {}, { ...a, shutdown: -1 }), 'badShutdown', 'shutdown');
      equal(yield* refusal(f, {}, { ...a, type: 'boss' as never }), 'badType', 'type');
      equal(yield* refusal(f, {}, { ...a, start: { body: null as never } }), 'badStart', 'start');
      equal(yield* refusal(f, { strategy: 'allForOne' as never }, a), 'badStrategy', 'strategy');
      equal(yield* refusal(f, { intensity: -1 }, a), 'badIntensity', 'intensity');
      equal(yield* refusal(f, { periodMs: 0 }, a), 'badPeriod', 'period');
      yield* t.silence('after refused starts');
      const tree = yield* f.tree({}, [f.spec('only')]);
      yield* f.notes('no child of a refused spec was started', 'start only');
      equal(errorOf(yield* startChild(tree, { ...a, restart: 'x' as never }))?.error?.tag, 'badRestart', 'startChild');
    },
  },
  {
    title: 'SUP-10 a child that declines to start keeps its spec without a process, unless it is temporary',
    *run(t) {
      const f = yield* family(t);
      const how = { ignores: true };
      const tree = yield* f.tree({}, [
        f.spec('kept', { how }),
        f.spec('gone', { how, restart: 'temporary' }),
        f.spec('c'),
      ]);
      const children = yield* whichChildren(tree);
      equal(
        children.map(({ id, pid }) => [id, pid === null]),
        [
          ['c', false],
          ['kept', true],
        ],
        'the children',
      );
      equal(
        yield* startChild(tree, f.spec('later', { how })),
        { ok: true, pid: null },
        'startChild of one that declines',
      );
    },
  },
  {
    title: 'SUP-10 a spec comes back with its defaults',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, [f.spec('worker'), f.treeSpec('inner', {}, [])]);
      const worker = (yield* getChildSpec(tree, 'worker')) as { ok: true; spec: ChildSpec };
      const { restart, significant, shutdown, type } = worker.spec;
      equal([restart, significant, shutdown, type], ['permanent', false, 5_000, 'worker'], 'the defaults of a worker');
      const inner = (yield* getChildSpec(tree, 'inner')) as { ok: true; spec: ChildSpec };
      equal([inner.spec.shutdown, inner.spec.type], ['infinity', 'supervisor'], 'the defaults of a supervisor');
      equal(errorOf(yield* getChildSpec(tree, 'nobody'))?.tag, 'notFound', 'an unknown child');
    },
  },
  {
    title: 'SUP-11 start, terminate, restart and delete of children, and what they refuse',
    edges: [21],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, [f.spec('a')]);
      const started = yield* startChild(tree, f.spec('b'));
      holds(started.ok && started.pid !== null, 'startChild');
      const again = yield* startChild(tree, f.spec('b'));
      equal(again, { ok: false, error: { tag: 'alreadyStarted', pid: (started as { pid: AnyPid }).pid } }, 'once more');
      equal(errorOf(yield* restartChild(tree, 'b'))?.tag, 'running', 'restart of a running child');
      equal(errorOf(yield* deleteChild(tree, 'b'))?.tag, 'running', 'delete of a running child');
      for (const round of [1, 2]) equal(yield* terminateChild(tree, 'b'), { ok: true }, `terminate ${round}`);
      equal(errorOf(yield* startChild(tree, f.spec('b')))?.tag, 'alreadyPresent', 'start of a stopped child');
      equal((yield* restartChild(tree, 'b')).ok, true, 'restart of a stopped child');
      yield* terminateChild(tree, 'b');
      equal(yield* deleteChild(tree, 'b'), { ok: true }, 'delete');
      for (const outcome of [
        yield* deleteChild(tree, 'b'),
        yield* restartChild(tree, 'b'),
        yield* terminateChild(tree, 'b'),
      ]) {
        equal(errorOf(outcome)?.tag, 'notFound', 'an unknown child');
      }
      yield* f.notes('what happened', 'start a', 'start b', 'stop b', 'start b', 'stop b');
      equal(yield* countChildren(tree), { specs: 1, active: 1, supervisors: 0, workers: 1 }, 'the counts');
    },
  },
  {
    title: 'SUP-11 whichChildren shows the newest first, terminateChild neither restarts nor counts',
    edges: [21],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({ strategy: 'oneForAll', intensity: 0 }, [f.spec('a'), f.spec('b')]);
      yield* startChild(tree, f.spec('c'));
      equal(
        (yield* whichChildren(tree)).map(({ id }) => id),
        ['c', 'b', 'a'],
        'the order',
      );
      equal(yield* terminateChild(tree, 'b'), { ok: true }, 'terminateChild');
      equal(
        (yield* whichChildren(tree)).map(({ id, pid }) => [id, pid === null]),
        [
          ['c', false],
          ['b', true],
          ['a', false],
        ],
        'after it',
      );
      yield* f.notes('what happened', 'start a', 'start b', 'start c', 'stop b');
    },
  },
  {
    title:
      'SUP-11 startChild of a child that fails keeps no spec; the ids of temporary children are free after their end',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, []);
      const failed = yield* startChild(tree, f.spec('a', { how: { failAt: [1] } }));
      equal(errorOf(failed), { tag: 'failed', attempt: 1 }, 'the error');
      equal((yield* startChild(tree, f.spec('a', { restart: 'temporary' }))).ok, true, 'the second try');
      yield* f.end(tree, 'a', 'normal');
      yield* f.until(tree, 'a', (pid) => pid === undefined);
      equal((yield* startChild(tree, f.spec('a'))).ok, true, 'the third');
    },
  },
  {
    title: 'SUP-12 anySignificant: the end of a significant child shuts the supervisor down in order',
    edges: [21],
    *run(t) {
      const f = yield* family(t);
      for (const reason of ['normal', { tag: 'shutdown', detail: 1 }]) {
        const tree = yield* f.tree({ autoShutdown: 'anySignificant' }, [
          f.spec('a'),
          f.spec('s', { restart: 'transient', significant: true }),
          f.spec('b'),
        ]);
        const ref = t.context.monitor(tree);
        yield* f.notes('the starts', 'start a', 'start s', 'start b');
        yield* f.end(tree, 's', reason);
        equal(yield* t.down(ref), 'shutdown', 'the end of the supervisor');
        yield* f.notes('the stops', 'stop s', 'stop b', 'stop a');
      }
    },
  },
  {
    title: 'SUP-12 allSignificant waits for the last one; a restart, terminateChild or a sibling shuts nothing down',
    edges: [21],
    *run(t) {
      const f = yield* family(t);
      const significant = { restart: 'transient', significant: true } as const;
      const tree = yield* f.tree({ autoShutdown: 'allSignificant', strategy: 'oneForAll', intensity: 5 }, [
        f.spec('a', significant),
        f.spec('b', significant),
        f.spec('c', { restart: 'temporary', significant: true }),
        f.spec('p'),
      ]);
      const ref = t.context.monitor(tree);
      yield* f.notes('the starts', 'start a', 'start b', 'start c', 'start p');
      yield* terminateChild(tree, 'c');
      yield* f.kill(tree, 'a');
      yield* f.notes('stop and restart', 'stop c', 'stop p', 'stop b', 'start a', 'start b', 'start p');
      yield* f.end(tree, 'a', 'normal');
      yield* f.until(tree, 'a', (pid) => pid === null);
      holds(typeof (yield* f.state(tree, 'b')) === 'object', 'the supervisor goes on');
      yield* f.end(tree, 'b', 'normal');
      equal(yield* t.down(ref), 'shutdown', 'the end of the supervisor');
      yield* f.notes('the stops', 'stop a', 'stop b', 'stop p');
    },
  },
  {
    title: 'SUP-12 significant with permanent, or without automatic shutdown, is refused',
    *run(t) {
      const f = yield* family(t);
      const transient = f.spec('a', { restart: 'transient', significant: true });
      equal(yield* refusal(f, {}, transient), 'significantWithoutAutoShutdown', 'never');
      const permanent = f.spec('a', { significant: true });
      equal(yield* refusal(f, { autoShutdown: 'anySignificant' }, permanent), 'significantPermanent', 'permanent');
    },
  },
  {
    title: 'SUP-13 simpleOneForOne: one template, more arguments, terminated by pid; other operations are invalid',
    *run(t) {
      const f = yield* family(t);
      const template = { ...f.spec('template'), start: f.start(CHILD, [f.recorder]) };
      const tree = yield* f.tree({ strategy: 'simpleOneForOne', intensity: 5 }, [template]);
      const pids: AnyPid[] = [];
      for (const id of ['x', 'y']) {
        const started = yield* startWith(tree, [id, {}]);
        holds(started.ok && started.pid !== null, 'startWith');
        pids.push((started as { pid: AnyPid }).pid);
      }
      yield* f.notes('the starts', 'start x', 'start y');
      t.context.exit(pids[0], 'kill');
      yield* f.notes('the restart, with its own arguments', 'start x');
      equal(yield* terminateChild(tree, pids[1]), { ok: true }, 'terminate by pid');
      yield* f.notes('its stop', 'stop y');
      equal(errorOf(yield* restartChild(tree, 'x'))?.tag, 'notSupported', 'restartChild');
      equal(errorOf(yield* deleteChild(tree, 'x'))?.tag, 'notSupported', 'deleteChild');
      equal((yield* whichChildren(tree)).length, 1, 'the children');
    },
  },
  {
    title: 'SUP-13 the children of a simpleOneForOne are stopped all at once',
    *run(t) {
      const f = yield* family(t);
      const template = { ...f.spec('template'), start: f.start(CHILD, [f.recorder]) };
      const tree = yield* f.tree({ strategy: 'simpleOneForOne' }, [template]);
      // Each waits in its terminate until all five are there: one after the other would end in kills.
      for (let count = 0; count < 5; count++) yield* startWith(tree, ['one', { meets: 5 }]);
      yield* f.notes('the starts', ...Array(5).fill('start one'));
      equal(yield* f.shutDown(tree), 'shutdown', 'the end of the supervisor');
      yield* f.notes('the stops', ...Array(5).fill('stop one'));
    },
  },
  {
    title: 'DYN-1 a dynamic supervisor starts children of any spec, up to its bound, and stops them all at once',
    *run(t) {
      const f = yield* family(t);
      const pool = yield* f.dynamic({ childrenMax: 3, intensity: 5 });
      const pids: ChildPid[] = [];
      for (const id of abc) {
        const started = yield* startChild(pool, f.spec(id, { how: { meets: 3 } }));
        holds(started.ok, 'the start');
        pids.push((started as unknown as { pid: ChildPid }).pid);
      }
      equal(errorOf(yield* startChild(pool, f.spec('d')))?.tag, 'maxChildren', 'one too many');
      yield* f.notes('the starts', 'start a', 'start b', 'start c');
      t.context.exit(pids[1], 'kill');
      yield* f.notes('the restart', 'start b');
      equal(yield* countChildren(pool), { specs: 3, active: 3, supervisors: 0, workers: 3 }, 'the counts');
      equal(yield* f.shutDown(pool), 'shutdown', 'the end of the supervisor');
      equal([...(yield* f.taken(3))].sort(), ['stop a', 'stop b', 'stop c'], 'the stops');
    },
  },
  {
    title: 'DYN-1 children are terminated by pid; temporary ones that end make room; extra arguments come first',
    *run(t) {
      const f = yield* family(t);
      const pool = yield* f.dynamic({ childrenMax: 1, extraArguments: [f.recorder] });
      const spec = (id: string): ChildSpec => ({
        restart: 'temporary',
        start: f.start(CHILD, [id]),
      });
      const first = (yield* startChild(pool, spec('a'))) as unknown as { pid: ChildPid };
      equal(yield* terminateChild(pool, first.pid), { ok: true }, 'terminate by pid');
      const second = (yield* startChild(pool, spec('b'))) as unknown as { ok: boolean; pid: ChildPid };
      equal(second.ok, true, 'room for another');
      const ref = t.context.monitor(second.pid);
      t.context.exit(second.pid, 'kill');
      yield* t.down(ref);
      yield* f.untilCount(pool, 0);
      equal((yield* startChild(pool, spec('c'))).ok, true, 'room again');
      yield* f.notes('what happened', 'start a', 'stop a', 'start b', 'start c');
    },
  },
];

const abc = ['a', 'b', 'c'] as const;
