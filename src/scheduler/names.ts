// Registered names (REG-1, SIG-7). `LocalNames` is the whole truth on one thread; with several threads the engine
// supplies an implementation that keeps a replica and asks the owner (DESIGN decision 8, wire/).
import type { RegisterResult } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';

export interface Names {
  /** How many names this thread knows. */
  readonly size: number;
  whereis(name: string): AnyPid | undefined;
  /** `isAlive` is asked for a pid of this thread only. */
  register(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void;
  unregister(name: string, done: (existed: boolean) => void): void;
  /** A named process died here: `released` is called once no live thread resolves the name to it any more (SIG-7). */
  release(name: string, pid: AnyPid, released: () => void): void;
  /** The name of a pid, or null. */
  nameOf(pid: AnyPid): string | null;
}

export class LocalNames implements Names {
  private readonly pids = new Map<string, AnyPid>();
  private readonly names = new Map<AnyPid, string>();

  get size(): number {
    return this.pids.size;
  }

  whereis(name: string): AnyPid | undefined {
    return this.pids.get(name);
  }

  nameOf(pid: AnyPid): string | null {
    return this.names.get(pid) ?? null;
  }

  register(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    done(this.tryRegister(name, pid));
  }

  unregister(name: string, done: (existed: boolean) => void): void {
    const pid = this.pids.get(name);
    if (pid !== undefined) this.forget(name, pid);
    done(pid !== undefined);
  }

  release(name: string, pid: AnyPid, released: () => void): void {
    if (this.pids.get(name) === pid) this.forget(name, pid);
    released();
  }

  private tryRegister(name: string, pid: AnyPid): RegisterResult {
    if (name === '' || name === 'undefined') return { ok: false, error: 'badName' };
    if (pid.target === null) return { ok: false, error: 'noproc' };
    if (this.pids.has(name)) return { ok: false, error: 'alreadyRegistered' };
    if (this.names.has(pid)) return { ok: false, error: 'hasName' };
    this.pids.set(name, pid);
    this.names.set(pid, name);
    return { ok: true };
  }

  private forget(name: string, pid: AnyPid): void {
    this.pids.delete(name);
    this.names.delete(pid);
  }
}
