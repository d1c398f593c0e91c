// Invariants of the runtime, checked while a simulation runs (reliability.md, R1...R12). Each check keeps its own ledger
// beside the kernel, so that a mistake in the kernel shows as a difference between the two. A violation is recorded, not
// thrown: a throw inside a slice would only look like a crash of the process that happened to run.
import type { Process, Signal } from '../process/index.ts';
import { type AnyPid, hasTag, type Ref } from '../term/index.ts';
import type { Pair, Seat, Seats } from './seat.ts';

/** Which families of checks run; all by default. */
export interface Checks {
  /** R1-R3: order, no repetition, no loss, per pair. */
  readonly order: boolean;
  /** R5: one DOWN per monitor, none after demonitor. */
  readonly monitors: boolean;
  /** R6: links are symmetric when nothing is in flight. */
  readonly links: boolean;
  /** R7: each mailbox against a plain list. */
  readonly mailboxes: boolean;
  /** R8: timers fire once, in time, never after they were cancelled. */
  readonly timers: boolean;
}

export const ALL_CHECKS: Checks = { order: true, monitors: true, links: true, mailboxes: true, timers: true };
export const NO_CHECKS: Checks = { order: false, monitors: false, links: false, mailboxes: false, timers: false };

export interface Violation {
  readonly rule: string;
  readonly text: string;
}

/** What only a living process can send (R4). */
const LIVING_ONLY = new Set<Signal['kind']>(['message', 'alias', 'exit', 'link', 'monitor', 'spawn', 'unlink', 'info']);

interface Watched {
  readonly ref: Ref;
  readonly watcher: Seat;
  readonly target: Seat;
  /** False once the request found the target dead; null while it is on its way. */
  found: boolean | null;
}

export class Watch {
  readonly checks: Checks;
  violation: Violation | null = null;
  /** Hears of each birth and death; `reason` is null for a birth. */
  onLife: (kind: 'spawn' | 'exit', seat: Seat, reason: unknown) => void = () => {};
  private readonly seats: Seats;
  private readonly monitors = new Map<number, Watched>();

  constructor(checks: Checks, seats: Seats) {
    this.checks = checks;
    this.seats = seats;
  }

  violate(rule: string, text: string): void {
    this.violation ??= { rule, text };
  }

  /** A signal leaves its sender. */
  sent(signal: Signal): void {
    const { from } = signal;
    if (from !== null && from.target === null && LIVING_ONLY.has(signal.kind) && this.seats.of(from).exit !== null) {
      this.violate('R4', `${this.seats.of(from)} is dead and sends a ${signal.kind} signal`);
    }
    if (!this.checks.monitors) return;
    if (signal.kind === 'monitor') this.monitorMade(signal.ref, signal.from, signal.to, null);
    else if (
      signal.kind === 'demonitor' &&
      this.monitors.get(keyOf(signal.ref))?.watcher === this.seats.of(signal.from)
    ) {
      this.monitors.delete(keyOf(signal.ref));
    }
  }

  /** A monitor exists from now on; one made by a spawn is in place at once. */
  monitorMade(ref: Ref, watcher: AnyPid, target: AnyPid, found: boolean | null): void {
    if (!this.checks.monitors) return;
    this.monitors.set(keyOf(ref), { ref, watcher: this.seats.of(watcher), target: this.seats.of(target), found });
  }

  /** The signal with number `seq` of its pair arrives. */
  arrived(pair: Pair, seq: number, signal: Signal): void {
    const expected = ++pair.received;
    if (!this.checks.order || seq === expected) return;
    const where = `${pair.from} > ${pair.to}`;
    if (seq < expected) this.violate('R2', `${signal.kind} signal ${seq} of ${where} arrives twice or late`);
    else this.violate('R1', `${signal.kind} signal ${seq} of ${where} overtakes signal ${expected}`);
  }

  /** A monitor request reached its target. */
  monitorFound(ref: Ref, isAlive: boolean): void {
    const watched = this.monitors.get(keyOf(ref));
    if (watched !== undefined) watched.found = isAlive;
  }

  /** A monitor of a process whose thread is known to be dead: its DOWN is in the mailbox already. */
  monitorRefused(ref: Ref): void {
    this.monitors.delete(keyOf(ref));
  }

  /** A DOWN signal put `messages` messages into the mailbox of its receiver. */
  downReceived(ref: Ref, reason: unknown, from: Seat, to: Seat, messages: number): void {
    if (!this.checks.monitors || messages === 0 || from === to) return;
    const watched = this.monitors.get(keyOf(ref));
    this.monitors.delete(keyOf(ref));
    if (watched === undefined || messages > 1) {
      this.violate('R5', `${to} hears again of ${from}: the monitor ${ref} was gone`);
      return;
    }
    if (hasTag(reason, 'threadDown')) return;
    const expected = watched.found === false ? 'noproc' : watched.target.exit?.reason;
    const isComparable = typeof expected !== 'object' || watched.target.thread === watched.watcher.thread;
    if (isComparable && reason !== expected) {
      this.violate('R5', `${to} hears that ${from} ended ${JSON.stringify(reason)}, not ${JSON.stringify(expected)}`);
    }
  }

  /** Nothing is runnable and nothing is in flight: what had to happen has happened (R3, R5, R6). */
  atRest(processes: Iterable<Process>, pairs: Iterable<Pair>): void {
    if (this.checks.order) {
      for (const pair of pairs) {
        if (pair.sent !== pair.received)
          this.violate('R3', `${pair.sent - pair.received} signals ${pair.key} are lost`);
      }
    }
    if (this.checks.monitors) this.monitorsAtRest();
    if (this.checks.links) for (const process of processes) if (process.links !== null) this.linksAtRest(process);
  }

  private monitorsAtRest(): void {
    for (const [key, { ref, watcher, target }] of this.monitors) {
      if (watcher.exit !== null) this.monitors.delete(key);
      else if (target.exit !== null) this.violate('R5', `${watcher} never hears of the end of ${target} (${ref})`);
    }
  }

  private linksAtRest(process: Process): void {
    const own = this.seats.of(process.self);
    for (const pid of process.links?.active() ?? []) {
      const peer = this.seats.of(pid);
      if (peer.process === null) this.violate('R6', `${own} is still linked to ${peer}, which is dead`);
      else if (!hasLink(peer.process, own, this.seats)) this.violate('R6', `${own} is linked to ${peer}, but not back`);
    }
  }
}

function hasLink(process: Process, to: Seat, seats: Seats): boolean {
  return (process.links?.active() ?? []).some((pid) => seats.of(pid) === to);
}

/** Refs of different threads that mean the same share a key. */
function keyOf(ref: Ref): number {
  return ref.serial * 4096 + ref.origin.incarnation * 64 + ref.origin.thread;
}
