// A lane of timers whose times never fall: what starts later is due later or at the same time. Most programs use few
// waiting times, and timers of one waiting time are such a row, so that starting, cancelling and taking cost O(1).
// A cancelled timer inside the row stays, emptied, until it reaches an end or the row is more than half such timers.
import type { Timer } from './timers.ts';

const COMPACT_MIN = 32;

/** One lane; its first and its last entry are always waiting timers. */
export class TimerLane {
  private row: (Timer | null)[] = [];
  private start = 0;
  /** Waiting timers. */
  private live = 0;
  /** Time of the last timer; -Infinity when there is none. */
  lastMs = Number.NEGATIVE_INFINITY;
  /** The timer that is due first, or null. */
  first: Timer | null = null;

  /** Appends `timer`; its time is not below `lastMs`. */
  push(timer: Timer): void {
    this.row.push(timer);
    this.live++;
    this.lastMs = timer.atMs;
    if (this.first === null) this.first = timer;
  }

  /** Takes out `timer`, which the caller has marked as no longer waiting. */
  remove(timer: Timer): void {
    const { row } = this;
    if (--this.live === 0) this.clear();
    else if (timer === this.first) this.advance();
    else if (timer === row[row.length - 1]) this.retreat();
    else if (row.length - this.start > 2 * this.live + COMPACT_MIN) this.compact();
  }

  /** Appends the waiting timers to `into`. */
  collect(into: Timer[]): void {
    for (let index = this.start; index < this.row.length; index++) {
      const timer = this.row[index];
      if (timer !== null && timer.index >= 0) into.push(timer);
    }
  }

  private clear(): void {
    // A row of one, started and cancelled, is by far the most common: it keeps its store.
    if (this.row.length === 1) this.row.pop();
    else this.row = [];
    this.start = 0;
    this.first = null;
    this.lastMs = Number.NEGATIVE_INFINITY;
  }

  private advance(): void {
    const { row } = this;
    let timer: Timer | null;
    do {
      row[this.start++] = null;
      timer = row[this.start];
    } while (timer === null || timer.index < 0);
    this.first = timer;
    if (this.start > COMPACT_MIN && 2 * this.start > row.length) this.compact();
  }

  private retreat(): void {
    const { row } = this;
    let timer: Timer | null;
    do {
      row.pop();
      timer = row[row.length - 1];
    } while (timer === null || timer.index < 0);
    this.lastMs = timer.atMs;
  }

  private compact(): void {
    const kept: Timer[] = [];
    this.collect(kept);
    this.row = kept;
    this.start = 0;
  }
}
