// Process groups (PG-1): any number of processes under a name, seen from every thread. Erlang's `pg`.
// A scope is a set of groups with a process on each thread (group-scope.ts); members are looked up without a message.
// What another thread has changed is seen a little later; what this thread has joined, at once.
//
//   yield* startLink(processGroups('chat', { threads: [0, ...system.engine.threads] }));
//   yield* joinGroup('chat', 'room 7');
//   for (const pid of membersOf(context, 'chat', 'room 7')) context.send(pid, text);
import { type Context, context as currentContext, type Effects } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkName, checkOptions, checkPid, type Pid, type Ref } from '../term/index.ts';
import { call } from './call.ts';
import type { ChildSpec, SupervisorFlags } from './child-spec.ts';
import { GROUP_SCOPE, type GroupCall, groupScope, scopeName, tableName } from './group-scope.ts';
import type { Group, GroupTable } from './group-table.ts';
import { checkThreads } from './partition-supervisor.ts';
import { checkKey } from './registry.ts';
import { type SupervisorDefinition, supervisor } from './supervisor.ts';

export interface GroupsOptions extends Pick<SupervisorFlags, 'intensity' | 'periodMs'> {
  /** The threads whose processes may join and look: such as `[0, ...system.engine.threads]`. Default: the supervisor's. */
  readonly threads?: readonly number[];
}

const OPTIONS: Readonly<Record<keyof GroupsOptions, true>> = { threads: true, intensity: true, periodMs: true };

/** Defines the supervisor of a scope: one process on each thread. Members of one that crashes have to join again. */
export function processGroups(scope: string, options: GroupsOptions = {}): SupervisorDefinition {
  checkName('processGroups', scope);
  checkOptions('processGroups', options, OPTIONS);
  const { threads, ...flags } = options;
  if (threads !== undefined) checkThreads('processGroups', threads);
  return supervisor((context) => {
    const own = context.self.origin.thread;
    const children = (threads ?? [own]).map((thread): ChildSpec => {
      const how = { args: [scope], name: scopeName(scope, thread) };
      const start =
        thread === own ? { ...how, body: groupScope } : { ...how, body: GROUP_SCOPE, placement: { thread } };
      return { id: `thread ${thread}`, start };
    });
    return { ...flags, strategy: 'oneForOne', children };
  });
}

/**
 * Puts processes into a group, default the caller; once more for each time they join. When it returns the threads where
 * they live show it. Throws CallError `noproc` when the scope has no process there.
 */
export function joinGroup(scope: string, group: Group, pids?: AnyPid | readonly AnyPid[]): Effects<void> {
  return change('join', scope, group, pids) as Effects<never>;
}

/** Takes processes out of a group, once each; false when one of them had not joined. */
export function* leaveGroup(scope: string, group: Group, pids?: AnyPid | readonly AnyPid[]): Effects<boolean> {
  return yield* change('leave', scope, group, pids);
}

/** The members of a group, as this thread knows them; one that joined twice is there twice. Throws without a scope. */
export function membersOf(context: GroupReader, scope: string, group: Group): readonly Pid<unknown>[] {
  return tableOf(context, scope).members(group) as readonly Pid<unknown>[];
}

/** Those members that live on this thread. */
export function localMembersOf(context: GroupReader, scope: string, group: Group): readonly Pid<unknown>[] {
  return tableOf(context, scope).local(group) as readonly Pid<unknown>[];
}

/** The groups that have members. */
export function groupsOf(context: GroupReader, scope: string): readonly Group[] {
  return tableOf(context, scope).groups();
}

/** What looking needs: any context, of an async body as well. */
export type GroupReader = Pick<Context, 'kernel'>;

/** A watch on a scope or a group; `now` is what it began with, and every later change comes as a GroupEvent. */
export interface GroupWatch {
  readonly ref: Ref;
  readonly now: ReadonlyMap<Group, readonly AnyPid[]>;
}

/** Watches all groups of a scope, from this thread's point of view. */
export function monitorScope(scope: string): Effects<GroupWatch> {
  return watch(scope, null);
}

/** Watches one group. */
export function* monitorGroup(scope: string, group: Group): Effects<GroupWatch> {
  checkKey('monitorGroup', group);
  return yield* watch(scope, group);
}

/** Ends a watch; false when there was none. Events that are in the mailbox stay there. */
export function* demonitorGroups(scope: string, ref: Ref): Effects<boolean> {
  const context = yield* currentContext();
  return yield* ask<boolean>(scope, context.self.origin.thread, { tag: 'unwatch', ref });
}

function* watch(scope: string, group: Group | null): Effects<GroupWatch> {
  const context = yield* currentContext();
  const ref = context.makeRef();
  const now = yield* ask<GroupWatch['now']>(scope, context.self.origin.thread, { tag: 'watch', group, ref });
  return { ref, now };
}

/** Each thread's scope process answers for the processes of its thread. */
function* change(
  tag: 'join' | 'leave',
  scope: string,
  group: Group,
  given: AnyPid | readonly AnyPid[] | undefined,
): Effects<boolean> {
  checkName(`${tag}Group`, scope);
  checkKey(`${tag}Group`, group);
  const context = yield* currentContext();
  const pids = given === undefined ? [context.self] : Array.isArray(given) ? (given as AnyPid[]) : [given as AnyPid];
  for (const pid of pids) checkPid(`${tag}Group`, pid);
  const byThread = Map.groupBy(pids, (pid) => pid.origin.thread);
  let isDone = true;
  for (const [thread, some] of byThread) {
    if ((yield* ask<boolean | null>(scope, thread, { tag, group, pids: some })) === false) isDone = false;
  }
  return isDone;
}

function* ask<R>(scope: string, thread: number, request: GroupCall): Effects<R> {
  return (yield* call(scopeName(scope, thread), request)) as R;
}

function tableOf(context: GroupReader, scope: string): GroupTable {
  const table = context.kernel.locals.get(tableName(scope)) as GroupTable | undefined;
  if (table === undefined) throw new BadArgumentError('a look at groups', 'a scope that runs on this thread', scope);
  return table;
}
