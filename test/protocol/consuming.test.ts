// What a client does to take Messages, method by method: qos, consume, cancel, deliver, get, ack, reject, nack, recover,
// and the arguments and flags of consumers (digest 7 and 9).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

/** The next so many deliveries of a channel, as `tag of the consumer:body`. */
async function deliveries(talk: Talk, count: number, channel = 1): Promise<readonly string[]> {
  const heard: string[] = [];
  while (heard.length < count) {
    const answer = await talk.next(channel);
    expect(answer.name).toBe('basic.deliver');
    heard.push(`${answer.consumerTag}:${answer.body}`);
  }
  return heard;
}

describe('basic.qos', () => {
  it('is answered with qos-ok and limits each consumer that starts later', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a', 'b', 'c', 'd');
    expect(await talk.ask('basic.qos', { prefetchCount: 1 })).toEqual({ name: 'basic.qos-ok' });
    for (const consumerTag of ['one', 'two']) {
      expect((await talk.ask('basic.consume', { queue, consumerTag })).name).toBe('basic.consume-ok');
      expect((await deliveries(talk, 1))[0]).toMatch(consumerTag);
    }
    talk.tell('basic.ack', { deliveryTag: 1 });
    expect(await deliveries(talk, 1)).toEqual(['one:c']);
    expect(await talk.ask('queue.declare', { queue, passive: true })).toMatchObject({ messageCount: 1 });
  });

  it('global limits the channel as a whole', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.qos', { prefetchCount: 2, global: true });
    for (const consumerTag of ['one', 'two']) await talk.ask('basic.consume', { queue, consumerTag });
    for (const body of ['a', 'b', 'c']) talk.publish({ routingKey: queue }, body);
    expect((await deliveries(talk, 2)).map((text) => text.slice(-1))).toEqual(['a', 'b']);
    await talk.ask('basic.qos', { prefetchCount: 2, global: true });
    expect(talk.rest()).toEqual([]);
    talk.tell('basic.ack', { deliveryTag: 1 });
    expect((await deliveries(talk, 1))[0].slice(-1)).toBe('c');
  });

  it('with a prefetch size is 540', async () => {
    await using talk = await Talk.open(target);
    talk.tell('basic.qos', { prefetchSize: 9 });
    expect(await talk.next(0)).toMatchObject({ replyCode: 540, replyText: 'NOT_IMPLEMENTED - prefetch_size!=0 (9)' });
  });
});

