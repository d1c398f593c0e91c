// The names as one data thread knows them: reads are local, changes are asked of the owner (DESIGN decision 8).
import type { RegisterResult } from '../process/index.ts';
import type { AnyPid, Origin } from '../term/index.ts';
import type { Notice } from './link.ts';
import {
  claimAtHome,
  type NameAsk,
  type NameChange,
  type NameClaim,
  type NameClaimed,
  type NameDone,
  unclaimAtHome,
  type Welcome,
} from './name-notices.ts';
import { NameTable } from './name-table.ts';

export class NameReplica {
  private readonly own: Origin;
  private readonly tellOwner: (notice: Notice) => void;
  private readonly table = new NameTable();
  private readonly asked = new Map<number, (result: RegisterResult | boolean) => void>();
  private lastId = 0;

  constructor(own: Origin, tellOwner: (notice: Notice) => void) {
    this.own = own;
    this.tellOwner = tellOwner;
  }

  get size(): number {
    return this.table.size;
  }

  whereis(name: string): AnyPid | undefined {
    return this.table.get(name);
  }

  nameOf(pid: AnyPid): string | null {
    return this.table.nameOf(pid);
  }

  register(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    const error = pid.origin === this.own ? claimAtHome(name, pid) : null;
    if (error !== null) done({ ok: false, error });
    else this.ask('register', name, pid, (result) => this.registered(name, pid, result as RegisterResult, done));
  }

  unregister(name: string, done: (existed: boolean) => void): void {
    this.ask('unregister', name, null, (existed) => done(existed === true));
  }

  release(name: string, pid: AnyPid, released: () => void): void {
    this.table.delete(name, pid);
    this.ask('release', name, pid, released);
  }

  receiveDone({ id, result }: NameDone): void {
    const done = this.asked.get(id);
    this.asked.delete(id);
    done?.(result);
  }

  receiveChange({ tag, name, pid }: NameChange): void {
    if (tag === 'nameSet') this.table.set(name, pid);
    else {
      this.table.delete(name, pid);
      if (pid.origin === this.own) unclaimAtHome(name, pid);
    }
  }

  receiveClaim({ id, name, pid }: NameClaim): void {
    const claimed: NameClaimed = { tag: 'nameClaimed', id, error: claimAtHome(name, pid) };
    this.tellOwner(claimed);
  }

  receiveWelcome({ names }: Welcome): void {
    this.table.replace(names);
  }

  /** A thread has died: its names are free before anybody hears of it. */
  lose(origin: Origin): void {
    this.table.deleteOrigin(origin);
  }

  private registered(name: string, pid: AnyPid, result: RegisterResult, done: (result: RegisterResult) => void): void {
    // A refused name is not the process's to release; one that it holds already stays.
    if (!result.ok && pid.origin === this.own && this.table.get(name) !== pid) unclaimAtHome(name, pid);
    done(result);
  }

  private ask(
    op: NameAsk['op'],
    name: string,
    pid: AnyPid | null,
    done: (result: RegisterResult | boolean) => void,
  ): void {
    const id = ++this.lastId;
    this.asked.set(id, done);
    const notice: NameAsk = { tag: 'nameAsk', id, op, name, pid };
    this.tellOwner(notice);
  }
}
