// Definitions: everything that is declared and configured, as one value (features 1.11). `read.ts` makes one out of
// RabbitMQ's JSON, `write.ts` the JSON out of the metadata's events.

import type { PermissionRecord, TopicPermissionRecord, UserRecord, VhostRecord } from '../access/index.ts';
import type { ExchangeRecord } from '../exchange/index.ts';
import type { FieldTable } from '../field-table.ts';
import type { Policy } from '../policies/index.ts';

export interface DefinedQueue {
  readonly vhost: string;
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly arguments: FieldTable;
}

export interface DefinedExchange extends ExchangeRecord {
  readonly vhost: string;
}

export interface DefinedBinding {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly destinationKind: 'queue' | 'exchange';
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

export interface Definitions {
  readonly vhosts: readonly VhostRecord[];
  readonly users: readonly UserRecord[];
  readonly permissions: readonly PermissionRecord[];
  readonly topicPermissions: readonly TopicPermissionRecord[];
  /** Those of operators too. */
  readonly policies: readonly Policy[];
  readonly exchanges: readonly DefinedExchange[];
  readonly queues: readonly DefinedQueue[];
  readonly bindings: readonly DefinedBinding[];
}

/** Thrown for definitions that cannot be taken; the message says which entry and what is wrong with it. */
export class DefinitionsError extends Error {
  override readonly name = 'DefinitionsError';
}
