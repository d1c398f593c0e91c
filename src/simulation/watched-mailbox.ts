// A mailbox with a plain list beside it (R7): every receive must take what a naive receive would take, try messages in
// order and only once, and leave the rest alone (RCV-1, RCV-2). The match function is never called twice for the check.
import { Mailbox, NO_MATCH } from '../process/index.ts';
import type { Ref, Seal } from '../term/index.ts';
import type { Seat } from './seat.ts';
import type { Watch } from './watch.ts';

export class WatchedMailbox extends Mailbox {
  private readonly watch: Watch;
  private readonly seat: Seat;
  private readonly shadow: unknown[] = [];
  /** How many messages at the front the receive in progress has seen and left. */
  private passed = 0;
  private marked: Ref | null = null;
  private markLength = 0;

  constructor(watch: Watch, seat: Seat) {
    super();
    this.watch = watch;
    this.seat = seat;
  }

  override push(message: unknown, seal: Seal | null): void {
    this.shadow.push(message);
    super.push(message, seal);
  }

  override shift(): unknown {
    this.took(0);
    const expected = this.shadow.shift();
    const message = super.shift();
    if (message !== expected) this.complain('takes a message that is not the oldest');
    return message;
  }

  override mark(ref: Ref): void {
    this.marked = ref;
    this.markLength = this.shadow.length;
    super.mark(ref);
  }

  override beginReceive(ref: Ref | null): void {
    this.passed = ref !== null && ref === this.marked ? this.markLength : 0;
    super.beginReceive(ref);
  }

  override scan(match: ((message: unknown) => boolean) | null): unknown {
    const { shadow } = this;
    const start = this.passed;
    let index = start;
    const watched =
      match === null
        ? null
        : (message: unknown) => {
            if (message !== shadow[index]) this.complain('tries a message out of its turn');
            const isMatch = match(message);
            if (!isMatch) index++;
            return isMatch;
          };
    const message = super.scan(watched);
    if (message === NO_MATCH) {
      if (index !== shadow.length) this.complain('overlooks a message');
      this.passed = index;
      return message;
    }
    if (message !== shadow[index]) this.complain('takes a message that is not the oldest matching one');
    this.took(index);
    shadow.splice(index, 1);
    return message;
  }

  override flush(match: (message: unknown) => boolean): number {
    const kept: unknown[] = [];
    const removed = super.flush((message) => {
      const isMatch = match(message);
      if (!isMatch) kept.push(message);
      else this.took(kept.length);
      return isMatch;
    });
    if (kept.length + removed !== this.shadow.length) this.complain('loses messages in a flush');
    this.shadow.splice(0, this.shadow.length, ...kept);
    return removed;
  }

  override clear(): void {
    this.shadow.length = this.passed = this.markLength = 0;
    this.marked = null;
    super.clear();
  }

  private took(index: number): void {
    if (index < this.passed) this.passed--;
    if (index < this.markLength) this.markLength--;
  }

  private complain(text: string): void {
    this.watch.violate('R7', `a receive of ${this.seat} ${text}`);
  }
}
