// The finer rules of publishing, taking and giving back, sentence by sentence (digest 7 to 10).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fields, newName, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

describe('publishing', () => {
  it.each<[string, Readonly<Record<string, unknown>>, object, string]>([
    ['the exchange first', { exchange: 'no.x' }, { userId: 'other', expiration: 'soon' }, 'no exchange'],
    ['then reply-to', {}, { replyTo: 'amq.rabbitmq.reply-to', userId: 'other' }, 'fast reply consumer does not exist'],
    ['then user-id', {}, { userId: 'other', expiration: 'soon' }, 'user_id property'],
    ['then expiration', {}, { expiration: 'soon', headers: fields({ CC: 1 }) }, 'invalid expiration'],
    ['then CC', {}, { headers: fields({ CC: 1 }), deliveryMode: 3 }, 'unacceptable_type_in_header'],
    ['then delivery-mode', {}, { deliveryMode: 3 }, 'delivery_mode_unknown'],
  ])('is checked in order: %s', async (_name, to, properties, text) => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'k', ...to }, 'a', properties);
    expect((await talk.next()).replyText).toContain(text);
  });

  it('an error is told before the answer to anything later, and other channels go on', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('channel.open', {}, 2);
    talk.publish({ exchange: 'no.x' }, 'a');
    talk.tell('basic.qos');
    talk.tell('basic.qos', {}, 2);
    expect(await talk.next()).toMatchObject({ replyCode: 404 });
    expect(await talk.next(2)).toEqual({ name: 'basic.qos-ok' });
    expect(talk.rest()).toEqual([]);
  });

  it('what is returned comes before the answer to anything later', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ exchange: 'amq.direct', routingKey: 'nobody', mandatory: true }, 'a');
    expect(await talk.ask('basic.qos')).toMatchObject({ name: 'basic.return' });
    expect(await talk.next()).toEqual({ name: 'basic.qos-ok' });
  });

  it('expiration stays on the Message for who gets it', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.publish({ routingKey: queue }, 'a', { expiration: '60000' });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ properties: { expiration: '60000' } });
  });
});

