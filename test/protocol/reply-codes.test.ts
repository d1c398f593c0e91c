// One cause for each reply code that a client can be told, with the class and method that it names (digest, first table).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTarget, Talk, type Target } from '../support/talk.ts';
import * as wire from '../support/wire.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

/** What ends: the channel, or the connection with everything on it. */
async function told(talk: Talk, channel: number) {
  const { name, replyCode, replyText, classId, methodId } = await talk.next(channel);
  return [name, replyCode, String(replyText).split(' ')[0], classId, methodId];
}

describe('the channel is closed with', () => {
  const close = (code: number, name: string, classId: number, methodId: number) => [
    'channel.close',
    code,
    name,
    classId,
    methodId,
  ];

  it('403 ACCESS_REFUSED for a name of the system', async () => {
    await using talk = await Talk.open(target);
    talk.tell('exchange.declare', { exchange: 'amq.mine', type: 'direct' });
    expect(await told(talk, 1)).toEqual(close(403, 'ACCESS_REFUSED', 40, 10));
  });

  it('404 NOT_FOUND for a queue that is not there', async () => {
    await using talk = await Talk.open(target);
    talk.tell('queue.purge', { queue: 'no.q' });
    expect(await told(talk, 1)).toEqual(close(404, 'NOT_FOUND', 50, 30));
  });

  it('405 RESOURCE_LOCKED for a queue of another connection', async () => {
    await using talk = await Talk.open(target);
    await using other = await Talk.open(target);
    other.tell('basic.get', { queue: await talk.queue() });
    expect(await told(other, 1)).toEqual(close(405, 'RESOURCE_LOCKED', 60, 70));
  });

  it('406 PRECONDITION_FAILED for a tag that was never delivered', async () => {
    await using talk = await Talk.open(target);
    talk.tell('basic.ack', { deliveryTag: 5 });
    expect(await told(talk, 1)).toEqual(close(406, 'PRECONDITION_FAILED', 60, 80));
  });
});

describe('the connection is closed with', () => {
  const close = (code: number, name: string, classId: number, methodId: number) => [
    'connection.close',
    code,
    name,
    classId,
    methodId,
  ];

  it('501 FRAME_ERROR for a frame without its end', async () => {
    await using talk = await Talk.open(target);
    talk.client.send(wire.frame(1, 1, Buffer.alloc(8), 0));
    expect(await told(talk, 0)).toEqual(close(501, 'FRAME_ERROR', 0, 0));
  });

  it('503 COMMAND_INVALID for an exchange type that is none', async () => {
    await using talk = await Talk.open(target);
    talk.tell('exchange.declare', { exchange: 'x', type: 'none' });
    expect(await told(talk, 0)).toEqual(close(503, 'COMMAND_INVALID', 40, 10));
  });

  it('504 CHANNEL_ERROR for a channel that is not open', async () => {
    await using talk = await Talk.open(target);
    talk.tell('basic.qos', {}, 3);
    expect(await told(talk, 0)).toEqual(close(504, 'CHANNEL_ERROR', 60, 10));
  });

  it('505 UNEXPECTED_FRAME for a method instead of a content', async () => {
    await using talk = await Talk.open(target);
    talk.tell('basic.publish', { routingKey: 'k' });
    talk.tell('basic.qos');
    expect(await told(talk, 0)).toEqual(close(505, 'UNEXPECTED_FRAME', 60, 40));
  });

  it('530 NOT_ALLOWED for a consumer tag in use', async () => {
    await using talk = await Talk.open(target);
    const consumer = { queue: await talk.queue(), consumerTag: 'c' };
    await talk.ask('basic.consume', consumer);
    talk.tell('basic.consume', consumer);
    expect(await told(talk, 0)).toEqual(close(530, 'NOT_ALLOWED', 60, 20));
  });

  it('540 NOT_IMPLEMENTED for a publish that is immediate', async () => {
    await using talk = await Talk.open(target);
    talk.publish({ routingKey: 'k', immediate: true });
    expect(await told(talk, 0)).toEqual(close(540, 'NOT_IMPLEMENTED', 60, 40));
  });
});

describe('a client may close with any code and text', () => {
  it.each([
    [200, 'bye'],
    [541, 'out of luck'],
    [0, ''],
  ])('%i %s', async (replyCode, replyText) => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('channel.close', { replyCode, replyText })).toEqual({ name: 'channel.close-ok' });
    expect(await talk.ask('connection.close', { replyCode, replyText }, 0)).toEqual({ name: 'connection.close-ok' });
    talk.client.socket.destroy();
  });
});
