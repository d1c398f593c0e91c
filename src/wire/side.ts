// One scheduler's side of the wire, put together: identities, links, names and the rules of thread death.
// ControlSide belongs to scheduler 0, DataSide to every other. The engine gives them carriers and news of deaths, and
// hands `mesh` and `names` to its scheduler.
import type { Signal } from '../process/index.ts';
import type { AnyPid, Origin } from '../term/index.ts';
import { Identities } from './identities.ts';
import type { Carrier, LinkLimits, Notice } from './link.ts';
import { Mesh } from './mesh.ts';
import type { NameAsk, NameChange, NameClaim, NameClaimed, NameDone, Welcome } from './name-notices.ts';
import { NameOwner } from './name-owner.ts';
import { NameReplica } from './name-replica.ts';
import { type Ack, Rounds } from './rounds.ts';
import { reasonsOf, type ThreadDeath, ThreadDeaths, type ThreadGone, type ThreadLost } from './thread-down.ts';

/** What a side needs of its scheduler; `Scheduler` is one. */
export interface Resident {
  readonly processes: ReadonlyMap<number, { readonly self: AnyPid }>;
  readonly unborn: { isExpected(pid: AnyPid): boolean };
  receive(signal: Signal): void;
  threadDown(origin: Origin, reasonFor: (pid: AnyPid) => unknown): void;
}

export interface SideOptions {
  readonly own: Origin;
  readonly limits: LinkLimits;
  /** Something was sent: publish at the end of the slice or, outside of one, soon. */
  readonly sending: () => void;
  /** A notice that is not the wire's own business. */
  readonly receive: (notice: Notice, from: Origin) => void;
}

class Side {
  readonly own: Origin;
  readonly mesh: Mesh;
  protected resident: Resident | null = null;
  /** What waits for processes whose spawn is still on its way. */
  private readonly births = new Map<AnyPid, (() => void)[]>();

  constructor(options: SideOptions, receive: (notice: Notice, from: Origin) => void) {
    this.own = options.own;
    this.mesh = new Mesh(new Identities(options.own), options.limits, {
      signal: (signal) => {
        this.resident?.receive(signal);
        if (signal.kind === 'spawn' && this.births.size > 0) this.born(signal.to);
      },
      notice: receive,
      sending: options.sending,
    });
  }

  /** Gives the side its scheduler; before anything can arrive. */
  attach(resident: Resident): void {
    this.resident = resident;
    this.mesh.identities.findOwn = (serial) => resident.processes.get(serial)?.self;
  }

  /** True when `pid` is not born yet; `again` is called when it is, or when it is clear that it never will be. */
  protected deferToBirth(pid: AnyPid, again: () => void): boolean {
    if (this.resident?.unborn.isExpected(pid) !== true) return false;
    const waiting = this.births.get(pid);
    if (waiting === undefined) this.births.set(pid, [again]);
    else waiting.push(again);
    return true;
  }

  private born(pid: AnyPid): void {
    const waiting = this.births.get(pid) ?? [];
    this.births.delete(pid);
    for (const again of waiting) again();
  }

  protected tellOfDeath(origin: Origin, death: ThreadDeath): void {
    this.resident?.threadDown(origin, reasonsOf(death));
    // What it had not started by now will never be; who is still expected waits again.
    for (const pid of [...this.births.keys()]) this.born(pid);
    this.mesh.bury(origin);
  }
}

export class ControlSide extends Side {
  readonly names: NameOwner;
  readonly rounds: Rounds;
  /** Called when a thread runs processes. */
  onWelcome: (origin: Origin) => void = () => {};
  private readonly deaths: ThreadDeaths;
  private readonly receiveOther: SideOptions['receive'];

  constructor(options: SideOptions) {
    super(options, (notice, from) => this.receive(notice, from));
    this.receiveOther = options.receive;
    this.rounds = new Rounds((to, notice) => this.mesh.notify(to, notice));
    this.names = new NameOwner(options.own, this.rounds, {
      tell: (to, notice) => {
        this.mesh.notify(to, notice);
        return this.mesh.isUp(to);
      },
      deferToBirth: (pid, again) => this.deferToBirth(pid, again),
    });
    this.deaths = new ThreadDeaths(this.rounds, {
      lose: (origin) => {
        this.mesh.lose(origin);
        this.names.lose(origin);
        const { node, thread, incarnation } = origin;
        this.expect(this.mesh.identities.originOf(node, thread, incarnation + 1));
      },
      tell: (origin, death) => this.tellOfDeath(origin, death),
    });
  }

