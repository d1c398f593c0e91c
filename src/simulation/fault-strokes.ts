// What each fault does to the simulated machine. Thread links that stand still start again by a timer of thread 0,
// which never dies; `heal` ends all of it at once.

import type { CutPolicy } from './disk-power.ts';
import type { DiskTarget } from './disk-seat.ts';
import type { Fault, Victim } from './faults.ts';
import { parseFault } from './faults.ts';
import type { Machine } from './machine.ts';
import type { Seats } from './seat.ts';
import type { SimSocket } from './sim-socket.ts';
import type { ThreadLink } from './wires.ts';

/** What the faults of a run need of its world. */
export interface FaultHost {
  readonly machine: Machine;
  readonly seats: Seats;
  nowMs: number;
  wallOffsetMs: number;
}

/** How a crashed process ends: as if killed. */
const CRASH_REASON = 'killed';
/** The body of the test, which tells what is seen after a power cut. */
const ROOT = 'root';

export class FaultStrokes {
  private readonly host: FaultHost;
  private readonly standing = new Map<ThreadLink, number>();
  /** Streams that stand still, once for each stall. */
  private readonly hanging: SimSocket[] = [];
  private readonly segmented = new Set<SimSocket>();
  private readonly timers = new Set<object>();
  private readonly known = new Map<string, Fault>();

  constructor(host: FaultHost) {
    this.host = host;
  }

  /** The fault of a key, as the same object each time; null when it is none or its target does not exist. */
  find(key: string): Fault | null {
    const fault = this.known.get(key) ?? parseFault(key);
    if (fault === null || !this.isPossible(fault)) return null;
    this.known.set(key, fault);
    return fault;
  }

  isPossible({ fault, path, threads }: Fault): boolean {
    const { machine, seats } = this.host;
    if (fault === 'crash') return seats.at(path)?.process?.isAlive === true;
    if (fault === 'die') return machine.canDie(threads[0]);
    if (fault === 'reset' || fault === 'stall' || fault === 'segment') return machine.net.joined().has(threads[0]);
    if (fault !== 'delay' && fault !== 'part') return true;
    return threads[0] !== threads[1] && threads.every((thread) => thread < machine.threads.length);
  }

  strike(fault: Fault): void {
    const { host } = this;
    const [from, to] = fault.threads;
    switch (fault.fault) {
      case 'crash':
        this.crash(fault.path);
        return;
      case 'die':
        host.machine.die(from);
        return;
      case 'delay':
        this.stop([[from, to]], fault.ms);
        return;
      case 'part':
        this.stop(
          [
            [from, to],
            [to, from],
          ],
          fault.ms,
        );
        return;
      case 'jump':
        host.nowMs += fault.ms;
        return;
      case 'wall':
        host.wallOffsetMs += fault.ms;
        return;
      case 'reset':
      case 'stall':
      case 'segment':
        this.strikeStream(fault);
        return;
      default:
        this.strikeDisk(fault);
    }
  }

  private strikeStream({ fault, key, threads: [stream], ms }: Fault): void {
    const socket = this.host.machine.net.joined().get(stream);
    if (socket === undefined) return;
    if (fault === 'reset') socket.cut();
    else if (fault === 'stall') this.hang(socket, ms);
    else {
      socket.segment(Number(key.slice(key.lastIndexOf(' ') + 1)));
      this.segmented.add(socket);
    }
  }

  private hang(socket: SimSocket, ms: number): void {
    socket.hang(1);
    this.hanging.push(socket);
    this.after(ms, () => {
      this.hanging.splice(this.hanging.indexOf(socket), 1);
      socket.hang(-1);
    });
  }

  private strikeDisk({ fault, key, ms }: Fault): void {
    const { disk } = this.host.machine;
    const [, first, second] = key.split(' ');
    if (fault === 'cut') {
      for (const path of disk.cut(first as CutPolicy, Number(second))) if (path !== ROOT) this.crash(path);
    } else if (fault === 'fail') disk.arm(first as DiskTarget, { tag: 'fail', code: second, writtenBytes: ms });
    else if (fault === 'flip') disk.arm('read', { tag: 'flip', bit: Number(first) });
    else disk.slow(ms);
  }

  /** True while a link that has something to read stands still: the world is not at rest then. */
  get isHolding(): boolean {
    for (const link of this.standing.keys()) if (link.isPending) return true;
    return false;
  }

  /** Ends every delay, partition and stall, and takes back what has not struck the disk yet. */
  heal(): void {
    const scheduler = this.host.machine.threads[0];
    for (const timer of this.timers) scheduler.cancelReceiveTimer(timer);
    this.timers.clear();
    for (const link of this.standing.keys()) link.stops = 0;
    this.standing.clear();
    this.host.machine.disk.heal();
    for (const socket of this.hanging.splice(0)) socket.hang(-1);
    for (const socket of this.segmented) socket.segment(0);
    this.segmented.clear();
  }

  /** Numbers of the streams that could be struck now. */
  streams(): number[] {
    return [...this.host.machine.net.joined().keys()];
  }

  /** Who could be crashed now. */
  victims(): Victim[] {
    const victims: Victim[] = [];
    for (const { path, title, thread, process } of this.host.seats.all()) {
      if (process?.isAlive === true) victims.push({ path, title, thread });
    }
    return victims;
  }

  private crash(path: string): void {
    const { machine, seats } = this.host;
    const process = seats.at(path)?.process;
    if (process != null) machine.threads[process.self.origin.thread].terminate(process, CRASH_REASON);
  }

  private stop(pairs: readonly (readonly [number, number])[], ms: number): void {
    const { machine } = this.host;
    const links = pairs.map(([from, to]) => machine.wires?.linkOf(from, to)).filter((link) => link !== undefined);
    for (const link of links) this.change(link, 1);
    this.after(ms, () => {
      for (const link of links) this.change(link, -1);
    });
  }

  private after(ms: number, run: () => void): void {
    const timer = this.host.machine.threads[0].startReceiveTimer(ms, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }

  private change(link: ThreadLink, by: number): void {
    link.stops += by;
    if (link.stops > 0) this.standing.set(link, link.stops);
    else this.standing.delete(link);
  }
}
