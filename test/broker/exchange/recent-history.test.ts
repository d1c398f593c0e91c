// The history of an exchange: how much it keeps, in which order, and of what (plugin x-recent-history).
import { expect, it } from 'vitest';
import { checkHistoryArguments, mergedHistory, RoutingTables, route } from '../../../src/broker/exchange/index.ts';
import { type FieldTable, type FieldValue, NO_FIELDS } from '../../../src/broker/field-table.ts';
import type { Message } from '../../../src/broker/message.ts';
import { formats, messageOf, table } from '../messages.ts';

const SMALL: FieldTable = new Map([['x-recent-history-length', { type: 'signedint', value: 3 } as FieldValue]]);

function historic(nextTurn?: () => number): RoutingTables {
  const tables = new RoutingTables(nextTurn);
  const flags = { durable: false, autoDelete: false, internal: false };
  tables.addExchange({ name: 'x', type: 'x-recent-history', ...flags, arguments: SMALL });
  return tables;
}

function publish(tables: RoutingTables, routingKey: string, headers = NO_FIELDS): readonly number[] {
  return route(tables, 'x', messageOf({ exchange: 'x', routingKey, headers }), formats);
}

const keys = (messages: readonly Message[]) => messages.map(({ routingKey }) => routingKey).join('');
const kept = (tables: RoutingTables) => tables.exchange('x')?.history?.all() ?? [];

it('keeps the last ones, whether or not anything is bound, and routes to everything that is', () => {
  const tables = historic();
  for (const key of 'abcde') expect(publish(tables, key)).toEqual([]);
  expect(keys(mergedHistory([kept(tables)], 3))).toBe('cde');
  tables.addQueue('q', 7);
  tables.bind({ source: 'x', destination: { kind: 'queue', queueId: 7 }, routingKey: '', arguments: NO_FIELDS });
  for (const key of 'fff') expect(publish(tables, key)).toEqual([7]);
  expect(keys(mergedHistory([kept(tables)], 3))).toBe('fff');
});

it('keeps no Message that asks for it with true, and one that says anything else', () => {
  const tables = historic();
  publish(tables, 'a', table({ 'x-recent-history-no-store': true }));
  publish(tables, 'b', table({ 'x-recent-history-no-store': false }));
  publish(tables, 'c', table({ 'x-recent-history-no-store': 'true' }));
  expect(keys(mergedHistory([kept(tables)], 3))).toBe('bc');
});

it('keeps its own bytes', () => {
  const tables = historic();
  const message = messageOf({ exchange: 'x', routingKey: 'a' });
  route(tables, 'x', message, formats);
  const before = message.bytes.slice();
  message.bytes.fill(0xff);
  expect(kept(tables)[0].message.bytes).toEqual(before);
});

it('merges the threads in the order of their turns, also where the count wraps', () => {
  let turn = 2 ** 31 - 3;
  const nextTurn = () => turn++ | 0;
  const one = historic(nextTurn);
  const other = historic(nextTurn);
  for (const [index, key] of [...'abcdefg'].entries()) publish(index % 3 === 0 ? one : other, key);
  expect(keys(mergedHistory([kept(one), kept(other)], 3))).toBe('efg');
});

it.each<[string, FieldValue, boolean]>([
  ['1', { type: 'signedint', value: 1 }, true],
  ['0', { type: 'signedint', value: 0 }, false],
  ['-1', { type: 'signedint', value: -1 }, false],
  ['<<"5">>', { type: 'longstr', value: '5' }, false],
  ['true', { type: 'bool', value: true }, false],
])('a length of %s is refused in the words of the plugin unless it is a positive integer', (text, field, isGood) => {
  const refusal = checkHistoryArguments(new Map([['x-recent-history-length', field]]));
  const expected = `Invalid argument ${text}, 'x-recent-history-length' must be a positive integer`;
  expect(refusal?.text ?? null).toBe(isGood ? null : expected);
});
