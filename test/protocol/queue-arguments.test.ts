// The arguments of queues, one by one: what is refused and how, what is compared when a queue is declared again, and what
// each one does to the Messages of a classic queue (digest 6 and 9).
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fields, newName, startTarget, Talk, type Target } from '../support/talk.ts';

let target: Target;
beforeAll(async () => {
  target = await startTarget();
});
afterAll(() => target[Symbol.asyncDispose]());

const TOO_LONG_MS = 315_360_000_001;

/** What the server says about an argument of a new queue, as far as it is about the value. */
async function refusal(args: Readonly<Record<string, unknown>>): Promise<string> {
  await using talk = await Talk.open(target);
  const queue = newName();
  const { name, replyCode, replyText } = await talk.ask('queue.declare', { queue, exclusive: true, arguments: args });
  return name === 'queue.declare-ok' ? name : `${replyCode} ${replyText}`.replace(`'${queue}' in vhost '/'`, 'Q');
}

describe('a new queue is refused with 406 for', () => {
  const invalid = (argument: string, why: string) =>
    `406 PRECONDITION_FAILED - invalid arg '${argument}' for queue Q: ${why}`;
  const NO_INTEGER = '"expected integer, got longstr"';

  it.each<[string, unknown, string]>([
    ['x-expires', 0, '{value_zero,0}'],
    ['x-expires', TOO_LONG_MS, `{value_too_large,${TOO_LONG_MS}}`],
    ['x-message-ttl', -1, '{value_negative,-1}'],
    ['x-message-ttl', 'long', NO_INTEGER],
    ['x-message-ttl', TOO_LONG_MS, `{value_too_large,${TOO_LONG_MS}}`],
    ['x-dead-letter-routing-key', 'k', 'routing_key_but_no_dlx_defined'],
    ['x-dead-letter-routing-key', 1, '{unacceptable_type,signedint}'],
    ['x-max-length', -1, '{value_negative,-1}'],
    ['x-max-length', 'long', NO_INTEGER],
    ['x-max-length-bytes', -1, '{value_negative,-1}'],
    ['x-max-priority', 256, '{max_value_exceeded,256}'],
    ['x-max-priority', -1, '{value_negative,-1}'],
    ['x-overflow', 'nope', 'invalid_overflow'],
    ['x-overflow', 1, '{unacceptable_type,signedint}'],
    ['x-queue-mode', 'nope', `"unsupported queue mode 'nope'"`],
    ['x-queue-version', 3, `"unsupported queue version '3'"`],
    ['x-queue-version', -1, '{value_negative,-1}'],
    ['x-queue-type', 'nope', `"unsupported queue type 'nope'"`],
    ['x-single-active-consumer', 1, '{unacceptable_type,signedint}'],
  ])('%s: %j', async (argument, value, why) => {
    expect(await refusal({ [argument]: value })).toBe(invalid(argument, why));
  });

  it('x-initial-cluster-size of a stream that is 0', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    const args = { 'x-queue-type': 'stream', 'x-initial-cluster-size': 0 };
    const { replyText } = await talk.ask('queue.declare', { queue, durable: true, arguments: args });
    expect(replyText).toContain(
      `invalid arg 'x-initial-cluster-size' for queue '${queue}' in vhost '/': {value_zero,0}`,
    );
  });

  it('x-dead-letter-exchange that is no string', async () => {
    expect(await refusal({ 'x-dead-letter-exchange': 1 })).toBe(
      "406 PRECONDITION_FAILED - invalid type 'signedint' for arg 'x-dead-letter-exchange' in queue Q",
    );
  });

  it.each([
    'x-max-in-memory-length',
    'x-max-in-memory-bytes',
    'x-quorum-initial-group-size',
    'x-initial-cluster-size',
    'x-stream-max-segment-size-bytes',
  ])('%s, which no classic queue has', async (argument) => {
    expect(await refusal({ [argument]: 3 })).toBe(
      `406 PRECONDITION_FAILED - invalid arg '${argument}' for queue Q of queue type rabbit_classic_queue`,
    );
  });
});

