// One heap of timers per scheduler, keyed (time, order of starting), so that equal times fire in the order in which
// they were started (TMR-1). Each timer knows its place, so cancelling is O(log n) and leaves nothing behind.
import { type AnyPid, type Origin, Pid, type Ref } from '../term/index.ts';

export class Timer {
  readonly atMs: number;
  readonly seq: number;
  readonly to: AnyPid | string | null;
  readonly message: unknown;
  /** The ref that stands for this timer; null for the timer of a receive. */
  readonly ref: Ref | null;
  /** Called instead of sending, for the timer of a receive. */
  readonly fire: (() => void) | null;
  /** Place in the heap; -1 when it has fired or was cancelled. */
  index = -1;

  constructor(
    atMs: number,
    seq: number,
    to: AnyPid | string | null,
    message: unknown,
    ref: Ref | null,
    fire: (() => void) | null,
  ) {
    this.atMs = atMs;
    this.seq = seq;
    this.to = to;
    this.message = message;
    this.ref = ref;
    this.fire = fire;
  }
}

/** A binary heap of timers. */
export class Timers {
  private readonly heap: Timer[] = [];
  private lastSeq = 0;

  get size(): number {
    return this.heap.length;
  }

  /**
   * How many belong to processes of `own` and go with them: timers of a receive, and timers to a pid. A timer to a name,
   * or to another thread, belongs to nobody and may be running when everything else has ended (TMR-1, APP-1).
   */
  ownedBy(own: Origin): number {
    return this.heap.filter(({ to }) => to === null || (typeof to !== 'string' && to.origin === own)).length;
  }

  /** When the next timer is due; Infinity when there is none. */
  get nextMs(): number {
    return this.heap.length === 0 ? Number.POSITIVE_INFINITY : this.heap[0].atMs;
  }

  start(atMs: number, to: AnyPid | string | null, message: unknown, ref: Ref | null, fire: (() => void) | null): Timer {
    const timer = new Timer(atMs, ++this.lastSeq, to, message, ref, fire);
    timer.index = this.heap.length;
    this.heap.push(timer);
    this.up(timer);
    return timer;
  }

  /** False when it has fired or was cancelled before. */
  cancel(timer: Timer): boolean {
    const { index } = timer;
    if (index < 0) return false;
    timer.index = -1;
    const last = this.heap.pop() as Timer;
    if (last !== timer) {
      last.index = index;
      this.heap[index] = last;
      this.up(last);
      this.down(last);
    }
    return true;
  }

  /** Cancels every timer whose receiver lived on a dead thread (THR-1). */
  cancelTo(origin: Origin): void {
    for (const timer of this.heap.filter(({ to }) => to instanceof Pid && to.origin === origin)) {
      if (timer.ref !== null) timer.ref.slot = null;
      this.cancel(timer);
    }
  }

  /** Takes the next timer that is due at `nowMs`, or null. */
  takeDue(nowMs: number): Timer | null {
    if (this.heap.length === 0 || this.heap[0].atMs > nowMs) return null;
    const timer = this.heap[0];
    this.cancel(timer);
    return timer;
  }

  /** All timers of the earliest time that are due at `nowMs`, without taking them; for the simulator's choices. */
  due(nowMs: number): Timer[] {
    return this.heap.filter((timer) => timer.atMs <= nowMs).sort((a, b) => (before(a, b) ? -1 : 1));
  }

  private up(timer: Timer): void {
    const { heap } = this;
    let { index } = timer;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (!before(timer, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = parentIndex;
    }
    heap[index] = timer;
    timer.index = index;
  }

  private down(timer: Timer): void {
    const { heap } = this;
    let { index } = timer;
    for (;;) {
      let childIndex = 2 * index + 1;
      if (childIndex >= heap.length) break;
      if (childIndex + 1 < heap.length && before(heap[childIndex + 1], heap[childIndex])) childIndex++;
      const child = heap[childIndex];
      if (!before(child, timer)) break;
      heap[index] = child;
      child.index = index;
      index = childIndex;
    }
    heap[index] = timer;
    timer.index = index;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.seq < b.seq);
}
