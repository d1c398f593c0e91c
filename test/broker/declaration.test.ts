// Declarations, deletions and bindings: RabbitMQ's order of checks and exact texts (digest 5 and 6, the probe's answers).
import { describe, expect, test } from 'vitest';
import { checkConsumeArguments, consumerPriority } from '../../src/broker/arguments.ts';
import {
  type Decision,
  decideExchangeBind,
  decideExchangeDeclare,
  decideExchangeDelete,
  decideExchangeUnbind,
  decideQueueBind,
  decideQueueDeclare,
  decideQueueUnbind,
  type ExchangeDeclaration,
} from '../../src/broker/declaration.ts';
import type { DeclaredQueue } from '../../src/broker/equivalence.ts';
import { RoutingTables } from '../../src/broker/exchange/index.ts';
import { NO_FIELDS } from '../../src/broker/field-table.ts';
import { table } from './messages.ts';

const vhost = '/';
const me = 'connection 1';
const X = "exchange 'x' in vhost '/'";
const Q = "queue 'q' in vhost '/'";
const LOCKED =
  `cannot obtain exclusive access to locked ${Q}. It could be originally declared on another connection or the ` +
  'exclusive property value does not match that of the original declaration.';

/** `code text` of a refusal, with ! in front of a hard one; else the decision's tag. */
function answer(decision: Decision<unknown>): string {
  if (decision.tag !== 'refused') return decision.tag;
  const { scope, code, text } = decision.error;
  return `${scope === 'connection' ? '!' : ''}${code} ${text}`;
}

describe('exchange.declare', () => {
  const wanted: ExchangeDeclaration = {
    vhost,
    name: 'x',
    type: 'direct',
    passive: false,
    durable: false,
    autoDelete: false,
    internal: false,
    arguments: NO_FIELDS,
  };

  function declare(given: Partial<ExchangeDeclaration>, existing: Partial<ExchangeDeclaration> | null = null): string {
    const tables = new RoutingTables();
    if (existing !== null) {
      const decision = decideExchangeDeclare(tables, { ...wanted, ...existing });
      if (decision.tag !== 'change') throw new Error('the first declaration is new');
      tables.addExchange(decision.change);
    }
    return answer(decideExchangeDeclare(tables, { ...wanted, ...given }));
  }

  const alternate = table({ 'alternate-exchange': 'amq.fanout' });
  test.each<[string, Partial<ExchangeDeclaration>, string]>([
    ['a new one', {}, 'change'],
    ['an unknown type, before all else', { type: 'x-nope', name: '' }, "!503 unknown exchange type 'x-nope'"],
    ['the default exchange', { name: '' }, '403 operation not permitted on the default exchange'],
    [
      'the default exchange, passive',
      { name: '', passive: true },
      '403 operation not permitted on the default exchange',
    ],
    ['a reserved name', { name: 'amq.x' }, "403 exchange name 'amq.x' contains reserved prefix 'amq.*'"],
    ['a predeclared one, the same', { name: 'amq.direct', durable: true }, 'nothing'],
    [
      'a predeclared one, otherwise',
      { name: 'amq.direct', durable: true, type: 'fanout' },
      "406 inequivalent arg 'type' for exchange 'amq.direct' in vhost '/': received 'fanout' but current is 'direct'",
    ],
    ['passive and missing, whatever the type', { passive: true, type: 'x-nope' }, `404 no ${X}`],
    [
      'an alternate of another type',
      { arguments: table({ 'alternate-exchange': 1 }) },
      `406 invalid type 'signedint' for arg 'alternate-exchange' in ${X}`,
    ],
  ])('5 %s', (_, given, expected) => expect(declare(given)).toBe(expected));

  test.each<[string, Partial<ExchangeDeclaration>, string]>([
    ['the same', {}, 'nothing'],
    ['passive with other attributes', { passive: true, type: 'fanout', durable: true }, 'nothing'],
    [
      'another type',
      { type: 'topic', durable: true },
      `406 inequivalent arg 'type' for ${X}: received 'topic' but current is 'direct'`,
    ],
    [
      'durable',
      { durable: true, autoDelete: true },
      `406 inequivalent arg 'durable' for ${X}: received 'true' but current is 'false'`,
    ],
    [
      'auto_delete',
      { autoDelete: true, internal: true },
      `406 inequivalent arg 'auto_delete' for ${X}: received 'true' but current is 'false'`,
    ],
    [
      'internal',
      { internal: true, arguments: alternate },
      `406 inequivalent arg 'internal' for ${X}: received 'true' but current is 'false'`,
    ],
    [
      'an alternate',
      { arguments: alternate },
      `406 inequivalent arg 'alternate-exchange' for ${X}: received the value 'amq.fanout' of type 'longstr' but current is none`,
    ],
    ['another argument, which is not compared', { arguments: table({ other: 1 }) }, 'nothing'],
    ['a name with line ends, which are left out', { name: 'x\r\n' }, 'nothing'],
  ])('5 again: %s', (_, given, expected) => expect(declare(given, {})).toBe(expected));

  test('5 the new record has the plain name', () => {
    const decision = decideExchangeDeclare(new RoutingTables(), { ...wanted, name: 'a\nb', type: 'topic' });
    expect(decision).toMatchObject({ tag: 'change', change: { name: 'ab', type: 'topic', durable: false } });
  });
});