describe('a queue that is declared again is compared in', () => {
  it.each<[string, unknown, unknown]>([
    ['x-expires', 60_000, 60_001],
    ['x-message-ttl', 1, 2],
    ['x-dead-letter-exchange', 'a', 'b'],
    ['x-max-length', 1, 2],
    ['x-max-length-bytes', 1, 2],
    ['x-max-priority', 1, 2],
    ['x-overflow', 'drop-head', 'reject-publish'],
    ['x-queue-mode', 'default', 'lazy'],
    ['x-queue-version', 1, 2],
    ['x-single-active-consumer', true, false],
  ])('%s', async (argument, old, now) => {
    await using talk = await Talk.open(target);
    const declared = { queue: newName(), exclusive: true };
    await talk.ask('queue.declare', { ...declared, arguments: { [argument]: old } });
    const again = { ...declared, arguments: { [argument]: old } };
    expect(await talk.ask('queue.declare', again)).toMatchObject({ name: 'queue.declare-ok' });
    expect(await talk.ask('queue.declare', { ...declared, arguments: { [argument]: now } })).toMatchObject({
      replyCode: 406,
      replyText: `PRECONDITION_FAILED - inequivalent arg '${argument}' for queue '${declared.queue}' in vhost '/': received '${now}' but current is '${old}'`,
    });
  });

  it('x-dead-letter-routing-key', async () => {
    await using talk = await Talk.open(target);
    const declared = { queue: newName(), exclusive: true };
    const args = (key: string) => ({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': key });
    await talk.ask('queue.declare', { ...declared, arguments: args('a') });
    expect((await talk.ask('queue.declare', { ...declared, arguments: args('b') })).replyText).toContain(
      "inequivalent arg 'x-dead-letter-routing-key'",
    );
  });

  it.each<[string, unknown, string]>([
    ['a float', { type: 'double', value: 1 }, "'1.0'"],
    ['nothing', null, 'none'],
  ])('x-max-length, told as %s', async (_name, value, text) => {
    await using talk = await Talk.open(target);
    const declared = { queue: newName(), exclusive: true };
    await talk.ask('queue.declare', { ...declared, arguments: { 'x-max-length': 1 } });
    const again = await talk.ask('queue.declare', { ...declared, arguments: { 'x-max-length': value } });
    expect(again.replyText).toContain(`received ${text} but current is '1'`);
  });

  it('no argument that is unknown, and numbers by value', async () => {
    await using talk = await Talk.open(target);
    const declared = { queue: newName(), exclusive: true };
    await talk.ask('queue.declare', { ...declared, arguments: { 'x-max-length': 5, 'x-mine': 1 } });
    const args = { 'x-max-length': { type: 'byte', value: 5 }, 'x-mine': 2 };
    expect(await talk.ask('queue.declare', { ...declared, arguments: args })).toMatchObject({ messageCount: 0 });
  });
});

/** Waits until a queue is empty; what it holds leaves by time. */
async function emptied(talk: Talk, queue: string): Promise<void> {
  for (;;) {
    const { messageCount } = await talk.ask('queue.declare', { queue, passive: true });
    if (messageCount === 0) return;
  }
}

/** A queue, and one that gets its dead letters. */
async function withLetters(talk: Talk, args: Readonly<Record<string, unknown>>) {
  const letters = await talk.queue();
  const queue = await talk.queue({ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': letters, ...args });
  return { queue, letters };
}

const DEATH = (queue: string, reason: string, more = {}) => ({
  'x-death': [{ count: 1, reason, queue, time: expect.any(Number), exchange: '', 'routing-keys': [queue], ...more }],
  'x-first-death-reason': reason,
  'x-first-death-queue': queue,
  'x-first-death-exchange': '',
});

/** The next dead letter, when it has come. */
async function letter(talk: Talk, letters: string) {
  for (;;) {
    const answer = await talk.ask('basic.get', { queue: letters, noAck: true });
    if (answer.name === 'basic.get-ok') return answer;
  }
}

describe('a classic queue', () => {
  it('with x-message-ttl drops what is older', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-message-ttl': 20 });
    await talk.send(queue, 'a', 'b');
    await emptied(talk, queue);
    expect(await talk.drained(queue)).toEqual([]);
  });

  it('takes the lower one of x-message-ttl and expiration, and keeps what waits behind a longer one', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-message-ttl': 60_000 });
    await talk.ask('confirm.select');
    talk.publish({ routingKey: queue }, 'short', { expiration: '20' });
    await talk.next();
    await emptied(talk, queue);
    for (const [body, expiration] of Object.entries({ long: '60000', short: '1' })) {
      talk.publish({ routingKey: queue }, body, { expiration });
      await talk.next();
    }
    expect(await talk.ask('queue.declare', { queue, passive: true })).toMatchObject({ messageCount: 2 });
    expect(await talk.ask('basic.get', { queue })).toMatchObject({ body: 'long' });
    await emptied(talk, queue);
  });

  it('with x-expires goes when nobody uses it', async () => {
    await using talk = await Talk.open(target);
    await using other = await Talk.open(target);
    const queue = newName();
    await talk.ask('queue.declare', { queue, arguments: { 'x-expires': 30 } });
    // Each passive declaration counts as use: what does not is a binding that another one asks for.
    for (;;) {
      const answer = await other.ask('queue.bind', { queue, exchange: 'amq.direct', routingKey: 'k' });
      if (answer.name === 'channel.close') {
        expect(answer).toMatchObject({ replyCode: 404, replyText: `NOT_FOUND - no queue '${queue}' in vhost '/'` });
        return;
      }
    }
  });

  it('with x-dead-letter-exchange sends there what is rejected, with its history', async () => {
    await using talk = await Talk.open(target);
    const { queue, letters } = await withLetters(talk, {});
    await talk.send(queue, 'a');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.reject', { deliveryTag });
    expect(await letter(talk, letters)).toMatchObject({
      body: 'a',
      exchange: '',
      routingKey: letters,
      properties: { headers: DEATH(queue, 'rejected') },
    });
  });

  it('with x-dead-letter-exchange sends there what expired, without its expiration', async () => {
    await using talk = await Talk.open(target);
    const { queue, letters } = await withLetters(talk, {});
    talk.publish({ routingKey: queue }, 'a', { expiration: '10' });
    expect((await letter(talk, letters)).properties).toEqual({
      headers: DEATH(queue, 'expired', { 'original-expiration': '10' }),
    });
  });

  it('without x-dead-letter-routing-key keeps the keys of a dead letter', async () => {
    await using talk = await Talk.open(target);
    const letters = await talk.queue();
    const exchange = newName();
    await talk.ask('exchange.declare', { exchange, type: 'topic', autoDelete: true });
    await talk.ask('queue.bind', { queue: letters, exchange, routingKey: 'own.*' });
    const queue = await talk.queue({ 'x-dead-letter-exchange': exchange });
    await talk.ask('queue.bind', { queue, exchange: 'amq.topic', routingKey: 'own.#' });
    talk.publish({ exchange: 'amq.topic', routingKey: 'own.key' }, 'a');
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.nack', { deliveryTag });
    expect(await letter(talk, letters)).toMatchObject({ exchange, routingKey: 'own.key' });
  });

  it('drops a dead letter that would go in a circle without a reject', async () => {
    await using talk = await Talk.open(target);
    const queue = newName();
    const args = { 'x-dead-letter-exchange': '', 'x-message-ttl': 10 };
    await talk.ask('queue.declare', { queue, exclusive: true, arguments: args });
    await talk.send(queue, 'a');
    await emptied(talk, queue);
    expect(await talk.drained(queue)).toEqual([]);
  });

  it('with x-max-length drops its oldest, which become dead letters', async () => {
    await using talk = await Talk.open(target);
    const { queue, letters } = await withLetters(talk, { 'x-max-length': 2 });
    await talk.send(queue, 'a', 'b', 'c');
    expect(await letter(talk, letters)).toMatchObject({ body: 'a', properties: { headers: DEATH(queue, 'maxlen') } });
    expect(await talk.drained(queue)).toEqual(['b', 'c']);
  });

  it('with x-max-length-bytes counts bodies only', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-max-length-bytes': 4 });
    for (const body of ['aa', 'bb', 'c']) talk.publish({ routingKey: queue }, body, { messageId: 'long' });
    expect(await talk.drained(queue)).toEqual(['bb', 'c']);
  });

  it.each([
    ['drop-head', [], ['b']],
    ['reject-publish', ['basic.nack'], ['a']],
    ['reject-publish-dlx', ['basic.nack'], ['a']],
  ])('with x-overflow %s', async (overflow, refused, kept) => {
    await using talk = await Talk.open(target);
    const { queue, letters } = await withLetters(talk, { 'x-max-length': 1, 'x-overflow': overflow });
    await talk.ask('confirm.select');
    const heard: string[] = [];
    for (const body of ['a', 'b']) {
      talk.publish({ routingKey: queue }, body);
      heard.push((await talk.next()).name);
    }
    expect(heard.filter((name) => name !== 'basic.ack')).toEqual(refused);
    if (overflow === 'reject-publish') expect(await talk.drained(letters)).toEqual([]);
    else expect((await letter(talk, letters)).body).toBe(overflow === 'drop-head' ? 'a' : 'b');
    expect(await talk.drained(queue)).toEqual(kept);
  });

  it('with x-max-priority gives the higher first, in order within one, and caps what is above', async () => {
    await using talk = await Talk.open(target);
    const queue = await talk.queue({ 'x-max-priority': 3 });
    for (const [body, priority] of [
      ['none', undefined],
      ['two', 2],
      ['nine', 9],
      ['three', 3],
      ['zero', 0],
    ] as const) {
      talk.publish({ routingKey: queue }, body, { priority });
    }
    await talk.ask('queue.declare', { queue, passive: true });
    expect(await talk.drained(queue)).toEqual(['nine', 'three', 'two', 'none', 'zero']);
  });

  it.each([{ 'x-queue-mode': 'lazy' }, { 'x-queue-version': 2 }, { 'x-queue-type': 'classic' }])(
    'with %j is one like any other',
    async (args) => {
      await using talk = await Talk.open(target);
      const queue = await talk.queue(args);
      await talk.send(queue, 'a', 'b');
      expect(await talk.drained(queue)).toEqual(['a', 'b']);
    },
  );

  it('replaces a header x-death that is no history, and names no first death then', async () => {
    await using talk = await Talk.open(target);
    const { queue, letters } = await withLetters(talk, {});
    talk.publish({ routingKey: queue }, 'a', { headers: fields({ 'x-death': 'mine' }) });
    const { deliveryTag } = await talk.ask('basic.get', { queue });
    talk.tell('basic.reject', { deliveryTag });
    expect((await letter(talk, letters)).properties).toEqual({
      headers: { 'x-death': DEATH(queue, 'rejected')['x-death'] },
    });
  });
});
