// The stable names of a simulation. A process is named by its spawn path (root/0/2 is the third child of the first child
// of the root) and never by its serial, so that a stored choice keeps its meaning when the rest of a schedule changes
// (DESIGN decision 17). A pair is an ordered pair of processes with the signals in flight between them (SIG-1).
import { flags, type Process, type Signal, type SpawnRequest } from '../process/index.ts';
import { type AnyPid, isMfa } from '../term/index.ts';
import { mix, SeededRandom } from './random.ts';

/** One thing the simulation can do next: run a process, deliver to it, fire a timer ... `key` names it in a schedule. */
export interface Choice {
  readonly kind: 'run' | 'deliver' | 'fire' | 'pass' | 'fault';
  readonly key: string;
  readonly hash: number;
}

/** The place of one process in the spawn tree; as a choice it runs the process for one slice. */
export class Seat implements Choice {
  readonly kind = 'run';
  readonly path: string;
  readonly hash: number;
  readonly thread: number;
  /** Its pid on its own thread, once it has one. */
  pid: AnyPid | null = null;
  /** The process while it lives. */
  process: Process | null = null;
  /** How it was started, for people. */
  request: SpawnRequest | null = null;
  /** Set when it ended. */
  exit: { readonly reason: unknown } | null = null;
  isHeld = false;
  /** Where an async process last waited for the simulation; its stack is read only when that is told. */
  lastWait: Error | null = null;
  readonly outgoing = new Map<Seat, Pair>();
  private readonly seed: number;
  private ownRandom: SeededRandom | null = null;
  private children = 0;

  constructor(path: string, hash: number, thread: number, seed: number) {
    this.path = path;
    this.hash = hash;
    this.thread = thread;
    this.seed = seed;
  }

  get key(): string {
    return `run ${this.path}`;
  }

  /** True when the process could run now. */
  get isRunnable(): boolean {
    return (
      this.process !== null && (this.process.flags & (flags.QUEUED | flags.ALIVE)) === (flags.QUEUED | flags.ALIVE)
    );
  }

  /** Random numbers of this process alone, so that another order of processes does not change what it draws. */
  get random(): SeededRandom {
    this.ownRandom ??= new SeededRandom(mix(this.seed, this.hash));
    return this.ownRandom;
  }

  /** The next child's path and hash. */
  child(thread: number): Seat {
    const index = this.children++;
    return new Seat(`${this.path}/${index}`, mix(this.hash, index + 1), thread, this.seed);
  }

  pairTo(to: Seat): Pair {
    let pair = this.outgoing.get(to);
    if (pair === undefined) {
      pair = new Pair(this, to);
      this.outgoing.set(to, pair);
    }
    return pair;
  }

  /** The line of the program in `lastWait`; null when there was none. */
  get lastWaitAt(): string | null {
    const frames = this.lastWait?.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
    return frames[FRAMES_BELOW]?.trim().replace(/^at /, '') ?? null;
  }

  /** Name, label or function name of the process; empty when it has none. */
  get title(): string {
    return titleOf(this.request);
  }

  /** The path with the name or label of the process, where it has one. */
  toString(): string {
    return this.title === '' ? this.path : `${this.path}(${this.title})`;
  }
}

/** Frames of the runtime above the line that called `context.perform`. */
const FRAMES_BELOW = 2;

function titleOf(request: SpawnRequest | null): string {
  if (request === null) return '';
  const { body, options } = request;
  const given = options?.name ?? options?.label;
  if (given !== undefined) return given;
  if (typeof body === 'function') return body.name === 'anonymous' ? '' : body.name;
  return isMfa(body) ? body.export : (body.label ?? '');
}

/** One signal in flight: a link of its pair's FIFO and of the order in which all signals were sent. */
export class Flight {
  readonly signal: Signal | null;
  readonly pair: Pair | null;
  /** Counts the signals of the pair from 1; the ground of R1 and R2. */
  readonly seq: number;
  /** The step in which it was sent. */
  sentStep = -1;
  behind: Flight | null = null;
  previous: Flight;
  next: Flight;

  constructor(signal: Signal | null, pair: Pair | null, seq: number) {
    this.signal = signal;
    this.pair = pair;
    this.seq = seq;
    this.previous = this;
    this.next = this;
  }
}

/** All signals from one process to another; as a choice it delivers the oldest. */
export class Pair implements Choice {
  readonly kind = 'deliver';
  readonly from: Seat;
  readonly to: Seat;
  readonly hash: number;
  head: Flight | null = null;
  tail: Flight | null = null;
  sent = 0;
  received = 0;
  isHeld = false;
  /** Place in the transit's list of pairs with something in flight; -1 when there is nothing. */
  activeIndex = -1;

  constructor(from: Seat, to: Seat) {
    this.from = from;
    this.to = to;
    this.hash = mix(from.hash, to.hash);
  }

  get key(): string {
    return `deliver ${this.from.path}>${this.to.path}`;
  }
}

/** Every seat of one simulation. */
export class Seats {
  /** Stands for senders that are no process: timers to names, the outside. */
  readonly outside: Seat;
  private readonly byPid = new Map<AnyPid, Seat>();
  /** By half the serial, which one thread counts up: the way for nearly every look. */
  private readonly bySerial: (Seat | undefined)[] = [];
  private readonly byPath = new Map<string, Seat>();
  /** By the text of the pid, which is the same on every thread; only where there are several. */
  private readonly byText: Map<string, Seat> | null;
  private readonly seed: number;
  private roots = 0;

  constructor(seed: number, threads: number) {
    this.seed = seed;
    this.byText = threads > 0 ? new Map() : null;
    this.outside = new Seat('outside', 7, 0, seed);
    this.byPath.set('outside', this.outside);
  }

  /** Seats a new process under its parent; without a parent it is a root. */
  add(pid: AnyPid, parent: AnyPid | null): Seat {
    const above = parent === null ? undefined : this.find(parent);
    const seat = above === undefined ? this.root(pid.origin.thread) : above.child(pid.origin.thread);
    seat.pid = pid;
    if (this.byText === null && pid.serial % 2 === 0) this.bySerial[pid.serial / 2] = seat;
    this.byPid.set(pid, seat);
    this.byPath.set(seat.path, seat);
    this.byText?.set(pid.toString(), seat);
    return seat;
  }

  /** The seat of a pid; the outside for null. */
  of(pid: AnyPid | null): Seat {
    if (pid === null) return this.outside;
    return this.find(pid) ?? this.add(pid, null);
  }

  /** Stands for a thread as sender and receiver of what has crossed: one FIFO per ordered pair of threads. */
  ofThread(thread: number): Seat {
    const path = `thread${thread}`;
    let seat = this.byPath.get(path);
    if (seat === undefined) {
      seat = new Seat(path, mix(13, thread), thread, this.seed);
      this.byPath.set(path, seat);
    }
    return seat;
  }

  at(path: string): Seat | null {
    return this.byPath.get(path) ?? null;
  }

  all(): Iterable<Seat> {
    return this.byPath.values();
  }

  private find(pid: AnyPid): Seat | undefined {
    const near = this.bySerial[pid.serial >> 1];
    if (near?.pid === pid) return near;
    const seat = this.byPid.get(pid);
    if (seat !== undefined || this.byText === null) return seat;
    // Another thread's pid object of the same process.
    const same = this.byText.get(pid.toString());
    if (same !== undefined) this.byPid.set(pid, same);
    return same;
  }

  private root(thread: number): Seat {
    const index = this.roots++;
    return new Seat(index === 0 ? 'root' : `root${index}`, mix(11, index), thread, this.seed);
  }
}
