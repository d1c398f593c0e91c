// How much of a durable queue's backlog is in memory; the rest is on the disk only and comes back in pages.
import type { PageLimit } from './queue-log.ts';

/** How much of one queue is in memory. */
export interface ResidenceBounds {
  /** One page that is read ahead. */
  readonly page: PageLimit;
  /** The number of messages at hand below which the next page is asked for. */
  readonly readAheadBelow: number;
  /** Bytes of ready messages that one queue keeps in memory. */
  readonly bytesMax: number;
  /** The same when all queues together have more than their budget. */
  readonly bytesMin: number;
}

export const RESIDENCE_BOUNDS: ResidenceBounds = {
  page: { count: 2_000, bytes: 1_048_576 },
  readAheadBelow: 1_000,
  bytesMax: 16_777_216,
  bytesMin: 65_536,
};
