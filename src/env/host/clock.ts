// The host's time and event loop: the monotonic clock, randomness, names, and turns as real macrotasks (SCH-3, TMR-3).
import { nanoid } from 'nanoid';
import type { Clock, Ids, Random, Turns } from '../index.ts';

export const hostClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
};

export const hostRandom: Random = { next: () => Math.random() };

export const hostIds: Ids = { next: (length) => nanoid(length) };

/** setTimeout treats anything above 2^31 - 1 ms as 1 ms; longer waits are made of several (section 0-9). */
const TIMEOUT_MS_MAX = 2_147_483_647;

/** Turns from `setImmediate` and one host timer. */
export class HostTurns implements Turns {
  private readonly run: () => void;
  private immediate: NodeJS.Immediate | null = null;
  private timeout: NodeJS.Timeout | null = null;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private isStopped = false;

  constructor(run: () => void) {
    this.run = run;
    this.wakeAt(Number.POSITIVE_INFINITY);
  }

  request(): void {
    if (this.immediate !== null || this.isStopped) return;
    this.immediate = setImmediate(() => {
      this.immediate = null;
      this.run();
    });
  }

  wakeAt(atMs: number): void {
    if (atMs === this.wakeAtMs && this.timeout !== null) return;
    this.wakeAtMs = atMs;
    if (this.timeout !== null) clearTimeout(this.timeout);
    this.timeout = null;
    if (this.isStopped) return;
    // Without an end to wait for it still keeps the program running: a system lives until it is stopped.
    const waitMs = Math.min(Math.max(0, Math.ceil(atMs - performance.now())), TIMEOUT_MS_MAX);
    this.timeout = setTimeout(() => {
      this.timeout = null;
      this.run();
    }, waitMs);
  }

  /** No turn comes after this, and nothing keeps the event loop alive. */
  stop(): void {
    this.isStopped = true;
    if (this.immediate !== null) clearImmediate(this.immediate);
    if (this.timeout !== null) clearTimeout(this.timeout);
    this.immediate = this.timeout = null;
  }
}
