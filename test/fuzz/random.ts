// Chance from a seed: the same numbers on every machine, so that an input is known by a seed and its number.

export class Random {
  private state: number;

  constructor(seed: number, stream = 0) {
    this.state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) >>> 0;
  }

  /** From 0 to 2^32 - 1 (mulberry32). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** From 0 to `below` - 1. */
  int(below: number): number {
    return this.next() % below;
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.next() % times === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.next() % list.length];
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    for (let at = 0; at < length; at++) bytes[at] = this.next();
    return bytes;
  }
}
