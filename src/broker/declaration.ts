// What a client may declare, delete and bind (digest 5 and 6), decided from a vhost's tables in RabbitMQ's order of
// checks. Nothing is changed here: the answer says what to do, the metadata does it.
import { checkExchangeArguments, checkQueueArguments, isReserved, plainName } from './arguments.ts';
import {
  checkAccess,
  checkExchangeEquivalence,
  checkQueueEquivalence,
  type DeclaredQueue,
  type QueueDeclaration,
} from './equivalence.ts';
import {
  type BrokerError,
  defaultExchangeRefused,
  exchangeInUse,
  noExchange,
  noQueue,
  reservedName,
  systemExchange,
  unknownExchangeType,
} from './errors.ts';
import {
  type BindingRecord,
  checkBinding,
  type ExchangeRecord,
  isExchangeType,
  type RoutingTables,
} from './exchange/index.ts';
import type { FieldTable } from './field-table.ts';

/** `nothing`: it is there, or need not be; `change`: do it. */
export type Decision<T> =
  | { readonly tag: 'nothing' }
  | { readonly tag: 'change'; readonly change: T }
  | { readonly tag: 'refused'; readonly error: BrokerError };

const NOTHING = { tag: 'nothing' } as const;

function refused(error: BrokerError): { readonly tag: 'refused'; readonly error: BrokerError } {
  return { tag: 'refused', error };
}

