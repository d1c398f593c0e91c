// Who is found how, also on other threads: groups, partitions, names in registries, and responses from many servers.
// PG-1, PAR-1, REG-2, GS-14.
import {
  call,
  type GroupEvent,
  joinGroup,
  type Labelled,
  leaveGroup,
  membersOf,
  monitorScope,
  partitionFor,
  partitionSupervisor,
  partitions,
  processGroups,
  RequestIds,
  receiveAny,
  type StartResult,
  type SupervisorPid,
  sendRequest,
  startLink,
  via,
  waitAny,
  whereisPartition,
  whereisVia,
} from '../../../src/behaviours/index.ts';
import { type Context, type Effects, receive, TIMEOUT } from '../../../src/process/index.ts';
import { formatReason, type Mfa, type Pid } from '../../../src/term/index.ts';
import { SERVER, type TestServerPid } from '../../actors/server.ts';
import type { Case, CaseContext } from '../case.ts';
import { CheckError, equal, holds } from '../check.ts';
import { started } from './servers.ts';

export { registry } from '../../../src/behaviours/index.ts';

const actor = (name: string): Mfa => ({ module: import.meta.url, export: name });

/** Joins, tells, leaves when told, and lives on. */
export function* member(context: Context<unknown>, to: Pid<unknown>, scope: string, group: string): Effects<void> {
  yield* joinGroup(scope, group);
  context.send(to, { joined: context.self });
  yield* receive((message) => message === 'leave');
  context.send(to, { left: yield* leaveGroup(scope, group), again: yield* leaveGroup(scope, group) });
  yield* receive(() => false);
}

/** The threads of the case: its own and those of its plan. */
function threadsOf(t: CaseContext): number[] {
  const own = t.context.self.origin.thread;
  return [...new Set([own, ...(t.plan.tag === 'here' ? [] : t.plan.threads)])];
}

function* supervised(t: CaseContext, result: Effects<StartResult<never>>): Effects<SupervisorPid> {
  const begun = yield* result;
  if (!begun.ok) throw new CheckError(`the supervisor did not start: ${formatReason(begun.error)}`);
  return t.kept(begun.pid as Pid<never> as SupervisorPid);
}

const isEvent = (message: unknown): boolean => ['groupJoin', 'groupLeave'].includes((message as GroupEvent).tag);

export const groupCases: readonly Case[] = [
  {
    title: 'PG-1 who has joined on any thread is a member on every thread, until it leaves or dies',
    *run(t) {
      const { context } = t;
      const scope = t.name('scope');
      yield* supervised(t, startLink(processGroups(scope, { threads: threadsOf(t) })));
      const watch = yield* monitorScope(scope);
      equal(watch.now.size, 0, 'groups at first');
      const members = [1, 2, 3].map(() => t.spawn(actor('member'), [context.self, scope, 'room']));
      const events: GroupEvent[] = [];
      for (let count = 0; count < 3; count++) {
        const event = yield* t.next<GroupEvent>('a join', isEvent);
        equal([event.ref, event.tag, event.group], [watch.ref, 'groupJoin', 'room'], 'the event');
        events.push(event);
      }
      const joined = events.flatMap(({ pids }) => pids);
      holds(
        members.every((pid) => joined.includes(pid)),
        'all have joined',
      );
      for (let count = 0; count < 3; count++) yield* t.next('its word', (message) => 'joined' in (message as object));
      equal(membersOf(context, scope, 'room').length, 3, 'members here');
      context.send(members[0], 'leave');
      equal(
        yield* t.next('its word', (message) => 'left' in (message as object)),
        { left: true, again: false },
        'leaving',
      );
      context.exit(members[1], 'kill');
      const gone = [yield* t.next<GroupEvent>('a leave', isEvent), yield* t.next<GroupEvent>('a leave', isEvent)];
      equal(new Set(gone.flatMap(({ pids }) => pids)).size, 2, 'those who have left');
      equal(membersOf(context, scope, 'room'), [members[2]], 'who is left');
    },
  },
  {
    title: 'PAR-1 the copies live on the given threads, a key finds its copy from everywhere, also after a restart',
    *run(t) {
      const { context } = t;
      const threads = t.plan.tag === 'here' ? [] : t.plan.threads;
      const set = partitions<TestServerPid>(t.name('set'), 3);
      const start = { body: SERVER, args: [context.self] };
      yield* supervised(t, startLink(partitionSupervisor(set, { start, threads })));
      for (const key of [0, 1, 2, 'text']) {
        equal(yield* call(partitionFor(set, key), { do: 'echo', value: key }), key, 'its answer');
      }
      const before = [0, 1, 2].map((key) => whereisPartition(context, set, key)).filter((pid) => pid !== undefined);
      equal(
        before.map(({ origin }) => origin.thread),
        threads.length === 0 ? before.map(() => context.self.origin.thread) : threads,
        'their threads',
      );
      yield* t.drain();
      context.exit(before[1], 'kill');
      const { initialized } = yield* t.next<{ initialized: Pid<unknown> }>('the new copy');
      equal(initialized.origin.thread, before[1].origin.thread, 'its thread');
      equal(whereisPartition(context, set, 0), before[0], 'the others stay');
      equal(yield* call(partitionFor(set, 1), { do: 'seen' }), [], 'the state of the new one');
    },
  },
  {
    title:
      'REG-2 a process is started and called under a key of a registry, and its key is free for the next after its death',
    *run(t) {
      const { context } = t;
      const registry = yield* supervised(t, startLink(actor('registry'), ['unique'], t.options()));
      const name = via(registry, 'key');
      context.trapExit(true);
      for (let round = 0; round < 3; round++) {
        const server = yield* started(t, {}, { name });
        equal(yield* call(name, { do: 'echo', value: round }), round, 'its answer');
        const again = yield* startLink(SERVER, [context.self], t.options({ name }));
        equal(again, { ok: false, error: { tag: 'alreadyStarted', pid: server } }, 'a second start');
        context.exit(server, 'kill');
        yield* t.next('its EXIT', (message) => (message as { from?: unknown }).from === server);
      }
      for (;;) if ((yield* whereisVia(name)) === undefined) break;
    },
  },
  {
    title: 'GS-14 responses of many servers come as they are ready, under their labels; those given up go nowhere',
    *run(t) {
      const ids = new RequestIds<unknown, string>();
      const servers = [yield* started(t), yield* started(t), yield* started(t)];
      yield* t.drain();
      for (const [at, server] of servers.entries()) {
        ids.add(sendRequest(t.context, server, { do: 'echo', value: at }), `server ${at}`);
      }
      const seen: unknown[] = [];
      while (ids.size > 0) {
        const next = (yield* receiveAny(ids, 60_000)) as Labelled<unknown, string>;
        seen.push([next.label, next.response]);
      }
      const expected = servers.map((_, at) => [`server ${at}`, { ok: true, value: at }]);
      equal(
        (seen as [string][]).sort(([a], [b]) => (a < b ? -1 : 1)),
        expected,
        'the responses',
      );
      ids.add(sendRequest(t.context, servers[0], { do: 'keep' }), 'kept');
      equal(yield* waitAny(ids, 1), TIMEOUT, 'waiting for one that is kept');
      equal(ids.size, 1, 'it is still valid');
      equal(yield* receiveAny(ids, 1), TIMEOUT, 'receiving it');
      equal(ids.size, 0, 'it is given up');
      yield* call(servers[0], { do: 'seen' });
      yield* t.next('the request', (message) => 'kept' in (message as object));
      yield* t.silence('after the requests');
    },
  },
];