describe('exchange.delete and bindings of exchanges', () => {
  function tablesWithX(): RoutingTables {
    const tables = new RoutingTables();
    tables.addExchange({
      name: 'x',
      type: 'direct',
      durable: false,
      autoDelete: false,
      internal: false,
      arguments: NO_FIELDS,
    });
    tables.bind({
      source: 'x',
      destination: { kind: 'exchange', name: 'amq.fanout' },
      routingKey: '',
      arguments: NO_FIELDS,
    });
    return tables;
  }

  test.each([
    ['no', false, 'nothing'],
    ['', false, '403 operation not permitted on the default exchange'],
    ['amq.topic', false, "403 deletion of system exchange 'amq.topic' in vhost '/' not allowed"],
    ['x', true, `406 ${X} in use`],
    ['x', false, 'change'],
    ['amq.fanout\n', true, "403 deletion of system exchange 'amq.fanout' in vhost '/' not allowed"],
  ])('5 delete %j, if-unused %s', (name, ifUnused, expected) => {
    expect(answer(decideExchangeDelete(tablesWithX(), { vhost, name, ifUnused }))).toBe(expected);
  });

  test.each([
    ['no', 'x', "404 no exchange 'no' in vhost '/'"],
    ['x', 'no', "404 no exchange 'no' in vhost '/'"],
    ['no1', 'no2', "404 no exchange 'no1' in vhost '/'"],
    ['', 'x', '403 operation not permitted on the default exchange'],
    ['x', '', '403 operation not permitted on the default exchange'],
    ['x', 'amq.fanout', 'nothing'],
    ['x', 'amq.direct', 'change'],
  ])('5 bind %j to %j', (source, destination, expected) => {
    const binding = { vhost, source, destination, routingKey: '', arguments: NO_FIELDS };
    expect(answer(decideExchangeBind(tablesWithX(), binding))).toBe(expected);
  });

  test.each([
    ['x', 'amq.direct', 'nothing'],
    ['no', 'x', 'nothing'],
    ['x', 'amq.fanout', 'change'],
    ['', 'x', '403 operation not permitted on the default exchange'],
  ])('5 unbind %j from %j', (source, destination, expected) => {
    const binding = { vhost, source, destination, routingKey: '', arguments: NO_FIELDS };
    expect(answer(decideExchangeUnbind(tablesWithX(), binding))).toBe(expected);
  });
});

