// What can happen to the metadata, as events (DESIGN decision 14). Every replica applies the same events in the same
// order and has the same tables afterwards; what follows from an event by rule (auto-delete exchanges that go with their
// last binding, the bindings of a queue that is deleted) is not an event of its own. All of it is terms.
import type { AccessEvent } from '../access/index.ts';
import type { BindingRecord, ExchangeRecord } from '../exchange/index.ts';
import type { Policy, PolicyKey } from '../policies/index.ts';
import type { QueuePlace, QueueRecord } from './records.ts';

export type MetadataEvent =
  | { readonly tag: 'vhostAdded'; readonly vhost: string }
  | AccessEvent
  | { readonly tag: 'policySet'; readonly policy: Policy }
  | { readonly tag: 'policyDeleted'; readonly key: PolicyKey }
  | { readonly tag: 'exchangeDeclared'; readonly vhost: string; readonly record: ExchangeRecord }
  | { readonly tag: 'exchangeDeleted'; readonly vhost: string; readonly name: string }
  | { readonly tag: 'bound'; readonly vhost: string; readonly binding: BindingRecord }
  | { readonly tag: 'unbound'; readonly vhost: string; readonly binding: BindingRecord }
  | { readonly tag: 'queueDeclared'; readonly record: QueueRecord }
  | { readonly tag: 'queuePlaced'; readonly id: number; readonly place: QueuePlace }
  | { readonly tag: 'queueDeleted'; readonly id: number };

/** One event with the version the metadata has after it. */
export interface VersionedEvent {
  readonly tag: 'event';
  readonly version: number;
  readonly event: MetadataEvent;
}

/** Everything up to a version, for a replica that begins. */
export interface MetadataSnapshot {
  readonly version: number;
  readonly events: readonly MetadataEvent[];
}
