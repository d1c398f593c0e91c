// The timeouts that a state machine has armed (ST-5): one of each key, those of no time in the queue, the others as timers.
import type { Context } from '../process/index.ts';
import type { Ref } from '../term/index.ts';
import { OWN, type OwnTimer } from './statem-events.ts';
import type { StatemQueue } from './statem-queue.ts';
import type { StatemAction, TimeoutKey } from './statem-results.ts';

type Arming = Extract<StatemAction, { readonly do: 'timeout' }>;

/** The timeouts of one machine. */
export class StatemTimers {
  private readonly context: Pick<Context, 'cancelTimer' | 'now' | 'self' | 'startTimer'>;
  private readonly queue: StatemQueue;
  private readonly running = new Map<TimeoutKey, Ref>();

  constructor(context: Pick<Context, 'cancelTimer' | 'now' | 'self' | 'startTimer'>, queue: StatemQueue) {
    this.context = context;
    this.queue = queue;
  }

  /** Sets a timeout, again if it was set; `update` gives the one that is running other content. */
  arm({ key, ms, content, isAbsolute }: Arming): void {
    if (ms === 'update') {
      this.update(key, content);
      return;
    }
    this.cancel(key);
    this.start(key, isAbsolute ? Math.max(0, ms - this.context.now()) : ms, content);
  }

  cancel(key: TimeoutKey): void {
    this.stop(key);
    this.queue.cancelZero(key);
  }

  /** The key of the timer that has fired, which is armed no more; null for one that is none of its own. */
  take(ref: Ref | undefined): TimeoutKey | null {
    for (const [key, timer] of this.running) {
      if (timer !== ref) continue;
      this.running.delete(key);
      return key;
    }
    return null;
  }

  private start(key: TimeoutKey, ms: number, content: unknown): void {
    if (ms === 0) this.queue.addZero(key, content);
    else if (ms !== Number.POSITIVE_INFINITY) {
      const timer = this.context.startTimer(ms, this.context.self, { tag: OWN, content } satisfies OwnTimer);
      this.running.set(key, timer);
    }
  }

  /** The ms that were left; 0 when none was running. */
  private stop(key: TimeoutKey): number {
    if (this.running.size === 0) return 0;
    const timer = this.running.get(key);
    if (timer === undefined) return 0;
    this.running.delete(key);
    // One that has fired and was not handled yet comes at once.
    return this.context.cancelTimer(timer) || 0;
  }

  private update(key: TimeoutKey, content: unknown): void {
    if (!this.queue.updateZero(key, content)) this.start(key, this.stop(key), content);
  }
}
