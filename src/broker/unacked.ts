// The unacknowledged deliveries of one channel by delivery tag (digest 7): tags count from 1 over deliver and get
// together, each is settled at most once, a tag that is not outstanding is an error.

/** One delivery that waits for its settlement. `H` is what the channel needs to settle it. */
interface Slot<H> {
  readonly tag: number;
  readonly held: H;
}

/** A ring of deliveries from the lowest outstanding tag to the newest. */
export class Unacked<H> {
  private slots: (Slot<H> | null)[] = new Array(64).fill(null);
  private lowest = 1;
  private next = 1;
  private outstanding = 0;

  /** Deliveries that are not settled. */
  get size(): number {
    return this.outstanding;
  }

  /** Gives the next tag to a delivery that needs no settlement. */
  skip(): number {
    if (this.next - this.lowest === this.slots.length) this.makeRoom();
    return this.next++;
  }

  /** Gives the next tag to a delivery that has to be settled. */
  add(held: H): number {
    const tag = this.skip();
    this.slots[tag & (this.slots.length - 1)] = { tag, held };
    this.outstanding++;
    return tag;
  }

  /** Takes one delivery; null when the tag is not outstanding. */
  take(tag: number): H | null {
    const at = tag & (this.slots.length - 1);
    const slot = this.slots[at];
    if (slot === null || slot.tag !== tag) return null;
    this.slots[at] = null;
    this.outstanding--;
    this.shrinkLow();
    return slot.held;
  }

  /** True when the tag waits for its settlement. */
  has(tag: number): boolean {
    return this.slots[tag & (this.slots.length - 1)]?.tag === tag;
  }

  /** Takes everything up to `tag`, the oldest first. */
  takeUpTo(tag: number): H[] {
    const taken: H[] = [];
    const mask = this.slots.length - 1;
    const end = Math.min(tag, this.next - 1);
    for (; this.lowest <= end; this.lowest++) {
      const slot = this.slots[this.lowest & mask];
      if (slot === null) continue;
      this.slots[this.lowest & mask] = null;
      taken.push(slot.held);
    }
    this.outstanding -= taken.length;
    return taken;
  }

  /** The outstanding tags up to `tag` (all for 0), the oldest first. */
  tagsUpTo(tag: number): number[] {
    const tags: number[] = [];
    const end = tag === 0 ? this.next - 1 : Math.min(tag, this.next - 1);
    for (let each = this.lowest; each <= end; each++) if (this.has(each)) tags.push(each);
    return tags;
  }

  /** Makes a taken delivery outstanding again under its old tag (tx.rollback). */
  putBack(tag: number, held: H): void {
    if (tag < this.lowest) this.lowest = tag;
    while (this.next - this.lowest > this.slots.length) this.doubled();
    this.slots[tag & (this.slots.length - 1)] = { tag, held };
    this.outstanding++;
  }

  /** Takes everything, the oldest first. */
  takeAll(): H[] {
    return this.takeUpTo(this.next - 1);
  }

  /** Everything that is outstanding, the oldest first. */
  *held(): Generator<H, void, undefined> {
    for (let tag = this.lowest; tag < this.next; tag++) {
      const slot = this.slots[tag & (this.slots.length - 1)];
      if (slot !== null) yield slot.held;
    }
  }

  private shrinkLow(): void {
    const mask = this.slots.length - 1;
    while (this.lowest < this.next && this.slots[this.lowest & mask] === null) this.lowest++;
  }

  private makeRoom(): void {
    this.shrinkLow();
    if (this.next - this.lowest === this.slots.length) this.doubled();
  }

  private doubled(): void {
    const slots: (Slot<H> | null)[] = new Array(this.slots.length * 2).fill(null);
    for (const slot of this.slots) if (slot !== null) slots[slot.tag & (slots.length - 1)] = slot;
    this.slots = slots;
  }
}
