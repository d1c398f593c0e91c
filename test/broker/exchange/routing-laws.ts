// Routing against the naive matcher (B26): bindings come and go, and every key goes where filter and match say.
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type BindingRecord,
  type ExchangeRecord,
  type ExchangeType,
  RoutingTables,
  route,
} from '../../../src/broker/exchange/index.ts';
import { type FieldTable, NO_FIELDS } from '../../../src/broker/field-table.ts';
import { formats, messageOf } from '../messages.ts';

export function exchange(
  name: string,
  type: ExchangeType = 'direct',
  more: Partial<ExchangeRecord> = {},
): ExchangeRecord {
  return { name, type, durable: false, autoDelete: false, internal: false, arguments: NO_FIELDS, ...more };
}

export function toQueue(source: string, queueId: number, routingKey = '', args: FieldTable = NO_FIELDS): BindingRecord {
  return { source, destination: { kind: 'queue', queueId }, routingKey, arguments: args };
}

export function toExchange(source: string, name: string, routingKey = ''): BindingRecord {
  return { source, destination: { kind: 'exchange', name }, routingKey, arguments: NO_FIELDS };
}

export function tablesWith(...records: ExchangeRecord[]): RoutingTables {
  const tables = new RoutingTables();
  for (const record of records) tables.addExchange(record);
  for (let id = 1; id <= 5; id++) tables.addQueue(`q${id}`, id);
  return tables;
}

export function routed(tables: RoutingTables, name: string, given: Parameters<typeof messageOf>[0] = {}): number[] {
  return [...route(tables, name, messageOf({ routingKey: '', ...given }), formats)].sort();
}

const word = fc.constantFrom('a', 'b', '');
const key = fc.array(word, { maxLength: 5 }).map((words) => words.join('.'));
const pattern = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 5 }).map((words) => words.join('.'));

export function naive(words: readonly string[], key: readonly string[]): boolean {
  if (words.length === 0) return key.length === 0;
  if (words[0] === '#') return naive(words.slice(1), key) || (key.length > 0 && naive(words, key.slice(1)));
  return key.length > 0 && (words[0] === '*' || words[0] === key[0]) && naive(words.slice(1), key.slice(1));
}
export const split = (text: string) => (text === '' ? [] : text.split('.'));

const step = fc.record({ isBind: fc.boolean(), queueId: fc.integer({ min: 1, max: 3 }), pattern });
export const topicRuns = fc.tuple(fc.array(step, { maxLength: 20 }), fc.array(key, { minLength: 1, maxLength: 5 }));
export type TopicRun = typeof topicRuns extends fc.Arbitrary<infer R> ? R : never;

/** Topic routing equals the naive matcher while bindings come and go; throws where it does not. */
export function checkTopics([steps, keys]: TopicRun, tables: RoutingTables): void {
  const model = new Set<string>();
  for (const each of steps) {
    const binding = toQueue('amq.topic', each.queueId, each.pattern);
    if (each.isBind) tables.bind(binding);
    else tables.unbind(binding);
    model[each.isBind ? 'add' : 'delete'](`${each.queueId} ${each.pattern}`);
    for (const routingKey of keys) {
      const expected = new Set<number>();
      for (const bound of model) {
        const [id, ...rest] = bound.split(' ');
        if (naive(split(rest.join(' ')), split(routingKey))) expected.add(Number(id));
      }
      expect(routed(tables, 'amq.topic', { routingKey })).toEqual([...expected].sort());
    }
  }
}
