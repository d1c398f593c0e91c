// GS-11...13: how gen-servers end.
import { type CallReason, call, cast, stopServer, tryCall } from '../../../src/behaviours/index.ts';
import type { ErrorReason } from '../../../src/term/index.ts';
import type { Case } from '../case.ts';
import { equal } from '../check.ts';

import { ranTerminate, started, startedAlone, startedBy, terminated } from './servers.ts';

export const genServerEndCases: readonly Case[] = [
  {
    title: 'GS-11 terminate runs on a stop and on a crash of a callback',
    edges: [15],
    *run(t) {
      t.context.trapExit(true);
      const stopped = yield* started(t);
      cast(t.context, stopped, { do: 'stop', reason: 'x' });
      equal(yield* t.next('its terminate'), { terminated: 'x', by: stopped }, 'on a stop');
      equal(yield* t.next('its EXIT'), { tag: 'EXIT', from: stopped, reason: 'x' }, 'its EXIT');
      const crashed = yield* started(t);
      yield* tryCall(crashed, { do: 'throw' });
      const { terminated: why } = yield* t.next<{ terminated: ErrorReason }>('its terminate', terminated);
      equal(why.error.message, 'call failed on purpose', 'on a crash');
      yield* t.next('its EXIT');
      const bad = yield* started(t);
      yield* tryCall(bad, { do: 'badReturn' });
      const last = yield* t.next<{ terminated: { tag: string } }>('its terminate', terminated);
      equal(last.terminated.tag, 'badReturnValue', 'on a bad return');
    },
  },
  {
    title: 'GS-11 terminate runs when the parent of a trapping server exits',
    edges: [15],
    *run(t) {
      for (const reason of ['shutdown', { tag: 'odd', detail: 1 }]) {
        const { pid, by } = yield* startedBy(t, { traps: true });
        const ref = yield* t.watch(pid);
        t.context.send(by, { end: reason });
        equal(yield* t.down(ref), reason, 'its end');
        equal(yield* ranTerminate(t), { terminated: reason, by: pid }, 'its terminate');
      }
    },
  },
  {
    title: 'GS-11 terminate does not run on a kill, nor on any exit signal to a server that does not trap',
    edges: [15],
    *run(t) {
      for (const [traps, reason, end] of [
        [true, 'kill', 'killed'],
        [false, 'kill', 'killed'],
        [false, 'shutdown', 'shutdown'],
        [false, 'x', 'x'],
      ] as const) {
        const { pid } = yield* startedBy(t, { traps });
        const ref = t.context.monitor(pid);
        t.context.exit(pid, reason);
        equal(yield* t.down(ref), end, 'its end');
        equal(yield* ranTerminate(t), undefined, 'its terminate');
      }
      const { pid, by } = yield* startedBy(t, { traps: false });
      const ref = yield* t.watch(pid);
      t.context.send(by, { end: 'parent gone' });
      equal(yield* t.down(ref), 'parent gone', 'its end');
      equal(yield* ranTerminate(t), undefined, 'its terminate');
    },
  },
  {
    title: 'GS-11 the shutdown of a stranger is only a message for a trapping server',
    edges: [15],
    *run(t) {
      const { pid } = yield* startedBy(t, { traps: true });
      const stranger = t.puppet();
      yield* t.ask(stranger, { do: 'exit', to: pid, reason: 'shutdown' });
      const exit = { tag: 'EXIT', from: stranger, reason: 'shutdown' };
      equal(yield* t.next('its word'), { info: exit }, 'what the server told');
      equal(yield* call(pid, { do: 'echo', value: 'alive' }), 'alive', 'it serves on');
    },
  },
  {
    title: 'GS-12 a parent that ends normal stops a trapping server, and leaves another one alone',
    *run(t) {
      const trapping = yield* startedBy(t, { traps: true });
      const ref = yield* t.watch(trapping.pid);
      t.context.send(trapping.by, { end: 'normal' });
      equal(yield* t.down(ref), 'normal', 'the end of the trapping server');
      equal(yield* ranTerminate(t), { terminated: 'normal', by: trapping.pid }, 'its terminate');
      const other = yield* startedBy(t, { traps: false });
      const parentRef = t.context.monitor(other.by);
      t.context.send(other.by, { end: 'normal' });
      equal(yield* t.down(parentRef), 'normal', 'the end of the parent');
      equal(yield* call(other.pid, { do: 'echo', value: 'alive' }), 'alive', 'the server lives on');
    },
  },
  {
    title: 'GS-12 a server that was started without a link has no parent: the exit of its starter is a message',
    *run(t) {
      const server = yield* startedAlone(t, { traps: true });
      t.context.exit(server, 'x');
      const exit = { tag: 'EXIT', from: t.context.self, reason: 'x' };
      equal(yield* t.next('its word'), { info: exit }, 'what the server told');
      equal(yield* call(server, { do: 'echo', value: 'alive' }), 'alive', 'it serves on');
    },
  },
  {
    title: 'GS-13 stopServer waits until the server is dead; another end, or no server, is an error',
    *run(t) {
      t.context.trapExit(true);
      const name = t.name('stopped');
      const server = yield* started(t, {}, { name });
      yield* stopServer(server, { tag: 'shutdown', detail: 1 });
      equal(t.context.whereis(name), undefined, 'its name');
      const all = yield* t.drain();
      equal(all[0], { terminated: { tag: 'shutdown', detail: 1 }, by: server }, 'its terminate');
      const other = yield* started(t, { terminate: 'throw' });
      for (const [target, expected] of [
        [other, 'RangeError'],
        [server, 'noproc'],
        [t.name('nobody'), 'noproc'],
      ] as const) {
        let reason: unknown = 'none';
        try {
          yield* stopServer(target);
        } catch (error) {
          ({ reason } = (error as { reason: CallReason }).reason);
        }
        equal((reason as ErrorReason).error?.name ?? reason, expected, 'why it failed');
      }
    },
  },
];
