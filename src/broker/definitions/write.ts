// Definitions as RabbitMQ's JSON (features 1.11), made from a snapshot of the metadata. Exclusive queues and the exchanges
// of every vhost are not in it, as in RabbitMQ.
import { algorithmName } from '../access/index.ts';
import { PREDECLARED_EXCHANGES } from '../exchange/index.ts';
import type { MetadataEvent } from '../metadata/events.ts';
import type { QueueRecord } from '../metadata/records.ts';
import type { Policy } from '../policies/index.ts';
import { queueType } from '../queue/index.ts';
import { argumentsToJson } from './arguments-json.ts';

/** The release whose format this is. */
const RABBITMQ_VERSION = '3.10.8';
const PREDECLARED: ReadonlySet<string> = new Set(PREDECLARED_EXCHANGES.map(({ name }) => name));

/** RabbitMQ's JSON: entries of a kind are objects with its names. */
export interface DefinitionsJson {
  readonly rabbit_version: string;
  readonly rabbitmq_version: string;
  readonly product_name: string;
  readonly users: readonly unknown[];
  readonly vhosts: readonly unknown[];
  readonly permissions: readonly unknown[];
  readonly topic_permissions: readonly unknown[];
  readonly parameters: readonly unknown[];
  readonly global_parameters: readonly unknown[];
  readonly policies: readonly unknown[];
  readonly queues: readonly unknown[];
  readonly exchanges: readonly unknown[];
  readonly bindings: readonly unknown[];
}

/** The definitions of a broker, from the events that make its metadata. */
export function writeDefinitions(events: readonly MetadataEvent[]): DefinitionsJson {
  const queues = new Map<number, QueueRecord>();
  for (const event of events) {
    if (event.tag === 'queueDeclared' && event.record.owner === null) queues.set(event.record.id, event.record);
  }
  const of = (write: (event: MetadataEvent) => unknown) => events.map(write).filter((entry) => entry !== null);
  return {
    rabbit_version: RABBITMQ_VERSION,
    rabbitmq_version: RABBITMQ_VERSION,
    product_name: 'Warren',
    users: of(userEntry),
    vhosts: of(vhostEntry),
    permissions: of((event) => (event.tag === 'permissionsSet' ? { ...event.permission } : null)),
    topic_permissions: of((event) => (event.tag === 'topicPermissionsSet' ? { ...event.permission } : null)),
    parameters: of(parameterEntry),
    global_parameters: [],
    policies: of((event) => (event.tag === 'policySet' && !event.policy.isOperator ? policyEntry(event.policy) : null)),
    queues: [...queues.values()].map(queueEntry),
    exchanges: of(exchangeEntry),
    bindings: of((event) => bindingEntry(event, queues)),
  };
}

function userEntry(event: MetadataEvent): unknown {
  if (event.tag !== 'userSet') return null;
  const { name, passwordHash, hashing, tags, limits } = event.user;
  return {
    name,
    password_hash: passwordHash,
    hashing_algorithm: algorithmName(hashing),
    tags,
    limits: present({ 'max-connections': limits.connectionsMax, 'max-channels': limits.channelsMax }),
  };
}

function vhostEntry(event: MetadataEvent): unknown {
  if (event.tag !== 'vhostSet') return null;
  const { name, description, tags } = event.record;
  return { name, description, tags, metadata: { description, tags } };
}

function parameterEntry(event: MetadataEvent): unknown {
  if (event.tag === 'policySet' && event.policy.isOperator) {
    const { vhost, name, ...value } = policyEntry(event.policy);
    return { component: 'operator_policy', vhost, name, value };
  }
  if (event.tag !== 'vhostSet') return null;
  const { connectionsMax, queuesMax } = event.record.limits;
  const value = present({ 'max-connections': connectionsMax, 'max-queues': queuesMax });
  if (Object.keys(value).length === 0) return null;
  return { component: 'vhost-limits', vhost: event.record.name, name: 'limits', value };
}

function policyEntry({ vhost, name, pattern, applyTo, priority, definition }: Policy) {
  return { vhost, name, pattern, 'apply-to': applyTo, definition, priority };
}

function queueEntry({ vhost, name, durable, autoDelete, arguments: args }: QueueRecord): unknown {
  const type = queueType(args);
  return { name, vhost, type, durable, auto_delete: autoDelete, arguments: argumentsToJson(args) };
}

function exchangeEntry(event: MetadataEvent): unknown {
  if (event.tag !== 'exchangeDeclared') return null;
  const { name, type, durable, autoDelete, internal, arguments: args } = event.record;
  if (PREDECLARED.has(name)) return null;
  const { vhost } = event;
  return { name, vhost, type, durable, auto_delete: autoDelete, internal, arguments: argumentsToJson(args) };
}

function bindingEntry(event: MetadataEvent, queues: ReadonlyMap<number, QueueRecord>): unknown {
  if (event.tag !== 'bound') return null;
  const { source, destination: end, routingKey, arguments: args } = event.binding;
  const destination = end.kind === 'exchange' ? end.name : queues.get(end.queueId)?.name;
  if (destination === undefined) return null;
  return {
    source,
    vhost: event.vhost,
    destination,
    destination_type: end.kind,
    routing_key: routingKey,
    arguments: argumentsToJson(args),
  };
}

function present(limits: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(Object.entries(limits).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
}
