// The class queue, method by method, with its flags (digest 6).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newName, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

const locked = (queue: string) =>
  `RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '${queue}' in vhost '/'. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`;

describe('queue.declare', () => {
  it('is answered with declare-ok, which counts ready Messages and consumers', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    const declared = { queue, autoDelete: true };
    expect(await talk.ask('queue.declare', declared)).toEqual({
      name: 'queue.declare-ok',
      queue,
      messageCount: 0,
      consumerCount: 0,
    });
    await talk.send(queue, 'a', 'b', 'c');
    await talk.ask('basic.get', { queue });
    expect(await talk.ask('queue.declare', declared)).toMatchObject({ messageCount: 2, consumerCount: 0 });
    await talk.ask('queue.purge', { queue });
    await talk.ask('basic.consume', { queue });
    expect(await talk.ask('queue.declare', declared)).toMatchObject({ messageCount: 0, consumerCount: 1 });
  });

  it('without a name has the server make one up', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.queue()).toMatch(/^amq\.gen-[\w-]{22}$/);
  });

  it('of a name that begins with amq. is 403', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('queue.declare', { queue: 'amq.mine' })).toMatchObject({
      replyCode: 403,
      replyText: "ACCESS_REFUSED - queue name 'amq.mine' contains reserved prefix 'amq.*'",
    });
  });

  it('passive asks for the name only, and is 404 where there is none', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    expect(await talk.ask('queue.declare', { queue, passive: true, durable: true })).toMatchObject({ queue });
    expect(await talk.ask('queue.declare', { queue: 'no.q', passive: true })).toMatchObject({
      replyCode: 404,
      replyText: "NOT_FOUND - no queue 'no.q' in vhost '/'",
    });
  });

  it('with nowait a declaration is not answered', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    talk.tell('queue.declare', { queue, exclusive: true, nowait: true });
    expect(await talk.ask('queue.delete', { queue })).toMatchObject({ name: 'queue.delete-ok' });
  });

  it.each([
    ['durable', { durable: true }, "'durable' for queue 'NAME' in vhost '/': received 'true' but current is 'false'"],
    ['auto-delete', { autoDelete: false }, "'auto_delete' for queue 'NAME' in vhost '/': received 'false' but current"],
    [
      'x-max-length',
      { arguments: { 'x-max-length': 5 } },
      "'x-max-length' for queue 'NAME' in vhost '/': received the value '5' of type 'signedint' but current is none",
    ],
  ])('compares %s with what is there', async (_name, change, text) => {
    await using talk = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue, autoDelete: true });
    const refused = await talk.ask('queue.declare', { queue, autoDelete: true, ...change });
    expect(refused.replyCode).toBe(406);
    expect(refused.replyText).toContain(`inequivalent arg ${text.replace('NAME', queue)}`);
  });

  it('exclusive: nobody else may use it, everybody may publish to it', async () => {
    await using talk = await Talk.open(target);
    await using other = await Talk.open(target);
    const queue = await talk.queue();
    await other.ask('confirm.select');
    other.publish({ routingKey: queue }, 'open to all');
    expect(await other.next()).toMatchObject({ name: 'basic.ack' });
    expect(await talk.drained(queue)).toEqual(['open to all']);
    const uses = [
      ['queue.declare', { queue, passive: true }],
      ['queue.bind', { queue, exchange: 'amq.direct' }],
      ['queue.purge', { queue }],
      ['queue.delete', { queue }],
      ['basic.consume', { queue }],
      ['basic.get', { queue }],
    ] as const;
    for (const [method, args] of uses) {
      expect(await other.ask(method, args), method).toMatchObject({ replyCode: 405, replyText: locked(queue) });
      other.tell('channel.close-ok');
      await other.ask('channel.open');
    }
  });
});

