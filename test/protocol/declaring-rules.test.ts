// The finer rules of declaring, binding and deleting, sentence by sentence (digest 1, 5 and 6).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fields, newName, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

describe('exchanges', () => {
  it('line ends are left out of names, in declarations, bindings and deletions', async () => {
    await using talk = await Talk.open(target);
    const name = newName();
    const queue = newName();
    await talk.ask('exchange.declare', { exchange: `${name}\r\n`, type: 'direct' });
    expect(await talk.ask('exchange.declare', { exchange: name, passive: true })).toMatchObject({
      name: 'exchange.declare-ok',
    });
    expect(await talk.ask('queue.declare', { queue: `${queue}\n`, exclusive: true })).toMatchObject({ queue });
    await talk.ask('queue.bind', { queue: `${queue}\r`, exchange: `${name}\n`, routingKey: 'k' });
    talk.publish({ exchange: name, routingKey: 'k' }, 'a');
    expect(await talk.drained(queue)).toEqual(['a']);
    await talk.ask('exchange.delete', { exchange: `\n${name}` });
    expect(await talk.ask('exchange.declare', { exchange: name, passive: true })).toMatchObject({ replyCode: 404 });
  });

  it('the type is looked at before the name, but for passive ones', async () => {
    await using talk = await Talk.open(target);
    await talk.ask('exchange.declare', { exchange: 'amq.topic', type: 'nope', passive: true });
    talk.tell('exchange.declare', { exchange: 'amq.new', type: 'nope' });
    expect(await talk.next(0)).toMatchObject({ replyCode: 503 });
  });

  it('one side without an alternate exchange is told as none; other arguments are not compared', async () => {
    await using talk = await Talk.open(target);
    const declared = { exchange: newName(), type: 'direct' };
    await talk.ask('exchange.declare', { ...declared, arguments: { x: 1 } });
    expect(await talk.ask('exchange.declare', { ...declared, arguments: { x: 2 } })).toEqual({
      name: 'exchange.declare-ok',
    });
    const { replyText } = await talk.ask('exchange.declare', { ...declared, arguments: { 'alternate-exchange': 'a' } });
    expect(replyText).toBe(
      `PRECONDITION_FAILED - inequivalent arg 'alternate-exchange' for exchange '${declared.exchange}' in vhost '/': received the value 'a' of type 'longstr' but current is none`,
    );
  });

  it('an alternate exchange that is not there makes Messages unroutable, and they are returned', async () => {
    await using talk = await Talk.open(target);
    const exchange = newName();
    await talk.ask('exchange.declare', { exchange, type: 'direct', arguments: { 'alternate-exchange': 'not.there' } });
    talk.publish({ exchange, routingKey: 'k', mandatory: true }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.return', exchange, body: 'a' });
  });

  it('alternate exchanges in a circle end, and the Message is returned', async () => {
    await using talk = await Talk.open(target);
    const [one, two] = [newName(), newName()];
    await talk.ask('exchange.declare', { exchange: one, type: 'direct', arguments: { 'alternate-exchange': two } });
    await talk.ask('exchange.declare', { exchange: two, type: 'direct', arguments: { 'alternate-exchange': one } });
    talk.publish({ exchange: one, routingKey: 'k', mandatory: true }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.return', exchange: one });
  });

  it.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>, boolean]>([
    ['a void value asks for presence', { a: null }, { a: 'any' }, true],
    [
      'numbers are equal whatever their width',
      { a: { type: 'byte', value: 1 } },
      { a: { type: 'long', value: 1n } },
      true,
    ],
    ['an integer is equal to a float', { a: 1 }, { a: { type: 'double', value: 1 } }, true],
    ['a text is no number', { a: '1' }, { a: 1 }, false],
    ['an empty all matches everything', {}, { a: 1 }, true],
    ['an empty any matches nothing', { 'x-match': 'any' }, { a: 1 }, false],
  ])('headers: %s', async (_name, args, headers, isMatch) => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: 'amq.headers', arguments: args });
    talk.publish({ exchange: 'amq.headers' }, 'a', { headers: fields(headers) });
    expect(await talk.drained(queue)).toEqual(isMatch ? ['a'] : []);
  });

  it.each<[unknown, string]>([
    [1, 'type signedint (value 1); expected longstr'],
    [{ type: 'float', value: 2 }, 'type float (value 2.0); expected longstr'],
    [['a'], 'type array (value [{longstr,<<"a">>}]); expected longstr'],
    [{ type: 'binary', value: new Uint8Array([97]) }, 'type binary (value <<"a">>); expected longstr'],
    [{ type: 'binary', value: new Uint8Array([0, 97]) }, 'type binary (value <<0,97>>); expected longstr'],
    [null, 'type void (value undefined); expected longstr'],
    ['', 'value <<>>; expected all, any, all-with-x, or any-with-x'],
  ])('x-match of %j is 406', async (value, text) => {
    await using talk = await Talk.open(target);
    const bound = { queue: await talk.queue(), exchange: 'amq.headers', arguments: { 'x-match': value } };
    expect(await talk.ask('queue.bind', bound)).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - Invalid x-match field ${text}`,
    });
  });

  it('auto-delete goes on from an exchange to those that were bound to it', async () => {
    await using talk = await Talk.open(target);
    const [source, destination] = [newName(), newName()];
    for (const exchange of [source, destination]) {
      await talk.ask('exchange.declare', { exchange, type: 'fanout', autoDelete: true });
    }
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: destination });
    await talk.ask('exchange.bind', { source, destination });
    await talk.ask('queue.delete', { queue });
    for (const exchange of [destination, source]) {
      expect(await talk.ask('exchange.declare', { exchange, passive: true }), exchange).toMatchObject({
        replyCode: 404,
      });
      talk.tell('channel.close-ok');
      await talk.ask('channel.open');
    }
  });
});

describe('queues', () => {
  it('passive with no name does not mean the last one', async () => {
    await using talk = await Talk.open(target);
    await talk.queue();
    expect(await talk.ask('queue.declare', { passive: true })).toMatchObject({
      replyCode: 404,
      replyText: "NOT_FOUND - no queue '' in vhost '/'",
    });
  });

  it('the last declared one is meant by purge, get, consume and delete as well', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    await talk.send(queue, 'a', 'b');
    expect(await talk.ask('basic.get', { noAck: true })).toMatchObject({ body: 'a' });
    expect(await talk.ask('queue.purge')).toMatchObject({ messageCount: 1 });
    expect(await talk.ask('basic.consume', { consumerTag: 'c' })).toMatchObject({ name: 'basic.consume-ok' });
    await talk.ask('basic.cancel', { consumerTag: 'c' });
    expect(await talk.ask('queue.delete')).toEqual({ name: 'queue.delete-ok', messageCount: 0 });
  });

  it.each([
    ['the owner declares it without the flag', true, false],
    ['anyone declares one with the flag that has it not', false, true],
  ])('exclusive is 405 when %s', async (_name, exclusive, wanted) => {
    await using talk = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue, exclusive });
    expect(await talk.ask('queue.declare', { queue, exclusive: wanted })).toMatchObject({
      replyCode: 405,
      replyText: expect.stringContaining(`cannot obtain exclusive access to locked queue '${queue}'`),
    });
  });

  it('a name that the server made up is not declared again, only passively', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    expect(await talk.ask('queue.declare', { queue, passive: true })).toMatchObject({ queue });
    expect(await talk.ask('queue.declare', { queue, exclusive: true })).toMatchObject({ replyCode: 403 });
  });

  it('attributes are compared before arguments, durable first', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue });
    const other = { queue, durable: true, autoDelete: true, arguments: { 'x-max-length': 1 } };
    expect((await talk.ask('queue.declare', other)).replyText).toContain("inequivalent arg 'durable'");
  });

  it.each(['channel.close', 'connection.close'] as const)('auto-delete goes with %s', async (name) => {
    await using other = await Talk.open(target);
    const queue = newName();
    const talk = await Talk.open(target);
    await talk.ask('queue.declare', { queue, autoDelete: true });
    await talk.ask('basic.consume', { queue });
    await talk.ask(name, { replyCode: 200 }, name === 'channel.close' ? 1 : 0);
    await expect
      .poll(async () => (await other.ask('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'k' })).replyCode)
      .toBe(404);
    await talk.client[Symbol.asyncDispose]();
  });

  it('deletion takes bindings along: an exchange has no destination then', async () => {
    await using talk = await Talk.open(target);
    const exchange = newName();
    const queue = await talk.queue();
    await talk.ask('exchange.declare', { exchange, type: 'fanout' });
    await talk.ask('queue.bind', { queue, exchange });
    await talk.ask('queue.delete', { queue });
    talk.publish({ exchange, mandatory: true }, 'a');
    expect(await talk.next()).toMatchObject({ name: 'basic.return', replyCode: 312 });
    expect(await talk.ask('exchange.delete', { exchange, ifUnused: true })).toEqual({ name: 'exchange.delete-ok' });
  });

  it('bindings with other arguments are other bindings', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const bound = { queue, exchange: 'amq.direct', routingKey: newName() };
    for (const n of [1, 2]) await talk.ask('queue.bind', { ...bound, arguments: { n } });
    await talk.ask('queue.unbind', { ...bound, arguments: { n: 1 } });
    talk.publish(bound, 'still bound');
    expect(await talk.drained(queue)).toEqual(['still bound']);
    await talk.ask('queue.unbind', { ...bound, arguments: { n: 2 } });
    talk.publish(bound, 'not any more');
    expect(await talk.drained(queue)).toEqual([]);
  });
});
