// The process of one scope of groups on one thread (PG-1): it knows the members that live on its thread, tells the scope
// processes of other threads, and keeps a table that every process of its thread reads without asking.
// A new scope process discovers the others by name, each sends what it has, and from then on all changes, in order.
// Membership of the dead goes a little after their DOWN, never before it; a dead thread takes its members along.
import { type DownMessage, isDown } from '../process/index.ts';
import { type AnyPid, formatReason, type Mfa, type Pid, type Ref } from '../term/index.ts';
import type { ServerContext } from './callbacks.ts';
import { genServer, type ServerDefinition } from './gen-server.ts';
import { type Group, GroupTable } from './group-table.ts';
import type { Request } from './protocol.ts';
import { noReply, ok, reply } from './results.ts';

/** Told to those who watch a scope or a group. A process that joins twice is told of twice. */
export interface GroupEvent {
  readonly tag: 'groupJoin' | 'groupLeave';
  readonly ref: Ref;
  readonly group: Group;
  readonly pids: readonly AnyPid[];
}

export type GroupCall =
  | Request<{ readonly tag: 'join'; readonly group: Group; readonly pids: readonly AnyPid[] }, null>
  | Request<{ readonly tag: 'leave'; readonly group: Group; readonly pids: readonly AnyPid[] }, boolean>
  | Request<{ readonly tag: 'watch'; readonly group: Group | null; readonly ref: Ref }, ReadonlyMap<Group, AnyPid[]>>
  | Request<{ readonly tag: 'unwatch'; readonly ref: Ref }, boolean>;

/** What scope processes tell each other. `sync` replaces everything known of the sender. */
export type PeerMessage =
  | { readonly tag: '$discover'; readonly from: AnyPid }
  | { readonly tag: '$sync'; readonly from: AnyPid; readonly groups: ReadonlyMap<Group, readonly AnyPid[]> }
  | {
      readonly tag: '$join' | '$leave';
      readonly from: AnyPid;
      readonly group: Group;
      readonly pids: readonly AnyPid[];
    };

interface Watcher {
  readonly ref: Ref;
  readonly pid: AnyPid;
  readonly watch: Ref;
  readonly group: Group | null;
}

interface State {
  readonly context: ServerContext;
  readonly table: GroupTable;
  /** Members of this thread, each with its monitor. */
  readonly members: Map<AnyPid, Ref>;
  /** The scope processes of other threads, each with its monitor. */
  readonly peers: Map<AnyPid, Ref>;
  readonly watchers: Map<Ref, Watcher>;
}

const THREADS_MAX = 255;

/** The registered name of a scope's process on a thread. */
export function scopeName(scope: string, thread: number): string {
  return `groups/${scope}/${thread}`;
}

/** Under which name the table of a scope stands among the locals of its thread. */
export function tableName(scope: string): string {
  return `groups/${scope}`;
}

/** The server; started with the name of its scope, under the name that {@link scopeName} says. */
export const groupScope: ServerDefinition<readonly [string], GroupCall, never, PeerMessage> = genServer({
  label: 'groupScope',
  formatStatus: ({ table }: State) => new Map(table.groups().map((group) => [group, table.members(group)])),
  init(context, scope: string) {
    const { locals } = context.kernel;
    const table = new GroupTable(context.self);
    locals.set(tableName(scope), table);
    context.own({ close: () => void (locals.get(tableName(scope)) === table && locals.delete(tableName(scope))) });
    const state: State = { context, table, members: new Map(), peers: new Map(), watchers: new Map() };
    for (let thread = 0; thread <= THREADS_MAX; thread++) {
      const peer = context.whereis(scopeName(scope, thread));
      if (peer !== undefined && peer !== context.self) tell(state, peer, { tag: '$discover', from: context.self });
    }
    return ok(state);
  },
  handleCall(request: GroupCall, from, state: State) {
    switch (request.tag) {
      case 'join':
        join(state, request.group, request.pids);
        return reply(null, state);
      case 'leave':
        return reply(leave(state, request.group, request.pids), state);
      case 'watch':
        return reply(watch(state, request.group, request.ref, from.caller), state);
      case 'unwatch':
        return reply(unwatch(state, request.ref), state);
    }
  },
  handleInfo(message, state: State) {
    if (isDown(message)) down(state, message);
    else if (isPeerMessage(message)) hear(state, message);
    else {
      state.context.env.logger.log('warning', 'unexpected message', {
        pid: String(state.context.self),
        text: formatReason(message),
      });
    }
    return noReply(state);
  },
});

/** The server by name, for threads other than that of its supervisor. */
export const GROUP_SCOPE: Mfa = { module: import.meta.url, export: 'groupScope' };

