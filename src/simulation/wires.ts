// The simulated threads' way to each other: the real sides of wire/ with their rings over ordinary memory. Publishing a
// ring is at the end of each step; reading it is a choice, so that a thread may be late (DESIGN decision 5).
import type { Origin } from '../term/index.ts';
import { type Carrier, ControlSide, DataSide, OUTBOX_BYTES_MAX, type Resident, ringSize } from '../wire/index.ts';
import { mix } from './random.ts';
import type { Choice } from './seat.ts';

export type Side = ControlSide | DataSide;

/** Small, so that full rings and records beside the ring happen in small tests. */
const RING_BYTES = 4_096;
export const NODE = 'simulated';

/** What one thread has published for another; as a choice the other one reads it. */
export class ThreadLink implements Choice {
  readonly kind = 'pass';
  readonly key: string;
  readonly hash: number;
  readonly from: number;
  readonly to: number;
  isHeld = false;
  isPending = false;
  /** How many faults keep it from being read. */
  stops = 0;

  constructor(from: number, to: number) {
    this.from = from;
    this.to = to;
    this.key = `link ${from}>${to}`;
    this.hash = mix(mix(0x11, from), to);
  }
}

/** What the wires tell the world: a thread has sent something and will publish it at the end of the step. */
export type Sending = (thread: number) => void;

export class Wires {
  /** Links with something to read, in the order in which it was published. */
  readonly pending: ThreadLink[] = [];
  private readonly sides: Side[] = [];
  private readonly links: ThreadLink[][] = [];
  private readonly sending: Sending;
  /** The thread from which the signals come that arrive now. */
  reading = 0;

  constructor(sending: Sending) {
    this.sending = sending;
  }

  get size(): number {
    return this.sides.length;
  }

  get control(): ControlSide {
    return this.sides[0] as ControlSide;
  }

  sideOf(thread: number): Side {
    return this.sides[thread];
  }

  link(from: number, to: number): ThreadLink | null {
    return this.links[from]?.[to] ?? null;
  }

  /** As `link`, made where nothing has been published yet. */
  linkOf(from: number, to: number): ThreadLink {
    this.links[from] ??= [];
    this.links[from][to] ??= new ThreadLink(from, to);
    return this.links[from][to];
  }

  /** Makes the side of one incarnation of a thread; `attach` gives it its scheduler and its links. */
  make(thread: number, incarnation: number): Side {
    const own: Origin = { node: NODE, thread, incarnation };
    const options = {
      own,
      limits: { ringBytes: RING_BYTES, outboxBytesMax: OUTBOX_BYTES_MAX },
      sending: () => this.sending(thread),
      receive: () => {},
    };
    const side = thread === 0 ? new ControlSide(options) : new DataSide(options, this.control.own);
    this.sides[thread] = side;
    const { mesh } = side;
    const lose = mesh.lose.bind(mesh);
    // What is left in a dead thread's ring is read in the middle of reading another one.
    mesh.lose = (origin) => this.readingFrom(origin.thread, () => lose(origin));
    return side;
  }

  /** Gives a side its scheduler and joins it with every other one; a data thread then asks to be welcomed. */
  attach(side: Side, resident: Resident): void {
    side.attach(resident);
    const { thread } = side.own;
    for (const other of this.sides) if (other !== side) this.join(side, other);
    if (side instanceof DataSide) side.hello();
    this.publish(thread);
  }

  publish(thread: number): void {
    this.sides[thread].mesh.publish();
  }

  /** Lets the receiver of a link read what is there. */
  pass(link: ThreadLink): void {
    this.pending.splice(this.pending.indexOf(link), 1);
    link.isPending = false;
    const { mesh } = this.sides[link.to];
    const only = mesh.onlyFrom;
    mesh.onlyFrom = link.from;
    this.readingFrom(link.from, () => {
      while (mesh.poll());
    });
    // A thread that has just been welcomed listens to everybody from now on.
    if (mesh.onlyFrom !== null) mesh.onlyFrom = only;
    mesh.publish();
  }

  private readingFrom(thread: number, read: () => void): void {
    const before = this.reading;
    this.reading = thread;
    read();
    this.reading = before;
  }

  /** False while the receiver may not read this link: it has not been welcomed yet. */
  canPass(link: ThreadLink): boolean {
    const { onlyFrom } = this.sides[link.to].mesh;
    return link.isPending && link.stops === 0 && (onlyFrom === null || onlyFrom === link.from);
  }

  private join(a: Side, b: Side): void {
    const there = ring();
    const back = ring();
    joinSide(a, b, { ...carrier(there, back), wake: () => this.wake(a.own.thread, b.own.thread) });
    joinSide(b, a, { ...carrier(back, there), wake: () => this.wake(b.own.thread, a.own.thread) });
  }

  private wake(from: number, to: number): void {
    const link = this.linkOf(from, to);
    if (link.isPending) return;
    link.isPending = true;
    this.pending.push(link);
  }
}

interface Ring {
  readonly memory: ArrayBuffer;
  readonly aside: Uint8Array<ArrayBuffer>[];
  readonly shared: SharedArrayBuffer[];
}

function ring(): Ring {
  return { memory: new ArrayBuffer(ringSize(RING_BYTES)), aside: [], shared: [] };
}

function carrier(outbound: Ring, inbound: Ring): Omit<Carrier, 'wake'> {
  return {
    outbound: outbound.memory,
    inbound: inbound.memory,
    handOver: (bytes) => outbound.aside.push(bytes),
    takeOver: () => inbound.aside.shift(),
    share: (buffer) => outbound.shared.push(buffer),
    takeShared: () => inbound.shared.shift(),
  };
}

function joinSide(side: Side, other: Side, over: Carrier): void {
  const { node, thread, incarnation } = other.own;
  side.join(side.mesh.identities.originOf(node, thread, incarnation), over);
}