describe('basic.consume', () => {
  it('is answered with consume-ok, then deliveries follow with tag, flags, exchange and key', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a');
    expect(await talk.ask('basic.consume', { queue, consumerTag: 'c' })).toEqual({
      name: 'basic.consume-ok',
      consumerTag: 'c',
    });
    expect(await talk.next()).toEqual({
      name: 'basic.deliver',
      consumerTag: 'c',
      deliveryTag: 1,
      redelivered: false,
      exchange: '',
      routingKey: queue,
      body: 'a',
      properties: {},
    });
  });

  it('without a tag has the server make one up', async () => {
    await using talk = await Talk.open(target);
    const { consumerTag } = await talk.ask('basic.consume', { queue: await talk.queue() });
    expect(consumerTag).toMatch(/^amq\.ctag-[\w-]{22}$/);
  });

  it('with a tag in use is 530', async () => {
    await using talk = await Talk.open(target);
    const consumer = { queue: await talk.queue(), consumerTag: 'c' };
    await talk.ask('basic.consume', consumer);
    talk.tell('basic.consume', consumer);
    expect(await talk.next(0)).toMatchObject({
      replyCode: 530,
      replyText: "NOT_ALLOWED - attempt to reuse consumer tag 'c'",
      classId: 60,
      methodId: 20,
    });
  });

  it('no-ack needs no ack: nothing comes back, and acks are of no known tag', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue, noAck: true });
    talk.publish({ routingKey: queue }, 'a');
    await deliveries(talk, 1);
    expect(await talk.ask('basic.ack', { deliveryTag: 1 })).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - unknown delivery tag 1',
      classId: 60,
      methodId: 80,
    });
  });

  it('no-local means nothing', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue, consumerTag: 'c', noLocal: true });
    talk.publish({ routingKey: queue }, 'own');
    expect(await deliveries(talk, 1)).toEqual(['c:own']);
  });

  it('exclusive is 403 beside another consumer, and so is any beside an exclusive one', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const refused = {
      replyCode: 403,
      replyText: `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`,
    };
    await talk.ask('basic.consume', { queue, consumerTag: 'c' });
    await talk.ask('channel.open', {}, 2);
    expect(await talk.ask('basic.consume', { queue, exclusive: true }, 2)).toMatchObject(refused);
    await talk.ask('basic.cancel', { consumerTag: 'c' });
    await talk.ask('basic.consume', { queue, exclusive: true });
    await talk.ask('channel.open', {}, 3);
    expect(await talk.ask('basic.consume', { queue }, 3)).toMatchObject(refused);
  });

  it('nowait is not answered', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.tell('basic.consume', { queue, consumerTag: 'c', nowait: true });
    talk.publish({ routingKey: queue }, 'a');
    expect(await deliveries(talk, 1)).toEqual(['c:a']);
  });

  it('of a queue that is not there is 404', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('basic.consume', { queue: 'no.q' })).toMatchObject({ replyCode: 404 });
  });

  it('x-priority: the highest is served until it is full', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.qos', { prefetchCount: 1 });
    for (const [consumerTag, priority] of Object.entries({ low: -1, high: 5, middle: 0 })) {
      await talk.ask('basic.consume', { queue, consumerTag, arguments: { 'x-priority': priority } });
    }
    for (const body of ['a', 'b', 'c']) talk.publish({ routingKey: queue }, body);
    expect((await deliveries(talk, 3)).toSorted()).toEqual(['high:a', 'low:c', 'middle:b']);
  });

  it('x-priority that is no integer is 406', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    expect(await talk.ask('basic.consume', { queue, arguments: { 'x-priority': 'high' } })).toMatchObject({
      replyCode: 406,
      replyText: expect.stringContaining(`invalid arg 'x-priority' for queue '${queue}' in vhost '/'`),
    });
  });

  it('x-single-active-consumer: the first gets everything, the next takes over when it goes', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-single-active-consumer': true });
    for (const consumerTag of ['first', 'second']) await talk.ask('basic.consume', { queue, consumerTag, noAck: true });
    for (const body of ['a', 'b']) talk.publish({ routingKey: queue }, body);
    expect(await deliveries(talk, 2)).toEqual(['first:a', 'first:b']);
    await talk.ask('basic.cancel', { consumerTag: 'first' });
    talk.publish({ routingKey: queue }, 'c');
    expect(await deliveries(talk, 1)).toEqual(['second:c']);
  });
});

describe('basic.cancel', () => {
  it('is answered with cancel-ok, for an unknown tag too; what is unacked stays unacked', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue, consumerTag: 'c' });
    talk.publish({ routingKey: queue }, 'a');
    await deliveries(talk, 1);
    for (const consumerTag of ['c', 'unknown']) {
      expect(await talk.ask('basic.cancel', { consumerTag })).toEqual({ name: 'basic.cancel-ok', consumerTag });
    }
    expect(await talk.drained(queue)).toEqual([]);
    talk.tell('basic.nack', { deliveryTag: 1, requeue: true });
    expect(await talk.drained(queue)).toEqual(['a']);
    talk.tell('basic.cancel', { consumerTag: 'c', nowait: true });
    expect(await talk.ask('basic.qos')).toEqual({ name: 'basic.qos-ok' });
  });

  it('comes from the server when the queue goes', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue, consumerTag: 'c' });
    talk.tell('queue.delete', { queue });
    const heard = [await talk.next(), await talk.next()];
    expect(heard).toContainEqual({ name: 'basic.cancel', consumerTag: 'c', nowait: true });
    expect(heard).toContainEqual({ name: 'queue.delete-ok', messageCount: 0 });
  });

  it('cancel-ok of a client is 503', async () => {
    await using talk = await Talk.open(target);
    talk.tell('basic.cancel-ok', { consumerTag: 'c' });
    expect(await talk.next(0)).toMatchObject({ name: 'connection.close' });
  });
});

