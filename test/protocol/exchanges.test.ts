// The class exchange, method by method, its flags, its arguments and where each type routes (digest 5).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fields, newName, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

const TO_DEFAULT = 'ACCESS_REFUSED - operation not permitted on the default exchange';

async function exchange(talk: Talk, type: string, args = {}, flags = {}): Promise<string> {
  const name = newName();
  const declared = { exchange: name, type, autoDelete: true, arguments: args, ...flags };
  expect(await talk.ask('exchange.declare', declared)).toEqual({ name: 'exchange.declare-ok' });
  return name;
}

describe('exchange.declare', () => {
  it('is answered with declare-ok, again when it is equivalent, with 406 when it is not', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'direct');
    expect(await talk.ask('exchange.declare', { exchange: name, type: 'direct', autoDelete: true })).toMatchObject({
      name: 'exchange.declare-ok',
    });
    expect(await talk.ask('exchange.declare', { exchange: name, type: 'fanout', durable: true })).toEqual({
      name: 'channel.close',
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - inequivalent arg 'type' for exchange '${name}' in vhost '/': received 'fanout' but current is 'direct'`,
      classId: 40,
      methodId: 10,
    });
  });

  it.each([
    ['durable', { durable: true }, "'durable'"],
    ['auto-delete', { autoDelete: false }, "'auto_delete'"],
    ['internal', { internal: true }, "'internal'"],
  ])('%s is compared with what is there', async (_name, change, word) => {
    await using talk = await Talk.open(target);
    const declared = { exchange: await exchange(talk, 'direct'), type: 'direct', autoDelete: true };
    expect((await talk.ask('exchange.declare', { ...declared, ...change })).replyText).toContain(
      `inequivalent arg ${word}`,
    );
  });

  it('passive asks for the name only, and is 404 where there is none', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'fanout');
    expect(await talk.ask('exchange.declare', { exchange: name, type: 'topic', passive: true, durable: true })).toEqual(
      {
        name: 'exchange.declare-ok',
      },
    );
    expect(await talk.ask('exchange.declare', { exchange: 'no.x', passive: true })).toMatchObject({
      replyCode: 404,
      replyText: "NOT_FOUND - no exchange 'no.x' in vhost '/'",
    });
  });

  it('nowait is not answered', async () => {
    await using talk = await Talk.open(target);
    const name = newName();
    talk.tell('exchange.declare', { exchange: name, type: 'direct', nowait: true });
    expect(await talk.ask('queue.declare', { exclusive: true })).toMatchObject({ name: 'queue.declare-ok' });
    expect(await talk.ask('exchange.delete', { exchange: name })).toEqual({ name: 'exchange.delete-ok' });
  });

  it('of an unknown type is 503', async () => {
    await using talk = await Talk.open(target);
    talk.tell('exchange.declare', { exchange: newName(), type: 'nope' });
    expect(await talk.next(0)).toMatchObject({
      replyCode: 503,
      replyText: "COMMAND_INVALID - unknown exchange type 'nope'",
    });
  });

  it('of a new name that begins with amq. is 403', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('exchange.declare', { exchange: 'amq.mine', type: 'direct' })).toMatchObject({
      replyCode: 403,
      replyText: "ACCESS_REFUSED - exchange name 'amq.mine' contains reserved prefix 'amq.*'",
    });
  });

  it.each([
    ['amq.direct', 'direct'],
    ['amq.fanout', 'fanout'],
    ['amq.topic', 'topic'],
    ['amq.headers', 'headers'],
    ['amq.match', 'headers'],
  ])('%s is there', async (name, type) => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('exchange.declare', { exchange: name, type, durable: true })).toMatchObject({
      name: 'exchange.declare-ok',
    });
  });

  it('of the default exchange is 403', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('exchange.declare', { type: 'direct' })).toMatchObject({
      replyCode: 403,
      replyText: TO_DEFAULT,
    });
  });
});

describe('exchange.delete', () => {
  it('is answered with delete-ok, for what is not there too', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'direct');
    expect(await talk.ask('exchange.delete', { exchange: name })).toEqual({ name: 'exchange.delete-ok' });
    expect(await talk.ask('exchange.delete', { exchange: name })).toEqual({ name: 'exchange.delete-ok' });
    expect(await talk.ask('exchange.declare', { exchange: name, passive: true })).toMatchObject({ replyCode: 404 });
  });

  it('if-unused is 406 while something is bound', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'direct');
    await talk.ask('queue.bind', { queue: await talk.queue(), exchange: name });
    expect(await talk.ask('exchange.delete', { exchange: name, ifUnused: true })).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - exchange '${name}' in vhost '/' in use`,
      classId: 40,
      methodId: 20,
    });
  });

  it('nowait is not answered, and of a system exchange is 403', async () => {
    await using talk = await Talk.open(target);
    talk.tell('exchange.delete', { exchange: 'no.x', nowait: true });
    expect(await talk.ask('exchange.delete', { exchange: 'amq.topic' })).toMatchObject({
      replyCode: 403,
      replyText: "ACCESS_REFUSED - deletion of system exchange 'amq.topic' in vhost '/' not allowed",
    });
  });
});

