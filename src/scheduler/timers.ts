// The timers of one scheduler, keyed (time, order of starting), so that equal times fire in the order in which they were
// started (TMR-1). A timer joins the first lane that it is not earlier than the end of, at O(1); what fits no lane goes
// into a heap, at O(log n). The next timer is the earliest of the lanes' and the heap's first.
import type { Process } from '../process/index.ts';
import { type AnyPid, type Origin, Pid, type Ref } from '../term/index.ts';
import { TimerLane } from './timer-lane.ts';

const LANES = 4;

/** What a timer does that sends nothing: wake a process whose receive has waited long enough, or anything of the runtime's own. */
export type Alarm = Process | (() => void);

export class Timer {
  readonly atMs: number;
  readonly seq: number;
  readonly to: AnyPid | string | null;
  message: unknown;
  /** The ref that stands for this timer; null for the timer of a receive. */
  readonly ref: Ref | null;
  /** What happens instead of sending, for the timer of a receive. */
  alarm: Alarm | null;
  /** Place in the heap, any other count in a lane; -1 when it has fired or was cancelled. */
  index = -1;
  /** The lane it waits in; null for the heap. */
  lane: TimerLane | null = null;
  /** Neighbours among the timers to the same process (`Extras.timers`). */
  previous: Timer | null = null;
  next: Timer | null = null;

  constructor(
    atMs: number,
    seq: number,
    to: AnyPid | string | null,
    message: unknown,
    ref: Ref | null,
    alarm: Alarm | null,
  ) {
    this.atMs = atMs;
    this.seq = seq;
    this.to = to;
    this.message = message;
    this.ref = ref;
    this.alarm = alarm;
  }
}

/** All timers that wait: a few lanes, and a binary heap beside them. */
export class Timers {
  private readonly heap: Timer[] = [];
  private readonly lanes: readonly TimerLane[] = Array.from({ length: LANES }, () => new TimerLane());
  private lastSeq = 0;
  private waiting = 0;

  get size(): number {
    return this.waiting;
  }

  /**
   * How many belong to processes of `own` and go with them: timers of a receive, and timers to a pid. A timer to a name,
   * or to another thread, belongs to nobody and may be running when everything else has ended (TMR-1, APP-1).
   */
  ownedBy(own: Origin): number {
    return this.all().filter(({ to }) => to === null || (typeof to !== 'string' && to.origin === own)).length;
  }

  /** When the next timer is due; Infinity when there is none. */
  get nextMs(): number {
    return this.earliest()?.atMs ?? Number.POSITIVE_INFINITY;
  }

  start(atMs: number, to: AnyPid | string | null, message: unknown, ref: Ref | null, alarm: Alarm | null): Timer {
    const timer = new Timer(atMs, ++this.lastSeq, to, message, ref, alarm);
    this.waiting++;
    for (let index = 0; index < LANES; index++) {
      const lane = this.lanes[index];
      if (atMs < lane.lastMs) continue;
      timer.index = 0;
      timer.lane = lane;
      lane.push(timer);
      return timer;
    }
    timer.index = this.heap.length;
    this.heap.push(timer);
    this.up(timer);
    return timer;
  }

  /** False when it has fired or was cancelled before. */
  cancel(timer: Timer): boolean {
    if (timer.index < 0) return false;
    this.remove(timer);
    // Its lane may keep the timer for a while, but not what it holds.
    timer.message = null;
    timer.alarm = null;
    return true;
  }

  /** Cancels every timer whose receiver lived on a dead thread (THR-1). */
  cancelTo(origin: Origin): void {
    for (const timer of this.all().filter(({ to }) => to instanceof Pid && to.origin === origin)) {
      if (timer.ref !== null) timer.ref.slot = null;
      this.cancel(timer);
    }
  }

  /** Takes the next timer that is due at `nowMs`, or null. */
  takeDue(nowMs: number): Timer | null {
    if (this.waiting === 0) return null;
    const timer = this.earliest();
    if (timer === null || timer.atMs > nowMs) return null;
    this.remove(timer);
    return timer;
  }

  /** All timers that are due at `nowMs`, in their order, without taking them; for the simulator's choices. */
  due(nowMs: number): Timer[] {
    return this.all()
      .filter((timer) => timer.atMs <= nowMs)
      .sort((a, b) => (before(a, b) ? -1 : 1));
  }

  private all(): Timer[] {
    const all = this.heap.slice();
    for (const lane of this.lanes) lane.collect(all);
    return all;
  }

  private earliest(): Timer | null {
    let earliest = this.heap.length === 0 ? null : this.heap[0];
    for (let index = 0; index < LANES; index++) {
      const { first } = this.lanes[index];
      if (first !== null && (earliest === null || before(first, earliest))) earliest = first;
    }
    return earliest;
  }

  private remove(timer: Timer): void {
    const { index, lane } = timer;
    timer.index = -1;
    this.waiting--;
    if (lane !== null) {
      timer.lane = null;
      lane.remove(timer);
      return;
    }
    const last = this.heap.pop() as Timer;
    if (last === timer) return;
    last.index = index;
    this.heap[index] = last;
    this.up(last);
    this.down(last);
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
