// A set of numbers as sorted intervals: what is alive of a row. Numbers mostly come at the end and go at the front, which
// both cost next to nothing.
import type { Range } from '../range-collector.ts';

export class IntervalSet {
  private firsts: number[] = [];
  private lasts: number[] = [];
  /** Intervals before this one are gone. */
  private head = 0;
  size = 0;

  /** The lowest number; 0 for an empty set. */
  get first(): number {
    return this.size === 0 ? 0 : this.firsts[this.head];
  }

  add(number: number): void {
    const { firsts, lasts } = this;
    const end = lasts.length - 1;
    if (end >= this.head && number === lasts[end] + 1) {
      lasts[end] = number;
      this.size++;
    } else if (end < this.head || number > lasts[end]) {
      firsts.push(number);
      lasts.push(number);
      this.size++;
    } else if (!this.has(number)) this.insert(number);
  }

  private insert(number: number): void {
    const { firsts, lasts } = this;
    const at = this.find(number);
    this.size++;
    const joinsBefore = at > this.head && lasts[at - 1] === number - 1;
    const joinsAfter = firsts[at] === number + 1;
    if (joinsBefore && joinsAfter) {
      lasts[at - 1] = lasts[at];
      firsts.splice(at, 1);
      lasts.splice(at, 1);
    } else if (joinsBefore) lasts[at - 1] = number;
    else if (joinsAfter) firsts[at] = number;
    else {
      firsts.splice(at, 0, number);
      lasts.splice(at, 0, number);
    }
  }

  has(number: number): boolean {
    const at = this.find(number);
    return at < this.firsts.length && this.firsts[at] <= number;
  }

  /** Takes all numbers from `first` to `last` out; returns how many there were. */
  remove(first: number, last: number): number {
    const { firsts, lasts } = this;
    const before = this.size;
    let at = this.find(first);
    while (at < firsts.length && firsts[at] <= last) {
      const from = firsts[at];
      const to = lasts[at];
      this.size -= Math.min(to, last) - Math.max(from, first) + 1;
      if (from < first && to > last) {
        lasts[at] = first - 1;
        firsts.splice(at + 1, 0, last + 1);
        lasts.splice(at + 1, 0, to);
        break;
      }
      if (from < first) lasts[at++] = first - 1;
      else if (to > last) {
        firsts[at] = last + 1;
        break;
      } else if (at === this.head) {
        this.head++;
        at = this.head;
      } else {
        firsts.splice(at, 1);
        lasts.splice(at, 1);
      }
    }
    this.trim();
    return before - this.size;
  }

  private trim(): void {
    if (this.head < 1_024 || this.head < this.firsts.length / 2) return;
    this.firsts = this.firsts.slice(this.head);
    this.lasts = this.lasts.slice(this.head);
    this.head = 0;
  }

  /** How many numbers there are from `first` to `last`. */
  countIn(first: number, last: number): number {
    let count = 0;
    for (let at = this.find(first); at < this.firsts.length && this.firsts[at] <= last; at++) {
      count += Math.min(this.lasts[at], last) - Math.max(this.firsts[at], first) + 1;
    }
    return count;
  }

  /** At most `count` numbers from `from` on. */
  next(from: number, count: number): number[] {
    const numbers: number[] = [];
    for (let at = this.find(from); at < this.firsts.length && numbers.length < count; at++) {
      for (let number = Math.max(from, this.firsts[at]); number <= this.lasts[at] && numbers.length < count; number++) {
        numbers.push(number);
      }
    }
    return numbers;
  }

  ranges(): Range[] {
    const ranges: Range[] = [];
    for (let at = this.head; at < this.firsts.length; at++) ranges.push([this.firsts[at], this.lasts[at]]);
    return ranges;
  }

  /** The first interval that ends at or behind `number`. */
  private find(number: number): number {
    let low = this.head;
    let high = this.lasts.length;
    if (low < high && this.lasts[low] >= number) return low;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.lasts[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