/** What exchange.declare asks for. */
export interface ExchangeDeclaration {
  readonly vhost: string;
  readonly name: string;
  readonly type: string;
  readonly passive: boolean;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/** exchange.declare: the record to add, or nothing. */
export function decideExchangeDeclare(tables: RoutingTables, wanted: ExchangeDeclaration): Decision<ExchangeRecord> {
  const { vhost, type } = wanted;
  const name = plainName(wanted.name);
  if (!wanted.passive && !isExchangeType(type)) return refused(unknownExchangeType(type));
  if (name === '') return refused(defaultExchangeRefused());
  const current = tables.exchange(name)?.record;
  if (wanted.passive || !isExchangeType(type))
    return current === undefined ? refused(noExchange(vhost, name)) : NOTHING;
  if (current !== undefined) {
    const error = checkExchangeEquivalence(vhost, current, wanted);
    return error === null ? NOTHING : refused(error);
  }
  if (isReserved(name)) return refused(reservedName('exchange', name));
  const error = checkExchangeArguments({ vhost, name }, type, wanted.arguments);
  if (error !== null) return refused(error);
  const { durable, autoDelete, internal, arguments: args } = wanted;
  return { tag: 'change', change: { name, type, durable, autoDelete, internal, arguments: args } };
}

/** exchange.delete: the name to delete, or nothing. */
export function decideExchangeDelete(
  tables: RoutingTables,
  wanted: { readonly vhost: string; readonly name: string; readonly ifUnused: boolean },
): Decision<string> {
  const { vhost } = wanted;
  const name = plainName(wanted.name);
  if (name === '') return refused(defaultExchangeRefused());
  if (isReserved(name)) return refused(systemExchange(vhost, name));
  const exchange = tables.exchange(name);
  if (exchange === undefined) return NOTHING;
  if (wanted.ifUnused && exchange.bindings.size > 0) return refused(exchangeInUse(vhost, name));
  return { tag: 'change', change: name };
}

/** What exchange.bind and exchange.unbind ask for. */
export interface ExchangeBinding {
  readonly vhost: string;
  readonly source: string;
  readonly destination: string;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

function exchangeBinding({ source, destination, routingKey, arguments: args }: ExchangeBinding): BindingRecord {
  const end = { kind: 'exchange', name: plainName(destination) } as const;
  return { source: plainName(source), destination: end, routingKey, arguments: args };
}

/** exchange.bind. */
export function decideExchangeBind(tables: RoutingTables, wanted: ExchangeBinding): Decision<BindingRecord> {
  const binding = exchangeBinding(wanted);
  const destination = plainName(wanted.destination);
  if (binding.source === '' || destination === '') return refused(defaultExchangeRefused());
  for (const name of [binding.source, destination]) {
    if (tables.exchange(name) === undefined) return refused(noExchange(wanted.vhost, name));
  }
  return decideBind(tables, binding);
}

/** exchange.unbind: missing ends and bindings are fine. */
export function decideExchangeUnbind(tables: RoutingTables, wanted: ExchangeBinding): Decision<BindingRecord> {
  const binding = exchangeBinding(wanted);
  if (binding.source === '' || plainName(wanted.destination) === '') return refused(defaultExchangeRefused());
  return tables.hasBinding(binding) ? { tag: 'change', change: binding } : NOTHING;
}

/** What queue.bind and queue.unbind ask for; `record` is the queue of that name, if there is one. */
export interface QueueBinding {
  readonly vhost: string;
  readonly exchange: string;
  readonly queue: string;
  readonly record: (Pick<DeclaredQueue, 'vhost' | 'name' | 'owner'> & { readonly id: number }) | undefined;
  readonly connection: unknown;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** queue.bind. */
export function decideQueueBind(tables: RoutingTables, wanted: QueueBinding): Decision<BindingRecord> {
  const { vhost, record, routingKey } = wanted;
  const source = plainName(wanted.exchange);
  if (source === '') return refused(defaultExchangeRefused());
  if (tables.exchange(source) === undefined) return refused(noExchange(vhost, source));
  if (record === undefined) return refused(noQueue(vhost, plainName(wanted.queue)));
  const destination = { kind: 'queue', queueId: record.id } as const;
  const decision = decideBind(tables, { source, destination, routingKey, arguments: wanted.arguments });
  if (decision.tag === 'refused') return decision;
  const error = checkAccess(record, wanted.connection);
  return error === null ? decision : refused(error);
}

/** queue.unbind: missing ends and bindings are fine, whoever owns the queue. */
export function decideQueueUnbind(tables: RoutingTables, wanted: QueueBinding): Decision<BindingRecord> {
  const { record, routingKey } = wanted;
  const source = plainName(wanted.exchange);
  if (source === '') return refused(defaultExchangeRefused());
  if (record === undefined) return NOTHING;
  const destination = { kind: 'queue', queueId: record.id } as const;
  const binding = { source, destination, routingKey, arguments: wanted.arguments };
  if (!tables.hasBinding(binding)) return NOTHING;
  const error = checkAccess(record, wanted.connection);
  return error === null ? { tag: 'change', change: binding } : refused(error);
}

function decideBind(tables: RoutingTables, binding: BindingRecord): Decision<BindingRecord> {
  const record = tables.exchange(binding.source)?.record;
  const error = record === undefined ? null : checkBinding(record, binding);
  if (error !== null) return refused(error);
  return tables.hasBinding(binding) ? NOTHING : { tag: 'change', change: binding };
}

/** queue.declare of a name that is not empty, by `connection`; `record` is the queue of that name, if there is one. */
export function decideQueueDeclare(
  wanted: QueueDeclaration & { readonly vhost: string; readonly name: string; readonly passive: boolean },
  record: DeclaredQueue | undefined,
  connection: unknown,
): Decision<string> {
  const { vhost } = wanted;
  const name = plainName(wanted.name);
  if (wanted.passive) {
    if (record === undefined) return refused(noQueue(vhost, name));
    const error = checkAccess(record, connection);
    return error === null ? NOTHING : refused(error);
  }
  if (isReserved(name)) return refused(reservedName('queue', name));
  const error =
    record === undefined
      ? checkQueueArguments({ vhost, name }, wanted)
      : checkQueueEquivalence(record, wanted, connection);
  if (error !== null) return refused(error);
  return record === undefined ? { tag: 'change', change: name } : NOTHING;
}
