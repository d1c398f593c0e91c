// Advisory class "memory, length, frame, nesting, credit" (reliability 1.3 and 2.e): each bound of the profile `hardened`
// is enforced with the reply code that RabbitMQ uses for its like and a text that names the limit; the profile `rabbitmq`
// has RabbitMQ's values. Bytes that break frames and tables are in malformed.test.ts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limitsOf, PROFILES } from '../../src/broker/index.ts';
import { type Broker, startBroker } from '../../src/broker.ts';
import { RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

/** Small enough to be reached by a test; what is not here is the profile's. */
const SMALL = {
  queuesPerVhost: 3,
  bindingsPerQueue: 2,
  topicPlaces: 4,
  messageBytes: 200_000,
};

const FEW = { connectionsPerNode: 4, connectionsPerUser: 3, connectionsPerVhost: 2 };

let hardened: Broker;
let plain: Broker;

beforeAll(async () => {
  hardened = await startBroker({ amqpPort: 0, logger: 'silent', profile: 'hardened', limits: SMALL });
  plain = await startBroker({ amqpPort: 0, logger: 'silent' });
});
afterAll(async () => {
  await hardened.stop();
  await plain.stop();
});

/** How each profile answers the same bytes on an open channel: a close, or null when channel 2 opens behind them. */
async function answers(...sent: readonly Buffer[]): Promise<readonly (readonly [string, number, string] | null)[]> {
  return [await answerOf(hardened, sent), await answerOf(plain, sent)];
}

async function answerOf({ amqpPort }: Broker, sent: readonly Buffer[]) {
  await using client = await RawClient.open(amqpPort);
  // The queue of the server's choice is there while the second channel opens.
  client.send(...sent, wire.get(1, '', true));
  const close = await client.until(
    () => client.closes()[0] ?? (client.frames.some(({ name }) => /^60\.7[12]$/.test(name)) ? null : undefined),
    'an answer',
  );
  return close === null ? null : ([close.scope, close.code, close.text] as const);
}

const declared = wire.queueDeclare(1, '');
const entries = (count: number) => Array.from({ length: count }, (_, at) => wire.field(`x-${at}`, 't', wire.u8(1)));
const bind = (key: string, exchange = 'amq.topic') =>
  wire.method(
    1,
    50,
    20,
    wire.u16(0),
    wire.shortstr(''),
    wire.shortstr(exchange),
    wire.shortstr(key),
    wire.u8(0),
    wire.table(),
  );
const withHeaders = (count: number) =>
  Buffer.concat([
    wire.publishMethod(1, '', 'nowhere'),
    wire.contentHeader(1, 0, Buffer.concat([wire.u16(0x2000), wire.table(...entries(count))])),
  ]);
const words = (count: number) => Array.from({ length: count }, () => '').join('.');

describe('memory, length, nesting', () => {
  it('the body of a Message: 406 before it is there', async () => {
    const big = Buffer.concat([
      wire.publishMethod(1, '', 'q'),
      wire.contentHeader(1, 200_001),
      wire.contentBody(1, Buffer.alloc(100_000)),
      wire.contentBody(1, Buffer.alloc(100_001)),
    ]);
    const text = 'PRECONDITION_FAILED - message size 200001 is larger than configured max size 200000';
    expect(await answers(declared, big)).toEqual([['channel', 406, text], null]);
  });

  it('1,025 entries in the table of a method: 502; 1,024 are fine', async () => {
    const declare = (count: number) => wire.queueDeclare(1, '', 0b00100, wire.table(...entries(count)));
    expect(await answers(declare(1_024))).toEqual([null, null]);
    const [refused, taken] = await answers(declare(1_025));
    expect(refused).toMatchObject(['connection', 502, expect.stringContaining('limit tableEntries (1024)')]);
    expect(taken).toBe(null);
  });

  it('items of nested arrays are entries too', async () => {
    const items = wire.longstr(Buffer.from('V'.repeat(2_000)));
    const [refused] = await answers(wire.queueDeclare(1, '', 0b00100, wire.table(wire.field('a', 'A', items))));
    expect(refused).toMatchObject(['connection', 502, expect.stringContaining('2001 entries')]);
  });

  it('257 headers of a Message: 406; 256 are fine', async () => {
    expect(await answers(declared, withHeaders(256))).toEqual([null, null]);
    const text = 'PRECONDITION_FAILED - message with 257 headers is above the limit headers (256)';
    expect(await answers(declared, withHeaders(257))).toEqual([['channel', 406, text], null]);
  });

  it('129 words of a topic, in a pattern and in a key: 406; 128 are fine', async () => {
    expect(
      await answers(declared, bind(words(128)), wire.publish(1, 'amq.topic', words(128), Buffer.from(''))),
    ).toEqual([null, null]);
    const text = 'PRECONDITION_FAILED - routing key of 129 words is longer than the limit topicWords (128)';
    expect(await answers(declared, bind(words(129)))).toEqual([['channel', 406, text], null]);
    const published = wire.publish(1, 'amq.topic', words(129), Buffer.from(''));
    expect(await answers(declared, published)).toEqual([['channel', 406, text], null]);
  });

  it('257 consumers on a channel: 530; 256 are fine', async () => {
    const consumers = (count: number) => Array.from({ length: count }, (_, at) => wire.consume(1, '', `c${at}`));
    expect(await answers(declared, ...consumers(256))).toEqual([null, null]);
    const text = 'NOT_ALLOWED - reached maximum (256) of consumers per channel (consumersPerChannel)';
    expect(await answers(declared, ...consumers(257))).toEqual([['connection', 530, text], null]);
  });

  it('bindings of one queue: 406; a binding that is there already is none', async () => {
    const two = [bind('a'), bind('b'), bind('a')];
    expect(await answers(declared, ...two)).toEqual([null, null]);
    const [refused, taken] = await answers(declared, ...two, bind('c'));
    expect(refused).toMatchObject(['channel', 406, expect.stringContaining('(bindingsPerQueue, 2) is reached')]);
    expect(taken).toBe(null);
  });

  it('places behind # in one topic exchange: 406; without # there are none, and what is unbound gives its own back', async () => {
    const topic = (name: string) =>
      wire.method(1, 40, 10, wire.u16(0), ...[name, 'topic'].map(wire.shortstr), wire.u8(0), wire.table());
    const unbind = (key: string, exchange: string) =>
      wire.method(1, 50, 50, wire.u16(0), ...['', exchange, key].map(wire.shortstr), wire.table());
    const one = topic('places-one');
    const some = [bind('a.#.b', 'places-one'), unbind('a.#.b', 'places-one'), bind('*.c.d.e.f', 'places-one')];
    expect(await answers(declared, one, ...some, bind('#.a.b.c', 'places-one'))).toEqual([null, null]);
    const many = [bind('#.a.b', 'places-two'), bind('#.#', 'places-two')];
    const [refused, taken] = await answers(declared, topic('places-two'), ...many);
    expect(refused).toMatchObject(['channel', 406, expect.stringContaining('(topicPlaces, 4) is reached')]);
    expect(taken).toBe(null);
  });

  it('queues of a vhost: 406', async () => {
    const text = /^PRECONDITION_FAILED - cannot declare queue '.*': queue limit in vhost '\/' \(3\) is reached$/;
    expect(await answers(declared, declared, declared)).toEqual([null, null]);
    const [refused, taken] = await answers(declared, declared, declared, declared);
    expect(refused).toMatchObject(['channel', 406, expect.stringMatching(text)]);
    expect(taken).toBe(null);
  });
});

describe('connections', () => {
  it('of a vhost, of a user, of the node: 530 with a text for each', async () => {
    await using few = await startBroker({ amqpPort: 0, logger: 'silent', profile: 'hardened', limits: FEW });
    const { admin, amqpPort } = few;
    const clients: RawClient[] = [];
    const opened = async (vhost: string) => {
      const client = await RawClient.connect(amqpPort);
      clients.push(client);
      const open = wire.method(0, 10, 40, wire.shortstr(vhost), wire.shortstr(''), wire.u8(0));
      client.send(wire.PROTOCOL_HEADER, wire.startOk, wire.tuneOk(), open);
      return client.until(
        () => client.closes()[0] ?? (client.frames.some(({ name }) => name === '10.41') ? null : undefined),
        'an answer',
      );
    };
    await admin.addVhost('other');
    await admin.setPermissions({ user: 'guest', vhost: 'other', configure: '.*', write: '.*', read: '.*' });
    expect([await opened('/'), await opened('/')]).toEqual([null, null]);
    const ofVhost = "NOT_ALLOWED - access to vhost '/' refused for user 'guest': connection limit (2) is reached";
    expect(await opened('/')).toMatchObject({ code: 530, text: ofVhost });
    expect(await opened('other')).toBe(null);
    const ofUser = "NOT_ALLOWED - connection refused for user 'guest': user connection limit (3) is reached";
    expect(await opened('other')).toMatchObject({ code: 530, text: ofUser });
    // The user's own limit goes before the profile's.
    await admin.setUserLimits('guest', { connectionsMax: 100 });
    expect(await opened('other')).toBe(null);
    const ofNode = 'NOT_ALLOWED - connection refused: node connection limit (4) is reached';
    expect(await opened('other')).toMatchObject({ code: 530, text: ofNode });
    for (const client of clients) client.socket.destroy();
  });

  it('a heartbeat below 5 s: 530; none, and 5 s, are agreed', async () => {
    const tuned = async ({ amqpPort }: Broker, heartbeatS: number) => {
      await using client = await RawClient.connect(amqpPort);
      client.send(wire.PROTOCOL_HEADER, wire.startOk, wire.tuneOk(131_072, heartbeatS), wire.open);
      const close = await client.until(
        () => client.closes()[0] ?? (client.frames.some(({ name }) => name === '10.41') ? null : undefined),
        'an answer',
      );
      return close === null ? null : [close.code, close.text];
    };
    const text = 'NOT_ALLOWED - heartbeat of 4 s is below the limit heartbeatMinS (5)';
    expect(await tuned(hardened, 4)).toEqual([530, text]);
    expect([await tuned(hardened, 5), await tuned(hardened, 0), await tuned(plain, 1)]).toEqual([null, null, null]);
  });

  it('before the login a frame may have 8,192 bytes, after it what was agreed', async () => {
    for (const { amqpPort } of [hardened, plain]) {
      await using client = await RawClient.connect(amqpPort);
      client.send(wire.PROTOCOL_HEADER, wire.frame(1, 0, Buffer.alloc(4), 0xce, 8_193));
      expect(await client.end()).toBe(null);
      await using later = await RawClient.open(amqpPort);
      later.send(declared, wire.publish(1, '', 'q', Buffer.alloc(100_000)), wire.get(1, '', true));
      await later.method('60.72');
    }
  });
});

it('the whole handshake has 10 s, however slowly it goes on', { timeout: 30_000 }, async () => {
  const fromMs = performance.now();
  const silent = await RawClient.connect(plain.amqpPort);
  const slow = await RawClient.connect(plain.amqpPort);
  const started = await RawClient.connect(plain.amqpPort);
  started.send(wire.PROTOCOL_HEADER);
  let sent = 0;
  const timer = setInterval(() => slow.send(wire.PROTOCOL_HEADER.subarray(sent, ++sent)), 1_500);
  expect(await Promise.all([silent, slow, started].map((client) => client.end(15_000)))).toEqual([null, null, null]);
  clearInterval(timer);
  expect(performance.now() - fromMs).toBeGreaterThan(9_900);
});

describe('profiles', () => {
  it('hardened bounds everything, explicit limits go first, and what is no limit is refused', () => {
    expect(Object.values(PROFILES.hardened).every(Number.isFinite)).toBe(true);
    expect(limitsOf('hardened', { headers: 7 })).toEqual({ ...PROFILES.hardened, headers: 7 });
    expect(limitsOf('rabbitmq')).toEqual(PROFILES.rabbitmq);
    expect(() => limitsOf('hardened', { header: 7 } as never)).toThrow("there is no limit 'header'");
    expect(() => limitsOf('hardened', { headers: Number.NaN })).toThrow('headers must be at least 0');
    expect(() => limitsOf('soft' as never)).toThrow('profile must be rabbitmq or hardened, got soft');
  });
});
