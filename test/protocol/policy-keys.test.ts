// What each key of a policy does to a queue or an exchange that has not asked for it itself, seen by a client (features
// 1.5, digest 9).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, startBroker } from '../../src/broker.ts';
import { Talk } from '../support/talk.ts';

let broker: Broker;
beforeAll(async () => {
  broker = await startBroker({ amqpPort: 0, logger: 'silent' });
});
afterAll(() => broker.stop());

type Definition = Readonly<Record<string, string | number>>;
let last = 0;

/** A queue of the talk under a policy of its own, and one for what leaves it. */
async function under(talk: Talk, definition: Definition, args = {}, isOperator = false) {
  const queue = `p.${++last}`;
  const letters = await talk.queue();
  const policy = { name: queue, pattern: `^p\\.${last}$`, definition };
  await (isOperator ? broker.admin.setOperatorPolicy(policy) : broker.admin.setPolicy(policy));
  await talk.ask('queue.declare', { queue, exclusive: true, arguments: args });
  return { queue, letters };
}

const count = async (talk: Talk, queue: string) =>
  (await talk.ask('queue.declare', { queue, passive: true })).messageCount;

describe('the key', () => {
  it('message-ttl drops what is older', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'message-ttl': 0 });
    await talk.send(queue, 'a');
    expect(await talk.drained(queue)).toEqual([]);
  });

  it('expires ends a queue that nobody uses', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { expires: 20 });
    await expect
      .poll(async () => {
        const answer = await talk.ask('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'k' });
        return answer.name === 'queue.bind-ok' ? 0 : answer.replyCode;
      })
      .toBe(404);
  });

  it('max-length drops the oldest', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'max-length': 1 });
    await talk.send(queue, 'a', 'b');
    expect(await talk.drained(queue)).toEqual(['b']);
  });

  it('max-length-bytes drops the oldest', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'max-length-bytes': 3 });
    await talk.send(queue, 'aa', 'bb');
    expect(await talk.drained(queue)).toEqual(['bb']);
  });

  it('overflow refuses what is new', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'max-length': 1, overflow: 'reject-publish' });
    await talk.send(queue, 'a', 'b');
    expect(await talk.drained(queue)).toEqual(['a']);
  });

  it('dead-letter-exchange leads on what is rejected', async () => {
    await using talk = await Talk.open(broker);
    const { queue, letters } = await under(talk, { 'dead-letter-exchange': 'amq.direct' });
    await talk.ask('queue.bind', { queue: letters, exchange: 'amq.direct', routingKey: queue });
    await talk.send(queue, 'a');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.reject', { deliveryTag });
    await expect.poll(() => count(talk, letters)).toBe(1);
  });

  it('dead-letter-routing-key gives it another key', async () => {
    await using talk = await Talk.open(broker);
    const letters = await talk.queue();
    const definition = { 'dead-letter-exchange': '', 'dead-letter-routing-key': letters };
    const { queue } = await under(talk, { ...definition, 'max-length': 0 });
    await talk.send(queue, 'a');
    await expect.poll(() => count(talk, letters)).toBe(1);
  });

  it('delivery-limit ends what comes back too often', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'delivery-limit': 1 });
    await talk.send(queue, 'a');
    for (let time = 0; time < 2; time++) {
      const { deliveryTag } = await talk.ask('basic.get', { queue });
      talk.tell('basic.reject', { deliveryTag, requeue: true });
    }
    expect(await talk.ask('basic.get', { queue })).toEqual({ name: 'basic.get-empty' });
  });

  it('delayed-retry-min, with -max and -type, has what comes back wait', async () => {
    await using talk = await Talk.open(broker);
    const retry = { 'delayed-retry-type': 'all', 'delayed-retry-min': 20, 'delayed-retry-max': 20 };
    const { queue } = await under(talk, retry);
    await talk.send(queue, 'a', 'b');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.reject', { deliveryTag, requeue: true });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'b' });
    await expect.poll(() => count(talk, queue)).toBe(1);
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'a', redelivered: true });
  });

  it('consumer-timeout closes the channel of who keeps a delivery longer', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'consumer-timeout': 60_000 });
    await talk.send(queue, 'a', 'b');
    await talk.ask('basic.get', { queue });
    await broker.admin.setPolicy({ name: queue, pattern: `^p\\.${last}$`, definition: { 'consumer-timeout': 20 } });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'b' });
    expect(await talk.next()).toMatchObject({
      name: 'channel.close',
      replyCode: 406,
      replyText: expect.stringContaining('timed out. Timeout value used: 20 ms'),
    });
  });

  it('alternate-exchange takes what an exchange has no destination for', async () => {
    await using talk = await Talk.open(broker);
    const queue = await talk.queue();
    const exchange = `p.${++last}`;
    const policy = { name: exchange, pattern: `^p\\.${last}$`, definition: { 'alternate-exchange': 'amq.fanout' } };
    await broker.admin.setPolicy(policy);
    await talk.ask('exchange.declare', { exchange, type: 'direct' });
    await talk.ask('queue.bind', { queue, exchange: 'amq.fanout' });
    talk.publish({ exchange, routingKey: 'nobody' }, 'a');
    expect(await talk.drained(queue)).toEqual(['a']);
    await talk.ask('queue.unbind', { queue, exchange: 'amq.fanout' });
  });

  it('max-age, with stream-max-segment-size-bytes, takes what is old from a stream', async () => {
    await using talk = await Talk.open(broker);
    const queue = `p.${++last}`;
    const definition = { 'max-age': '1s', 'stream-max-segment-size-bytes': 1_000 };
    await broker.admin.setPolicy({ name: queue, pattern: `^p\\.${last}$`, definition });
    await talk.ask('queue.declare', { queue, durable: true, arguments: { 'x-queue-type': 'stream' } });
    const body = 'a'.repeat(900);
    await talk.send(queue, body, body, body, body, body, body);
    expect(await count(talk, queue)).toBe(6);
    const next = async () => {
      await talk.send(queue, body);
      return Number(await count(talk, queue));
    };
    await expect.poll(next, { timeout: 8_000, interval: 600 }).toBeLessThan(5);
    await talk.ask('queue.delete', { queue });
  });

  it.each(['queue-mode', 'queue-version', 'ha-mode', 'queue-master-locator', 'max-in-memory-length'])(
    '%s is accepted and means nothing',
    async (key) => {
      await using talk = await Talk.open(broker);
      const values: Definition = {
        'queue-mode': 'lazy',
        'queue-version': 2,
        'ha-mode': 'all',
        'max-in-memory-length': 5,
      };
      const { queue } = await under(talk, { [key]: values[key] ?? 'min-masters' });
      await talk.send(queue, 'a');
      expect(await talk.drained(queue)).toEqual(['a']);
    },
  );

  it('that nobody knows is refused', async () => {
    const policy = { name: 'p', pattern: '.', definition: { 'federation-upstream': 'up' } };
    await expect(broker.admin.setPolicy(policy)).rejects.toThrow('are not recognised policy settings');
  });

  it('of an operator holds beside an argument that is larger', async () => {
    await using talk = await Talk.open(broker);
    const { queue } = await under(talk, { 'max-length': 1 }, { 'x-max-length': 5 }, true);
    await talk.send(queue, 'a', 'b');
    expect(await talk.drained(queue)).toEqual(['b']);
  });
});
