import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type BindingRecord, route } from '../../../src/broker/exchange/index.ts';
import { CACHED_KEYS_MAX } from '../../../src/broker/exchange/route.ts';
import { type FieldTable, NO_FIELDS } from '../../../src/broker/field-table.ts';
import type { Message } from '../../../src/broker/message.ts';
import { formats, messageOf, table } from '../messages.ts';
import {
  checkTopics,
  exchange,
  naive,
  routed,
  split,
  tablesWith,
  toExchange,
  topicRuns,
  toQueue,
} from './routing-laws.ts';

describe('types', () => {
  test('5 direct: the key must be equal', () => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.direct', 1, 'a'));
    tables.bind(toQueue('amq.direct', 2, 'a.b'));
    expect(routed(tables, 'amq.direct', { routingKey: 'a' })).toEqual([1]);
    expect(routed(tables, 'amq.direct', { routingKey: '' })).toEqual([]);
  });

  test('5 fanout: all, whatever the keys', () => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.fanout', 1, 'a'));
    tables.bind(toQueue('amq.fanout', 2));
    expect(routed(tables, 'amq.fanout', { routingKey: 'z' })).toEqual([1, 2]);
  });

  test.each([
    ['*.orange.*', { 'a.orange.b': true, orange: false, 'a.orange': false, 'a.orange.b.c': false }],
    ['lazy.#', { lazy: true, 'lazy.a': true, 'lazy.a.b': true, xlazy: false }],
    ['#', { '': true, a: true, 'a.b': true }],
    ['#.x', { x: true, 'a.x': true, 'a.b.x': true, 'x.a': false }],
    ['a.#.b', { 'a.b': true, 'a.c.b': true, 'a.b.c': false }],
    ['*', { '': false, a: true, 'a.b': false }],
    ['a..b', { 'a..b': true, 'a.b': false }],
    ['a.*.b', { 'a..b': true, 'a.b': false }],
  ])('5 topic: %s (probe topic_words)', (pattern, keys) => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.topic', 1, pattern));
    const answers = Object.keys(keys).map((routingKey) => [
      routingKey,
      routed(tables, 'amq.topic', { routingKey }).length > 0,
    ]);
    expect(Object.fromEntries(answers)).toEqual(keys);
  });

  const both = table({ a: 1, b: '2' });
  test.each<[string, FieldTable, FieldTable[], boolean[]]>([
    [
      'all',
      table({ a: 1, b: '2', 'x-match': 'all' }),
      [both, table({ a: 1 }), table({ a: 1, b: '2', c: 3 }), table({ a: 1, b: 2 })],
      [true, false, true, false],
    ],
    [
      'any',
      table({ a: 1, b: '2', 'x-match': 'any' }),
      [both, table({ a: 1 }), table({ a: 2 }), NO_FIELDS],
      [true, true, false, false],
    ],
    ['all by default', table({ a: 1 }), [both, table({ b: '2' })], [true, false]],
    ['a void value asks for presence', table({ a: null }), [table({ a: 5 }), table({ b: 5 })], [true, false]],
    ['empty all', table({ 'x-match': 'all' }), [both, NO_FIELDS], [true, true]],
    ['empty any', table({ 'x-match': 'any' }), [both, NO_FIELDS], [false, false]],
    ['all passes over x-', table({ 'x-k': 1, 'x-match': 'all' }), [NO_FIELDS, table({ 'x-k': 2 })], [true, true]],
    ['all-with-x', table({ 'x-k': 1, 'x-match': 'all-with-x' }), [NO_FIELDS, table({ 'x-k': 1 })], [false, true]],
    ['any-with-x', table({ a: 1, 'x-k': 1, 'x-match': 'any-with-x' }), [table({ 'x-k': 1 }), NO_FIELDS], [true, false]],
    [
      'values without their types',
      table({ n: { type: 'byte', value: 1 } }),
      [table({ n: 1n }), table({ n: '1' }), table({ n: { type: 'double', value: 1 } }), table({ n: true })],
      [true, false, true, false],
    ],
    [
      'long integers exactly',
      table({ n: 2n ** 53n + 1n }),
      [table({ n: { type: 'double', value: 2 ** 53 } }), table({ n: 2n ** 53n + 1n })],
      [false, true],
    ],
    [
      'text and binary alike',
      table({ n: 'é' }),
      [
        table({ n: { type: 'binary', value: new Uint8Array([0xc3, 0xa9]) } }),
        table({ n: { type: 'binary', value: new Uint8Array([1]) } }),
      ],
      [true, false],
    ],
  ])('5 headers: %s (probe headers_match)', (_, args, given, expected) => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.headers', 1, '', args));
    expect(given.map((headers) => routed(tables, 'amq.headers', { headers }).length > 0)).toEqual(expected);
  });

  test('5 headers: a Message without headers matches an empty all', () => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.match', 1));
    expect(routed(tables, 'amq.match')).toEqual([1]);
  });

  test('9 the default exchange reaches every queue by its name, and no other', () => {
    const tables = tablesWith();
    expect(routed(tables, '', { routingKey: 'q2' })).toEqual([2]);
    expect(routed(tables, '', { routingKey: 'q9' })).toEqual([]);
    tables.deleteQueue(2);
    expect(routed(tables, '', { routingKey: 'q2' })).toEqual([]);
  });
});

