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
    return joinedRanges(all);
  }
}

/** The same numbers as sorted ranges without overlaps, neighbours joined. */
export function joinedRanges(ranges: readonly Range[]): Range[] {
  const sorted = isSorted(ranges) ? ranges : [...ranges].sort((a, b) => a[0] - b[0]);
  const joined: [number, number][] = [];
  for (const [first, last] of sorted) {
    const before = joined.at(-1);
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last);
    else joined.push([first, last]);
  }
  return joined;
}

function isSorted(ranges: readonly Range[]): boolean {
  for (let at = 1; at < ranges.length; at++) if (ranges[at - 1][0] > ranges[at][0]) return false;
  return true;
}

/** What two lists of sorted ranges without overlaps have in common. */
export function overlaps(some: readonly Range[], others: readonly Range[]): Range[] {
  const common: Range[] = [];
  for (let at = 0, other = 0; at < some.length && other < others.length; ) {
    const first = Math.max(some[at][0], others[other][0]);
    const last = Math.min(some[at][1], others[other][1]);
    if (first <= last) common.push([first, last]);
    if (some[at][1] < others[other][1]) at++;
    else other++;
  }
  return common;
}
