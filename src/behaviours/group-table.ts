// Who is in which group, as one thread knows it: for each scope process what it said its members are (PG-1). Pure.
// A process may be in a group several times.
import type { AnyPid } from '../term/index.ts';
import type { RegistryKey } from './registry.ts';

/** The name of a group. */
export type Group = RegistryKey;
/** The members of each group; no group is empty. */
export type Groups = ReadonlyMap<Group, readonly AnyPid[]>;

const NOBODY: readonly AnyPid[] = Object.freeze([]);

export class GroupTable {
  /** The scope process of this thread. */
  readonly own: AnyPid;
  private readonly byOwner = new Map<AnyPid, Map<Group, readonly AnyPid[]>>();
  /** All members by group: what is read most. Lists are replaced, never changed, and frozen: they are handed out as they are. */
  private readonly all = new Map<Group, readonly AnyPid[]>();

  constructor(own: AnyPid) {
    this.own = own;
  }

  members(group: Group): readonly AnyPid[] {
    return this.all.get(group) ?? NOBODY;
  }

  /** Those of this thread. */
  local(group: Group): readonly AnyPid[] {
    return this.byOwner.get(this.own)?.get(group) ?? NOBODY;
  }

  groups(): readonly Group[] {
    return [...this.all.keys()];
  }

  /** The groups of one owner; a copy. */
  of(owner: AnyPid): Groups {
    return new Map(this.byOwner.get(owner));
  }

  isMember(owner: AnyPid, pid: AnyPid): boolean {
    for (const pids of this.byOwner.get(owner)?.values() ?? []) if (pids.includes(pid)) return true;
    return false;
  }

  /** True when each of `pids` is in the group as often as it is named. */
  has(owner: AnyPid, group: Group, pids: readonly AnyPid[]): boolean {
    const members = this.byOwner.get(owner)?.get(group) ?? NOBODY;
    return without(members, pids).length === members.length - pids.length;
  }

  join(owner: AnyPid, group: Group, pids: readonly AnyPid[]): void {
    if (pids.length === 0) return;
    let groups = this.byOwner.get(owner);
    if (groups === undefined) {
      groups = new Map();
      this.byOwner.set(owner, groups);
    }
    groups.set(group, Object.freeze([...(groups.get(group) ?? NOBODY), ...pids]));
    this.all.set(group, Object.freeze([...this.members(group), ...pids]));
  }

  /** Takes each of `pids` out as often as it is named. */
  leave(owner: AnyPid, group: Group, pids: readonly AnyPid[]): void {
    const groups = this.byOwner.get(owner);
    const before = groups?.get(group);
    if (groups === undefined || before === undefined) return;
    put(groups, group, without(before, pids));
    put(this.all, group, without(this.members(group), pids));
  }

  /** Makes an owner's groups what `groups` says; what has changed by that. */
  replace(owner: AnyPid, groups: Groups): { readonly joined: Groups; readonly left: Groups } {
    const before = this.of(owner);
    const joined = difference(groups, before);
    const left = difference(before, groups);
    for (const [group, pids] of left) this.leave(owner, group, pids);
    for (const [group, pids] of joined) this.join(owner, group, pids);
    return { joined, left };
  }

  forget(owner: AnyPid): void {
    this.byOwner.delete(owner);
  }
}

function put(groups: Map<Group, readonly AnyPid[]>, group: Group, pids: readonly AnyPid[]): void {
  if (pids.length === 0) groups.delete(group);
  else groups.set(group, Object.freeze(pids));
}

/** `from` without each of `pids` as often as it is named. */
function without(from: readonly AnyPid[], pids: readonly AnyPid[]): readonly AnyPid[] {
  const left = [...from];
  for (const pid of pids) {
    const at = left.indexOf(pid);
    if (at >= 0) left.splice(at, 1);
  }
  return left;
}

function difference(a: Groups, b: Groups): Groups {
  const more = new Map<Group, readonly AnyPid[]>();
  for (const [group, pids] of a) put(more, group, without(pids, b.get(group) ?? NOBODY));
  return more;
}
