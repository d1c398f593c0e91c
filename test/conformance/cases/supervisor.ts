// SUP-1...8, SUP-14: how supervisors start, restart and stop.
import { call, startChild, terminateChild, whichChildren } from '../../../src/behaviours/index.ts';
import { isProcessAlive, sleep } from '../../../src/process/index.ts';
import type { Case } from '../case.ts';
import { equal, holds } from '../check.ts';
import { family } from './family.ts';

const abc = ['a', 'b', 'c'] as const;

export const supervisorCases: readonly Case[] = [
  {
    title: 'SUP-1 children start one after the other, left to right, and stop right to left',
    edges: [20],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree(
        {},
        abc.map((id) => f.spec(id)),
      );
      yield* f.notes('the starts', 'start a', 'start b', 'start c');
      equal(yield* f.shutDown(tree), 'shutdown', 'the end of the supervisor');
      yield* f.notes('the stops', 'stop c', 'stop b', 'stop a');
    },
  },
  {
    title: 'SUP-1 when a child does not start, the earlier ones are stopped in reverse and the start fails',
    edges: [20],
    *run(t) {
      const f = yield* family(t);
      const result = yield* f.begin({}, [f.spec('a'), f.spec('b'), f.spec('c', { how: { failFrom: 1 } }), f.spec('d')]);
      holds(!result.ok, 'the start fails');
      const { tag, detail } = (
        result as unknown as { error: { tag: string; detail: { tag: string; id: string; reason: unknown } } }
      ).error;
      equal([tag, detail.tag, detail.id], ['shutdown', 'failedToStartChild', 'c'], 'the reason');
      equal(detail.reason, { tag: 'failed', attempt: 1 }, 'the reason of the child');
      yield* f.notes('what happened', 'start a', 'start b', 'start c', 'stop b', 'stop a');
      yield* t.silence('after the failed start');
    },
  },
  {
    title: 'SUP-2 oneForOne restarts only the child that ended',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree(
        {},
        abc.map((id) => f.spec(id)),
      );
      yield* f.notes('the starts', 'start a', 'start b', 'start c');
      const before = yield* whichChildren(tree);
      yield* f.kill(tree, 'b');
      yield* f.notes('the restart', 'start b');
      const after = yield* whichChildren(tree);
      equal(
        after.map(({ id }) => id),
        ['c', 'b', 'a'],
        'the children, newest first',
      );
      for (const index of [0, 2]) equal(after[index].pid, before[index].pid, 'a sibling lives on');
      holds(after[1].pid !== before[1].pid, 'a new process');
    },
  },
  {
    title: 'SUP-2 oneForAll stops the others in reverse order and starts all in order',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree(
        { strategy: 'oneForAll' },
        abc.map((id) => f.spec(id)),
      );
      yield* f.notes('the starts', 'start a', 'start b', 'start c');
      yield* f.kill(tree, 'b');
      yield* f.notes('the restart', 'stop c', 'stop a', 'start a', 'start b', 'start c');
    },
  },
  {
    title: 'SUP-2 restForOne stops and starts the children after the one that ended',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree(
        { strategy: 'restForOne' },
        [...abc, 'd'].map((id) => f.spec(id)),
      );
      yield* f.notes('the starts', 'start a', 'start b', 'start c', 'start d');
      yield* f.kill(tree, 'b');
      yield* f.notes('the restart', 'stop d', 'stop c', 'start b', 'start c', 'start d');
    },
  },
  {
    title: 'SUP-2 an end without a restart leaves the siblings alone: normal of a transient, any of a temporary',
    edges: [17],
    *run(t) {
      for (const strategy of ['oneForAll', 'restForOne'] as const) {
        const f = yield* family(t);
        const tree = yield* f.tree({ strategy }, [
          f.spec('transient', { restart: 'transient' }),
          f.spec('temporary', { restart: 'temporary' }),
          f.spec('last'),
        ]);
        yield* f.notes('the starts', 'start transient', 'start temporary', 'start last');
        yield* f.end(tree, 'transient', 'normal');
        yield* f.notes('its end', 'stop transient');
        yield* f.kill(tree, 'temporary');
        yield* f.until(tree, 'temporary', (pid) => pid === undefined);
        yield* f.until(tree, 'transient', (pid) => pid === null);
        equal(
          (yield* whichChildren(tree)).map(({ id, pid }) => [id, pid === null]),
          [
            ['last', false],
            ['transient', true],
          ],
          'who is left',
        );
        yield* f.shutDown(tree);
        yield* f.notes('nothing happened until the end', 'stop last');
      }
    },
  },
  {
    title: 'SUP-3 oneForAll starts an ended transient child again, a temporary one not',
    edges: [17],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({ strategy: 'oneForAll' }, [
        f.spec('transient', { restart: 'transient' }),
        f.spec('temporary', { restart: 'temporary' }),
        f.spec('permanent'),
      ]);
      yield* f.notes('the starts', 'start transient', 'start temporary', 'start permanent');
      yield* f.end(tree, 'transient', 'normal');
      yield* f.notes('its end', 'stop transient');
      yield* f.until(tree, 'transient', (pid) => pid === null);
      yield* f.kill(tree, 'permanent');
      yield* f.notes('the restart', 'stop temporary', 'start transient', 'start permanent');
      equal(
        (yield* whichChildren(tree)).map(({ id }) => id),
        ['permanent', 'transient'],
        'the children',
      );
    },
  },
  {
    title: 'SUP-4 permanent always comes back, temporary never, transient only after a crash',
    edges: [18],
    *run(t) {
      const clean = ['normal', 'shutdown', { tag: 'shutdown', detail: 'planned' }];
      for (const reason of [...clean, 'crash', 'killed']) {
        const f = yield* family(t);
        const specs = (['permanent', 'transient', 'temporary'] as const).map((restart) => f.spec(restart, { restart }));
        const tree = yield* f.tree({ intensity: 5 }, specs);
        yield* f.notes('the starts', 'start permanent', 'start transient', 'start temporary');
        for (const id of ['temporary', 'transient', 'permanent']) {
          const comesBack = id === 'permanent' || (id === 'transient' && !clean.includes(reason as string));
          if (reason === 'killed') yield* f.kill(tree, id);
          else yield* f.end(tree, id, reason);
          const notes = [reason === 'killed' ? [] : [`stop ${id}`], comesBack ? [`start ${id}`] : []].flat();
          if (notes.length > 0) yield* f.notes(`what ${id} does`, ...notes);
          if (!comesBack) yield* f.until(tree, id, (pid) => pid === (id === 'transient' ? null : undefined));
        }
        yield* f.shutDown(tree);
      }
    },
  },
  {
    title: 'SUP-5 more restarts than the intensity end the supervisor with shutdown, its children stopped',
    edges: [19],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({ intensity: 2, periodMs: 60_000 }, [f.spec('a'), f.spec('b')]);
      const ref = t.context.monitor(tree);
      yield* f.notes('the starts', 'start a', 'start b');
      for (let count = 0; count < 2; count++) {
        yield* f.kill(tree, 'a');
        yield* f.notes('a restart', 'start a');
      }
      yield* f.kill(tree, 'a');
      equal(yield* t.down(ref), 'shutdown', 'the end of the supervisor');
      yield* f.notes('the stops', 'stop b');
    },
  },
  {
    title: 'SUP-5 with intensity 0 the first crash is fatal; restarts outside the period do not count',
    edges: [19],
    *run(t) {
      const f = yield* family(t);
      const strict = yield* f.tree({ intensity: 0 }, [f.spec('a')]);
      const ref = t.context.monitor(strict);
      yield* f.kill(strict, 'a');
      equal(yield* t.down(ref), 'shutdown', 'the end of the strict supervisor');
      yield* f.notes('what happened', 'start a');
      const patient = yield* f.tree({ intensity: 1, periodMs: 1 }, [f.spec('b')]);
      yield* f.notes('the start', 'start b');
      for (let count = 0; count < 4; count++) {
        yield* sleep(3);
        yield* f.until(patient, 'b', (pid) => typeof pid === 'object' && pid !== null);
        yield* f.kill(patient, 'b');
        yield* f.notes('a restart', 'start b');
      }
      equal(yield* isProcessAlive(patient), true, 'the patient supervisor lives');
    },
  },
  {
    title: 'SUP-5 every failed start counts, a restart of a whole group counts once',
    edges: [19],
    *run(t) {
      const f = yield* family(t);
      const failing = yield* f.tree({ intensity: 3, periodMs: 60_000 }, [f.spec('a', { how: { failFrom: 2 } })]);
      const ref = t.context.monitor(failing);
      yield* f.kill(failing, 'a');
      equal(yield* t.down(ref), 'shutdown', 'the end of the supervisor');
      yield* f.notes('one start and as many attempts as allowed', 'start a', 'start a', 'start a', 'start a');
      const group = yield* f.tree({ strategy: 'oneForAll', intensity: 2, periodMs: 60_000 }, [
        f.spec('x'),
        f.spec('y'),
      ]);
      yield* f.notes('the starts', 'start x', 'start y');
      for (let count = 0; count < 2; count++) {
        yield* f.kill(group, 'x');
        yield* f.notes('a restart of the group', 'stop y', 'start x', 'start y');
      }
      equal(yield* isProcessAlive(group), true, 'the supervisor lives');
    },
  },
  {
    title: 'SUP-6 a supervisor that gave up stays dead as a transient child and comes back as a permanent one',
    edges: [19],
    *run(t) {
      const f = yield* family(t);
      for (const restart of ['transient', 'permanent'] as const) {
        const inner = f.treeSpec('inner', { intensity: 0 }, [f.spec(restart)], { restart });
        const outer = yield* f.tree({}, [inner]);
        yield* f.notes('the start', `start ${restart}`);
        const supervisor = (yield* f.state(outer, 'inner')) as typeof outer;
        const ref = t.context.monitor(supervisor);
        yield* f.kill(supervisor, restart);
        equal(yield* t.down(ref), 'shutdown', 'the end of the inner supervisor');
        if (restart === 'permanent') yield* f.notes('the restart', 'start permanent');
        else yield* f.until(outer, 'inner', (pid) => pid === null);
        yield* f.shutDown(outer);
      }
      yield* f.notes('the last stop', 'stop permanent');
    },
  },
  {
    title: 'SUP-7 between failed restarts the supervisor answers and shows restarting; terminateChild ends the tries',
    // It never comes to rest: a schedule may hold the news of the death back for ever.
    needsFairness: true,
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({ intensity: Number.POSITIVE_INFINITY }, [
        f.spec('a', { how: { failFrom: 2 } }),
        f.spec('b'),
      ]);
      yield* f.kill(tree, 'a');
      yield* f.until(tree, 'a', (pid) => pid === 'restarting');
      holds(typeof (yield* f.state(tree, 'b')) === 'object', 'the sibling runs');
      equal(yield* terminateChild(tree, 'a'), { ok: true }, 'terminateChild');
      equal(yield* f.state(tree, 'a'), null, 'the child');
      // Whatever attempt was under way has been noted before terminateChild returned.
      yield* call(f.recorder, { tag: 'take', count: 1 });
      yield* sleep(5);
      yield* call(f.recorder, { tag: 'note', text: 'mark' });
      yield* f.notes('no attempt afterwards', 'mark');
    },
  },
  {
    title: 'SUP-7 a restart that fails at first succeeds later',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({ intensity: 5 }, [f.spec('a', { how: { failAt: [2, 3] } })]);
      yield* f.kill(tree, 'a');
      yield* f.notes('the starts', 'start a', 'start a', 'start a', 'start a');
      yield* f.until(tree, 'a', (pid) => typeof pid === 'object' && pid !== null);
    },
  },
  {
    title: 'SUP-8 a child that does not stop in its time is killed; brutalKill does not ask',
    edges: [20],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, [
        f.spec('a'),
        f.spec('hangs', { shutdown: 5, how: { hangs: true } }),
        f.spec('brutal', { shutdown: 'brutalKill' }),
      ]);
      yield* f.notes('the starts', 'start a', 'start hangs', 'start brutal');
      const pids = [yield* f.pid(tree, 'hangs'), yield* f.pid(tree, 'brutal')];
      const refs = yield* t.watchAll(pids);
      equal(yield* f.shutDown(tree), 'shutdown', 'the end of the supervisor');
      equal([yield* t.down(refs[0]), yield* t.down(refs[1])], ['killed', 'killed'], 'the ends of the two');
      yield* f.notes('the stops', 'stop a');
    },
  },
  {
    title: 'SUP-8 a child that unlinked itself is stopped as well and holds nobody up',
    edges: [20],
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, [f.spec('a'), f.spec('loose', { how: { unlinks: true } }), f.spec('b')]);
      yield* f.notes('the starts', 'start a', 'start loose', 'start b');
      const ref = yield* t.watch(yield* f.pid(tree, 'loose'));
      equal(yield* f.shutDown(tree), 'shutdown', 'the end of the supervisor');
      // It unlinked itself, so for its server the shutdown comes from a stranger; it is killed when its time is over.
      const reason = yield* t.down(ref);
      holds(reason === 'shutdown' || reason === 'killed', `its end: ${reason}`);
      const notes = yield* call(f.recorder, { tag: 'take', count: 2 });
      equal(
        notes.filter((text) => text !== 'stop loose'),
        ['stop b', 'stop a'],
        'the stops of the others',
      );
    },
  },
  {
    title: 'SUP-14 a supervisor ignores exits of strangers and unknown messages',
    *run(t) {
      const f = yield* family(t);
      const tree = yield* f.tree({}, [f.spec('a')]);
      const stranger = t.puppet();
      yield* t.askAll(
        stranger,
        { do: 'exit', to: tree, reason: 'shutdown' },
        { do: 'exit', to: tree, reason: 'x' },
        { do: 'send', to: tree as never, message: { odd: 'message' } },
        { do: 'link', to: tree },
        { do: 'info', to: tree },
      );
      yield* t.lastAct(stranger, { do: 'end', reason: 'y' });
      equal((yield* startChild(tree, f.spec('b'))).ok, true, 'it serves on');
      yield* f.notes('the starts', 'start a', 'start b');
    },
  },
  {
    title:
      'SUP-14 the children of a supervisor that is killed hear killed; one that loses its parent stops them in order',
    *run(t) {
      const f = yield* family(t);
      const outer = yield* f.tree({}, [
        f.treeSpec('inner', {}, [f.spec('a', { how: { traps: false } })], { restart: 'temporary' }),
      ]);
      yield* f.notes('the start', 'start a');
      const inner = (yield* f.state(outer, 'inner')) as typeof outer;
      const ref = yield* t.watch(yield* f.pid(inner, 'a'));
      t.context.exit(inner, 'kill');
      equal(yield* t.down(ref), 'killed', 'the end of the child');
      const second = yield* f.tree({}, [f.treeSpec('inner', {}, [f.spec('b'), f.spec('c')])]);
      yield* f.notes('the starts', 'start b', 'start c');
      const orphan = yield* t.watch((yield* f.state(second, 'inner')) as typeof outer);
      t.context.exit(second, 'kill');
      equal(yield* t.down(orphan), 'killed', 'the end of the supervisor without a parent');
      yield* f.notes('the stops', 'stop c', 'stop b');
    },
  },
];
