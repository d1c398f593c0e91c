// What a client does to give Messages, method by method: publish, return, confirms, transactions; properties, and the
// headers that route (digest 2, 7, 8 and 9).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeProperties } from '../../src/protocols/amqp091/codec/index.ts';
import { fields, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

describe('basic.publish', () => {
  it('to an exchange that is not there is 404', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ exchange: 'no.x', routingKey: 'k' }, 'a');
    expect(await talk.next()).toEqual({
      name: 'channel.close',
      replyCode: 404,
      replyText: "NOT_FOUND - no exchange 'no.x' in vhost '/'",
      classId: 60,
      methodId: 40,
    });
  });

  it('mandatory without a destination is returned with 312, before its confirm', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('confirm.select');
    talk.publish({ exchange: 'amq.direct', routingKey: 'nobody', mandatory: true }, 'a', { messageId: 'm' });
    expect(await talk.next()).toEqual({
      name: 'basic.return',
      replyCode: 312,
      replyText: 'NO_ROUTE',
      exchange: 'amq.direct',
      routingKey: 'nobody',
      body: 'a',
      properties: { messageId: 'm' },
    });
    expect(await talk.next()).toEqual({ name: 'basic.ack', deliveryTag: 1, multiple: false });
  });

  it('without mandatory it is lost, and confirmed', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('confirm.select');
    talk.publish({ exchange: 'amq.direct', routingKey: 'nobody' }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.ack', deliveryTag: 1 });
  });

  it('immediate is 540', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'k', immediate: true }, 'a');
    expect(await talk.next(0)).toMatchObject({ replyCode: 540, replyText: 'NOT_IMPLEMENTED - immediate=true' });
  });
});

describe('a property', () => {
  const sent = {
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    deliveryMode: 2,
    priority: 7,
    correlationId: 'c',
    replyTo: 'r',
    expiration: '60000',
    messageId: 'm',
    timestamp: 1_700_000_000n,
    type: 't',
    userId: 'guest',
    appId: 'a',
    clusterId: 'k',
  };

  it.each(Object.entries(sent))('%s passes unchanged', async (name, value) => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.publish({ routingKey: queue }, 'a', { [name]: value });
    expect((await talk.ask('basic.get', { queue })).properties).toEqual({ [name]: value });
  });

  it('headers passes unchanged, with the type of each value', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const headers = {
      b: { type: 'byte', value: -1 },
      B: { type: 'unsignedbyte', value: 255 },
      s: { type: 'short', value: -2 },
      u: { type: 'unsignedshort', value: 65_535 },
      I: { type: 'signedint', value: -3 },
      i: { type: 'unsignedint', value: 4_294_967_295 },
      l: { type: 'long', value: -4n },
      f: { type: 'float', value: 0.5 },
      d: { type: 'double', value: 0.1 },
      t: true,
      S: 'text',
      x: { type: 'binary', value: new Uint8Array([0, 255]) },
      T: { type: 'timestamp', value: 1_700_000_000n },
      D: { type: 'decimal', value: { scale: 2, unscaled: 314 } },
      F: { inner: 1 },
      A: ['a', 1, null],
      V: null,
    };
    talk.publish({ routingKey: queue }, 'a', { headers: fields(headers) });
    await talk.ask('basic.get', { queue });
    const header = talk.client.frames.findLast(({ type }) => type === 2);
    expect(decodeProperties(header?.payload ?? Buffer.alloc(0), 12)).toEqual({ headers: fields(headers) });
  });

  it('user-id that is not who logged in is 406', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'q' }, 'a', { userId: 'other' });
    expect(await talk.next()).toMatchObject({
      replyCode: 406,
      replyText: "PRECONDITION_FAILED - user_id property set to 'other' but authenticated user was 'guest'",
    });
  });

  it.each([
    ['soon', 'no_integer'],
    ['10x', '{leftover_string,"x"}'],
    ['-1', '{value_negative,-1}'],
    ['315360000001', '{value_too_large,315360000001}'],
  ])('expiration of %s is 406', async (expiration, why) => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'q' }, 'a', { expiration });
    expect(await talk.next()).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - invalid expiration '${expiration}': ${why}`,
    });
  });

  it('expiration may have a sign in front', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.publish({ routingKey: queue }, 'a', { expiration: '+60000' });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'a', properties: { expiration: '+60000' } });
  });

  it.each([0, 3, 255])('delivery-mode of %i is 406', async (deliveryMode) => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'q' }, 'a', { deliveryMode });
    expect(await talk.next()).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - invalid message: {delivery_mode_unknown,${deliveryMode}}`,
    });
  });

  it('CC may have more than texts in it, which are no keys', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.publish({ routingKey: 'nowhere' }, 'a', { headers: fields({ CC: [1, null, ['x'], queue] }) });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({
      body: 'a',
      properties: { headers: { CC: [1, null, ['x'], queue] } },
    });
  });

  it('CC and BCC of the headers are further keys; BCC is taken out, the first key stays', async () => {
    await using talk = await Talk.open(target);
    const queues = [await talk.queue(), await talk.queue(), await talk.queue()];
    const headers = fields({ CC: [queues[1], queues[0]], BCC: [queues[2]], h: 1 });
    talk.publish({ routingKey: queues[0] }, 'a', { headers });
    for (const queue of queues) {
      expect(await talk.ask('basic.get', { queue })).toMatchObject({
        routingKey: queues[0],
        properties: { headers: { CC: [queues[1], queues[0]], h: 1 } },
        messageCount: 0,
      });
      const got = talk.client.frames.findLast(({ type }) => type === 2);
      expect([...(decodeProperties(got?.payload ?? Buffer.alloc(0), 12).headers?.keys() ?? [])]).not.toContain('BCC');
    }
  });

  it('CC that is no array is 406', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'q' }, 'a', { headers: fields({ CC: 'other' }) });
    expect(await talk.next()).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - invalid message: {unacceptable_type_in_header,"CC",longstr}',
    });
  });
});