const PEER_TAGS: readonly unknown[] = ['$discover', '$sync', '$join', '$leave'];

function isPeerMessage(message: unknown): message is PeerMessage {
  return typeof message === 'object' && message !== null && PEER_TAGS.includes((message as { tag?: unknown }).tag);
}

function join(state: State, group: Group, pids: readonly AnyPid[]): void {
  const { context, members, table } = state;
  for (const pid of pids) if (!members.has(pid)) members.set(pid, context.monitor(pid));
  table.join(context.self, group, pids);
  tellAll(state, { tag: '$join', from: context.self, group, pids });
  announce(state, 'groupJoin', group, pids);
}

/** Takes each pid out once; false, and nothing is changed, when one of them has not joined so often. */
function leave(state: State, group: Group, pids: readonly AnyPid[]): boolean {
  const { context, table } = state;
  if (!table.has(context.self, group, pids)) return false;
  drop(state, group, pids);
  for (const pid of new Set(pids)) {
    const ref = state.members.get(pid);
    if (ref === undefined || table.isMember(context.self, pid)) continue;
    state.members.delete(pid);
    context.demonitor(ref, { flush: true });
  }
  return true;
}

function drop(state: State, group: Group, pids: readonly AnyPid[]): void {
  state.table.leave(state.context.self, group, pids);
  tellAll(state, { tag: '$leave', from: state.context.self, group, pids });
  announce(state, 'groupLeave', group, pids);
}

function watch(state: State, group: Group | null, ref: Ref, pid: AnyPid): ReadonlyMap<Group, AnyPid[]> {
  state.watchers.set(ref, { ref, pid, group, watch: state.context.monitor(pid) });
  const now = new Map<Group, AnyPid[]>();
  for (const each of group === null ? state.table.groups() : [group]) now.set(each, [...state.table.members(each)]);
  return now;
}

function unwatch(state: State, ref: Ref): boolean {
  const watcher = state.watchers.get(ref);
  if (watcher === undefined) return false;
  state.watchers.delete(ref);
  state.context.demonitor(watcher.watch, { flush: true });
  return true;
}

function down(state: State, { ref, object }: DownMessage): void {
  const pid = object as AnyPid;
  const { table, members, peers, watchers } = state;
  if (members.get(pid) === ref) {
    members.delete(pid);
    for (const [group, pids] of table.of(state.context.self)) {
      const all = pids.filter((each) => each === pid);
      if (all.length > 0) drop(state, group, all);
    }
  } else if (peers.get(pid) === ref) {
    peers.delete(pid);
    replace(state, pid, new Map());
    table.forget(pid);
  } else {
    for (const watcher of watchers.values()) if (watcher.watch === ref) watchers.delete(watcher.ref);
  }
}

function hear(state: State, message: PeerMessage): void {
  const { from } = message;
  const { context, table, peers } = state;
  if (message.tag === '$discover') {
    tell(state, from, { tag: '$sync', from: context.self, groups: table.of(context.self) });
    if (peers.has(from)) return;
    peers.set(from, context.monitor(from));
    tell(state, from, { tag: '$discover', from: context.self });
  } else if (message.tag === '$sync') {
    if (!peers.has(from)) peers.set(from, context.monitor(from));
    replace(state, from, message.groups);
  } else if (peers.has(from)) {
    const { group, pids } = message;
    if (message.tag === '$join') table.join(from, group, pids);
    else table.leave(from, group, pids);
    announce(state, message.tag === '$join' ? 'groupJoin' : 'groupLeave', group, pids);
  }
}

/** What the scope process `owner` has is now this and nothing else. */
function replace(state: State, owner: AnyPid, groups: ReadonlyMap<Group, readonly AnyPid[]>): void {
  const { joined, left } = state.table.replace(owner, groups);
  for (const [group, pids] of left) announce(state, 'groupLeave', group, pids);
  for (const [group, pids] of joined) announce(state, 'groupJoin', group, pids);
}

function announce(state: State, tag: GroupEvent['tag'], group: Group, pids: readonly AnyPid[]): void {
  for (const watcher of state.watchers.values()) {
    if (watcher.group !== null && watcher.group !== group) continue;
    const event: GroupEvent = { tag, ref: watcher.ref, group, pids };
    state.context.send(watcher.pid as Pid<unknown>, event);
  }
}

function tell(state: State, peer: AnyPid, message: PeerMessage): void {
  state.context.send(peer as Pid<unknown>, message);
}

function tellAll(state: State, message: PeerMessage): void {
  for (const peer of state.peers.keys()) tell(state, peer, message);
}
