// Which events have to survive a restart, and what a restart makes of them: durable exchanges, queues that are durable
// and nobody's own, bindings between durable ends, and all of the configuration (digest 5, 6).
import { type BindingRecord, PREDECLARED_EXCHANGES } from '../exchange/index.ts';
import type { MetadataEvent } from './events.ts';
import type { QueueRecord } from './records.ts';
import type { Tables } from './tables.ts';

const PREDECLARED: ReadonlySet<string> = new Set(PREDECLARED_EXCHANGES.map(({ name }) => name));

export function isDurableQueue({ durable, owner }: QueueRecord): boolean {
  return durable && owner === null;
}

/** Whether an event has to be written; asked before it is applied. */
export function isDurableEvent(tables: Tables, event: MetadataEvent): boolean {
  switch (event.tag) {
    case 'queuePlaced':
      return false;
    case 'queueDeclared':
      return isDurableQueue(event.record);
    case 'queueDeleted': {
      const record = tables.queueById(event.id);
      return record !== undefined && isDurableQueue(record);
    }
    case 'exchangeDeclared':
      return event.record.durable;
    case 'exchangeDeleted':
      return tables.exchange(event.vhost, event.name)?.durable === true;
    case 'bound':
    case 'unbound':
      return joinsDurableEnds(tables, event.vhost, event.binding);
    default:
      return true;
  }
}

function joinsDurableEnds(tables: Tables, vhost: string, { source, destination }: BindingRecord): boolean {
  if (!isDurableExchange(tables, vhost, source)) return false;
  if (destination.kind === 'exchange') return isDurableExchange(tables, vhost, destination.name);
  const record = tables.queueById(destination.queueId);
  return record !== undefined && isDurableQueue(record);
}

function isDurableExchange(tables: Tables, vhost: string, name: string): boolean {
  return PREDECLARED.has(name) || tables.exchange(vhost, name)?.durable === true;
}
