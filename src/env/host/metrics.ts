// Counters and gauges kept in this process, for whoever asks. For events that are rare: what is counted for each message
// belongs in memory that the threads share.
import type { Metrics } from '../index.ts';

/** Metrics that can be read. */
export class HostMetrics implements Metrics {
  private readonly values = new Map<string, number>();

  count(name: string, by = 1): void {
    this.values.set(name, (this.values.get(name) ?? 0) + by);
  }

  gauge(name: string, value: number): void {
    this.values.set(name, value);
  }

  /** Every counter and gauge that was ever set, by name. */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.values);
  }
}
