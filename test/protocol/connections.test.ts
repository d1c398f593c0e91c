// The classes connection, channel and access, method by method (digest 1, 3 and 4).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTarget, Talk, type Target } from '../support/talk.ts';
import * as wire from '../support/wire.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

const PLAIN = { mechanism: 'PLAIN', response: Buffer.from('\0guest\0guest'), locale: 'en_US' };
const CAPABLE = { clientProperties: { capabilities: { authentication_failure_close: true } } };

async function tuned(): Promise<Talk> {
  const talk = await Talk.start(target);
  await talk.next(0);
  await talk.ask('connection.start-ok', PLAIN, 0);
  talk.tell('connection.tune-ok', { channelMax: 2, frameMax: 4_096, heartbeat: 0 }, 0);
  return talk;
}

describe('connection', () => {
  it('start tells version, mechanisms, locales and what the server is capable of', async () => {
    await using talk = await Talk.start(target);
    const start = await talk.next(0);
    expect(start).toMatchObject({ name: 'connection.start', versionMajor: 0, versionMinor: 9, locales: 'en_US' });
    expect(String(start.mechanisms).split(' ').sort()).toEqual(['AMQPLAIN', 'PLAIN']);
    expect(start.serverProperties).toMatchObject({
      product: 'RabbitMQ',
      version: expect.stringMatching(/^3\.\d+\.\d+/),
      capabilities: {
        publisher_confirms: true,
        exchange_exchange_bindings: true,
        'basic.nack': true,
        consumer_cancel_notify: true,
        'connection.blocked': true,
        consumer_priorities: true,
        authentication_failure_close: true,
        per_consumer_qos: true,
        direct_reply_to: true,
      },
    });
  });

  it('start-ok with PLAIN is answered with tune: 2047 channels, frames of 131072, heartbeats of 60', async () => {
    await using talk = await Talk.start(target);
    await talk.next(0);
    expect(await talk.ask('connection.start-ok', PLAIN, 0)).toEqual({
      name: 'connection.tune',
      channelMax: 2_047,
      frameMax: 131_072,
      heartbeat: 60,
    });
  });

  it('start-ok with AMQPLAIN is answered with tune', async () => {
    await using talk = await Talk.start(target);
    await talk.next(0);
    const field = (name: string, value: string) =>
      Buffer.concat([
        Buffer.from([name.length]),
        Buffer.from(`${name}S`),
        Buffer.from([0, 0, 0, value.length]),
        Buffer.from(value),
      ]);
    const response = Buffer.concat([field('LOGIN', 'guest'), field('PASSWORD', 'guest')]);
    const answer = await talk.ask('connection.start-ok', { ...PLAIN, mechanism: 'AMQPLAIN', response }, 0);
    expect(answer.name).toBe('connection.tune');
  });

  it('start-ok with a wrong password is refused with 403 to who is capable of hearing it', async () => {
    await using talk = await Talk.start(target);
    await talk.next(0);
    const response = Buffer.from('\0guest\0wrong');
    expect(await talk.ask('connection.start-ok', { ...PLAIN, ...CAPABLE, response }, 0)).toEqual({
      name: 'connection.close',
      replyCode: 403,
      replyText:
        'ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile.',
      classId: 0,
      methodId: 0,
    });
  });

  it('start-ok with a wrong password ends silently for others', async () => {
    await using talk = await Talk.start(target);
    await talk.next(0);
    talk.tell('connection.start-ok', { ...PLAIN, response: Buffer.from('\0guest\0wrong') }, 0);
    expect(await talk.client.end()).toBeNull();
  });

  it('tune-ok binds the server: bodies come in frames of what the client chose, and no more channels than it chose', async () => {
    await using talk = await tuned();
    expect(await talk.ask('connection.open', { virtualHost: '/' }, 0)).toEqual({ name: 'connection.open-ok' });
    await talk.ask('channel.open', {}, 1);
    const queue = await talk.queue();
    talk.publish({ routingKey: queue }, 'x'.repeat(4_088));
    talk.tell('basic.publish', { routingKey: queue });
    talk.client.send(wire.contentHeader(1, 5_000), wire.contentBody(1, Buffer.alloc(4_088)));
    talk.client.send(wire.contentBody(1, Buffer.alloc(912)));
    for (const bodyFrames of [1, 2]) {
      expect(await talk.ask('basic.get', { queue, noAck: true })).toMatchObject({ messageCount: 2 - bodyFrames });
    }
    const frames = talk.client.frames.filter(({ type }) => type === 3);
    expect(frames.map(({ payload }) => payload.length)).toEqual([4_088, 4_088, 912]);
    expect(await talk.ask('channel.open', {}, 9)).toMatchObject({ name: 'channel.open-ok' });
    talk.tell('channel.open', {}, 2);
    expect(await talk.next(0)).toMatchObject({
      replyCode: 530,
      replyText: 'NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)',
    });
  });

  it('tune-ok above what was offered ends silently', async () => {
    await using talk = await Talk.start(target);
    await talk.next(0);
    await talk.ask('connection.start-ok', PLAIN, 0);
    talk.tell('connection.tune-ok', { channelMax: 2_047, frameMax: 131_073, heartbeat: 0 }, 0);
    talk.tell('connection.open', { virtualHost: '/' }, 0);
    expect(await talk.client.end()).toBeNull();
  });

  it('open of a vhost that is not there is refused with 530', async () => {
    await using talk = await tuned();
    expect(await talk.ask('connection.open', { virtualHost: 'nowhere' }, 0)).toEqual({
      name: 'connection.close',
      replyCode: 530,
      replyText: 'NOT_ALLOWED - vhost nowhere not found',
      classId: 10,
      methodId: 40,
    });
  });

  it('secure-ok is answered to nobody: no mechanism asks for it, and a running connection closes with 504', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('connection.secure-ok', {}, 0)).toMatchObject({ name: 'connection.close', replyCode: 504 });
  });

  it('close is answered with close-ok, and exclusive queues are gone by then', async () => {
    await using other = await Talk.open(target);
    const talk = await Talk.open(target);
    const queue = await talk.queue();
    expect(await talk.ask('connection.close', { replyCode: 200 }, 0)).toEqual({ name: 'connection.close-ok' });
    expect(await other.ask('queue.declare', { queue, passive: true })).toMatchObject({ replyCode: 404 });
    await talk.client[Symbol.asyncDispose]();
  });

  it('close of the server: nothing is answered any more but close, until close-ok ends the socket', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('queue.declare', {}, 0)).toMatchObject({ name: 'connection.close', replyCode: 504 });
    talk.tell('queue.declare', {});
    expect(await talk.ask('connection.close', {}, 0)).toEqual({ name: 'connection.close-ok' });
    expect(talk.rest()).toEqual([]);
    talk.tell('connection.close-ok', {}, 0);
    await talk.client.end();
  });

  it('update-secret is answered with update-secret-ok', async () => {
    await using talk = await Talk.open(target);
    const secret = { newSecret: Buffer.from('new'), reason: 'expired' };
    expect(await talk.ask('connection.update-secret', secret, 0)).toEqual({ name: 'connection.update-secret-ok' });
  });

  it.each(['connection.blocked', 'connection.start', 'connection.tune'] as const)(
    '%s is for the server to say: 504',
    async (name) => {
      await using talk = await Talk.open(target);
      expect(await talk.ask(name, {}, 0)).toMatchObject({
        replyCode: 504,
        replyText: 'CHANNEL_ERROR - unexpected method in connection state running',
      });
    },
  );
});