describe('confirm.select', () => {
  it('is answered with select-ok, also again, and publishes count from 1', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'before');
    for (let time = 0; time < 2; time++) {
      expect(await talk.ask('confirm.select')).toEqual({ name: 'confirm.select-ok' });
    }
    for (const deliveryTag of [1, 2]) {
      talk.publish({ routingKey: queue }, 'a');
      expect(await talk.next()).toEqual({ name: 'basic.ack', deliveryTag, multiple: false });
    }
  });

  it('nowait is not answered', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.tell('confirm.select', { nowait: true });
    talk.publish({ routingKey: queue }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.ack', deliveryTag: 1 });
  });

  it('nacks what a full queue refuses', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-max-length': 1, 'x-overflow': 'reject-publish' });
    await talk.ask('confirm.select');
    talk.publish({ routingKey: queue }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.ack', deliveryTag: 1 });
    talk.publish({ routingKey: queue }, 'b');
    expect(await talk.next()).toMatchObject({ name: 'basic.nack', deliveryTag: 2 });
    expect(await talk.drained(queue)).toEqual(['a']);
  });

  it('and tx exclude each other with 406', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('confirm.select');
    expect(await talk.ask('tx.select')).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - cannot switch from confirm to tx mode',
    });
    await talk.ask('channel.open', {}, 2);
    await talk.ask('tx.select', {}, 2);
    expect(await talk.ask('confirm.select', {}, 2)).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - cannot switch from tx to confirm mode',
    });
  });
});

describe('tx', () => {
  it('commit does what was published and acked since select, and is answered with commit-ok', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'old');
    expect(await talk.ask('tx.select')).toEqual({ name: 'tx.select-ok' });
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.ack', { deliveryTag });
    talk.publish({ routingKey: queue }, 'new');
    expect(await talk.ask('basic.get', { queue })).toEqual({ name: 'basic.get-empty' });
    expect(await talk.ask('tx.commit')).toEqual({ name: 'tx.commit-ok' });
    expect(await talk.ask('basic.get', { queue, noAck: true })).toMatchObject({ body: 'new' });
  });

  it('commit comes after the returns of what has no destination', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('tx.select');
    talk.publish({ exchange: 'amq.direct', routingKey: 'nobody', mandatory: true }, 'a');
    expect(await talk.ask('tx.commit')).toMatchObject({ name: 'basic.return', replyCode: 312 });
    expect(await talk.next()).toEqual({ name: 'tx.commit-ok' });
  });

  it('rollback drops publishes, leaves acked Messages unacked, and is answered with rollback-ok', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'old');
    await talk.ask('tx.select');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.ack', { deliveryTag });
    talk.publish({ routingKey: queue }, 'new');
    expect(await talk.ask('tx.rollback')).toEqual({ name: 'tx.rollback-ok' });
    expect(await talk.ask('basic.get', { queue })).toEqual({ name: 'basic.get-empty' });
    talk.tell('basic.nack', { deliveryTag, requeue: true });
    await talk.ask('tx.commit');
    expect(await talk.drained(queue)).toEqual(['old']);
  });

  it.each(['tx.commit', 'tx.rollback'] as const)('%s without select is 406', async (name) => {
    await using talk = await Talk.open(target);
    expect(await talk.ask(name)).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - channel is not transactional',
    });
  });
});

describe('direct reply-to', () => {
  const REPLY_TO = 'amq.rabbitmq.reply-to';

  it('rewrites reply-to of a request and delivers the answer to the channel that asked', async () => {
    await using talk = await Talk.open(target);
    await using server = await Talk.open(target);
    const queue = await server.ask('queue.declare', { autoDelete: true });
    await talk.ask('basic.consume', { queue: REPLY_TO, consumerTag: 'c', noAck: true });
    talk.publish({ routingKey: queue.queue }, 'question', { replyTo: REPLY_TO });
    await talk.ask('queue.declare', { queue: queue.queue, passive: true });
    const request = await server.ask('basic.get', { queue: queue.queue, noAck: true });
    const { replyTo } = request.properties as { replyTo: string };
    expect(replyTo).toMatch(/^amq\.rabbitmq\.reply-to\../);
    expect(await server.ask('queue.declare', { queue: replyTo, passive: true })).toMatchObject({ consumerCount: 1 });
    server.publish({ routingKey: replyTo }, 'answer');
    expect(await talk.next()).toMatchObject({ consumerTag: 'c', exchange: '', routingKey: replyTo, body: 'answer' });
    await server.ask('queue.delete', { queue: queue.queue });
  });

  it('with acks is 406', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('basic.consume', { queue: REPLY_TO })).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - reply consumer cannot acknowledge',
    });
  });

  it('twice on a channel is 406', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('basic.consume', { queue: REPLY_TO, noAck: true });
    expect(await talk.ask('basic.consume', { queue: REPLY_TO, noAck: true })).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - reply consumer already set',
    });
  });

  it('asked for without a consumer is 406', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'q' }, 'question', { replyTo: REPLY_TO });
    expect(await talk.next()).toMatchObject({
      replyCode: 406,
      replyText: 'PRECONDITION_FAILED - fast reply consumer does not exist',
    });
  });
});
