// The metadata as plain indexed tables (DESIGN decision 14): one in the metadata server and one per thread. Reading is a
// lookup; changing is applying an event.
import type { AnyPid } from '../../term/index.ts';
import type { VhostRecord } from '../access/index.ts';
import {
  type BindingRecord,
  type ExchangeRecord,
  PREDECLARED_EXCHANGES,
  RoutingTables,
  route,
} from '../exchange/index.ts';
import type { FieldTable } from '../field-table.ts';
import type { Message, PropertiesFormats } from '../message.ts';
import {
  effectiveArguments,
  effectivePolicy,
  type Policy,
  type PolicyKey,
  policyAlternate,
} from '../policies/index.ts';
import { queueType } from '../queue/index.ts';
import {
  type Configuration,
  EMPTY_CONFIGURATION,
  withoutPermission,
  withoutPolicy,
  withoutTopicPermission,
  withoutUser,
  withoutVhost,
  withPermission,
  withPolicy,
  withTopicPermission,
  withUser,
  withVhost,
  withVhostRecord,
} from './configuration.ts';
import type { MetadataEvent } from './events.ts';
import type { QueuePlace, QueueRecord } from './records.ts';

const NOWHERE: readonly number[] = Object.freeze([]);
const NO_FORMATS: PropertiesFormats = new Map();

export class Tables {
  /** How to read the properties of Messages while routing. */
  readonly formats: PropertiesFormats;
  configuration: Configuration = EMPTY_CONFIGURATION;
  private readonly nextTurn: (() => number) | undefined;
  private readonly vhosts = new Map<string, RoutingTables>();
  private readonly queues = new Map<number, QueueRecord>();
  private readonly places = new Map<number, QueuePlace>();
  /** How many exclusive queues each connection has that has any. */
  private readonly ownedBy = new Map<AnyPid, number>();

  constructor(formats: PropertiesFormats, nextTurn?: () => number) {
    this.formats = formats;
    this.nextTurn = nextTurn;
  }

  // ---- reading

  hasVhost(vhost: string): boolean {
    return this.vhosts.has(vhost);
  }

  /** Exchanges and bindings of a vhost, for the rules of declaring and binding. */
  routing(vhost: string): RoutingTables | undefined {
    return this.vhosts.get(vhost);
  }

  exchange(vhost: string, name: string): ExchangeRecord | undefined {
    return this.vhosts.get(vhost)?.exchange(name)?.record;
  }

  queueByName(vhost: string, name: string): QueueRecord | undefined {
    const id = this.vhosts.get(vhost)?.queueId(name);
    return id === undefined ? undefined : this.queues.get(id);
  }

  queueById(id: number): QueueRecord | undefined {
    return this.queues.get(id);
  }

  /** Whether a connection has exclusive queues. */
  ownsQueues(connection: AnyPid): boolean {
    return this.ownedBy.has(connection);
  }

  /** Where a queue's latest actor is; it may be dead. */
  placeOf(id: number): QueuePlace | undefined {
    return this.places.get(id);
  }

  allQueues(): IterableIterator<QueueRecord> {
    return this.queues.values();
  }

  allVhosts(): IterableIterator<[string, RoutingTables]> {
    return this.vhosts.entries();
  }

  /** Exchanges, bindings and queues: how much a snapshot would have, roughly. */
  get size(): number {
    let size = this.queues.size;
    for (const routing of this.vhosts.values()) size += routing.size;
    return size;
  }

  /** A queue's arguments with what the policies add to them; the record's own table when they add nothing. */
  effectiveArguments({ vhost, name, arguments: args }: QueueRecord): FieldTable {
    const { policies } = this.configuration;
    if (policies.length === 0) return args;
    return effectiveArguments(args, effectivePolicy(policies, { kind: 'queue', vhost, name, type: queueType(args) }));
  }

  // ---- changing: through `applyEvent` only

  addVhost(vhost: string): void {
    this.configuration = withVhost(this.configuration, vhost);
    if (!this.vhosts.has(vhost)) this.vhosts.set(vhost, new RoutingTables(this.nextTurn));
  }

  setVhost(record: VhostRecord): void {
    this.addVhost(record.name);
    this.configuration = withVhostRecord(this.configuration, record);
  }

  deleteVhost(vhost: string): void {
    this.configuration = withoutVhost(this.configuration, vhost);
    for (const { id, vhost: its } of [...this.queues.values()]) if (its === vhost) this.deleteQueue(id);
    this.vhosts.delete(vhost);
  }

  addExchange(vhost: string, record: ExchangeRecord): void {
    this.routing(vhost)?.addExchange(record, this.alternateByPolicy(vhost, record));
  }

  setPolicy(policy: Policy): void {
    this.configuration = withPolicy(this.configuration, policy);
    this.adoptAlternates(policy.vhost);
  }

  deletePolicy(key: PolicyKey): void {
    this.configuration = withoutPolicy(this.configuration, key);
    this.adoptAlternates(key.vhost);
  }

  private adoptAlternates(vhost: string): void {
    this.routing(vhost)?.adoptAlternates((record) => this.alternateByPolicy(vhost, record));
  }

  private alternateByPolicy(vhost: string, { name }: ExchangeRecord): string | null {
    return policyAlternate(effectivePolicy(this.configuration.policies, { kind: 'exchange', vhost, name }));
  }

