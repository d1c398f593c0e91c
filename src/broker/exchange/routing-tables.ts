// The routing state of one vhost (DESIGN decision 14): exchanges, bindings and the names of queues as plain indexed
// tables. Every replica applies the same changes in the same order and comes to the same tables, the cascade of
// auto-delete exchanges included. Whether a change is allowed is decided before, in the declaration rules.
import type { Destination } from './destinations.ts';
import {
  alternateOf,
  type BindingRecord,
  bindingId,
  type DestinationKey,
  type ExchangeRecord,
  isRoutedByKey,
  keepsHistory,
  PREDECLARED_EXCHANGES,
} from './exchange.ts';
import { type Matcher, matcherFor } from './matchers.ts';
import { historyLength, RecentHistory } from './recent-history.ts';

/** An exchange with what routing needs of it. */
export interface Exchange {
  readonly record: ExchangeRecord;
  readonly matcher: Matcher;
  /** Of an x-recent-history exchange: what it has routed here; null for all others. */
  readonly history: RecentHistory | null;
  /** Equal keys go the same way. */
  readonly isCacheable: boolean;
  /** Null for none. */
  alternate: string | null;
  /** By `bindingId`: those that start here. */
  readonly bindings: Map<string, BindingRecord>;
  /** Queue ids by routing key, as of `cacheVersion` of the tables. */
  readonly cache: Map<string, readonly number[]>;
  cacheVersion: number;
}

interface QueueEntry {
  readonly name: string;
  readonly id: number;
  /** What the default exchange finds for its name; always the same array. */
  readonly ids: readonly number[];
}

export class RoutingTables {
  /** Changes whenever a route may have changed. */
  version = 0;
  /** Where a Message comes among those that exchanges keep, on all threads. */
  readonly nextTurn: () => number;
  private readonly exchanges = new Map<string, Exchange>();
  private readonly queuesByName = new Map<string, QueueEntry>();
  private readonly queuesById = new Map<number, QueueEntry>();
  private readonly queueEnds = new Map<number, Destination>();
  private readonly exchangeEnds = new Map<string, Destination>();
  /** Bindings that lead to a destination, by `bindingId`. */
  private readonly arrivals = new Map<Destination, Map<string, BindingRecord>>();

  constructor(nextTurn: () => number = turns()) {
    this.nextTurn = nextTurn;
    for (const record of PREDECLARED_EXCHANGES) this.addExchange(record);
  }

  // ---- exchanges

  exchange(name: string): Exchange | undefined {
    return this.exchanges.get(name);
  }

  /** Exchanges and the ends of bindings. */
  get size(): number {
    return this.exchanges.size + this.arrivals.size;
  }

  allExchanges(): IterableIterator<Exchange> {
    return this.exchanges.values();
  }

  /** `alternate`: by policy, for one without an argument of its own. */
  addExchange(record: ExchangeRecord, alternate: string | null = null): void {
    this.version++;
    this.exchanges.set(record.name, {
      record,
      matcher: matcherFor(record),
      history: keepsHistory(record) ? new RecentHistory(historyLength(record.arguments)) : null,
      isCacheable: isRoutedByKey(record),
      alternate: alternateOf(record) ?? alternate,
      bindings: new Map(),
      cache: new Map(),
      cacheVersion: this.version,
    });
  }

  /** Where exchanges without such an argument send what they have no destination for; never the default exchange. */
  adoptAlternates(byPolicy: (record: ExchangeRecord) => string | null): void {
    this.version++;
    for (const exchange of this.exchanges.values()) {
      const { record } = exchange;
      if (record.name !== '') exchange.alternate = alternateOf(record) ?? byPolicy(record);
    }
  }

  /** Removes an exchange with all its bindings. Returns the names of all exchanges that went, this one first. */
  deleteExchange(name: string): readonly string[] {
    const gone: string[] = [];
    this.removeExchange(name, gone);
    return gone;
  }

  // ---- queues

  queueId(name: string): number | undefined {
    return this.queuesByName.get(name)?.id;
  }

  /** The ids for a queue's name, as the default exchange routes; undefined when there is no such queue. */
  idsOfQueue(name: string): readonly number[] | undefined {
    return this.queuesByName.get(name)?.ids;
  }

  addQueue(name: string, id: number): void {
    const entry: QueueEntry = { name, id, ids: Object.freeze([id]) };
    this.queuesByName.set(name, entry);
    this.queuesById.set(id, entry);
  }

