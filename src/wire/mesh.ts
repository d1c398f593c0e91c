// All links of one scheduler: what its Engine calls the outlink (DESIGN decisions 4 and 5). One link per other thread leads to that thread's
// present incarnation; when that one has died, the next takes its place before it is born, so that what is sent to the
// slot waits for it in order (decision 7).
import type { Signal } from '../process/index.ts';
import type { Origin, Pid } from '../term/index.ts';
import type { Identities } from './identities.ts';
import { type Arrivals, type Carrier, Link, type LinkLimits, type Notice } from './link.ts';

/** What the mesh tells the rest of its side. */
export interface MeshEvents {
  signal(signal: Signal): void;
  notice(notice: Notice, from: Origin): void;
  /** Something was sent; it has to be published at the end of the slice or, outside of one, soon. */
  sending(): void;
}

export class Mesh {
  readonly identities: Identities;
  private readonly limits: LinkLimits;
  private readonly events: MeshEvents;
  /** The link to the present incarnation of each thread; null where there is none. */
  private readonly links: (Link | null)[] = [];
  private readonly arrivals: Arrivals[] = [];
  /** Carriers of incarnations whose predecessor has not been buried yet. */
  private readonly early = new Map<Origin, Carrier>();
  /** Threads whose last death has not been told to the processes here. */
  private readonly unburied = new Set<number>();
  private isDirty = false;
  /** When set, only the link to this thread is read: a new thread learns the names before anything else. */
  onlyFrom: number | null = null;

  constructor(identities: Identities, limits: LinkLimits, events: MeshEvents) {
    this.identities = identities;
    this.limits = limits;
    this.events = events;
  }

  /** Encodes and queues one signal; drops it when that incarnation is dead. Throws NotATermError for what is no term. */
  send(to: Origin, signal: Signal): void {
    const link = this.linkTo(to);
    if (link === null) return;
    link.send(signal);
    this.touch();
  }

  /** Applies a bounded part of what has arrived; true when there was something. */
  poll(): boolean {
    let hadWork = false;
    for (let thread = 0; thread < this.links.length; thread++) {
      if (this.onlyFrom !== null && this.onlyFrom !== thread) continue;
      const link = this.links[thread];
      if (link?.poll(this.arrivals[thread])) hadWork = true;
    }
    return hadWork;
  }

  /** Makes visible what was sent, and wakes who sleeps. */
  publish(): void {
    this.isDirty = false;
    for (const link of this.links) link?.flush();
  }

  /** True when the outbox to that incarnation is over its bound. */
  isCongested(to: Origin): boolean {
    return this.linkTo(to)?.isCongested === true;
  }

  pidAt(origin: Origin, serial: number): Pid<never> {
    return this.identities.pid(origin, serial);
  }

  isUp(origin: Origin): boolean {
    return this.linkTo(origin) !== null;
  }

  /** True when a turn would get further than the last one did; asked before going to sleep. */
  get hasWork(): boolean {
    if (this.isDirty) return true;
    for (const link of this.links) {
      if (link?.hasWork && (this.onlyFrom === null || this.onlyFrom === link.origin.thread)) return true;
    }
    return false;
  }

  /** Sends a notice to an incarnation; nothing happens when it is dead. */
  notify(to: Origin, notice: Notice): void {
    const link = this.linkTo(to);
    if (link === null) return;
    link.notify(notice);
    this.touch();
  }

  /** The origin to which a spawn on `thread` goes, or null when there is no such thread. */
  originAt(thread: number): Origin | null {
    return this.links[thread]?.origin ?? null;
  }

  /** The carrier to an incarnation has come; it is used once its predecessor has been buried (DST-3). */
  join(origin: Origin, carrier: Carrier): void {
    if (this.links[origin.thread] == null) this.expect(origin);
    const link = this.linkTo(origin);
    if (link !== null && !this.unburied.has(origin.thread)) this.attach(link, carrier);
    else this.early.set(origin, carrier);
  }

  /**
   * An incarnation has died: applies what it had published, then sends nothing more to it (THR-1).
   * What is sent to its thread from now on waits for the next one.
   */
  lose(origin: Origin): void {
    const link = this.linkTo(origin);
    this.early.delete(origin);
    if (link === null) return;
    link.drain(this.arrivals[origin.thread]);
    const { node, thread, incarnation } = origin;
    this.unburied.add(thread);
    this.expect(this.identities.originOf(node, thread, incarnation + 1));
  }

  /** Everybody here has heard of the death: the next incarnation may be read and written. */
  bury(origin: Origin): void {
    const link = this.links[origin.thread];
    if (link == null || link.origin.incarnation !== origin.incarnation + 1) return;
    this.unburied.delete(origin.thread);
    const carrier = this.early.get(link.origin);
    if (carrier === undefined) return;
    this.early.delete(link.origin);
    this.attach(link, carrier);
  }

  /** Signals sent to and received from each present incarnation. */
  counters(): { readonly thread: number; readonly sent: number; readonly received: number }[] {
    return this.links
      .filter((link) => link !== null)
      .map(({ origin, sent, received }) => ({ thread: origin.thread, sent, received }));
  }

  private expect(origin: Origin): void {
    while (this.links.length <= origin.thread) this.links.push(null);
    this.links[origin.thread] = new Link(origin, this.identities, this.limits);
    this.arrivals[origin.thread] = {
      signal: this.events.signal,
      notice: (notice) => this.events.notice(notice, origin),
    };
  }

  private attach(link: Link, carrier: Carrier): void {
    link.attach(carrier);
    if (link.hasBacklog) this.touch();
  }

  private touch(): void {
    if (this.isDirty) return;
    this.isDirty = true;
    this.events.sending();
  }

  private linkTo(origin: Origin): Link | null {
    const link = this.links[origin.thread] ?? null;
    return link !== null && link.origin === origin ? link : null;
  }
}
