// A policy comes, changes or goes (DESIGN decision 14, digest 1.5): one event, and then every queue for which something
// else holds now is told what. Exchanges need no telling: each replica works out their alternates.
import type { FieldTable } from '../field-table.ts';
import { isPolicy, type Policy, type PolicyKey } from '../policies/index.ts';
import type { QueueMessage } from '../queue-server/protocol.ts';
import type { MetadataEvent } from './events.ts';
import type { MetadataState } from './metadata-state.ts';
import type { Change } from './protocol.ts';

type PolicyChange =
  | { readonly tag: 'setPolicy'; readonly policy: Policy }
  | { readonly tag: 'deletePolicy'; readonly key: PolicyKey };

/** Makes the change and tells the queues. Refused: a vhost or a policy that does not exist. */
export function changePolicy(metadata: MetadataState, request: PolicyChange): Change {
  const { tables } = metadata;
  if (request.tag === 'setPolicy') {
    const { policy } = request;
    if (!tables.hasVhost(policy.vhost)) return { ok: false, why: `vhost '${policy.vhost}' does not exist` };
    emitToQueues(metadata, policy.vhost, { tag: 'policySet', policy });
    return { ok: true };
  }
  const { key } = request;
  if (!tables.configuration.policies.some((policy) => isPolicy(policy, key))) {
    return { ok: false, why: `policy '${key.name}' in vhost '${key.vhost}' does not exist` };
  }
  emitToQueues(metadata, key.vhost, { tag: 'policyDeleted', key });
  return { ok: true };
}

/** Makes changes of the configuration one after the other; policies are told to queues too. */
export function configure(metadata: MetadataState, events: readonly MetadataEvent[]): void {
  for (const event of events) {
    if (event.tag === 'policySet') emitToQueues(metadata, event.policy.vhost, event);
    else metadata.emit(event);
  }
}

function emitToQueues(metadata: MetadataState, vhost: string, event: MetadataEvent): void {
  const { tables, context } = metadata;
  const before = new Map<number, FieldTable>();
  for (const record of tables.allQueues()) {
    if (record.vhost === vhost) before.set(record.id, tables.effectiveArguments(record));
  }
  metadata.emit(event);
  for (const [id, old] of before) {
    const record = tables.queueById(id);
    const place = tables.placeOf(id);
    if (record === undefined || place === undefined) continue;
    const effective = tables.effectiveArguments(record);
    if (isSame(old, effective)) continue;
    const message: QueueMessage = { tag: 'settings', effective };
    context.send(place.pid, message);
  }
}

function isSame(one: FieldTable, other: FieldTable): boolean {
  if (one.size !== other.size) return false;
  for (const [key, field] of one) {
    if (field !== other.get(key) && String(field.value) !== String(other.get(key)?.value)) return false;
  }
  return true;
}
