// What the metadata knows of a queue. Records are terms: they travel to every replica.
import type { AnyPid, Pid } from '../../term/index.ts';
import type { FieldTable } from '../field-table.ts';
import type { QueueMessage } from '../queue-server/protocol.ts';

/** A queue's identity and attributes; never changes while the queue lives. */
export interface QueueRecord {
  /** Never reused (DESIGN decision 12). */
  readonly id: number;
  readonly vhost: string;
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  /** The connection that alone may use it; null for a queue that is not exclusive. */
  readonly owner: AnyPid | null;
  readonly arguments: FieldTable;
  /** Its place in the shared statistics, -1 for none. */
  readonly slot: number;
}

/** Where a queue's actor is now. */
export interface QueuePlace {
  readonly pid: Pid<QueueMessage>;
  /** Counts the actors the queue has had; commands for an older one are dropped (DESIGN decision 12). */
  readonly epoch: number;
}