  /** Removes a queue with all its bindings. Returns the names of the exchanges that went with them. */
  deleteQueue(id: number): readonly string[] {
    const gone: string[] = [];
    const entry = this.queuesById.get(id);
    if (entry === undefined) return gone;
    this.queuesById.delete(id);
    this.queuesByName.delete(entry.name);
    const end = this.queueEnds.get(id);
    if (end !== undefined) this.removeArrivals(end, gone);
    this.queueEnds.delete(id);
    return gone;
  }

  // ---- bindings

  /** Whether that very binding exists. */
  hasBinding(binding: BindingRecord): boolean {
    return this.exchanges.get(binding.source)?.bindings.has(bindingId(binding)) ?? false;
  }

  /** The bindings that lead to a queue or an exchange, the implicit one of the default exchange not among them. */
  bindingsTo(destination: DestinationKey): readonly BindingRecord[] {
    const end = this.findEnd(destination);
    return end === undefined ? [] : [...(this.arrivals.get(end)?.values() ?? [])];
  }

  /** How many there are of those. */
  countTo(destination: DestinationKey): number {
    const end = this.findEnd(destination);
    return end === undefined ? 0 : (this.arrivals.get(end)?.size ?? 0);
  }

  /** Adds a binding between ends that exist; one that exists already stays as it is. True when it is new. */
  bind(binding: BindingRecord): boolean {
    const exchange = this.exchanges.get(binding.source);
    if (exchange === undefined) throw new Error(`no exchange '${binding.source}' to bind from`);
    const id = bindingId(binding);
    if (exchange.bindings.has(id)) return false;
    const end = this.endFor(binding.destination);
    exchange.bindings.set(id, binding);
    exchange.matcher.add(binding.routingKey, binding.arguments, end);
    let arrivals = this.arrivals.get(end);
    if (arrivals === undefined) {
      arrivals = new Map();
      this.arrivals.set(end, arrivals);
    }
    arrivals.set(id, binding);
    this.version++;
    return true;
  }

  /** Removes a binding if it exists. Returns the names of the exchanges that went with it. */
  unbind(binding: BindingRecord): readonly string[] {
    const gone: string[] = [];
    this.removeBinding(binding, bindingId(binding), gone);
    return gone;
  }

  // ---- the cascade

  private removeBinding(binding: BindingRecord, id: string, gone: string[]): void {
    const exchange = this.exchanges.get(binding.source);
    const end = this.findEnd(binding.destination);
    if (exchange === undefined || end === undefined || !exchange.bindings.delete(id)) return;
    exchange.matcher.remove(binding.routingKey, binding.arguments, end);
    const arrivals = this.arrivals.get(end);
    arrivals?.delete(id);
    if (arrivals?.size === 0) this.forgetEnd(end);
    this.version++;
    if (exchange.record.autoDelete && exchange.bindings.size === 0) this.removeExchange(binding.source, gone);
  }

  private removeExchange(name: string, gone: string[]): void {
    const exchange = this.exchanges.get(name);
    if (exchange === undefined) return;
    this.exchanges.delete(name);
    gone.push(name);
    this.version++;
    for (const [id, binding] of exchange.bindings) {
      const end = this.findEnd(binding.destination);
      if (end === undefined) continue;
      const arrivals = this.arrivals.get(end);
      arrivals?.delete(id);
      if (arrivals?.size === 0) this.forgetEnd(end);
    }
    const end = this.exchangeEnds.get(name);
    if (end !== undefined) this.removeArrivals(end, gone);
  }

  private removeArrivals(end: Destination, gone: string[]): void {
    for (const [id, binding] of [...(this.arrivals.get(end) ?? [])]) this.removeBinding(binding, id, gone);
  }

  // ---- ends

  private findEnd(key: DestinationKey): Destination | undefined {
    return key.kind === 'queue' ? this.queueEnds.get(key.queueId) : this.exchangeEnds.get(key.name);
  }

  private endFor(key: DestinationKey): Destination {
    const known = this.findEnd(key);
    if (known !== undefined) return known;
    const isQueue = key.kind === 'queue';
    const end: Destination = { queueId: isQueue ? key.queueId : -1, exchange: isQueue ? '' : key.name };
    if (isQueue) this.queueEnds.set(key.queueId, end);
    else this.exchangeEnds.set(key.name, end);
    return end;
  }

  private forgetEnd(end: Destination): void {
    this.arrivals.delete(end);
    if (end.queueId >= 0) this.queueEnds.delete(end.queueId);
    else this.exchangeEnds.delete(end.exchange);
  }
}

/** Turns for tables that stand alone. */
function turns(): () => number {
  let turn = 0;
  return () => turn++;
}
