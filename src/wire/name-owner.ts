// The one truth about names, on scheduler 0 (REG-1, SIG-7, DESIGN decision 8). A registration is complete when every
// living thread has applied it; a release likewise, and only then does the news of the death leave.
import type { RegisterResult } from '../process/index.ts';
import type { AnyPid, Origin } from '../term/index.ts';
import type { Notice } from './link.ts';
import {
  claimAtHome,
  type NameAsk,
  type NameClaim,
  type NameClaimed,
  type NameDone,
  REGISTERED,
  unclaimAtHome,
} from './name-notices.ts';
import { NameTable } from './name-table.ts';
import type { Rounds } from './rounds.ts';

interface Claim {
  readonly name: string;
  readonly pid: AnyPid;
  readonly done: (result: RegisterResult) => void;
}

/** What the owner needs of its side. */
export interface OwnerWays {
  /** Sends a notice; false when the receiver is dead. */
  tell(to: Origin, notice: Notice): boolean;
  /** True when the spawn of `pid` is still on its way here; `again` is called when it has come, or never will. */
  deferToBirth(pid: AnyPid, again: () => void): boolean;
}

export class NameOwner {
  private readonly own: Origin;
  private readonly rounds: Rounds;
  private readonly ways: OwnerWays;
  private readonly table = new NameTable();
  private readonly claims = new Map<number, Claim>();
  private lastClaim = 0;

  constructor(own: Origin, rounds: Rounds, ways: OwnerWays) {
    this.own = own;
    this.rounds = rounds;
    this.ways = ways;
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
    this.registerFor(this.own, name, pid, done);
  }

  unregister(name: string, done: (existed: boolean) => void): void {
    const pid = this.table.get(name);
    if (pid === undefined) {
      done(false);
      return;
    }
    unclaimAtHome(name, pid);
    this.unset(name, pid, () => done(true));
  }

  release(name: string, pid: AnyPid, released: () => void): void {
    if (this.table.get(name) === pid) this.unset(name, pid, released);
    else released();
  }

  /** What a newcomer has to know. */
  snapshot(): readonly (readonly [string, AnyPid])[] {
    return this.table.entries();
  }

  /** A request of another thread. */
  receiveAsk(from: Origin, { id, op, name, pid }: NameAsk): void {
    const done = (result: RegisterResult | boolean) => {
      const notice: NameDone = { tag: 'nameDone', id, result };
      this.ways.tell(from, notice);
    };
    if (op === 'register') this.registerFor(from, name, pid as AnyPid, done);
    else if (op === 'unregister') this.unregister(name, done);
    else this.release(name, pid as AnyPid, () => done(true));
  }

  receiveClaimed({ id, error }: NameClaimed): void {
    const claim = this.claims.get(id);
    if (claim === undefined) return;
    this.claims.delete(id);
    if (error === null) this.set(claim.name, claim.pid, claim.done);
    else claim.done({ ok: false, error });
  }

  /** A thread has died: its names are free at once here; the replicas free them when they hear of the death. */
  lose(origin: Origin): void {
    this.table.deleteOrigin(origin);
    for (const [id, { pid, done }] of this.claims) {
      if (pid.origin !== origin) continue;
      this.claims.delete(id);
      done({ ok: false, error: 'noproc' });
    }
  }

  private registerFor(asker: Origin, name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    if (pid.origin === this.own && this.ways.deferToBirth(pid, () => this.registerFor(asker, name, pid, done))) return;
    const error = this.refusal(name, pid) ?? (pid.origin === this.own ? claimAtHome(name, pid) : null);
    if (error !== null) done({ ok: false, error });
    else if (pid.origin === this.own || pid.origin === asker) this.set(name, pid, done);
    else this.claim(name, pid, done);
  }

  private refusal(name: string, pid: AnyPid): Extract<RegisterResult, { ok: false }>['error'] | null {
    if (name === '' || name === 'undefined') return 'badName';
    if (this.table.get(name) !== undefined) return 'alreadyRegistered';
    if (this.table.nameOf(pid) !== null) return 'hasName';
    for (const claim of this.claims.values()) {
      if (claim.name === name) return 'alreadyRegistered';
      if (claim.pid === pid) return 'hasName';
    }
    return null;
  }

  /** Asks the thread on which the process lives whether it does: only there its death cannot be missed. */
  private claim(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    const id = ++this.lastClaim;
    this.claims.set(id, { name, pid, done });
    const notice: NameClaim = { tag: 'nameClaim', id, name, pid };
    if (this.ways.tell(pid.origin, notice)) return;
    this.claims.delete(id);
    done({ ok: false, error: 'noproc' });
  }

  private set(name: string, pid: AnyPid, done: (result: RegisterResult) => void): void {
    this.table.set(name, pid);
    this.rounds.start({ tag: 'nameSet', name, pid } as Notice, () => done(REGISTERED));
  }

  private unset(name: string, pid: AnyPid, done: () => void): void {
    this.table.delete(name, pid);
    this.rounds.start({ tag: 'nameUnset', name, pid } as Notice, done);
  }
}