describe('exchange.bind', () => {
  it('is answered with bind-ok and leads Messages on, until unbind is answered with unbind-ok', async () => {
    await using talk = await Talk.open(target);
    const source = await exchange(talk, 'topic', {}, { autoDelete: false });
    const destination = await exchange(talk, 'fanout', {}, { autoDelete: false });
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: destination });
    const bound = { source, destination, routingKey: 'a.*' };
    expect(await talk.ask('exchange.bind', bound)).toEqual({ name: 'exchange.bind-ok' });
    talk.publish({ exchange: source, routingKey: 'a.b' }, 'one');
    talk.publish({ exchange: source, routingKey: 'b.b' }, 'not for it');
    expect(await talk.drained(queue)).toEqual(['one']);
    expect(await talk.ask('exchange.unbind', bound)).toEqual({ name: 'exchange.unbind-ok' });
    talk.publish({ exchange: source, routingKey: 'a.b' }, 'too late');
    expect(await talk.drained(queue)).toEqual([]);
    for (const name of [source, destination]) await talk.ask('exchange.delete', { exchange: name });
  });

  it('visits each exchange of a circle once, and gives a queue one copy', async () => {
    await using talk = await Talk.open(target);
    const one = await exchange(talk, 'fanout', {}, { autoDelete: false });
    const two = await exchange(talk, 'fanout', {}, { autoDelete: false });
    const queue = await talk.queue();
    for (const [source, destination] of [
      [one, two],
      [two, one],
    ]) {
      await talk.ask('exchange.bind', { source, destination });
      await talk.ask('queue.bind', { queue, exchange: source });
    }
    talk.publish({ exchange: one }, 'round');
    expect(await talk.drained(queue)).toEqual(['round']);
    for (const name of [one, two]) await talk.ask('exchange.delete', { exchange: name });
  });

  it('of an end that is not there is 404; unbind of what is not bound is unbind-ok', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('exchange.unbind', { source: 'amq.direct', destination: 'amq.topic' })).toEqual({
      name: 'exchange.unbind-ok',
    });
    expect(await talk.ask('exchange.bind', { source: 'amq.direct', destination: 'no.x' })).toMatchObject({
      replyCode: 404,
      classId: 40,
      methodId: 30,
    });
  });

  it('and unbind with nowait are not answered', async () => {
    await using talk = await Talk.open(target);
    const bound = { source: 'amq.direct', destination: await exchange(talk, 'fanout'), routingKey: 'k', nowait: true };
    talk.tell('exchange.bind', bound);
    talk.tell('exchange.unbind', bound);
    expect(await talk.ask('basic.qos')).toEqual({ name: 'basic.qos-ok' });
  });

  it('to or from the default exchange is 403', async () => {
    await using talk = await Talk.open(target);
    expect(await talk.ask('exchange.bind', { source: 'amq.direct', routingKey: 'k' })).toMatchObject({
      replyCode: 403,
      replyText: TO_DEFAULT,
    });
  });
});