describe('queue.bind', () => {
  it('is answered with bind-ok and leads Messages to the queue, until unbind is answered with unbind-ok', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const bound = { queue, exchange: 'amq.direct', routingKey: newName() };
    expect(await talk.ask('queue.bind', bound)).toEqual({ name: 'queue.bind-ok' });
    expect(await talk.ask('queue.bind', bound)).toEqual({ name: 'queue.bind-ok' });
    talk.publish(bound, 'once');
    expect(await talk.drained(queue)).toEqual(['once']);
    expect(await talk.ask('queue.unbind', bound)).toEqual({ name: 'queue.unbind-ok' });
    talk.publish(bound, 'too late');
    expect(await talk.drained(queue)).toEqual([]);
  });

  it('without a queue means the last that was declared, whose name is the key as well', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    expect(await talk.ask('queue.bind', { exchange: 'amq.direct' })).toEqual({ name: 'queue.bind-ok' });
    talk.publish({ exchange: 'amq.direct', routingKey: queue }, 'by name');
    expect(await talk.drained(queue)).toEqual(['by name']);
  });

  it('without a queue and none declared is 404', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('queue.bind', { exchange: 'amq.direct' })).toMatchObject({
      replyCode: 404,
      replyText: 'NOT_FOUND - no previously declared queue',
    });
  });

  it('of what is not there is 404, the exchange first; unbind is unbind-ok', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('queue.unbind', { queue: 'no.q', exchange: 'no.x' })).toEqual({ name: 'queue.unbind-ok' });
    expect(await talk.ask('queue.bind', { queue: 'no.q', exchange: 'no.x' })).toMatchObject({
      replyText: "NOT_FOUND - no exchange 'no.x' in vhost '/'",
      classId: 50,
      methodId: 20,
    });
  });

  it('with nowait a binding is not answered', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.tell('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'k', nowait: true });
    expect(await talk.ask('basic.qos')).toEqual({ name: 'basic.qos-ok' });
  });

  it('to the default exchange is 403', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('queue.bind', { queue: await talk.queue(), routingKey: 'k' })).toMatchObject({
      replyCode: 403,
      replyText: 'ACCESS_REFUSED - operation not permitted on the default exchange',
    });
  });
});

describe('queue.purge', () => {
  it('is answered with purge-ok, which counts what was ready; what is unacked stays', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a', 'b', 'c');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    expect(await talk.ask('queue.purge', { queue })).toEqual({ name: 'queue.purge-ok', messageCount: 2 });
    talk.tell('basic.reject', { deliveryTag, requeue: true });
    expect(await talk.drained(queue)).toEqual(['a']);
    talk.tell('queue.purge', { queue, nowait: true });
    expect(await talk.ask('queue.purge', { queue: 'no.q' })).toMatchObject({ replyCode: 404 });
  });
});

describe('queue.delete', () => {
  it('is answered with delete-ok, which counts what was ready; 0 for what is not there', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a', 'b');
    expect(await talk.ask('queue.delete', { queue })).toEqual({ name: 'queue.delete-ok', messageCount: 2 });
    expect(await talk.ask('queue.delete', { queue })).toEqual({ name: 'queue.delete-ok', messageCount: 0 });
  });

  it('if-unused is 406 while it has consumers', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('basic.consume', { queue });
    expect(await talk.ask('queue.delete', { queue, ifUnused: true })).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' in use`,
    });
  });

  it('if-empty is 406 while it has ready Messages', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a');
    expect(await talk.ask('queue.delete', { queue, ifEmpty: true })).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - queue '${queue}' in vhost '/' not empty`,
    });
  });

  it('with nowait a deletion is not answered', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    talk.tell('queue.delete', { queue, nowait: true });
    expect(await talk.ask('queue.declare', { queue, passive: true })).toMatchObject({ replyCode: 404 });
  });
});

describe('a queue', () => {
  it('that is auto-delete goes with its last consumer; basic.get is none', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue, autoDelete: true });
    await talk.ask('basic.get', { queue });
    await talk.ask('queue.declare', { queue, passive: true });
    await talk.ask('basic.consume', { queue, consumerTag: 'c' });
    await talk.ask('basic.cancel', { consumerTag: 'c' });
    expect(await talk.ask('queue.declare', { queue, passive: true })).toMatchObject({ replyCode: 404 });
  });

  it('is bound to the default exchange by its name', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'by name');
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ exchange: '', routingKey: queue, body: 'by name' });
  });
});
