// Collects numbers of messages that are gone during a step and hands them out as sorted ranges, as few as possible.

export type Range = readonly [first: number, last: number];

export class RangeCollector {
  private singles: number[] = [];
  private ranges: Range[] = [];

  get isEmpty(): boolean {
    return this.singles.length === 0 && this.ranges.length === 0;
  }

  add(number: number): void {
    this.singles.push(number);
  }

  /** Both ends belong to it. */
  addRange(first: number, last: number): void {
    this.ranges.push([first, last]);
  }

  /** What was collected: sorted, without overlaps, neighbours joined. Nothing is left. */
  take(): Range[] {
    const all = [...this.ranges, ...this.singles.map((number): Range => [number, number])];
    this.singles = [];
    this.ranges = [];
    if (all.length > 1) all.sort((a, b) => a[0] - b[0]);
    const joined: [number, number][] = [];
    for (const [first, last] of all) {
      const before = joined.at(-1);
      if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
      else joined.push([first, last]);
    }
    return joined;
  }
}