describe('basic.get', () => {
  it('is answered with get-ok, which counts what is left, or get-empty', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a', 'b');
    expect(await talk.ask('basic.get', { queue })).toEqual({
      name: 'basic.get-ok',
      deliveryTag: 1,
      redelivered: false,
      exchange: '',
      routingKey: queue,
      messageCount: 1,
      body: 'a',
      properties: {},
    });
    expect(await talk.ask('basic.get', { queue, noAck: true })).toMatchObject({ deliveryTag: 2, messageCount: 0 });
    expect(await talk.ask('basic.get', { queue })).toEqual({ name: 'basic.get-empty' });
    expect(await talk.ask('basic.get', { queue: 'no.q' })).toMatchObject({ replyCode: 404, classId: 60, methodId: 70 });
  });
});

describe('what was taken', () => {
  async function taken(talk: Talk, ...bodies: readonly string[]): Promise<string> {
    const queue = await talk.queue();
    await talk.send(queue, ...bodies);
    for (const _ of bodies) await talk.ask('basic.get', { queue });
    return queue;
  }

  it('ack settles one, multiple all up to it, and 0 with multiple everything', async () => {
    await using talk = await Talk.open(target);
    const queue = await taken(talk, 'a', 'b', 'c', 'd', 'e');
    talk.tell('basic.ack', { deliveryTag: 4 });
    talk.tell('basic.ack', { deliveryTag: 2, multiple: true });
    await talk.ask('basic.recover', { requeue: true });
    expect(await talk.drained(queue)).toEqual(['c', 'e']);
    talk.tell('basic.ack', { deliveryTag: 0, multiple: true });
    expect(await talk.ask('basic.qos')).toEqual({ name: 'basic.qos-ok' });
  });

  it('ack of a tag that was acked is 406', async () => {
    await using talk = await Talk.open(target);
    await taken(talk, 'a');
    talk.tell('basic.ack', { deliveryTag: 1 });
    expect(await talk.ask('basic.ack', { deliveryTag: 1 })).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - unknown delivery tag 1',
    });
  });

  it('reject with requeue gives it back to its place, flagged; without it is gone', async () => {
    await using talk = await Talk.open(target);
    const queue = await taken(talk, 'a', 'b');
    talk.tell('basic.reject', { deliveryTag: 2, requeue: true });
    talk.tell('basic.reject', { deliveryTag: 1, requeue: true });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'a', redelivered: true });
    talk.tell('basic.reject', { deliveryTag: 3 });
    expect(await talk.drained(queue)).toEqual(['b']);
    expect(await talk.ask('basic.reject', { deliveryTag: 9 })).toMatchObject({ replyCode: 406 });
  });

  it('nack does so with all up to a tag', async () => {
    await using talk = await Talk.open(target);
    const queue = await taken(talk, 'a', 'b', 'c');
    talk.tell('basic.nack', { deliveryTag: 2, multiple: true, requeue: true });
    expect(await talk.drained(queue)).toEqual(['a', 'b']);
    talk.tell('basic.nack', { deliveryTag: 0, multiple: true });
    expect(await talk.drained(queue)).toEqual([]);
    expect(await talk.ask('basic.nack', { deliveryTag: 9 })).toMatchObject({ replyCode: 406, methodId: 120 });
  });

  it('recover gives all of the channel back and is answered with recover-ok', async () => {
    await using talk = await Talk.open(target);
    const queue = await taken(talk, 'a', 'b');
    expect(await talk.ask('basic.recover', { requeue: true })).toEqual({ name: 'basic.recover-ok' });
    expect(await talk.drained(queue)).toEqual(['a', 'b']);
  });

  it('recover-async does so without an answer', async () => {
    await using talk = await Talk.open(target);
    const queue = await taken(talk, 'a', 'b');
    talk.tell('basic.recover-async', { requeue: true });
    expect(await talk.drained(queue)).toEqual(['a', 'b']);
  });

  it.each(['basic.recover', 'basic.recover-async'] as const)('%s without requeue is 540', async (name) => {
    await using talk = await Talk.open(target);
    talk.tell(name);
    expect(await talk.next(0)).toMatchObject({ replyCode: 540, replyText: 'NOT_IMPLEMENTED - requeue=false' });
  });
});
