// The simulator's hold on signals: one FIFO per ordered pair of processes (SIG-1), all kinds together, and nothing is
// received before the simulation says so (SIG-2). Signals to oneself are received at once, as in Erlang (SIG-4, EXI-3).
import { Process, type Signal } from '../process/index.ts';
import type { Transit } from '../scheduler/index.ts';
import { type AnyPid, Pid, type Ref } from '../term/index.ts';
import { Flight, type Pair, type Seats } from './seat.ts';

/** What a transit needs of the simulation around it. */
export interface TransitHost {
  readonly seats: Seats;
  /** Sees every signal as it is sent. */
  sent(signal: Signal): void;
  /** Applies a signal at once. */
  receive(signal: Signal): void;
}

/** Signals in flight. Tests plant mistakes by overriding `enqueue` or `take`. */
export class PairTransit implements Transit {
  readonly host: TransitHost;
  /** Pairs with something in flight, in no order that means anything. */
  readonly active: Pair[] = [];
  inFlight = 0;
  /** The step that is being taken; the world keeps it up to date. */
  step = 0;
  /** Ring of flights in sending order, but for the held ones; this one is its fixed point. */
  private readonly order = new Flight(null, null, 0);
  private readonly held = new Flight(null, null, 0);

  constructor(host: TransitHost) {
    this.host = host;
  }

  submit(from: AnyPid | null, to: AnyPid | Ref, signal: Signal): void {
    this.host.sent(signal);
    const receiver = receiverOf(to);
    if (receiver !== null && from === receiver) this.host.receive(signal);
    else if (receiver !== null) this.enter(this.host.seats.of(from).pairTo(this.host.seats.of(receiver)), signal);
  }

  /** A signal has crossed: all from one thread to another are one FIFO, as on the wire. */
  arrive(fromThread: number, toThread: number, signal: Signal): void {
    const { seats } = this.host;
    this.enter(seats.ofThread(fromThread).pairTo(seats.ofThread(toThread)), signal);
  }

  private enter(pair: Pair, signal: Signal): void {
    const flight = new Flight(signal, pair, ++pair.sent);
    flight.sentStep = this.step;
    this.enqueue(pair, flight);
  }

  /** Puts a signal behind the others of its pair. */
  enqueue(pair: Pair, flight: Flight): void {
    if (pair.tail === null) {
      pair.head = flight;
      pair.activeIndex = this.active.push(pair) - 1;
    } else pair.tail.behind = flight;
    pair.tail = flight;
    this.inFlight++;
    insertBefore(pair.isHeld ? this.held : this.order, flight);
  }

  /** The pair whose oldest signal was sent first, leaving out held pairs; null when there is none. */
  oldest(): Pair | null {
    return this.order.next.pair;
  }

  /** The pair that was held first. */
  oldestHeld(): Pair | null {
    return this.held.next.pair;
  }

  /** Takes the oldest signal of a pair that has one. */
  take(pair: Pair): Flight {
    const flight = pair.head as Flight;
    pair.head = flight.behind;
    if (pair.head === null) {
      pair.tail = null;
      const last = this.active.pop() as Pair;
      if (last !== pair) {
        last.activeIndex = pair.activeIndex;
        this.active[pair.activeIndex] = last;
      }
      pair.activeIndex = -1;
    }
    this.inFlight--;
    unlink(flight);
    return flight;
  }

  /** Leaves the pair out of `oldest` until it is released. */
  hold(pair: Pair): void {
    pair.isHeld = true;
    this.move(pair, this.held);
  }

  release(pair: Pair): void {
    pair.isHeld = false;
    this.move(pair, this.order);
  }

  /** Forgets everything that was under way to these processes, and says so in the pairs. */
  drop(isLost: (pair: Pair) => boolean): void {
    for (const pair of this.active.filter(isLost)) {
      while (pair.head !== null) {
        this.take(pair);
        pair.received++;
      }
    }
  }

  private move(pair: Pair, ring: Flight): void {
    for (let flight = pair.head; flight !== null; flight = flight.behind) {
      unlink(flight);
      insertBefore(ring, flight);
    }
  }
}

/** Null for an alias that is not active: it never becomes active again, and what is sent to it vanishes (ALI-1). */
function receiverOf(to: AnyPid | Ref): AnyPid | null {
  if (to instanceof Pid) return to;
  return to.slot instanceof Process ? to.slot.self : null;
}

function insertBefore(place: Flight, flight: Flight): void {
  flight.previous = place.previous;
  flight.next = place;
  place.previous.next = flight;
  place.previous = flight;
}

function unlink(flight: Flight): void {
  flight.previous.next = flight.next;
  flight.next.previous = flight.previous;
}
