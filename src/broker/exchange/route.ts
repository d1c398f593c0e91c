// From an exchange and a Message to queues (digest 5, 7 "CC and BCC", 9 "Default exchange"): every exchange is visited
// once, every queue found once, the alternate exchange asked where an exchange itself found nothing. Results are cached
// per exchange and key; a hit returns the same array and allocates nothing. An exchange with a history keeps the Message.
import type { Message, PropertiesFormats } from '../message.ts';
import type { Destination } from './destinations.ts';
import { MessageReader } from './reader.ts';
import type { Exchange, RoutingTables } from './routing-tables.ts';

/** Keys whose routes an exchange remembers; beyond that it starts anew. */
export const CACHED_KEYS_MAX = 4096;

const NOWHERE: readonly number[] = Object.freeze([]);

/**
 * The ids of the queues a Message goes to, each once; empty also when the exchange does not exist. The array is shared
 * and must not be changed.
 */
export function route(
  tables: RoutingTables,
  exchange: string,
  message: Message,
  formats: PropertiesFormats,
): readonly number[] {
  const { routingKey, extraKeys } = message;
  if (extraKeys !== null) return walk(tables, exchange, [routingKey, ...extraKeys], message, formats).queueIds;
  if (exchange === '') return tables.idsOfQueue(routingKey) ?? NOWHERE;
  const start = tables.exchange(exchange);
  if (start === undefined) return NOWHERE;
  if (start.cacheVersion === tables.version) {
    const cached = start.cache.get(routingKey);
    if (cached !== undefined) return cached;
  } else forget(start, tables.version);
  const { queueIds, isCacheable } = walk(tables, exchange, [routingKey], message, formats);
  if (isCacheable) remember(start, routingKey, queueIds);
  return queueIds;
}

function forget(exchange: Exchange, version: number): void {
  exchange.cache.clear();
  exchange.cacheVersion = version;
}

function remember(exchange: Exchange, routingKey: string, queueIds: readonly number[]): void {
  if (exchange.cache.size >= CACHED_KEYS_MAX) exchange.cache.clear();
  exchange.cache.set(routingKey, queueIds);
}

interface Walk {
  readonly queueIds: readonly number[];
  /** False where headers decided, or the names of queues, which change without a new version. */
  readonly isCacheable: boolean;
}

function walk(
  tables: RoutingTables,
  first: string,
  keys: readonly string[],
  message: Message,
  formats: PropertiesFormats,
): Walk {
  const visited = new Set([first]);
  const waiting = [first];
  const queueIds = new Set<number>();
  let isCacheable = true;
  const read = new MessageReader(message, formats);
  const visit = (name: string) => {
    if (visited.has(name)) return;
    visited.add(name);
    waiting.push(name);
  };
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const exchange = tables.exchange(name);
    if (exchange === undefined) continue;
    if (name === '') {
      isCacheable = false;
      for (const key of keys) for (const id of tables.idsOfQueue(key) ?? NOWHERE) queueIds.add(id);
      continue;
    }
    if (!exchange.isCacheable) isCacheable = false;
    exchange.history?.add(message, tables.nextTurn(), read);
    const found = new Set<Destination>();
    for (const key of keys) exchange.matcher.match(key, read, found);
    for (const { queueId, exchange: next } of found) {
      if (queueId >= 0) queueIds.add(queueId);
      else visit(next);
    }
    if (found.size === 0 && exchange.alternate !== null) visit(exchange.alternate);
  }
  return { queueIds: queueIds.size === 0 ? NOWHERE : Object.freeze([...queueIds]), isCacheable };
}