describe('graphs', () => {
  test('5 a queue gets one copy over several bindings and keys', () => {
    const tables = tablesWith(exchange('x', 'topic'));
    tables.bind(toQueue('x', 1, '#.a'));
    tables.bind(toQueue('x', 1, 'a'));
    expect(routed(tables, 'x', { routingKey: 'a', extraKeys: ['b.a', 'a'] })).toEqual([1]);
  });

  test('7 CC and BCC are further keys, on the default exchange too', () => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.direct', 1, 'a'));
    tables.bind(toQueue('amq.direct', 2, 'b'));
    expect(routed(tables, 'amq.direct', { routingKey: 'a', extraKeys: ['b'] })).toEqual([1, 2]);
    expect(routed(tables, '', { routingKey: 'q1', extraKeys: ['q3', 'q1'] })).toEqual([1, 3]);
  });

  test('5 an exchange is visited once, so a cycle delivers once', () => {
    const tables = tablesWith(exchange('a', 'fanout'), exchange('b', 'fanout'));
    tables.bind(toExchange('a', 'b'));
    tables.bind(toExchange('b', 'a'));
    tables.bind(toExchange('a', 'a'));
    tables.bind(toQueue('a', 1));
    tables.bind(toQueue('b', 2));
    expect(routed(tables, 'a')).toEqual([1, 2]);
    expect(routed(tables, 'b')).toEqual([1, 2]);
  });

  test('5 the alternate exchange is asked only where the exchange itself found nothing', () => {
    const alternate = table({ 'alternate-exchange': 'spare' });
    const tables = tablesWith(exchange('x', 'direct', { arguments: alternate }), exchange('spare', 'fanout'));
    tables.bind(toQueue('spare', 1));
    tables.bind(toQueue('x', 2, 'k'));
    expect(routed(tables, 'x', { routingKey: 'k' })).toEqual([2]);
    expect(routed(tables, 'x', { routingKey: 'other' })).toEqual([1]);
    tables.bind(toExchange('x', 'amq.fanout', 'dead end'));
    expect(routed(tables, 'x', { routingKey: 'dead end' })).toEqual([]);
    tables.deleteExchange('spare');
    expect(routed(tables, 'x', { routingKey: 'other' })).toEqual([]);
  });

  test('5 alternates in a circle stop at an exchange already visited', () => {
    const tables = tablesWith(
      exchange('a', 'direct', { arguments: table({ 'alternate-exchange': 'b' }) }),
      exchange('b', 'direct', { arguments: table({ 'alternate-exchange': 'a' }) }),
    );
    expect(routed(tables, 'a')).toEqual([]);
  });

  test('an alternate that is the default exchange sees queues that come later', () => {
    const tables = tablesWith(exchange('a', 'direct', { arguments: table({ 'alternate-exchange': '' }) }));
    expect(routed(tables, 'a', { routingKey: 'new' })).toEqual([]);
    tables.addQueue('new', 9);
    expect(routed(tables, 'a', { routingKey: 'new' })).toEqual([9]);
  });
});