  addQueue(record: QueueRecord): void {
    this.countOwned(record, 1);
    this.queues.set(record.id, record);
    this.vhosts.get(record.vhost)?.addQueue(record.name, record.id);
  }

  placeQueue(id: number, place: QueuePlace): void {
    if (this.queues.has(id)) this.places.set(id, place);
  }

  /** Returns the names of the exchanges that went with its bindings. */
  deleteQueue(id: number): readonly string[] {
    const record = this.queues.get(id);
    if (record === undefined) return [];
    this.queues.delete(id);
    this.places.delete(id);
    this.countOwned(record, -1);
    return this.vhosts.get(record.vhost)?.deleteQueue(id) ?? [];
  }

  private countOwned({ owner }: QueueRecord, by: 1 | -1): void {
    if (owner === null) return;
    const count = (this.ownedBy.get(owner) ?? 0) + by;
    if (count > 0) this.ownedBy.set(owner, count);
    else this.ownedBy.delete(owner);
  }
}

/** Tables without anything, not even a vhost. `nextTurn` counts what exchanges with a history keep. */
export function emptyTables(formats: PropertiesFormats = NO_FORMATS, nextTurn?: () => number): Tables {
  return new Tables(formats, nextTurn);
}

/**
 * Does what the event says. The event was checked before: what it names exists. Returns the names of the exchanges of its
 * vhost that are gone afterwards.
 */
export function applyEvent(tables: Tables, event: MetadataEvent): readonly string[] {
  switch (event.tag) {
    case 'vhostAdded':
      tables.addVhost(event.vhost);
      break;
    case 'userSet':
      tables.configuration = withUser(tables.configuration, event.user);
      break;
    case 'vhostSet':
      tables.setVhost(event.record);
      break;
    case 'vhostDeleted':
      tables.deleteVhost(event.vhost);
      break;
    case 'userDeleted':
      tables.configuration = withoutUser(tables.configuration, event.user);
      break;
    case 'permissionsSet':
      tables.configuration = withPermission(tables.configuration, event.permission);
      break;
    case 'permissionsCleared':
      tables.configuration = withoutPermission(tables.configuration, event.user, event.vhost);
      break;
    case 'topicPermissionsSet':
      tables.configuration = withTopicPermission(tables.configuration, event.permission);
      break;
    case 'topicPermissionsCleared':
      tables.configuration = withoutTopicPermission(tables.configuration, event);
      break;
    case 'policySet':
      tables.setPolicy(event.policy);
      break;
    case 'policyDeleted':
      tables.deletePolicy(event.key);
      break;
    case 'exchangeDeclared':
      tables.addExchange(event.vhost, event.record);
      break;
    case 'exchangeDeleted':
      return tables.routing(event.vhost)?.deleteExchange(event.name) ?? [];
    case 'bound':
      tables.routing(event.vhost)?.bind(event.binding);
      break;
    case 'unbound':
      return tables.routing(event.vhost)?.unbind(event.binding) ?? [];
    case 'queueDeclared':
      tables.addQueue(event.record);
      break;
    case 'queuePlaced':
      tables.placeQueue(event.id, event.place);
      break;
    case 'queueDeleted':
      return tables.deleteQueue(event.id);
  }
  return [];
}

const PREDECLARED: ReadonlySet<string> = new Set(PREDECLARED_EXCHANGES.map(({ name }) => name));

/** Events that make the same tables out of empty ones. */
export function snapshotOf(tables: Tables): MetadataEvent[] {
  const events: MetadataEvent[] = accessEvents(tables.configuration);
  const bindings: MetadataEvent[] = [];
  for (const [vhost, routing] of tables.allVhosts()) {
    for (const exchange of routing.allExchanges()) {
      const { record } = exchange;
      if (!PREDECLARED.has(record.name)) events.push({ tag: 'exchangeDeclared', vhost, record });
      for (const binding of exchange.bindings.values()) bindings.push(bound(vhost, binding));
    }
  }
  for (const record of tables.allQueues()) {
    events.push({ tag: 'queueDeclared', record });
    const place = tables.placeOf(record.id);
    if (place !== undefined) events.push({ tag: 'queuePlaced', id: record.id, place });
  }
  return [...events, ...bindings];
}

function accessEvents({ vhosts, users, permissions, topicPermissions, policies }: Configuration): MetadataEvent[] {
  return [
    ...vhosts.map((record): MetadataEvent => ({ tag: 'vhostSet', record })),
    ...users.map((user): MetadataEvent => ({ tag: 'userSet', user })),
    ...permissions.map((permission): MetadataEvent => ({ tag: 'permissionsSet', permission })),
    ...topicPermissions.map((permission): MetadataEvent => ({ tag: 'topicPermissionsSet', permission })),
    ...policies.map((policy): MetadataEvent => ({ tag: 'policySet', policy })),
  ];
}

function bound(vhost: string, binding: BindingRecord): MetadataEvent {
  return { tag: 'bound', vhost, binding };
}

/**
 * The ids of the queues a Message goes to, each once, from the exchange it was published to or another one. Empty when
 * nothing matches and when there is no such exchange. The array is shared and must not be changed.
 */
export function routeMessage(
  tables: Tables,
  vhost: string,
  message: Message,
  exchange: string = message.exchange,
): readonly number[] {
  const routing = tables.routing(vhost);
  return routing === undefined ? NOWHERE : route(routing, exchange, message, tables.formats);
}