  /** A thread is starting. */
  join(origin: Origin, carrier: Carrier): void {
    this.mesh.join(origin, carrier);
    if (origin.incarnation === 1) this.expect(origin);
  }

  /** A thread's worker has ended (THR-1). */
  threadDied(origin: Origin, death: ThreadDeath): void {
    this.deaths.report(origin, death);
  }

  /** Before anything else that is sent to a new incarnation: the names, and from now on every change of them. */
  private expect(origin: Origin): void {
    const welcome: Welcome = { tag: 'welcome', names: this.names.snapshot() };
    this.mesh.notify(origin, welcome);
    this.rounds.add(origin);
  }

  private receive(notice: Notice, from: Origin): void {
    switch (notice.tag) {
      case 'hello':
        this.rounds.welcome(from);
        this.mesh.notify(from, { tag: 'caughtUp' });
        this.onWelcome(from);
        return;
      case 'ack':
        this.rounds.acknowledge(from, (notice as Ack).round);
        return;
      case 'nameAsk':
        this.names.receiveAsk(from, notice as NameAsk);
        return;
      case 'nameClaimed':
        this.names.receiveClaimed(notice as NameClaimed);
        return;
      default:
        this.receiveOther(notice, from);
    }
  }
}

export class DataSide extends Side {
  readonly names: NameReplica;
  private readonly control: Origin;
  private readonly receiveOther: SideOptions['receive'];

  /** `control` is the origin of scheduler 0. */
  constructor(options: SideOptions, control: Origin) {
    super(options, (notice, from) => this.receive(notice, from));
    this.receiveOther = options.receive;
    this.control = this.mesh.identities.originOf(control.node, control.thread, control.incarnation);
    this.mesh.onlyFrom = control.thread;
    this.names = new NameReplica(options.own, (notice) => this.mesh.notify(this.control, notice));
  }

  /** Joins another thread; a peer that starts later comes with a later call. */
  join(origin: Origin, carrier: Carrier): void {
    this.mesh.join(this.mesh.identities.originOf(origin.node, origin.thread, origin.incarnation), carrier);
  }

  /** Asks to be welcomed; call when the control's carrier has been joined. */
  hello(): void {
    this.mesh.notify(this.control, { tag: 'hello' });
  }

  /** Sends a notice to the control side. */
  tellControl(notice: Notice): void {
    this.mesh.notify(this.control, notice);
  }

  private receive(notice: Notice, from: Origin): void {
    switch (notice.tag) {
      case 'welcome':
        this.names.receiveWelcome(notice as Welcome);
        return;
      case 'caughtUp':
        // Every change of which nobody waited for this thread's acknowledgement has been applied now.
        this.mesh.onlyFrom = null;
        return;
      case 'nameSet':
      case 'nameUnset':
        this.names.receiveChange(notice as NameChange);
        this.acknowledge((notice as NameChange).round);
        return;
      case 'nameClaim':
        this.receiveClaim(notice as NameClaim);
        return;
      case 'nameDone':
        this.names.receiveDone(notice as NameDone);
        return;
      case 'threadLost': {
        const { thread, incarnation, round } = notice as ThreadLost;
        const origin = this.mesh.identities.originOf(this.own.node, thread, incarnation);
        this.mesh.lose(origin);
        this.names.lose(origin);
        this.acknowledge(round);
        return;
      }
      case 'threadGone': {
        const gone = notice as ThreadGone;
        this.tellOfDeath(this.mesh.identities.originOf(this.own.node, gone.thread, gone.incarnation), gone);
        return;
      }
      default:
        this.receiveOther(notice, from);
    }
  }

  private receiveClaim(claim: NameClaim): void {
    if (!this.deferToBirth(claim.pid, () => this.receiveClaim(claim))) this.names.receiveClaim(claim);
  }

  private acknowledge(round: number): void {
    const ack: Ack = { tag: 'ack', round };
    this.mesh.notify(this.control, ack);
  }
}