describe('channel', () => {
  it('open is answered with open-ok; a second one is 504', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('channel.open', {}, 7)).toEqual({ name: 'channel.open-ok' });
    talk.tell('channel.open', {}, 7);
    expect(await talk.next(0)).toMatchObject({
      replyCode: 504,
      replyText: "CHANNEL_ERROR - second 'channel.open' seen",
      classId: 20,
      methodId: 10,
    });
  });

  it('flow with active is answered with flow-ok; without it is 540', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('channel.flow', { active: true })).toEqual({ name: 'channel.flow-ok', active: true });
    talk.tell('channel.flow', { active: false });
    expect(await talk.next(0)).toMatchObject({
      replyCode: 540,
      replyText: 'NOT_IMPLEMENTED - active=false',
      classId: 20,
      methodId: 20,
    });
  });

  it('flow-ok out of the blue is 503', async () => {
    await using talk = await Talk.open(target);
    talk.tell('channel.flow-ok', { active: true });
    expect(await talk.next(0)).toMatchObject({ name: 'connection.close', replyCode: 503 });
  });

  it('close is answered with close-ok, gives back what was unacked, and frees the number', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a');
    await talk.ask('basic.get', { queue });
    expect(await talk.ask('channel.close', { replyCode: 200 })).toEqual({ name: 'channel.close-ok' });
    await talk.ask('channel.open');
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'a', redelivered: true, deliveryTag: 1 });
  });

  it('close of the server is followed by nothing until close-ok, and the number is free then', async () => {
    await using talk = await Talk.open(target);
    talk.tell('queue.declare', { queue: 'not.there', passive: true });
    talk.tell('queue.declare', { exclusive: true });
    expect(await talk.next()).toEqual({
      name: 'channel.close',
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'not.there' in vhost '/'",
      classId: 50,
      methodId: 10,
    });
    expect(await talk.ask('channel.close')).toEqual({ name: 'channel.close-ok' });
    talk.tell('channel.close-ok');
    expect(await talk.ask('channel.open')).toEqual({ name: 'channel.open-ok' });
    expect(talk.rest()).toEqual([]);
  });
});

describe('access', () => {
  it('request is answered with request-ok and ticket 1', async () => {
    await using talk = await Talk.open(target);
    const all = { realm: '/data', active: true, write: true, read: true };
    expect(await talk.ask('access.request', all)).toEqual({ name: 'access.request-ok', ticket: 1 });
  });
});
