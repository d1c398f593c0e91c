// B25: what happens in one vhost is nothing to another. Tables that two vhosts share route in one of them as tables that
// know it alone.
import fc from 'fast-check';
import {
  applyEvent,
  type BindingRecord,
  emptyTables,
  type MetadataEvent,
  NO_FIELDS,
  routeMessage,
  type Tables,
} from '../../src/broker/index.ts';
import { messageOf } from '../broker/messages.ts';

const VHOSTS = ['/', 'other'] as const;
const EXCHANGE = 'amq.topic';
const KEYS = ['a', 'a.b', '#'];
const QUEUES = [1, 2, 3];

const step = fc.record({
  vhost: fc.constantFrom(...VHOSTS),
  isBound: fc.boolean(),
  queueId: fc.constantFrom(...QUEUES),
  routingKey: fc.constantFrom(...KEYS),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
export const vhostRuns: fc.Arbitrary<readonly Step[]> = fc.array(step, { maxLength: 20 });

/** How an event is applied to the tables. */
type Apply = (tables: Tables, event: MetadataEvent) => void;

/** Takes tables with two vhosts through the steps; throws when one has heard of the other. */
export function checkVhosts(steps: readonly Step[], apply: Apply = applyEvent): void {
  const shared = emptyTables();
  for (const vhost of VHOSTS) begin(shared, vhost);
  const alone = VHOSTS.map((vhost) => {
    const tables = emptyTables();
    begin(tables, vhost);
    return { vhost, tables };
  });
  for (const { vhost, isBound, queueId, routingKey } of steps) {
    const destination = { kind: 'queue', queueId } as const;
    const binding: BindingRecord = { source: EXCHANGE, destination, routingKey, arguments: NO_FIELDS };
    const event: MetadataEvent = { tag: isBound ? 'bound' : 'unbound', vhost, binding };
    apply(shared, event);
    for (const each of alone) if (each.vhost === vhost) applyEvent(each.tables, event);
    for (const each of alone) {
      for (const key of KEYS) {
        const [real, expected] = [shared, each.tables].map((tables) => routed(tables, each.vhost, key));
        if (real !== expected) throw new Error(`B25 ${key} in ${each.vhost} goes to ${real}, not ${expected}`);
      }
    }
  }
}

function begin(tables: Tables, vhost: string): void {
  applyEvent(tables, { tag: 'vhostAdded', vhost });
  for (const id of QUEUES) tables.routing(vhost)?.addQueue(`q${id}`, id);
}

function routed(tables: Tables, vhost: string, routingKey: string): string {
  return [...routeMessage(tables, vhost, messageOf({ exchange: EXCHANGE, routingKey }))].sort().join();
}

/** What is unbound in one vhost is unbound in all. */
export const unbindsEverywhere: Apply = (tables, event) => {
  if (event.tag !== 'unbound') applyEvent(tables, event);
  else for (const vhost of VHOSTS) applyEvent(tables, { ...event, vhost });
};
