// The exchange types of plugins, seen by a client: where they send, what their arguments mean and which are refused
// (features 1.3).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { fields, Talk } from '../support/talk.ts';

let broker: Broker;
let last = 0;
beforeAll(async () => {
  broker = await startBroker({ amqpPort: 0, logger: 'silent' });
});
afterAll(() => broker.stop());

/** An exchange with queues bound to it, one for each key. */
async function spread(talk: Talk, type: string, keys: readonly string[], args: Readonly<Record<string, unknown>> = {}) {
  const exchange = `t.${++last}`;
  const declared = await talk.ask('exchange.declare', { exchange, type, arguments: args });
  expect(declared).toEqual({ name: 'exchange.declare-ok' });
  const queues: string[] = [];
  for (const routingKey of keys) {
    const queue = await talk.queue();
    queues.push(queue);
    await talk.ask('queue.bind', { queue, exchange, routingKey });
  }
  return { exchange, queues };
}

async function refusal(args: Readonly<Record<string, unknown>>, type = 'x-consistent-hash'): Promise<unknown> {
  await using talk = await Talk.open(broker);
  const { replyCode, replyText } = await talk.ask('exchange.declare', { exchange: 't.bad', type, arguments: args });
  return `${replyCode} ${replyText}`;
}

const NUMBERS = Array.from({ length: 60 }, (_, index) => `${index}`);

describe('each Message goes to one of the queues of', () => {
  it.each(['x-random', 'x-local-random', 'x-modulus-hash', 'x-consistent-hash'])('%s', async (type) => {
    await using talk = await Talk.open(broker);
    const { exchange, queues } = await spread(talk, type, ['1', '1']);
    for (const number of NUMBERS) talk.publish({ exchange, routingKey: number }, number);
    const got = [await talk.drained(queues[0]), await talk.drained(queues[1])];
    expect(got.flat().sort()).toEqual(NUMBERS.toSorted());
    expect(got.filter((bodies) => bodies.length === 0)).toEqual([]);
  });
});

describe('x-consistent-hash', () => {
  it('sends one key to one queue', async () => {
    await using talk = await Talk.open(broker);
    const { exchange, queues } = await spread(talk, 'x-consistent-hash', ['10', '10', '10']);
    for (const number of NUMBERS) talk.publish({ exchange, routingKey: 'same' }, number);
    const counts = [];
    for (const queue of queues) counts.push((await talk.drained(queue)).length);
    expect(counts.toSorted()).toEqual([0, 0, 60]);
  });

  it.each([
    ['hash-header', 'user', { headers: fields({ user: 'u' }) }],
    ['hash-property', 'message_id', { messageId: 'm' }],
    ['hash-property', 'correlation_id', { correlationId: 'c' }],
    ['hash-property', 'timestamp', { timestamp: 1n }],
  ])('%s %s decides instead of the key', async (argument, value, properties) => {
    await using talk = await Talk.open(broker);
    const { exchange, queues } = await spread(talk, 'x-consistent-hash', ['10', '10'], { [argument]: value });
    for (const number of NUMBERS) talk.publish({ exchange, routingKey: number }, number, properties);
    const counts = [];
    for (const queue of queues) counts.push((await talk.drained(queue)).length);
    expect(counts.toSorted()).toEqual([0, 60]);
  });

  it('takes hash-header or hash-property, and none but some properties', async () => {
    expect(await refusal({ 'hash-header': 'a', 'hash-property': 'message_id' })).toBe(
      '406 PRECONDITION_FAILED - hash-header and hash-property are mutually exclusive',
    );
    expect(await refusal({ 'hash-property': 'app_id' })).toBe('406 PRECONDITION_FAILED - Unsupported property: app_id');
  });
});

describe('x-delayed-message', () => {
  it('x-delayed-type routes, x-delay holds back, and mandatory means what it says', async () => {
    await using talk = await Talk.open(broker);
    const { exchange, queues } = await spread(talk, 'x-delayed-message', ['a.*'], { 'x-delayed-type': 'topic' });
    talk.publish({ exchange, routingKey: 'a.b' }, 'late', { headers: fields({ 'x-delay': 60_000 }) });
    talk.publish({ exchange, routingKey: 'a.b' }, 'now');
    talk.publish({ exchange, routingKey: 'b', mandatory: true }, 'lost', { headers: fields({ 'x-delay': 60_000 }) });
    expect(await talk.next()).toMatchObject({ name: 'basic.return', body: 'lost' });
    expect(await talk.drained(queues[0])).toEqual(['now']);
  });
});

describe('x-recent-history', () => {
  it('x-recent-history-length bounds what it remembers; x-recent-history-no-store keeps a Message out', async () => {
    await using talk = await Talk.open(broker);
    const { exchange } = await spread(talk, 'x-recent-history', [], { 'x-recent-history-length': 2 });
    for (const body of ['a', 'b', 'c']) talk.publish({ exchange }, body);
    talk.publish({ exchange }, 'd', { headers: fields({ 'x-recent-history-no-store': true }) });
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange });
    expect(await talk.drained(queue)).toEqual(['b', 'c']);
  });

  it('x-recent-history-length that is no length is refused', async () => {
    expect(await refusal({ 'x-recent-history-length': -1 }, 'x-recent-history')).toMatch(/^406 PRECONDITION_FAILED/);
  });
});

describe('an exchange that is declared again is compared in', () => {
  it.each([
    ['x-consistent-hash', 'hash-header', 'a', 'b'],
    ['x-consistent-hash', 'hash-property', 'message_id', 'timestamp'],
    ['x-delayed-message', 'x-delayed-type', 'direct', 'topic'],
    ['direct', 'alternate-exchange', 'a', 'b'],
  ])('type %s: %s', async (type, argument, old, now) => {
    await using talk = await Talk.open(broker);
    const { exchange } = await spread(talk, type, [], { [argument]: old });
    const again = await talk.ask('exchange.declare', { exchange, type, arguments: { [argument]: now } });
    expect(again).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - inequivalent arg '${argument}' for exchange '${exchange}' in vhost '/': received '${now}' but current is '${old}'`,
    });
  });
});
