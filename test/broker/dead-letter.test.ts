// Dead lettering: x-death, keys and cycles exactly as in digest 9 (B17, probes dlx_*).
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FieldTable, FieldValue } from '../../src/broker/field-table.ts';
import { type DeadLetterReason, deadLetter, mayEnter, queueSettings } from '../../src/broker/queue/index.ts';
import { checkDeaths, deathRuns, deaths, die, headersOf, plain } from './deaths.ts';
import { fieldOf, formats, messageOf, table } from './messages.ts';

const array = (...items: FieldValue[]): FieldValue => ({ type: 'array', value: items });
const cc = (...keys: string[]) => array(...keys.map(fieldOf));

describe('9 the letter', () => {
  test('goes to the dead letter exchange with its own keys, other headers kept', () => {
    const letter = die(messageOf({ exchange: 'x', routingKey: 'k', headers: table({ h: 1 }) }));
    expect(letter).toMatchObject({ exchange: 'dlx', routingKey: 'k', extraKeys: null });
    expect(headersOf(letter).get('h')).toEqual({ type: 'signedint', value: 1 });
    expect(deaths(letter)).toEqual([
      { count: 1n, reason: 'rejected', queue: 'q', time: 1_700_000_000n, exchange: 'x', 'routing-keys': ['k'] },
    ]);
  });

  test('has wire types as RabbitMQ: count long, time timestamp, routing-keys array of longstr', () => {
    const [death] = (headersOf(die(messageOf())).get('x-death') as unknown as { value: { value: FieldTable }[] }).value;
    expect([...death.value].map(([name, { type }]) => `${name} ${type}`).sort()).toEqual([
      'count long',
      'exchange longstr',
      'queue longstr',
      'reason longstr',
      'routing-keys array',
      'time timestamp',
    ]);
  });

  test('dlx_expired_message_ttl_drops_expiration: expiration is removed and kept as original-expiration', () => {
    const letter = die(messageOf({ ttlMs: 100 }), 'q', 'expired');
    expect(letter.ttlMs).toBe(-1);
    expect(deaths(letter)).toMatchObject([{ reason: 'expired', 'original-expiration': '100' }]);
    expect(deaths(die(messageOf(), 'q', 'expired'))[0]).not.toHaveProperty('original-expiration');
  });

  test('dlx_keeps_routing_keys_without_dlrk: CC stays a header and a key, BCC stays a key but is in no header', () => {
    const letter = die(messageOf({ extraKeys: ['cc', 'bcc'], headers: table({ CC: cc('cc') }) }));
    expect(letter.extraKeys).toEqual(['cc', 'bcc']);
    expect(deaths(letter)).toMatchObject([{ 'routing-keys': ['q', 'cc'] }]);
    expect(plain(headersOf(letter).get('CC') as FieldValue)).toEqual(['cc']);
  });

  test('dlx_dlrk_removes_cc: with a key of the queue nothing else routes it', () => {
    const letter = die(messageOf({ extraKeys: ['zz'], headers: table({ CC: cc('zz') }) }), 'q', 'rejected', 'k');
    expect(letter).toMatchObject({ routingKey: 'k', extraKeys: null });
    expect(headersOf(letter).has('CC')).toBe(false);
    expect(deaths(letter)).toMatchObject([{ 'routing-keys': ['q', 'zz'] }]);
  });

  test('is none without a dead letter exchange', () => {
    const death = { message: messageOf(), reason: 'expired', queue: 'q', nowMs: 0, formats } as const;
    expect(deadLetter({ ...death, settings: queueSettings(new Map()) })).toBeNull();
  });
});

describe('9 the history', () => {
  test('dlx_twice_counts: a repeat counts up, comes first and keeps its other fields', () => {
    const first = die(messageOf({ exchange: 'x', routingKey: 'k' }), 'a');
    const second = die({ ...first, exchange: 'y' }, 'b', 'expired');
    expect(deaths(die({ ...second, exchange: 'z' }, 'a'))).toMatchObject([
      { queue: 'a', count: 2n, exchange: 'x', 'routing-keys': ['k'] },
      { queue: 'b', count: 1n, exchange: 'y' },
    ]);
  });

  test('the first death is recorded once', () => {
    const letter = die(die(messageOf({ exchange: 'x' }), 'a', 'maxlen'), 'b', 'expired');
    const headers = plain({ type: 'table', value: headersOf(letter) });
    expect(headers).toMatchObject({
      'x-first-death-reason': 'maxlen',
      'x-first-death-queue': 'a',
      'x-first-death-exchange': 'x',
    });
  });

  test('an x-death that is no array is replaced', () => {
    expect(deaths(die(messageOf({ headers: table({ 'x-death': 'nonsense' }) })))).toMatchObject([{ count: 1n }]);
  });

  test('B17 at most one entry for each queue and reason, the newest first, counts exact', () => {
    fc.assert(fc.property(deathRuns, (all) => checkDeaths(all)));
  });
});

describe('9 cycles', () => {
  const after = (...history: [string, DeadLetterReason][]) =>
    history.reduce((message, [queue, reason]) => die(message, queue, reason), messageOf());

  test.each<[string, [string, DeadLetterReason][], string, boolean]>([
    ['back to the queue it expired in', [['a', 'expired']], 'a', false],
    ['on to another queue', [['a', 'expired']], 'b', true],
    [
      'back after an automatic round',
      [
        ['a', 'expired'],
        ['b', 'maxlen'],
      ],
      'a',
      false,
    ],
    [
      'back after a rejection there',
      [
        ['a', 'rejected'],
        ['b', 'expired'],
      ],
      'a',
      true,
    ],
    [
      'back after a rejection on the way',
      [
        ['a', 'expired'],
        ['b', 'rejected'],
        ['c', 'expired'],
      ],
      'a',
      true,
    ],
    [
      'back, rejected only before it was there',
      [
        ['c', 'rejected'],
        ['a', 'expired'],
        ['b', 'expired'],
      ],
      'a',
      false,
    ],
  ])('B17 %s', (_, history, queue, expected) => {
    expect(mayEnter(after(...history), queue, formats)).toBe(expected);
  });
});