describe('queue.declare', () => {
  const plain = {
    vhost,
    name: 'q',
    passive: false,
    durable: false,
    autoDelete: false,
    exclusive: false,
    arguments: NO_FIELDS,
  };
  const queue: DeclaredQueue = {
    vhost,
    name: 'q',
    durable: false,
    autoDelete: false,
    owner: null,
    arguments: NO_FIELDS,
  };

  const fresh = (fields: Parameters<typeof table>[0]) =>
    answer(decideQueueDeclare({ ...plain, arguments: table(fields) }, undefined, me));
  test.each<[Parameters<typeof table>[0], string]>([
    [{ 'x-message-ttl': -1 }, "invalid arg 'x-message-ttl' for Q: {value_negative,-1}"],
    [{ 'x-message-ttl': 'a' }, `invalid arg 'x-message-ttl' for Q: "expected integer, got longstr"`],
    [{ 'x-message-ttl': 315360000001n }, "invalid arg 'x-message-ttl' for Q: {value_too_large,315360000001}"],
    [
      { 'x-message-ttl': { type: 'double', value: 1.5 } },
      `invalid arg 'x-message-ttl' for Q: "expected integer, got double"`,
    ],
    [{ 'x-expires': 0 }, "invalid arg 'x-expires' for Q: {value_zero,0}"],
    [{ 'x-expires': -1 }, "invalid arg 'x-expires' for Q: {value_negative,-1}"],
    [{ 'x-expires': 'a' }, `invalid arg 'x-expires' for Q: "expected integer, got longstr"`],
    [{ 'x-dead-letter-exchange': 1, 'x-expires': 0 }, "invalid type 'signedint' for arg 'x-dead-letter-exchange' in Q"],
    [
      { 'x-dead-letter-routing-key': 1 },
      "invalid arg 'x-dead-letter-routing-key' for Q: {unacceptable_type,signedint}",
    ],
    [
      { 'x-dead-letter-routing-key': 'k' },
      "invalid arg 'x-dead-letter-routing-key' for Q: routing_key_but_no_dlx_defined",
    ],
    [{ 'x-max-length': -1 }, "invalid arg 'x-max-length' for Q: {value_negative,-1}"],
    [{ 'x-max-length': 'a' }, `invalid arg 'x-max-length' for Q: "expected integer, got longstr"`],
    [{ 'x-max-length-bytes': -1 }, "invalid arg 'x-max-length-bytes' for Q: {value_negative,-1}"],
    [{ 'x-max-priority': 256 }, "invalid arg 'x-max-priority' for Q: {max_value_exceeded,256}"],
    [{ 'x-max-priority': -1 }, "invalid arg 'x-max-priority' for Q: {value_negative,-1}"],
    [{ 'x-overflow': 'nope' }, "invalid arg 'x-overflow' for Q: invalid_overflow"],
    [{ 'x-overflow': 1 }, "invalid arg 'x-overflow' for Q: {unacceptable_type,signedint}"],
    [{ 'x-queue-mode': 'nope' }, `invalid arg 'x-queue-mode' for Q: "unsupported queue mode 'nope'"`],
    [{ 'x-queue-type': 'nope' }, `invalid arg 'x-queue-type' for Q: "unsupported queue type 'nope'"`],
    [{ 'x-queue-version': 3 }, `invalid arg 'x-queue-version' for Q: "unsupported queue version '3'"`],
    [{ 'x-single-active-consumer': 'a' }, "invalid arg 'x-single-active-consumer' for Q: {unacceptable_type,longstr}"],
    [{ 'x-queue-mode': 'nope', 'x-expires': 0 }, "invalid arg 'x-expires' for Q: {value_zero,0}"],
  ])('6 bad argument, case %#', (fields, text) => expect(fresh(fields)).toBe(`406 ${text.replace('Q', Q)}`));

  test.each<[Parameters<typeof table>[0]]>([
    [{ 'x-message-ttl': 0 }],
    [{ 'x-max-length': 0, 'x-max-length-bytes': 0, 'x-max-priority': 255 }],
    [{ 'x-max-priority': 0 }],
    [{ 'x-queue-mode': 'lazy', 'x-queue-version': 2, 'x-queue-type': 'classic', 'x-unknown': 'any' }],
    [{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'k', 'x-overflow': 'reject-publish-dlx' }],
  ])('6 good arguments, case %#', (fields) => expect(fresh(fields)).toBe('change'));

  const again = (old: Parameters<typeof table>[0], now: Parameters<typeof table>[0]) =>
    answer(decideQueueDeclare({ ...plain, arguments: table(now) }, { ...queue, arguments: table(old) }, me));
  test.each<[Parameters<typeof table>[0], Parameters<typeof table>[0], string]>([
    [
      {},
      { 'x-message-ttl': 1000 },
      "'x-message-ttl' for Q: received the value '1000' of type 'signedint' but current is none",
    ],
    [
      { 'x-message-ttl': 1000 },
      { 'x-message-ttl': 2000 },
      "'x-message-ttl' for Q: received '2000' but current is '1000'",
    ],
    [
      { 'x-message-ttl': 1000 },
      {},
      "'x-message-ttl' for Q: received none but current is the value '1000' of type 'signedint'",
    ],
    [{ 'x-expires': 60000 }, { 'x-expires': 60001 }, "'x-expires' for Q: received '60001' but current is '60000'"],
    [
      { 'x-dead-letter-exchange': 'a' },
      { 'x-dead-letter-exchange': 'b' },
      "'x-dead-letter-exchange' for Q: received 'b' but current is 'a'",
    ],
    [
      {},
      { 'x-single-active-consumer': true },
      "'x-single-active-consumer' for Q: received the value 'true' of type 'bool' but current is none",
    ],
    [
      {},
      { 'x-overflow': 'drop-head', 'x-max-priority': 5 },
      "'x-max-priority' for Q: received the value '5' of type 'signedint' but current is none",
    ],
  ])('6 declared again otherwise, case %#', (old, now, text) => {
    expect(again(old, now)).toBe(`406 inequivalent arg ${text.replace('Q', Q)}`);
  });

  test('6 integers of another width, the type classic and unknown arguments make no difference', () => {
    expect(again({ 'x-message-ttl': 1000 }, { 'x-message-ttl': 1000n })).toBe('nothing');
    expect(again({}, { 'x-queue-type': 'classic' })).toBe('nothing');
    expect(again({}, { 'x-unknown': 1 })).toBe('nothing');
  });

  test('6 existing arguments are not checked again, only compared', () => {
    expect(again({}, { 'x-message-ttl': -1 })).toContain('inequivalent arg');
  });

  test.each<[string, Partial<typeof plain>, DeclaredQueue | undefined, string]>([
    ['passive and missing', { passive: true }, undefined, `404 no ${Q}`],
    ['passive with other attributes', { passive: true, durable: true }, queue, 'nothing'],
    ['a reserved name', { name: 'amq.x' }, undefined, "403 queue name 'amq.x' contains reserved prefix 'amq.*'"],
    [
      'a reserved name that exists',
      { name: 'amq.x' },
      { ...queue, name: 'amq.x' },
      "403 queue name 'amq.x' contains reserved prefix 'amq.*'",
    ],
    ['a reserved name, passive', { name: 'amq.x', passive: true }, { ...queue, name: 'amq.x' }, 'nothing'],
    [
      'durable',
      { durable: true, autoDelete: true },
      queue,
      `406 inequivalent arg 'durable' for ${Q}: received 'true' but current is 'false'`,
    ],
    [
      'auto_delete',
      { autoDelete: true },
      queue,
      `406 inequivalent arg 'auto_delete' for ${Q}: received 'true' but current is 'false'`,
    ],
    ['exclusive where it is not', { exclusive: true }, queue, `405 ${LOCKED}`],
    ['not exclusive where it is', { durable: true }, { ...queue, owner: me }, `405 ${LOCKED}`],
    ['exclusive, by its owner', { exclusive: true }, { ...queue, owner: me }, 'nothing'],
    [
      'exclusive and durable counts as not durable',
      { exclusive: true, durable: true },
      { ...queue, owner: me },
      'nothing',
    ],
    ['another connection', { exclusive: true }, { ...queue, owner: 'other' }, `405 ${LOCKED}`],
    ['another connection, passive', { passive: true }, { ...queue, owner: 'other' }, `405 ${LOCKED}`],
  ])('6 %s', (_, given, record, expected) => {
    expect(answer(decideQueueDeclare({ ...plain, ...given }, record, me))).toBe(expected);
  });
});

