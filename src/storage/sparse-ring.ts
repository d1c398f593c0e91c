// Values by ever growing numbers (positions in a queue, delivery tags of a channel): a ring over the newest numbers, and
// a map for those that stayed behind. Each operation is O(1) amortized, and memory follows the number of values even
// when one of them stays for ever while millions pass.

const FIRST_CAPACITY = 16;
/** Below so many slots the ring just grows; above, it must be a quarter full to do so. */
const SPARSE_FROM = 64;

export class SparseRing<T> {
  private ring: (T | null)[] = [];
  /** The ring covers the numbers `low..end`, at most as many as it has slots. All strays are below `low`. */
  private low = 0;
  private end = 0;
  private ringCount = 0;
  private readonly strays = new Map<number, T>();

  /** How many values there are. */
  get size(): number {
    return this.ringCount + this.strays.size;
  }

  /** Slots of the ring, for tests of its bounds. */
  get slots(): number {
    return this.ring.length;
  }

  /** The value of a number, or null. */
  get(number: number): T | null {
    if (number >= this.low && number < this.end) return this.ring[number & (this.ring.length - 1)];
    return this.strays.size === 0 ? null : (this.strays.get(number) ?? null);
  }

  /** Adds a value under a number that has none. */
  set(number: number, value: T): void {
    if (this.ringCount === 0 && (number >= this.low || this.strays.size === 0)) {
      this.low = number;
      this.end = number;
    } else if (number < this.low) {
      this.strays.set(number, value);
      return;
    }
    if (number - this.low >= this.ring.length) this.makeRoom(number);
    this.ring[number & (this.ring.length - 1)] = value;
    this.ringCount++;
    if (number >= this.end) this.end = number + 1;
  }

  /** Removes a number and returns its value, or null. */
  take(number: number): T | null {
    const value = this.get(number);
    if (value === null) return null;
    if (number < this.low) {
      this.strays.delete(number);
      return value;
    }
    this.ring[number & (this.ring.length - 1)] = null;
    this.ringCount--;
    if (this.ringCount === 0) this.emptied();
    else if (number === this.low) this.advance();
    return value;
  }

  /** The numbers up to `last` that have a value, in their order. */
  numbersUpTo(last: number): number[] {
    const numbers: number[] = [];
    for (const number of this.strays.keys()) if (number <= last) numbers.push(number);
    numbers.sort((a, b) => a - b);
    const mask = this.ring.length - 1;
    for (let number = this.low; number < this.end && number <= last; number++) {
      if (this.ring[number & mask] !== null) numbers.push(number);
    }
    return numbers;
  }

  /** Calls `visit` for every value, in no order. Nothing may be added or removed meanwhile. */
  forEach(visit: (value: T, number: number) => void): void {
    for (const [number, value] of this.strays) visit(value, number);
    const mask = this.ring.length - 1;
    for (let number = this.low; number < this.end; number++) {
      const value = this.ring[number & mask];
      if (value !== null) visit(value, number);
    }
  }

  /** Moves `low` to the lowest number with a value. */
  private advance(): void {
    const mask = this.ring.length - 1;
    while (this.low < this.end && this.ring[this.low & mask] === null) this.low++;
  }

  private emptied(): void {
    this.low = this.end;
    // What a burst needed is not held for ever.
    if (this.ring.length > 4096) this.ring = [];
  }

  private makeRoom(number: number): void {
    while (number - this.low >= this.ring.length) {
      if (this.ring.length >= SPARSE_FROM && this.ringCount * 4 < this.ring.length) {
        this.leaveBehind();
        if (this.ringCount === 0) {
          this.low = number;
          this.end = number;
        }
      } else this.grow();
    }
  }

  /** Moves the lowest value into the map. */
  private leaveBehind(): void {
    const at = this.low & (this.ring.length - 1);
    this.strays.set(this.low, this.ring[at] as T);
    this.ring[at] = null;
    this.ringCount--;
    this.advance();
  }

  private grow(): void {
    const ring: (T | null)[] = new Array(Math.max(FIRST_CAPACITY, this.ring.length * 2)).fill(null);
    for (let number = this.low; number < this.end; number++) {
      ring[number & (ring.length - 1)] = this.ring[number & (this.ring.length - 1)];
    }
    this.ring = ring;
  }
}
