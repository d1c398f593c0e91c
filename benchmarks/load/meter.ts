// Question: what happened inside the measuring window? Clock, latencies and errors of one run. Latencies count only while
// `isRecording`; errors always, and the first one ends the run.

import { performance } from 'node:perf_hooks';
import { createHistogram, record } from './histogram.ts';

const ERRORS_KEPT = 10;

/** Shared by all producers and consumers of a run. */
export class Meter {
  isRecording = false;
  errorCount = 0;
  readonly errors: string[] = [];
  readonly latency = createHistogram();
  readonly confirmLatency = createHistogram();
  /** Resolves at the first error. */
  readonly broken: Promise<void>;
  readonly #startMs = performance.now();
  #break: () => void = () => undefined;

  constructor() {
    this.broken = new Promise((resolve) => {
      this.#break = resolve;
    });
  }

  /** Whole microseconds since the run began; fits 32 bits for over an hour. */
  nowUs(): number {
    return Math.floor((performance.now() - this.#startMs) * 1000);
  }

  /** Books one confirm. */
  confirm(latencyUs: number): void {
    if (this.isRecording) record(this.confirmLatency, latencyUs);
  }

  /** Books an error of the broker or of a socket. */
  fail(error: Error): void {
    this.errorCount += 1;
    if (this.errors.length < ERRORS_KEPT) this.errors.push(error.message);
    this.#break();
  }
}