describe('changes', () => {
  test('5 identical bindings collapse; other arguments or another key make another binding', () => {
    const tables = tablesWith();
    expect(tables.bind(toQueue('amq.direct', 1, 'k'))).toBe(true);
    expect(tables.bind(toQueue('amq.direct', 1, 'k'))).toBe(false);
    expect(tables.bind(toQueue('amq.direct', 1, 'k', table({ n: 1 })))).toBe(true);
    expect(tables.bind(toQueue('amq.direct', 1, 'k', table({ n: 1n })))).toBe(true);
    expect(tables.bindingsTo({ kind: 'queue', queueId: 1 })).toHaveLength(3);
    tables.unbind(toQueue('amq.direct', 1, 'k'));
    expect(routed(tables, 'amq.direct', { routingKey: 'k' })).toEqual([1]);
    tables.unbind(toQueue('amq.direct', 1, 'k', table({ n: 1 })));
    tables.unbind(toQueue('amq.direct', 1, 'k', table({ n: 1n })));
    expect(routed(tables, 'amq.direct', { routingKey: 'k' })).toEqual([]);
  });

  test('6 a deleted queue takes all its bindings along', () => {
    const tables = tablesWith(exchange('t', 'topic'));
    tables.bind(toQueue('t', 1, 'a.*'));
    tables.bind(toQueue('amq.headers', 1));
    tables.deleteQueue(1);
    expect(tables.bindingsTo({ kind: 'queue', queueId: 1 })).toEqual([]);
    expect(tables.exchange('t')?.bindings.size).toBe(0);
    expect(routed(tables, 'amq.headers')).toEqual([]);
  });

  test('5 auto-delete: gone with the last binding as source, not before a first one, and in a cascade', () => {
    const tables = tablesWith(
      exchange('a', 'fanout', { autoDelete: true }),
      exchange('b', 'fanout', { autoDelete: true }),
      exchange('c', 'fanout'),
    );
    expect(tables.unbind(toQueue('a', 1))).toEqual([]);
    tables.bind(toExchange('c', 'a'));
    tables.bind(toExchange('a', 'b'));
    tables.bind(toQueue('b', 1));
    tables.bind(toQueue('b', 2));
    expect(tables.deleteQueue(1)).toEqual([]);
    expect(tables.deleteQueue(2)).toEqual(['b', 'a']);
    expect(tables.exchange('a')).toBeUndefined();
    expect(tables.exchange('c')?.bindings.size).toBe(0);
  });

  test('a deleted exchange is no destination any more, and a new one of that name starts without bindings', () => {
    const tables = tablesWith(exchange('a', 'fanout'), exchange('b', 'fanout'));
    tables.bind(toExchange('a', 'b'));
    tables.bind(toQueue('b', 1));
    tables.deleteExchange('b');
    tables.addExchange(exchange('b', 'fanout'));
    tables.bind(toQueue('b', 2));
    expect(routed(tables, 'a')).toEqual([]);
    expect(routed(tables, 'b')).toEqual([2]);
  });
});

