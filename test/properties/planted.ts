// Mistakes to plant in the simulated machine: each is one that toy runtimes really make (otp-semantics.md).
import { type Links, Mailbox, type Process, type Signal } from '../../src/process/index.ts';
import { LocalNames, type Timer } from '../../src/scheduler/index.ts';
import { type Flight, type Pair, PairTransit, SimScheduler, type Wiring } from '../../src/simulation/index.ts';
import type { AnyPid, Ref } from '../../src/term/index.ts';

type ReceivePlan = (scheduler: SimScheduler, signal: Signal, receive: (signal: Signal) => void) => void;

/** A machine whose scheduler receives signals by `plan`. */
export function receiving(plan: ReceivePlan): Wiring {
  class Planted extends SimScheduler {
    override receive(signal: Signal): void {
      plan(this, signal, (other) => super.receive(other));
    }
  }
  return { scheduler: (...args) => new Planted(...args) };
}

/** A machine whose transit queues signals by `plan`. */
export function queueing(
  plan: (transit: PairTransit, pair: Pair, flight: Flight, enqueue: () => void) => void,
): Wiring {
  class Planted extends PairTransit {
    override enqueue(pair: Pair, flight: Flight): void {
      plan(this, pair, flight, () => super.enqueue(pair, flight));
    }
  }
  return { transit: (host) => new Planted(host) };
}

/** Signals of these kinds have a channel of their own and overtake the others of their pair. */
export function fastLane(...kinds: readonly Signal['kind'][]): Wiring {
  return queueing((transit, _pair, flight, enqueue) => {
    if (flight.signal !== null && kinds.includes(flight.signal.kind)) transit.host.receive(flight.signal);
    else enqueue();
  });
}

/** Every `nth` signal of a kind gets lost. */
export function losing(kind: Signal['kind'], nth: number): Wiring {
  class Lossy extends PairTransit {
    private count = 0;

    override enqueue(pair: Pair, flight: Flight): void {
      if (flight.signal?.kind !== kind || ++this.count % nth !== 0) super.enqueue(pair, flight);
    }
  }
  return { transit: (host) => new Lossy(host) };
}

/** Every message of a pair is delivered twice. */
export const repeating: Wiring = queueing((transit, _pair, flight, enqueue) => {
  enqueue();
  if (flight.signal?.kind === 'message') transit.host.receive(flight.signal);
});

/** DOWN is believed although the monitor is gone. */
export const staleDowns: Wiring = receiving((_scheduler, signal, receive) => {
  if (signal.kind !== 'down') receive(signal);
  else {
    const { ref, from, reason } = signal;
    (signal.to.target as Process | null)?.accept({ tag: 'DOWN', ref, object: from, reason }, null);
  }
});

/** One monitor per pair: a second one is taken for the first. */
export const oneMonitorPerPair: Wiring = receiving((_scheduler, signal, receive) => {
  const watchers = signal.kind === 'monitor' ? (signal.to.target as Process | null)?.monitors?.watchers : undefined;
  if (watchers === undefined || !watchers.entries().some(([, watcher]) => watcher === signal.from)) receive(signal);
});

/** A monitor of a dead process is forgotten. */
export const deafToTheDead: Wiring = receiving((_scheduler, signal, receive) => {
  if (signal.kind !== 'monitor' || signal.to.target !== null) receive(signal);
});

/** Tells whoever asks that a process has never been there. */
export const alwaysNoproc: Wiring = receiving((_scheduler, signal, receive) => {
  receive(signal.kind === 'down' ? { ...signal, reason: 'noproc' } : signal);
});

/** The reception of link signals without what the unlink ids are for (LNK-5). */
export function forgetfulLinks(plan: (links: Links, signal: Signal) => boolean): Wiring {
  return receiving((_scheduler, signal, receive) => {
    const links = 'to' in signal ? ((signal.to as AnyPid).target as Process | null)?.links : null;
    if (links == null || !plan(links, signal)) receive(signal);
  });
}

/** A machine with another mailbox. */
export function mailboxOf(make: () => Mailbox): Wiring {
  class Planted extends SimScheduler {
    protected override makeMailbox(): Mailbox {
      return make();
    }
  }
  return { scheduler: (...args) => new Planted(...args) };
}

/** What a receive rejected goes to the end of the mailbox. */
export class Rotating extends Mailbox {
  override scan(match: ((message: unknown) => boolean) | null): unknown {
    const rejected: unknown[] = [];
    const found = super.scan((message) => {
      const isMatch = match === null || match(message);
      if (!isMatch) rejected.push(message);
      return isMatch;
    });
    if (typeof found === 'symbol') return found;
    for (const message of rejected) {
      this.flush((each) => each === message);
      this.push(message, null);
    }
    return found;
  }
}

/** Takes the newest matching message. */
export class Newest extends Mailbox {
  override scan(match: ((message: unknown) => boolean) | null): unknown {
    const matching = this.peek(1_000).filter((message) => match === null || match(message));
    const newest = matching.at(-1);
    return super.scan(newest === undefined ? () => false : (message) => message === newest);
  }
}

/** The reference mark also skips what came after the ref was made. */
export class MarksTooMuch extends Mailbox {
  override beginReceive(ref: Ref | null): void {
    if (ref !== null) super.mark(ref);
    super.beginReceive(ref);
  }
}

/** A cancelled timer still fires, because it was only forgotten. */
class ForgetfulTimers extends SimScheduler {
  override cancelLocalTimer(ref: Ref): number | false {
    const timer = ref.slot as Timer | null;
    if (timer === null || timer.index < 0) return false;
    ref.slot = null;
    return Math.max(0, timer.atMs - this.env.clock.now());
  }
}
export const forgetfulTimers: Wiring = { scheduler: (...args) => new ForgetfulTimers(...args) };

/** Timers are rounded down to 10 ms. */
class CoarseTimers extends SimScheduler {
  override startTimer(ms: number, to: AnyPid | string, message: unknown, wrap: boolean): Ref {
    return super.startTimer(Math.floor(ms / 10) * 10, to, message, wrap);
  }
}
export const coarseTimers: Wiring = { scheduler: (...args) => new CoarseTimers(...args) };

/** A timer outlives the process it was for and is delivered to nobody, or, here, to whoever asks last. */
class ImmortalTimers extends SimScheduler {
  override dropTimer(): void {}
}
export const immortalTimers: Wiring = { scheduler: (...args) => new ImmortalTimers(...args) };

/** Names are freed some time after the news of a death has left. */
class LateNames extends LocalNames {
  private readonly late: (() => void)[] = [];

  override release(name: string, pid: AnyPid, released: () => void): void {
    this.late.push(() => super.release(name, pid, () => {}));
    released();
  }

  override register(...args: Parameters<LocalNames['register']>): void {
    super.register(...args);
    for (const free of this.late.splice(0)) free();
  }
}
export const lateNames: Wiring = { names: () => new LateNames() };
