// SYS-1: looking into behaviours from outside, and holding them.
import {
  call,
  callStatem,
  cast,
  getState,
  getStatus,
  replaceState,
  resume,
  startLink,
  stopServer,
  suspend,
  tryCall,
} from '../../../src/behaviours/index.ts';
import type { Effects } from '../../../src/process/index.ts';
import type { AnyPid, Mfa } from '../../../src/term/index.ts';
import { COUNTING } from '../../actors/counting.ts';
import { MANAGER } from '../../actors/events.ts';
import { MACHINE } from '../../actors/statem.ts';
import type { Case, CaseContext } from '../case.ts';
import { CheckError, equal } from '../check.ts';

function* begin(t: CaseContext, body: Mfa, args: readonly unknown[] = []): Effects<AnyPid> {
  const started = yield* startLink(body, args, t.options());
  if (!started.ok) throw new CheckError('it has not started');
  t.kept(started.pid);
  return started.pid;
}

export const sysCases: readonly Case[] = [
  {
    title: 'SYS-1 a state is read as a copy and replaced, of a server that changes it in place as well',
    *run(t) {
      const server = yield* begin(t, COUNTING);
      equal(yield* call(server as never, 'count' as never), 1, 'a call');
      equal(yield* getState(server), { count: 1, log: ['count'] }, 'the state');
      yield* replaceState(server, { count: 41, log: [] });
      equal(yield* call(server as never, 'count' as never), 42, 'a call afterwards');
      equal(yield* getState(server), { count: 42, log: ['count'] }, 'the state afterwards');
    },
  },
  {
    title: 'SYS-1 a suspended server answers system messages only; what came meanwhile comes when it is resumed',
    *run(t) {
      const server = yield* begin(t, COUNTING);
      yield* suspend(server);
      cast(t.context, server as never, 'one' as never);
      equal(yield* tryCall(server as never, 'count' as never, 30), { ok: false, error: 'timeout' }, 'a call');
      const { status, messageQueueLength, label } = yield* getStatus(server);
      equal([status, messageQueueLength, label], ['suspended', 2, 'counting'], 'what it says of itself');
      yield* suspend(server);
      yield* resume(server);
      equal(yield* getState(server), { count: 2, log: ['one', 'count'] }, 'what it has done since');
      equal((yield* getStatus(server)).status, 'running', 'what it says of itself');
    },
  },
  {
    title: 'SYS-1 a suspended server ends when it is stopped, or with its parent',
    *run(t) {
      t.context.trapExit(true);
      const stopped = yield* begin(t, COUNTING);
      yield* suspend(stopped);
      yield* stopServer(stopped, 'shutdown');
      const orphan = yield* begin(t, COUNTING);
      yield* suspend(orphan);
      const ref = t.context.monitor(orphan);
      t.context.exit(orphan, 'over');
      equal(yield* t.down(ref), 'over', 'the end of the other one');
    },
  },
  {
    title: 'SYS-1 state machines and event managers answer as well; a state that is no term is told and costs nothing',
    *run(t) {
      const machine = yield* begin(t, MACHINE, [t.context.self]);
      equal(yield* t.next('the enter call'), 'a: enter from a', 'the enter call');
      equal(((yield* getState(machine)) as { state: unknown }).state, 'a', 'the state of a machine');
      yield* suspend(machine);
      yield* resume(machine);
      equal(yield* callStatem(machine as never, { tag: 'do', order: {} } as never), 'done in a', 'it goes on');
      const manager = yield* begin(t, MANAGER);
      equal(yield* getState(manager), [], 'the state of a manager: its handlers');
      const odd = yield* begin(t, COUNTING, [true]);
      try {
        yield* getState(odd);
        throw new CheckError('a function has travelled');
      } catch (error) {
        if (error instanceof CheckError) throw error;
        equal((error as Error).message.includes('does not travel'), true, String(error));
      }
      equal(yield* call(odd as never, 'count' as never), 1, 'it goes on');
    },
  },
];