describe('bindings of queues', () => {
  const record = { vhost, name: 'q', owner: null, id: 1 };
  const binding = {
    vhost,
    exchange: 'amq.headers',
    queue: 'q',
    record,
    connection: me,
    routingKey: '',
    arguments: NO_FIELDS,
  };
  const bind = (given: Partial<Parameters<typeof decideQueueBind>[1]>) =>
    answer(decideQueueBind(new RoutingTables(), { ...binding, ...given }));

  test.each<[string, Partial<Parameters<typeof decideQueueBind>[1]>, string]>([
    ['a missing queue', { record: undefined }, `404 no ${Q}`],
    ['a missing exchange', { exchange: 'x' }, `404 no ${X}`],
    ['both missing: the exchange first', { exchange: 'x', record: undefined }, `404 no ${X}`],
    ['the default exchange', { exchange: '' }, '403 operation not permitted on the default exchange'],
    ["another connection's queue", { record: { ...record, owner: 'other' } as never }, `405 ${LOCKED}`],
    [
      'a bad x-match',
      { arguments: table({ 'x-match': 'some' }) },
      '406 Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
    ],
    [
      'an x-match that is no text',
      { arguments: table({ 'x-match': 1 }) },
      '406 Invalid x-match field type signedint (value 1); expected longstr',
    ],
    [
      'the same x-match elsewhere than on a headers exchange',
      { exchange: 'amq.topic', arguments: table({ 'x-match': 1 }) },
      'change',
    ],
  ])('6 bind: %s', (_, given, expected) => expect(bind(given)).toBe(expected));

  test('6 unbind looks at the owner of the queue only when there is a binding (RabbitMQ 3.10.8)', () => {
    const tables = new RoutingTables();
    const other = { ...binding, record: { id: 1, vhost, name: 'q', owner: 'somebody else' } };
    expect(answer(decideQueueUnbind(tables, other))).toBe('nothing');
    const decision = decideQueueBind(tables, binding);
    if (decision.tag === 'change') tables.bind(decision.change);
    expect(answer(decideQueueUnbind(tables, other))).toBe(`405 ${LOCKED}`);
  });

  test('6 bind twice is one binding, unbind needs none', () => {
    const tables = new RoutingTables();
    expect(answer(decideQueueUnbind(tables, binding))).toBe('nothing');
    const decision = decideQueueBind(tables, binding);
    if (decision.tag === 'change') tables.bind(decision.change);
    expect(answer(decideQueueBind(tables, binding))).toBe('nothing');
    expect(answer(decideQueueUnbind(tables, binding))).toBe('change');
    expect(answer(decideQueueUnbind(tables, { ...binding, record: undefined }))).toBe('nothing');
    expect(answer(decideQueueUnbind(tables, { ...binding, exchange: 'no' }))).toBe('nothing');
    expect(answer(decideQueueUnbind(tables, { ...binding, exchange: '' }))).toBe(
      '403 operation not permitted on the default exchange',
    );
  });
});

test('7 x-priority of a consumer must be an integer, negative ones too', () => {
  const queue = { vhost, name: 'q', arguments: NO_FIELDS };
  expect(checkConsumeArguments(queue, table({ 'x-priority': 'a' }))).toEqual({
    scope: 'channel',
    code: 406,
    text: `invalid arg 'x-priority' for ${Q}: "expected integer, got longstr"`,
  });
  expect(checkConsumeArguments(queue, table({ 'x-priority': -5 }))).toBeNull();
  expect([consumerPriority(table({ 'x-priority': -5n })), consumerPriority(NO_FIELDS)]).toEqual([-5, 0]);
});
