// The unacknowledged deliveries of one channel by delivery tag (digest 7, B7): tags count from 1 over deliver and get
// together, each is settled at most once, a tag that is not outstanding is an error of the caller. An old delivery that
// is never settled costs nothing while millions of newer ones pass.
import { SparseRing } from '../storage/index.ts';

/** `H` is what the channel needs to settle a delivery. */
export class Unacked<H> {
  private readonly outstanding = new SparseRing<H>();
  private last = 0;

  /** Deliveries that are not settled. */
  get size(): number {
    return this.outstanding.size;
  }

  /** Gives the next tag to a delivery that needs no settlement. */
  skip(): number {
    return ++this.last;
  }

  /** Gives the next tag to a delivery that has to be settled. */
  add(held: H): number {
    const tag = ++this.last;
    this.outstanding.set(tag, held);
    return tag;
  }

  /** Takes one delivery; null when the tag is not outstanding. */
  take(tag: number): H | null {
    return this.outstanding.take(tag);
  }

  /** A delivery that waits for its settlement; null for any other tag. */
  get(tag: number): H | null {
    return this.outstanding.get(tag);
  }

  /** True when the tag waits for its settlement. */
  has(tag: number): boolean {
    return this.outstanding.get(tag) !== null;
  }

  /** Takes everything up to `tag`, the oldest first. */
  takeUpTo(tag: number): H[] {
    return this.outstanding.numbersUpTo(tag).map((each) => this.outstanding.take(each) as H);
  }

  /** The outstanding tags up to `tag` (all for 0), the oldest first. */
  tagsUpTo(tag: number): number[] {
    return this.outstanding.numbersUpTo(tag === 0 ? this.last : tag);
  }

  /** Makes a taken delivery outstanding again under its old tag (tx.rollback). */
  putBack(tag: number, held: H): void {
    this.outstanding.set(tag, held);
  }

  /** Takes everything, the oldest first. */
  takeAll(): H[] {
    return this.takeUpTo(this.last);
  }

  /** Everything that is outstanding, the oldest first. */
  held(): H[] {
    return this.tagsUpTo(0).map((tag) => this.outstanding.get(tag) as H);
  }
}