describe('an exchange', () => {
  it('of type direct routes by the equal key', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'direct');
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: name, routingKey: 'k' });
    for (const routingKey of ['k', 'K', 'k.', '']) talk.publish({ exchange: name, routingKey }, routingKey);
    expect(await talk.drained(queue)).toEqual(['k']);
  });

  it('of type fanout routes whatever the key', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'fanout');
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: name, routingKey: 'k' });
    for (const routingKey of ['k', 'other']) talk.publish({ exchange: name, routingKey }, routingKey);
    expect(await talk.drained(queue)).toEqual(['k', 'other']);
  });

  it.each([
    ['a.*', ['a.b', 'a.']],
    ['#', ['', 'a', 'a.b', 'a.', 'a.b.c']],
    ['a.#', ['a', 'a.b', 'a.', 'a.b.c']],
    ['*', ['a']],
  ])('of type topic routes %s', async (pattern, keys) => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'topic');
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: name, routingKey: pattern });
    for (const routingKey of ['', 'a', 'a.b', 'a.', 'a.b.c']) {
      talk.publish({ exchange: name, routingKey }, `<${routingKey}>`);
    }
    expect(await talk.drained(queue)).toEqual(keys.map((key) => `<${key}>`));
  });

  it.each([
    ['x-match all', { a: 1, 'x-b': 2 }, ['one', 'both', 'a only']],
    ['x-match any', { 'x-match': 'any', a: 1, b: 2 }, ['one', 'both', 'a only', 'b only']],
    ['x-match all-with-x', { 'x-match': 'all-with-x', a: 1, 'x-b': 2 }, ['one']],
    ['x-match any-with-x', { 'x-match': 'any-with-x', 'x-b': 2 }, ['one']],
  ])('of type headers with %s', async (_name, args, bodies) => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'headers');
    const queue = await talk.queue();
    await talk.ask('queue.bind', { queue, exchange: name, arguments: args });
    const sent = { one: { a: 1, 'x-b': 2 }, both: { a: 1, b: 2 }, 'a only': { a: 1 }, 'b only': { b: 2 }, none: {} };
    for (const [body, headers] of Object.entries(sent)) {
      talk.publish({ exchange: name }, body, { headers: fields(headers) });
    }
    expect(await talk.drained(queue)).toEqual(bodies);
  });

  it('of type headers refuses another x-match with 406', async () => {
    await using talk = await Talk.open(target);
    const bound = { queue: await talk.queue(), exchange: 'amq.headers', arguments: { 'x-match': 'some' } };
    expect(await talk.ask('queue.bind', bound)).toMatchObject({
      replyCode: 406,
      replyText:
        'PRECONDITION_FAILED - Invalid x-match field value <<"some">>; expected all, any, all-with-x, or any-with-x',
    });
  });

  it('with alternate-exchange leads there what it has no destination for, which is not returned', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const other = await exchange(talk, 'fanout');
    await talk.ask('queue.bind', { queue, exchange: other });
    const name = await exchange(talk, 'direct', { 'alternate-exchange': other }, { autoDelete: false });
    talk.publish({ exchange: name, routingKey: 'nobody', mandatory: true }, 'lost');
    expect(await talk.drained(queue)).toEqual(['lost']);
    await talk.ask('exchange.delete', { exchange: name });
  });

  it('with an alternate-exchange that is no string is 406', async () => {
    await using talk = await Talk.open(target);
    const name = newName();
    const declared = { exchange: name, type: 'direct', arguments: { 'alternate-exchange': 1 } };
    expect(await talk.ask('exchange.declare', declared)).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - invalid type 'signedint' for arg 'alternate-exchange' in exchange '${name}' in vhost '/'`,
    });
  });

  it('that is internal takes no publish of a client, and what is bound to it', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue();
    const name = await exchange(talk, 'fanout', {}, { internal: true });
    const source = await exchange(talk, 'fanout');
    await talk.ask('queue.bind', { queue, exchange: name });
    await talk.ask('exchange.bind', { source, destination: name });
    talk.publish({ exchange: source }, 'by another');
    expect(await talk.drained(queue)).toEqual(['by another']);
    talk.publish({ exchange: name }, 'by itself');
    expect(await talk.next()).toMatchObject({
      replyCode: 403,
      replyText: `ACCESS_REFUSED - cannot publish to internal exchange '${name}' in vhost '/'`,
      classId: 60,
      methodId: 40,
    });
  });

  it('that is auto-delete goes with the last of its bindings', async () => {
    await using talk = await Talk.open(target);
    const name = await exchange(talk, 'fanout');
    const bound = { queue: await talk.queue(), exchange: name };
    await talk.ask('queue.bind', bound);
    await talk.ask('exchange.declare', { exchange: name, passive: true });
    await talk.ask('queue.unbind', bound);
    expect(await talk.ask('exchange.declare', { exchange: name, passive: true })).toMatchObject({ replyCode: 404 });
  });
});
