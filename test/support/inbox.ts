// What a test's consumer has received, and a way to wait for it without sleeping.

const WAIT_MS = 10_000;

/** Collects items; `take` waits until enough are there. */
export class Inbox<T> {
  private readonly items: T[] = [];
  private wake: (() => void) | null = null;

  readonly add = (item: T): void => {
    this.items.push(item);
    this.wake?.();
  };

  get size(): number {
    return this.items.length;
  }

  /** Takes the next `count` items. Rejects with what is there when they do not come in time. */
  async take(count: number, timeoutMs: number = WAIT_MS): Promise<T[]> {
    const untilMs = performance.now() + timeoutMs;
    while (this.items.length < count) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) throw new Error(`only ${this.items.length} of ${count} came: ${JSON.stringify(this.items)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = null;
    }
    return this.items.splice(0, count);
  }

  async one(): Promise<T> {
    return (await this.take(1))[0];
  }
}
