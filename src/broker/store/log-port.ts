// Where the queues of one thread meet the log: an object among the thread's locals that outlives queues and agent. Stores
// write into its batch and ask for pages; the agent takes the batch when the step is over and tells the queues' actors
// what has come.
import {
  type LoadedPage,
  type LogReader,
  type MemoryBudget,
  type PageLimit,
  type QueueLog,
  RecordBatch,
} from '../../storage/index.ts';
import type { AnyPid } from '../../term/index.ts';
import type { LogPid } from './protocol.ts';

export interface PendingRead {
  readonly id: number;
  readonly queueId: number;
  readonly reader: LogReader;
  readonly row: number;
  readonly from: number;
  readonly limit: PageLimit;
  isSent: boolean;
}

/** What the agent takes to the log: a batch, `bytes` null for none, whether somebody waits for it, and reads. */
export interface Taken {
  readonly batch: number;
  readonly bytes: Uint8Array | null;
  readonly isAwaited: boolean;
  readonly reads: readonly PendingRead[];
}

export class LogPort implements QueueLog {
  readonly batch: RecordBatch;
  readonly budget: MemoryBudget;
  batchNumber = 1;
  safeNumber = 0;
  hasFailed = false;
  isFull = false;
  /** The log that this port writes to, and who carries it there; null until the first agent has joined. */
  log: LogPid | null = null;
  agent: AnyPid | null = null;
  /** Has the agent take the batch and the reads; it is asked once. */
  wake: () => void = () => {};
  private isAsked = false;
  /** The last batch that a queue waits for, and the last that the log knows to be waited for. */
  private awaited = 0;
  private hurried = 0;
  /** The actors of the queues, by queue id. */
  private readonly owners = new Map<number, AnyPid>();
  /** Queues that wait for a batch. */
  private readonly awaiting = new Map<number, number>();
  private readonly reads = new Map<number, PendingRead>();
  private lastRead = 0;

  constructor(crc32: ConstructorParameters<typeof RecordBatch>[0], residentBytesMax: number) {
    this.batch = new RecordBatch(crc32);
    this.budget = { residentBytes: 0, maxBytes: residentBytesMax };
  }

  // ---- for stores

  written(queueId: number, awaited: number): void {
    if (awaited > 0) {
      this.awaiting.set(queueId, awaited);
      this.awaited = Math.max(this.awaited, awaited);
    }
    this.ask();
  }

  read(queueId: number, reader: LogReader, row: number, from: number, limit: PageLimit): void {
    const id = ++this.lastRead;
    this.reads.set(id, { id, queueId, reader, row, from, limit, isSent: false });
    this.ask();
  }

  private ask(): void {
    if (this.isAsked) return;
    this.isAsked = true;
    this.wake();
  }

  // ---- for queues' actors

  own(queueId: number, pid: AnyPid): void {
    this.owners.set(queueId, pid);
  }

  disown(queueId: number): void {
    this.owners.delete(queueId);
    this.awaiting.delete(queueId);
  }

  // ---- for the agent

  /** What there is to send. */
  take(): Taken {
    this.isAsked = false;
    const reads = [...this.reads.values()].filter(({ isSent }) => !isSent);
    for (const read of reads) read.isSent = true;
    const batch = this.batchNumber;
    const isAwaited = this.awaited > this.hurried;
    if (isAwaited) this.hurried = this.awaited;
    if (this.batch.isEmpty) {
      // Somebody has begun to wait for what went out while nobody did.
      return { batch: batch - 1, bytes: isAwaited ? new Uint8Array(0) : null, isAwaited, reads };
    }
    this.batchNumber++;
    return { batch, bytes: this.batch.take(), isAwaited, reads };
  }

  /** The queues' actors that have to be told. */
  safe(batch: number): AnyPid[] {
    this.safeNumber = Math.max(this.safeNumber, batch);
    const told: AnyPid[] = [];
    for (const [queueId, awaited] of this.awaiting) {
      this.tell(queueId, told);
      if (awaited <= this.safeNumber) this.awaiting.delete(queueId);
    }
    return told;
  }

  failed(): AnyPid[] {
    this.hasFailed = true;
    return this.safe(this.safeNumber);
  }

  /** Those who wait may not want to any longer. */
  full(isFull: boolean): AnyPid[] {
    this.isFull = isFull;
    const told: AnyPid[] = [];
    if (isFull) for (const queueId of this.awaiting.keys()) this.tell(queueId, told);
    return told;
  }

  loaded(readId: number, page: LoadedPage): AnyPid[] {
    const read = this.reads.get(readId);
    const told: AnyPid[] = [];
    if (read === undefined) return told;
    this.reads.delete(readId);
    read.reader.loaded(read.row, page);
    this.tell(read.queueId, told);
    return told;
  }

  /** A new agent sends again what the one before had asked for. */
  adopt(): void {
    for (const read of this.reads.values()) read.isSent = false;
  }

  private tell(queueId: number, told: AnyPid[]): void {
    const owner = this.owners.get(queueId);
    if (owner !== undefined) told.push(owner);
  }
}