describe('taking', () => {
  it('the limit is not for basic.get, nor for consumers without ack', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.qos', { prefetchCount: 1 });
    await talk.send(queue, 'a', 'b', 'c', 'd');
    for (const body of ['a', 'b']) expect(await talk.ask('basic.get', { queue })).toMatchObject({ body });
    await talk.ask('basic.consume', { queue, noAck: true });
    for (const body of ['c', 'd']) expect(await talk.next()).toMatchObject({ name: 'basic.deliver', body });
  });

  it('consumers take turns', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    for (const consumerTag of ['one', 'two', 'three'])
      await talk.ask('basic.consume', { queue, consumerTag, noAck: true });
    const tags: unknown[] = [];
    for (let turn = 0; turn < 6; turn++) {
      talk.publish({ routingKey: queue }, `${turn}`);
      tags.push((await talk.next()).consumerTag);
    }
    expect(tags.slice(3)).toEqual(tags.slice(0, 3));
    expect(new Set(tags).size).toBe(3);
  });

  it('a consumer that is alone with x-single-active-consumer may not be exclusive', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-single-active-consumer': true });
    expect(await talk.ask('basic.consume', { queue, exclusive: true })).toMatchObject({
      replyCode: 403,
      replyText: `ACCESS_REFUSED - queue '${queue}' in vhost '/' in exclusive use`,
    });
  });

  it.each<[string, 'basic.ack' | 'basic.nack' | 'basic.reject', Readonly<Record<string, unknown>>, string]>([
    ['multiple up to one that is not outstanding', 'basic.ack', { deliveryTag: 9, multiple: true }, '9'],
    ['none, without multiple', 'basic.ack', { deliveryTag: 0 }, '0'],
    ['none, rejected', 'basic.reject', { deliveryTag: 0 }, '0'],
    ['multiple that is nacked', 'basic.nack', { deliveryTag: 9, multiple: true }, '9'],
  ])('a tag is unknown: %s', async (_name, method, args, tag) => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a');
    await talk.ask('basic.get', { queue });
    expect(await talk.ask(method, args)).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - unknown delivery tag ${tag}`,
    });
  });

  it('a tag of another channel is unknown', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a');
    await talk.ask('basic.get', { queue });
    await talk.ask('channel.open', {}, 2);
    expect(await talk.ask('basic.ack', { deliveryTag: 1 }, 2)).toMatchObject({ replyCode: 406 });
  });

  it('what a connection leaves behind comes again, flagged', async () => {
    await using other = await Talk.open(target);
    const queue = newName();
    await other.ask('queue.declare', { queue });
    const talk = await Talk.open(target);
    await talk.send(queue, 'a');
    await talk.ask('basic.get', { queue });
    talk.client.reset();
    await expect.poll(async () => (await other.ask('queue.declare', { queue, passive: true })).messageCount).toBe(1);
    expect(await other.ask('basic.get', { queue })).toMatchObject({ body: 'a', redelivered: true });
    await other.ask('queue.delete', { queue });
  });
});

describe('transactions', () => {
  it('an unknown exchange and an unknown tag are told at once', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('channel.open', {}, 2);
    for (const channel of [1, 2]) await talk.ask('tx.select', {}, channel);
    talk.publish({ exchange: 'no.x' }, 'a');
    expect(await talk.next()).toMatchObject({ replyCode: 404 });
    expect(await talk.ask('basic.ack', { deliveryTag: 5 }, 2)).toMatchObject({ replyCode: 406 });
  });

  it('a channel that closes takes its open transaction along', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('tx.select');
    talk.publish({ routingKey: queue }, 'a');
    await talk.ask('channel.close', { replyCode: 200 });
    await talk.ask('channel.open');
    expect(await talk.drained(queue)).toEqual([]);
  });

  it('another one begins after each commit', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('tx.select');
    for (const body of ['a', 'b']) {
      talk.publish({ routingKey: queue }, body);
      await talk.ask('tx.commit');
    }
    talk.publish({ routingKey: queue }, 'c');
    await talk.ask('tx.rollback');
    expect(await talk.drained(queue)).toEqual(['a', 'b']);
  });
});

describe('dead letters', () => {
  const letterOf = async (talk: Talk, queue: string) => {
    for (;;) {
      const answer = await talk.ask('basic.get', { queue });
      if (answer.name === 'basic.get-ok') return answer;
    }
  };

  it('are dropped when their exchange is not there', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-dead-letter-exchange': 'no.x' });
    await talk.send(queue, 'a');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.reject', { deliveryTag });
    expect(await talk.ask('queue.delete', { queue })).toMatchObject({ name: 'queue.delete-ok', messageCount: 0 });
  });

  it('that were rejected may go in a circle, and are counted', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue, exclusive: true, arguments: { 'x-dead-letter-exchange': '' } });
    await talk.send(queue, 'a');
    for (let time = 1; time <= 3; time++) {
      const letter = await letterOf(talk, queue);
      if (time > 1) {
        const { headers } = letter.properties as { headers: Record<string, unknown> };
        expect(headers['x-death']).toMatchObject([{ count: time - 1, reason: 'rejected', queue }]);
      }
      talk.tell('basic.reject', { deliveryTag: letter.deliveryTag });
    }
  });

  it('have the newest death first, and the first one named', async () => {
    await using talk = await Talk.open(target);
    const end = await talk.queue();
    const to = (queue: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': queue });
    const second = await talk.queue({ ...to(end), 'x-max-length': 0 });
    const first = await talk.queue(to(second));
    await talk.send(first, 'a');
    const { deliveryTag } = await talk.ask('basic.get', { queue: first });
    talk.tell('basic.reject', { deliveryTag });
    const { headers } = (await letterOf(talk, end)).properties as { headers: Record<string, unknown> };
    expect(headers).toMatchObject({
      'x-death': [
        { queue: second, reason: 'maxlen' },
        { queue: first, reason: 'rejected' },
      ],
      'x-first-death-queue': first,
      'x-first-death-reason': 'rejected',
    });
  });

  it('with a key of the queue lose CC, without one they keep it and BCC is no key in their history', async () => {
    await using talk = await Talk.open(target);
    const end = await talk.queue();
    const keyed = await talk.queue({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': end });
    talk.publish({ routingKey: keyed }, 'a', { headers: fields({ CC: ['cc'], BCC: ['bcc'] }) });
    const { deliveryTag } = await letterOf(talk, keyed);
    talk.tell('basic.reject', { deliveryTag });
    const { headers } = (await letterOf(talk, end)).properties as { headers: Record<string, unknown> };
    expect(Object.keys(headers)).not.toContain('CC');
    expect(headers['x-death']).toMatchObject([{ 'routing-keys': [keyed, 'cc'] }]);
  });
});

describe('priorities', () => {
  it('a length limit may drop a higher Message for a lower one', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-max-priority': 5, 'x-max-length': 1 });
    talk.publish({ routingKey: queue }, 'high', { priority: 5 });
    talk.publish({ routingKey: queue }, 'low', { priority: 1 });
    await talk.ask('confirm.select');
    talk.publish({ exchange: 'amq.direct', routingKey: 'nobody' }, '');
    await talk.next();
    await talk.ask('queue.declare', { queue, passive: true });
    expect(await talk.drained(queue)).toEqual(['low']);
  });

  it('an expired lower Message waits behind a higher one', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-max-priority': 5 });
    await talk.ask('confirm.select');
    const sent = [
      ['low', { priority: 1 }],
      ['high', { priority: 5 }],
      ['gone', { priority: 2, expiration: '1' }],
    ] as const;
    for (const [body, properties] of sent) {
      talk.publish({ routingKey: queue }, body, properties);
      await talk.next();
    }
    const count = async () => (await talk.ask('queue.declare', { queue, passive: true })).messageCount;
    expect(await count()).toBe(3);
    expect(await talk.ask('basic.get', { queue, noAck: true })).toMatchObject({ body: 'high' });
    await expect.poll(count).toBe(1);
    expect(await talk.drained(queue)).toEqual(['low']);
  });
});

describe('direct replies', () => {
  const REPLY_TO = 'amq.rabbitmq.reply-to';

  async function requested(): Promise<{ talk: Talk; replyTo: string }> {
    const talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue: REPLY_TO, consumerTag: 'c', noAck: true });
    talk.publish({ routingKey: queue }, 'question', { replyTo: REPLY_TO });
    const answer = await talk.ask('basic.get', { queue, noAck: true });
    return { talk, replyTo: (answer.properties as { replyTo: string }).replyTo };
  }

  it('to who is gone are unroutable, and the address is not there any more', async () => {
    await using other = await Talk.open(target);
    const { talk, replyTo } = await requested();
    await talk[Symbol.asyncDispose]();
    other.publish({ routingKey: replyTo, mandatory: true }, 'late');
    expect(await other.next()).toMatchObject({ name: 'basic.return', replyCode: 312 });
    expect(await other.ask('queue.declare', { queue: replyTo, passive: true })).toMatchObject({ replyCode: 404 });
  });

  it('end with the consumer, by its tag', async () => {
    await using other = await Talk.open(target);
    const { talk, replyTo } = await requested();
    await using asked = talk;
    expect(await asked.ask('basic.cancel', { consumerTag: 'c' })).toMatchObject({ name: 'basic.cancel-ok' });
    other.publish({ routingKey: replyTo, mandatory: true }, 'late');
    expect(await other.next()).toMatchObject({ name: 'basic.return' });
  });

  it('bind nothing: 404', async () => {
    const { talk, replyTo } = await requested();
    await using asked = talk;
    expect(await asked.ask('queue.bind', { queue: replyTo, exchange: 'amq.direct', routingKey: 'k' })).toMatchObject({
      replyCode: 404,
    });
  });
});
