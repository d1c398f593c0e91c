// What the store of one queue needs of the log (DESIGN decision 15): a batch of records that all queues of a thread fill
// together, the number of the last batch that is safe, and pages of what was written. The processes that carry batches
// to the log and pages back are the broker's; here is only the meeting point.
import type { LoggedRecord } from './log/reader.ts';
import type { Range } from './range-collector.ts';

/** What a queue's log holds, for a store that opens. */
export interface Opened {
  /** The highest number ever used, also of messages that are gone. */
  readonly lastSequence: number;
  readonly count: number;
  /** Bytes of what was written for them. */
  readonly bytes: number;
  /** The first number that is still there; 0 for none. */
  readonly firstSequence: number;
  /** The last number that is still there; 0 for none. It may be less than the highest one used, whose record was not safe. */
  readonly lastLiveSequence: number;
  readonly mark: Uint8Array | null;
}

/** A part of what the log holds, in order. */
export interface LoadedPage {
  readonly records: readonly LoggedRecord[];
  /** The first number not looked at; null when nothing is left. */
  readonly next: number | null;
  /** Records that were damaged: they are lost, and were reported. */
  readonly damaged: number;
}

/** A store that waits for something of the log. */
export interface LogReader {
  /** The id under which the page was asked for. */
  loaded(logId: number, page: LoadedPage): void;
}

/** Bytes of messages that stores keep in memory, and how much it may be. Shared by all queues of a thread. */
export interface MemoryBudget {
  residentBytes: number;
  readonly maxBytes: number;
}

/** Takes records, as `RecordBatch` does. A row is what the log calls a queue. */
export interface RecordWriter {
  publish(row: number, sequence: number, payload: readonly Uint8Array[]): void;
  acks(row: number, ranges: readonly Range[]): void;
  mark(row: number, sequence: number, payload: Uint8Array): void;
  deleteQueue(row: number): void;
}

export interface QueueLog {
  /** Filled by all queues of the thread; it is taken away when the step is over. */
  readonly batch: RecordWriter;
  /** The number of the batch that is being filled. */
  readonly batchNumber: number;
  /** The number of the last batch that is safe. */
  readonly safeNumber: number;
  /** A write failed: nothing will be safe any more. */
  readonly hasFailed: boolean;
  /** There is no room on the disk: what is not safe yet will be when there is. */
  readonly isFull: boolean;
  readonly budget: MemoryBudget;
  /** Something was added to the batch. The queue wants to hear when the batch `awaited` is safe; 0 for none. */
  written(queueId: number, awaited: number): void;
  /** Asks for live records from `from` on; they come to `reader.loaded`. */
  read(queueId: number, reader: LogReader, logId: number, from: number, limit: PageLimit): void;
}

export interface PageLimit {
  readonly count: number;
  readonly bytes: number;
}
