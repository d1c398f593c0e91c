// Exchanges that spread Messages: each goes to one place, and shares follow the rule of the type.
import { describe, expect, it } from 'vitest';
import { type ExchangeType, RoutingTables, route } from '../../../src/broker/exchange/index.ts';
import { type FieldTable, NO_FIELDS } from '../../../src/broker/field-table.ts';
import { formats, messageOf, table } from '../messages.ts';

/** Tables with one exchange of that type, bound to a queue per key. */
function spread(type: ExchangeType, keys: readonly string[], args: FieldTable = NO_FIELDS): RoutingTables {
  const tables = new RoutingTables();
  tables.addExchange({ name: 'x', type, durable: false, autoDelete: false, internal: false, arguments: args });
  for (const [index, routingKey] of keys.entries()) bind(tables, index + 1, routingKey);
  return tables;
}

function bind(tables: RoutingTables, queueId: number, routingKey: string): void {
  const destination = { kind: 'queue', queueId } as const;
  if (tables.queueId(`q${queueId}`) === undefined) tables.addQueue(`q${queueId}`, queueId);
  tables.bind({ source: 'x', destination, routingKey, arguments: NO_FIELDS });
}

const to = (tables: RoutingTables, routingKey: string, headers?: FieldTable) =>
  route(tables, 'x', messageOf({ exchange: 'x', routingKey, ...(headers === undefined ? {} : { headers }) }), formats);

/** How many of so many keys go to each queue. */
function shares(tables: RoutingTables, count: number): Map<number, number> {
  const found = new Map<number, number>();
  for (let key = 0; key < count; key++) {
    const places = to(tables, `key ${key}`);
    expect(places).toHaveLength(1);
    found.set(places[0], (found.get(places[0]) ?? 0) + 1);
  }
  return found;
}

describe('exchanges that spread', () => {
  it.each(['x-random', 'x-local-random', 'x-modulus-hash'] as const)('%s gives each place its share', (type) => {
    const found = shares(spread(type, ['a', 'b', 'c', 'd']), 4_000);
    for (const queueId of [1, 2, 3, 4]) {
      expect(found.get(queueId)).toBeGreaterThan(850);
      expect(found.get(queueId)).toBeLessThan(1_150);
    }
  });

  it('x-consistent-hash follows the weights', () => {
    const found = shares(spread('x-consistent-hash', ['10', '20', '30']), 6_000);
    for (const queueId of [1, 2, 3]) {
      expect(found.get(queueId)).toBeGreaterThan(1_000 * queueId * 0.8);
      expect(found.get(queueId)).toBeLessThan(1_000 * queueId * 1.2);
    }
  });

  it('x-consistent-hash moves only the share of the place that comes or goes', () => {
    const tables = spread('x-consistent-hash', ['20', '20', '20']);
    const keys = Array.from({ length: 2_000 }, (_, key) => `key ${key}`);
    const before = keys.map((key) => to(tables, key)[0]);
    bind(tables, 4, '20');
    const between = keys.map((key) => to(tables, key)[0]);
    for (const [index, place] of between.entries()) if (place !== before[index]) expect(place).toBe(4);
    tables.deleteQueue(4);
    expect(keys.map((key) => to(tables, key)[0])).toEqual(before);
  });

  it('x-consistent-hash counts one binding per place', () => {
    const tables = spread('x-consistent-hash', ['1', '1']);
    bind(tables, 1, '100');
    const found = shares(tables, 2_000);
    expect(found.get(1)).toBeLessThan(1_300);
    tables.unbind({
      source: 'x',
      destination: { kind: 'queue', queueId: 1 },
      routingKey: '100',
      arguments: NO_FIELDS,
    });
    expect(shares(tables, 200).size).toBe(2);
  });

  it('x-consistent-hash by a header or a property, whatever the key', () => {
    const byHeader = spread('x-consistent-hash', ['9', '9', '9'], table({ 'hash-header': 'user' }));
    const byProperty = spread('x-consistent-hash', ['9', '9', '9'], table({ 'hash-property': 'message_id' }));
    const seen = new Set<number>();
    for (let user = 0; user < 50; user++) {
      const headers = table({ user: `u${user}`, 'property message_id': `m${user}` });
      for (const tables of [byHeader, byProperty]) {
        const [place] = to(tables, 'a', headers);
        expect(to(tables, 'b', headers)).toEqual([place]);
        seen.add(place);
      }
    }
    expect(seen.size).toBe(3);
  });

  it('x-delayed-message routes as the type in its argument does', () => {
    const tables = spread('x-delayed-message', ['a.*', 'b.#'], table({ 'x-delayed-type': 'topic' }));
    expect(to(tables, 'a.x')).toEqual([1]);
    expect(to(tables, 'b.x.y')).toEqual([2]);
    expect(to(tables, 'c')).toEqual([]);
  });

  it('nothing bound, nothing found', () => {
    for (const type of ['x-random', 'x-modulus-hash', 'x-consistent-hash'] as const) {
      expect(to(spread(type, []), 'a')).toEqual([]);
    }
  });
});
