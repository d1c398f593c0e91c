// GS-1...10, ALI-2: gen-servers that start, answer and go on.
import {
  type CallReason,
  call,
  cast,
  type From,
  replyTo,
  type StartResult,
  startLink,
  tryCall,
} from '../../../src/behaviours/index.ts';
import { sleep } from '../../../src/process/index.ts';
import type { ErrorReason } from '../../../src/term/index.ts';
import { BARE_SERVER, type How, SERVER, type TestServerPid } from '../../actors/server.ts';
import type { Case } from '../case.ts';
import { CheckError, equal, holds } from '../check.ts';

import { serverActor as actor, started, terminated } from './servers.ts';

export const genServerCases: readonly Case[] = [
  {
    title: 'GS-1 startLink returns when init is done, and the server is linked',
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      const result = yield* startLink(SERVER, [context.self, { initMs: 5 }], t.options());
      holds(result.ok, 'the start');
      if (!result.ok) return;
      t.kept(result.pid);
      equal(yield* t.drain(), [{ initialized: result.pid }], 'what came before the start returned');
      cast(context, result.pid as TestServerPid, { do: 'stop', reason: 'x' });
      yield* t.next('its terminate', terminated);
      equal(yield* t.next('its EXIT'), { tag: 'EXIT', from: result.pid, reason: 'x' }, 'the EXIT');
    },
  },
  {
    title: 'GS-1 a start that fails gives the reason, and a trapping starter finds no EXIT afterwards',
    edges: [16],
    *run(t) {
      t.context.trapExit(true);
      const reason = { tag: 'noDisk', detail: 1 };
      const begin = (how: How) => startLink(SERVER, [t.context.self, how], t.options());
      equal(yield* begin({ init: 'stop', reason }), { ok: false, error: reason }, 'init that stops');
      equal(yield* begin({ init: 'fail', reason }), { ok: false, error: reason }, 'init that fails');
      equal(yield* begin({ init: 'ignore' }), { ok: false, error: { tag: 'ignored' } }, 'init that declines');
      const thrown = yield* begin({ init: 'throw' });
      equal((thrown as { error?: ErrorReason }).error?.error.message, 'init failed on purpose', 'init that throws');
      const bad = yield* begin({ init: 'bad' });
      equal((bad as { error?: { tag?: string } }).error?.tag, 'badReturnValue', 'init that returns nonsense');
      yield* t.silence('after failed starts');
    },
  },
  {
    title:
      'GS-1 a starter that does not trap dies with a child that stops in init, not with one that fails or declines',
    edges: [16],
    *run(t) {
      const begin = (how: How) => t.spawnMonitor(actor('parent'), [t.context.self, t.plan, how, {}]);
      equal(yield* t.down(begin({ init: 'stop', reason: 'noDisk' }).ref), 'noDisk', 'the end of the starter');
      yield* t.silence('it got no result');
      for (const init of ['fail', 'ignore'] as const) {
        const { pid, ref } = begin({ init, reason: 'noDisk' });
        const { result } = yield* t.next<{ result: StartResult }>('the result');
        equal(result.ok, false, `the start with '${init}'`);
        t.context.send(pid, { end: 'told to' });
        equal(yield* t.down(ref), 'told to', 'the end of the starter');
      }
    },
  },
  {
    title: 'GS-1 the name of a failed start is free at once; a taken name says whose it is',
    edges: [16],
    *run(t) {
      t.context.trapExit(true);
      const name = t.name('server');
      for (let round = 0; round < 10; round++) {
        const result = yield* startLink(SERVER, [t.context.self, { init: 'stop', reason: round }], t.options({ name }));
        equal(result, { ok: false, error: round }, 'the failed start');
        equal(t.context.whereis(name), undefined, 'the owner of the name');
      }
      const first = yield* started(t, {}, { name });
      equal(t.context.whereis(name), first, 'the owner of the name');
      const second = yield* startLink(SERVER, [t.context.self, {}], t.options({ name }));
      equal(second, { ok: false, error: { tag: 'alreadyStarted', pid: first } }, 'the second start');
      yield* t.silence('after the second start');
    },
  },
  {
    title: 'GS-2 a start that takes too long kills the child, frees its name and does not hit the starter',
    edges: [16],
    *run(t) {
      const name = t.name('slow');
      const options = t.options({ name, timeoutMs: 5 });
      equal(
        yield* startLink(SERVER, [t.context.self, { init: 'hang' }], options),
        { ok: false, error: 'timeout' },
        'start',
      );
      equal(t.context.whereis(name), undefined, 'the owner of the name');
      yield* sleep(2);
      yield* t.silence('after the start');
      yield* started(t, {}, { name });
    },
  },
  {
    title: 'GS-3 call gets the reply; a failed call exits its caller with the reason and what was called',
    *run(t) {
      const server = yield* started(t);
      equal(yield* call(server, { do: 'echo', value: { deep: [1] } }), { deep: [1] }, 'the reply');
      const { ref } = t.spawnMonitor(actor('caller'), [t.context.self, server, { do: 'keep' }, 5]);
      const reason = (yield* t.down(ref)) as CallReason;
      equal(
        [reason.tag, reason.reason, reason.server, reason.request],
        ['call', 'timeout', server, { do: 'keep' }],
        'why',
      );
      yield* t.next('the request', (message) => 'kept' in (message as object));
    },
  },
  {
    title: 'GS-3 the reasons of failed calls: noproc, callingSelf, timeout',
    *run(t) {
      const server = yield* started(t);
      const dead = t.puppet();
      yield* t.lastAct(dead, { do: 'return' });
      const failing = (outcome: { ok: boolean }) => (outcome as { error?: unknown }).error;
      equal(failing(yield* tryCall(dead as unknown as TestServerPid, { do: 'seen' })), 'noproc', 'a dead server');
      equal(failing(yield* tryCall(t.name('nobody'), { do: 'seen' })), 'noproc', 'a name nobody has');
      equal(failing(yield* tryCall(t.context.self as unknown as TestServerPid, { do: 'seen' })), 'callingSelf', 'self');
      equal(failing(yield* tryCall(server, { do: 'keep' }, 3)), 'timeout', 'no reply');
      equal(yield* tryCall(server, { do: 'echo', value: 1 }), { ok: true, value: 1 }, 'a reply');
    },
  },
  {
    title: 'GS-3 a server that dies during a call is heard of at once, with its own reason',
    edges: [9],
    *run(t) {
      t.context.trapExit(true);
      const ends: [TestServerPid, { readonly do: 'throw' } | { readonly do: 'stop'; readonly reason: unknown }][] = [
        [yield* started(t), { do: 'stop', reason: { tag: 'shutdown', detail: 'now' } }],
        [yield* started(t), { do: 'stop', reason: 'normal' }],
        [yield* started(t), { do: 'throw' }],
      ];
      const errors: unknown[] = [];
      for (const [server, request] of ends) {
        const start = t.context.now();
        const outcome = yield* tryCall(server, request as { readonly do: 'throw' }, 60_000);
        errors.push((outcome as { error?: unknown }).error);
        holds(t.context.now() - start < 30_000, 'the caller did not wait for its time to pass');
      }
      equal(errors.slice(0, 2), [{ tag: 'shutdown', detail: 'now' }, 'normal'], 'the reasons of stops');
      equal((errors[2] as ErrorReason).error.message, 'call failed on purpose', 'the reason of a crash');
    },
  },
  {
    title: 'GS-3 a server killed during a call is heard of at once, with killed',
    edges: [9],
    *run(t) {
      t.context.trapExit(true);
      const server = yield* started(t);
      const { ref } = t.spawnMonitor(actor('caller'), [t.context.self, server, { do: 'keep' }, 60_000]);
      yield* t.next('the request', (message) => 'kept' in (message as object));
      t.context.exit(server, 'kill');
      equal(((yield* t.down(ref)) as CallReason).reason, 'killed', 'the reason');
    },
  },
  {
    title: 'GS-4 after a timeout the server still does the work, and its late reply goes nowhere',
    edges: [8],
    *run(t) {
      const server = yield* started(t);
      for (let round = 0; round < 3; round++) {
        const outcome = yield* tryCall(server, { do: 'work', ms: 12, value: round }, 1);
        // A caller that is slower than the work finds the reply that has arrived meanwhile (ALI-2).
        equal(outcome, outcome.ok ? { ok: true, value: round } : { ok: false, error: 'timeout' }, 'the call');
      }
      const seen = yield* call(server, { do: 'seen' }, 60_000);
      equal(
        seen,
        [0, 1, 2].map((worked) => ({ worked })),
        'what the server has done',
      );
      yield* t.silence('after late replies');
    },
  },
  {
    title: 'ALI-2 a server that replies twice leaves nothing in the mailbox of its caller',
    edges: [8],
    *run(t) {
      const server = yield* started(t);
      equal(yield* call(server, { do: 'twice' }), 'first', 'the reply');
      equal(yield* call(server, { do: 'echo', value: 1 }), 1, 'the next reply');
      yield* t.silence('after two replies');
    },
  },
  {
    title: 'GS-5 cast never fails; casts, messages and calls of one client are handled in the order of sending',
    *run(t) {
      const { context } = t;
      const server = yield* started(t);
      cast(context, server, { do: 'note', value: 1 });
      context.send(server, 'plain');
      cast(context, server, { do: 'note', value: 2 });
      equal(yield* call(server, { do: 'seen' }), [{ cast: 1 }, { info: 'plain' }, { cast: 2 }], 'the order');
      const dead = t.puppet();
      yield* t.lastAct(dead, { do: 'return' });
      equal(cast(context, dead as unknown as TestServerPid, { do: 'note', value: 3 }), undefined, 'to a dead server');
      equal(cast(context, t.name('nobody'), 'x'), undefined, 'to a name nobody has');
    },
  },
  {
    title: 'GS-5 without handleInfo a message is dropped; a call or a cast without its callback is a crash',
    *run(t) {
      const { context } = t;
      context.trapExit(true);
      for (const kind of ['call', 'cast']) {
        const result = yield* startLink(BARE_SERVER, [context.self], t.options());
        if (!result.ok) throw new CheckError('the start');
        const pid = t.kept(result.pid as TestServerPid);
        context.send(pid, 'unexpected');
        if (kind === 'cast') cast(context, pid, { do: 'note', value: 1 });
        else yield* tryCall(pid, { do: 'seen' });
        const { reason } = yield* t.next<{ reason: ErrorReason }>('its EXIT');
        equal(reason.error.name, 'UnhandledRequestError', `the end after a ${kind}`);
      }
    },
  },
  {
    title: 'GS-6 a reply may come later and from another process, for From is plain data',
    *run(t) {
      const { context } = t;
      const server = yield* started(t);
      const { ref } = t.spawnMonitor(actor('caller'), [context.self, server, { do: 'keep' }, 60_000]);
      const { kept } = yield* t.next<{ kept: From }>('the request');
      equal(yield* call(server, { do: 'echo', value: 'still serving' }), 'still serving', 'another call meanwhile');
      replyTo(context, kept, 'from elsewhere');
      equal(yield* t.next('the answer'), { answer: 'from elsewhere' }, 'what the caller got');
      equal(yield* t.down(ref), 'normal', 'the end of the caller');
      cast(context, server, { do: 'release', value: 'too late' });
      equal(yield* call(server, { do: 'seen' }), [], 'a second reply harms nobody');
    },
  },
  {
    title: 'GS-7 terminate runs before the reply of a stop is sent, and the reply comes even if it fails',
    *run(t) {
      t.context.trapExit(true);
      for (const terminate of [undefined, 'throw'] as const) {
        const server = yield* started(t, terminate === undefined ? {} : { terminate });
        equal(yield* call(server, { do: 'stop', reason: 'shutdown', value: 'bye' }), 'bye', 'the reply');
        equal(yield* t.next('its terminate'), { terminated: 'shutdown', by: server }, 'what came before the reply');
        const { reason } = yield* t.next<{ reason: unknown }>('its EXIT');
        if (terminate === undefined) equal(reason, 'shutdown', 'its end');
        else equal((reason as ErrorReason).error.message, 'terminate failed on purpose', 'its end');
      }
    },
  },
  {
    title: 'GS-9 continue runs before any message, even those sent to oneself in init; a reply goes out first',
    edges: [14],
    *run(t) {
      const { context } = t;
      const result = yield* startLink(SERVER, [context.self, { continueWith: 'go' }], t.options());
      if (!result.ok) throw new CheckError('the start');
      const server = t.kept(result.pid as TestServerPid);
      cast(context, server, { do: 'note', value: 'outside' });
      const seen = yield* call(server, { do: 'seen' });
      equal(seen[0], { continued: 'go' }, 'what was handled first');
      equal(seen.slice(1), [{ info: 'sent in init' }, { cast: 'outside' }], 'the rest');
      yield* t.drain();
      context.send(server, 'behind');
      equal(yield* call(server, { do: 'continue', with: 'again' }), 'continuing', 'the reply');
      yield* t.next('the continuation', (message) => 'continued' in (message as object));
    },
  },
  {
    title: 'GS-9 what is queued behind a call waits for its continuation',
    edges: [14],
    *run(t) {
      const { context } = t;
      const server = yield* started(t);
      for (let round = 0; round < 5; round++) {
        const alias = context.alias('reply');
        const from: From = { alias, caller: context.self };
        context.send(server, { tag: '$call', from, request: { do: 'continue', with: round } });
        context.send(server, `behind ${round}`);
        yield* t.next('the reply', (message) => (message as { tag?: string }).tag === '$reply');
        equal(yield* t.next('first'), { continued: round }, 'what was handled first');
        equal(yield* t.next('second'), { info: `behind ${round}` }, 'what was handled then');
      }
    },
  },
  {
    title: 'GS-10 an idle timeout comes when no message does; any message cancels it, and it is not armed again',
    *run(t) {
      const { context } = t;
      const server = yield* started(t);
      yield* call(server, { do: 'idle', ms: 2 });
      equal(yield* t.next('the timeout'), { info: { tag: 'idleTimeout' } }, 'what the server got');
      yield* call(server, { do: 'idle', ms: 60_000 });
      context.send(server, 'unrelated');
      equal(yield* t.next('its word'), { info: 'unrelated' }, 'what the server got');
    },
  },
];
