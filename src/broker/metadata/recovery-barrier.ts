// The queues of an earlier run begin together: none gives out, expires or dead-letters anything before each has its place,
// or a dead letter for one that is still being read would be lost. RabbitMQ has the same barrier.

export class RecoveryBarrier {
  private readonly missing: Set<number>;
  private waiting: (() => void)[] = [];

  /** Of the queues with these ids. */
  constructor(ids: Iterable<number>) {
    this.missing = new Set(ids);
  }

  /** Whether all have arrived. */
  get isOpen(): boolean {
    return this.missing.size === 0;
  }

  /** That queue has its place, or cannot have it now: nobody waits for it. */
  arrive(id: number): void {
    if (!this.missing.delete(id) || this.missing.size > 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (const go of waiting) go();
  }

  /** Calls `go` at once, or when the last queue has arrived. */
  pass(go: () => void): void {
    if (this.isOpen) go();
    else this.waiting.push(go);
  }
}
