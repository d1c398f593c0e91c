// Names and pids, one to one (REG-1). Both the owner and the replicas keep one.
import type { AnyPid, Origin } from '../term/index.ts';

export class NameTable {
  private readonly pids = new Map<string, AnyPid>();
  private readonly names = new Map<AnyPid, string>();

  get size(): number {
    return this.pids.size;
  }

  get(name: string): AnyPid | undefined {
    return this.pids.get(name);
  }

  nameOf(pid: AnyPid): string | null {
    return this.names.get(pid) ?? null;
  }

  set(name: string, pid: AnyPid): void {
    this.pids.set(name, pid);
    this.names.set(pid, name);
  }

  /** Forgets the name if it is still that pid's; true when it was. */
  delete(name: string, pid: AnyPid): boolean {
    if (this.pids.get(name) !== pid) return false;
    this.pids.delete(name);
    this.names.delete(pid);
    return true;
  }

  /** Forgets the names of a whole thread. */
  deleteOrigin(origin: Origin): void {
    for (const [name, pid] of this.pids) if (pid.origin === origin) this.delete(name, pid);
  }

  entries(): [string, AnyPid][] {
    return [...this.pids];
  }

  replace(entries: readonly (readonly [string, AnyPid])[]): void {
    this.pids.clear();
    this.names.clear();
    for (const [name, pid] of entries) this.set(name, pid);
  }
}
