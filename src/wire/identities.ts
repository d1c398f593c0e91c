// Origins, pids and refs as one object each per scheduler, so that `===` and Map keys hold after A -> B -> A (DESIGN
// decision 3). Foreign ones, and own ones that were exported, are found through weak references; a living own process is
// found in the process table. Dead weak references are swept when a table has doubled.
import { type Origin, Pid, Ref } from '../term/index.ts';
import { SWEEP_AT } from './limits.ts';

const RECENT = 256;

export class Identities {
  readonly own: Origin;
  /** Finds a living process of this scheduler. */
  findOwn: (serial: number) => Pid<never> | undefined = () => undefined;
  private readonly origins: Origin[] = [];
  private readonly pids = new Map<Origin, WeakTable<Pid<never>>>();
  private readonly refs = new Map<Origin, WeakTable<Ref>>();
  /** Pids met lately, held strongly: a weak reference is ten times as dear to follow. */
  private readonly recent: (Pid<never> | null)[] = new Array(RECENT).fill(null);
  /** Own pids exported lately. */
  private readonly exported: (Pid<never> | null)[] = new Array(RECENT).fill(null);
  private lastOrigin: Origin;

  constructor(own: Origin) {
    this.own = own;
    this.lastOrigin = own;
    this.origins.push(own);
  }

  originOf(node: string, thread: number, incarnation: number): Origin {
    const last = this.lastOrigin;
    if (last.thread === thread && last.incarnation === incarnation && last.node === node) return last;
    for (const origin of this.origins) {
      if (origin.thread === thread && origin.incarnation === incarnation && origin.node === node) {
        this.lastOrigin = origin;
        return origin;
      }
    }
    const origin: Origin = { node, thread, incarnation };
    this.origins.push(origin);
    this.lastOrigin = origin;
    return origin;
  }

  pid(origin: Origin, serial: number): Pid<never> {
    const slot = serial & (RECENT - 1);
    const recent = this.recent[slot];
    if (recent !== null && recent.serial === serial && recent.origin === origin) return recent;
    const pid = this.findPid(origin, serial);
    this.recent[slot] = pid;
    return pid;
  }

  private findPid(origin: Origin, serial: number): Pid<never> {
    const alive = origin === this.own ? this.findOwn(serial) : undefined;
    if (alive !== undefined) return alive;
    const table = tableOf(this.pids, origin);
    let pid = table.get(serial);
    if (pid === undefined) {
      pid = new Pid<never>(origin, serial);
      table.set(serial, pid);
    }
    return pid;
  }

  ref(origin: Origin, serial: number): Ref {
    const table = tableOf(this.refs, origin);
    let ref = table.get(serial);
    if (ref === undefined) {
      ref = new Ref(origin, serial);
      table.set(serial, ref);
    }
    return ref;
  }

  /** Remembers an own pid that leaves this scheduler, so that it is the same object when it comes back. */
  exportPid(pid: Pid<never>): void {
    const slot = pid.serial & (RECENT - 1);
    // Not the cache of met pids: a living process may be met before its pid was ever exported.
    if (this.exported[slot] === pid) return;
    const table = tableOf(this.pids, this.own);
    if (!table.has(pid.serial)) table.set(pid.serial, pid);
    this.exported[slot] = pid;
  }

  exportRef(ref: Ref): void {
    const table = tableOf(this.refs, this.own);
    if (!table.has(ref.serial)) table.set(ref.serial, ref);
  }

  /** Entries in all tables, dead ones included until they are swept; for observation and leak checks. */
  get size(): number {
    let size = 0;
    for (const tables of [this.pids, this.refs]) for (const table of tables.values()) size += table.size;
    return size;
  }

  /** Drops entries whose object is gone, everywhere. */
  sweep(): void {
    this.recent.fill(null);
    this.exported.fill(null);
    for (const tables of [this.pids, this.refs]) {
      for (const [origin, table] of tables as Map<Origin, WeakTable<object>>) {
        table.sweep();
        if (table.size === 0) tables.delete(origin);
      }
    }
  }
}

function tableOf<T extends object>(tables: Map<Origin, WeakTable<T>>, origin: Origin): WeakTable<T> {
  let table = tables.get(origin);
  if (table === undefined) {
    table = new WeakTable<T>();
    tables.set(origin, table);
  }
  return table;
}

/** Objects by serial, held weakly. */
class WeakTable<T extends object> {
  private readonly entries = new Map<number, WeakRef<T>>();
  private sweepAt = SWEEP_AT;

  get size(): number {
    return this.entries.size;
  }

  get(serial: number): T | undefined {
    return this.entries.get(serial)?.deref();
  }

  has(serial: number): boolean {
    return this.entries.get(serial)?.deref() !== undefined;
  }

  set(serial: number, value: T): void {
    this.entries.set(serial, new WeakRef(value));
    if (this.entries.size < this.sweepAt) return;
    this.sweep();
    this.sweepAt = Math.max(SWEEP_AT, this.entries.size * 2);
  }

  sweep(): void {
    for (const [serial, reference] of this.entries) if (reference.deref() === undefined) this.entries.delete(serial);
  }
}