describe('cache', () => {
  test('a hit is the same array; any change of bindings makes a new one', () => {
    const tables = tablesWith(exchange('x', 'topic'));
    tables.bind(toQueue('x', 1, 'k'));
    const message = messageOf({ routingKey: 'k' });
    const first = route(tables, 'x', message, formats);
    expect(route(tables, 'x', message, formats)).toBe(first);
    tables.bind(toQueue('x', 2, '#'));
    expect(route(tables, 'x', message, formats)).toEqual([1, 2]);
    tables.deleteQueue(1);
    expect(route(tables, 'x', message, formats)).toEqual([2]);
  });

  test('what headers decide is not remembered, behind another exchange either', () => {
    const tables = tablesWith(exchange('x', 'fanout'));
    tables.bind(toExchange('x', 'amq.headers'));
    tables.bind(toQueue('amq.headers', 1, '', table({ a: 1 })));
    expect(routed(tables, 'x', { headers: table({ a: 1 }) })).toEqual([1]);
    expect(routed(tables, 'x', { headers: table({ a: 2 }) })).toEqual([]);
  });

  test('the number of remembered keys is bounded', () => {
    const tables = tablesWith(exchange('x', 'fanout'));
    for (let key = 0; key < CACHED_KEYS_MAX + 10; key++) routed(tables, 'x', { routingKey: String(key) });
    expect(tables.exchange('x')?.cache.size).toBeLessThanOrEqual(CACHED_KEYS_MAX);
  });
});

describe('against a naive model', () => {
  test('B26 topic routing equals the naive matcher while bindings come and go', () => {
    fc.assert(
      fc.property(topicRuns, (run) => checkTopics(run, tablesWith())),
      { numRuns: 300 },
    );
  });

  test('B26 many # in a row take bounded steps', () => {
    const tables = tablesWith();
    tables.bind(toQueue('amq.topic', 1, Array(100).fill('#.a').join('.')));
    tables.bind(toQueue('amq.topic', 2, Array(200).fill('#').join('.')));
    const routingKey = Array(120).fill('a').join('.');
    expect(routed(tables, 'amq.topic', { routingKey: `${routingKey}.b` })).toEqual([2]);
    expect(routed(tables, 'amq.topic', { routingKey })).toEqual([1, 2]);
  });

  test('B3 routing over graphs of exchanges equals filter and naive match over a set of bindings', () => {
    const names = ['d', 'f', 't'] as const;
    const types = { d: 'direct', f: 'fanout', t: 'topic' } as const;
    const binding = fc.record({
      source: fc.constantFrom(...names),
      destination: fc.oneof(
        fc.integer({ min: 1, max: 3 }).map((queueId) => ({ kind: 'queue', queueId }) as const),
        fc.constantFrom(...names).map((name) => ({ kind: 'exchange', name }) as const),
      ),
      routingKey: fc.constantFrom('a', 'a.b', '#', '*'),
      arguments: fc.constant(NO_FIELDS),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), binding), { maxLength: 25 }),
        fc.constantFrom('a', 'a.b', 'c'),
        (steps, routingKey) => {
          const tables = tablesWith(...names.map((name) => exchange(name, types[name])));
          const model = new Map<string, BindingRecord>();
          for (const [isBind, each] of steps) {
            if (isBind) tables.bind(each);
            else tables.unbind(each);
            if (isBind) model.set(JSON.stringify(each), each);
            else model.delete(JSON.stringify(each));
            for (const start of names)
              expect(routed(tables, start, { routingKey })).toEqual(modelRoute(model, start, routingKey));
          }
        },
      ),
      { numRuns: 100 },
    );

    function modelRoute(
      model: ReadonlyMap<string, BindingRecord>,
      start: string,
      routingKey: Message['routingKey'],
    ): number[] {
      const seen = new Set([start]);
      const queues = new Set<number>();
      for (const name of seen) {
        for (const each of model.values()) {
          const type = types[name as 'd'];
          if (each.source !== name) continue;
          if (type === ('direct' as string) && each.routingKey !== routingKey) continue;
          if (type === ('topic' as string) && !naive(split(each.routingKey), split(routingKey))) continue;
          if (each.destination.kind === 'queue') queues.add(each.destination.queueId);
          else seen.add(each.destination.name);
        }
      }
      return [...queues].sort();
    }
  });
});
