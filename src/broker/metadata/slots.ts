// The places of queues in the shared words (words.ts): each queue that gets one publishes its depth there.

export class Slots {
  private readonly count: number;
  private next = 0;
  /** Given back, the oldest first, so that a queue that is ending does not write into a slot that is new again. */
  private readonly free: number[] = [];
  private freeFrom = 0;

  constructor(count: number) {
    this.count = count;
  }

  /** A slot, or -1 when there is none left. */
  take(): number {
    if (this.next < this.count) return this.next++;
    if (this.freeFrom === this.free.length) return -1;
    const slot = this.free[this.freeFrom++];
    if (this.freeFrom * 2 >= this.free.length) {
      this.free.splice(0, this.freeFrom);
      this.freeFrom = 0;
    }
    return slot;
  }

  giveBack(slot: number): void {
    if (slot >= 0) this.free.push(slot);
  }
}
