// AMQP over WebSocket (features, "AMQP over WebSocket"; reliability 2.e, Origin): the client that browsers use, in Node,
// over TLS and in a browser; who may connect; bounds.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type AMQPBaseClient, AMQPClient, AMQPWebSocketClient } from '@cloudamqp/amqp-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket, { type ClientOptions } from 'ws';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker.ts';
import { Certificates } from '../support/certificates.ts';
import { findChromium, runPage } from '../support/chromium.ts';
import { FrameLog } from '../support/frame-log.ts';
import * as wire from '../support/wire.ts';

const ORIGIN = 'https://app.example.org';
const MIB = 1_048_576;

const start = (options: BrokerOptions = {}): Promise<Broker> =>
  startBroker({ amqpPort: 0, logger: 'silent', webSocket: { tcpPort: 0, origins: [ORIGIN] }, ...options });

const urlOf = ({ webSocketPort }: Broker) => `ws://127.0.0.1:${webSocketPort}/ws/amqp`;

/** What the client does in an application: confirms, prefetch, acks, RPC, a big message, returns, cancel. */
async function session(client: AMQPBaseClient): Promise<void> {
  await client.connect();
  const channel = await client.channel();
  await channel.confirmSelect();
  await channel.prefetch(10);
  const { name } = await channel.queueDeclare('', { exclusive: true });
  const bodies: string[] = [];
  const done = new Promise<void>((resolve) => {
    channel.basicConsume(name, { noAck: false }, async (message) => {
      bodies.push(message.bodyString() ?? '');
      await message.ack();
      if (bodies.length === 100) resolve();
    });
  });
  await Promise.all(Array.from({ length: 100 }, (_, index) => channel.basicPublish('', name, `message ${index}`)));
  await done;
  expect(bodies).toEqual(Array.from({ length: 100 }, (_, index) => `message ${index}`));

  const other = await client.channel();
  const { name: big } = await other.queueDeclare('', { exclusive: true });
  const body = new Uint8Array(MIB).map((_, index) => index % 251);
  const headers = { text: 'x', whole: 7, yes: true, list: [1, 'two'], nested: { a: 1 } };
  await other.basicPublish('', big, body, { headers, contentType: 'application/octet-stream' });
  const got = await other.basicGet(big, { noAck: true });
  expect(Buffer.from(got?.body ?? new Uint8Array()).equals(Buffer.from(body))).toBe(true);
  expect(got?.properties.headers).toMatchObject(headers);

  const returned = new Promise<string>((resolve) => {
    other.onReturn = (message) => resolve(message.replyText ?? '');
  });
  await other.basicPublish('', 'nowhere', 'lost', {}, true);
  expect(await returned).toBe('NO_ROUTE');
  await client.close();
}

describe.each([0, 2])('@cloudamqp/amqp-client on %i data threads', (threads) => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await start({ threads });
  });
  afterAll(() => broker.stop());

  it('over TCP', () => session(new AMQPClient(broker.url)));

  it('over WebSocket', () => session(new AMQPWebSocketClient(urlOf(broker), '/', 'guest', 'guest')));

  it('over WebSocket with the smallest frames', () =>
    session(new AMQPWebSocketClient(urlOf(broker), '/', 'guest', 'guest', undefined, 8192)));

  it('hears over WebSocket why it is closed', async () => {
    const client = new AMQPWebSocketClient(urlOf(broker), 'no such vhost', 'guest', 'guest');
    await expect(client.connect()).rejects.toThrow(/530|NOT_ALLOWED|not found/);
  });

  it('hears over WebSocket that its login is wrong', async () => {
    const client = new AMQPWebSocketClient(urlOf(broker), '/', 'guest', 'wrong');
    await expect(client.connect()).rejects.toThrow(/403|ACCESS_REFUSED/);
  });
});

/** A client over plain TCP that has connected. */
function plainClient(broker: Broker): Promise<AMQPBaseClient> {
  return new AMQPClient(broker.url).connect();
}

/** Opens a WebSocket: `open`, or the HTTP status of the refusal. */
async function knock(broker: Broker, options: ClientOptions = {}, protocols: string[] = []): Promise<string | number> {
  const webSocket = new WebSocket(urlOf(broker), protocols, options);
  const refused = new Promise<number>((resolve) => {
    webSocket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
  });
  webSocket.on('error', () => {});
  const result = await Promise.race([once(webSocket, 'open').then(() => `open ${webSocket.protocol}`), refused]);
  webSocket.terminate();
  return result;
}

/** A WebSocket that has opened an AMQP connection. */
async function opened(broker: Broker): Promise<{ webSocket: WebSocket; log: FrameLog; closed: Promise<number> }> {
  const webSocket = new WebSocket(urlOf(broker));
  const log = new FrameLog();
  const closed = new Promise<number>((resolve) => webSocket.on('close', resolve));
  webSocket.on('error', () => {});
  await once(webSocket, 'open');
  const ready = new Promise<void>((resolve) => {
    webSocket.on('message', (bytes: Buffer) => {
      log.push(bytes);
      if (log.frames.some(({ name }) => name === '20.11')) resolve();
    });
  });
  webSocket.send(wire.OPENING);
  await ready;
  return { webSocket, log, closed };
}

describe('who may connect', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await start();
  });
  afterAll(() => broker.stop());

  it('programs, which have no origin', async () => {
    expect(await knock(broker)).toBe('open ');
  });

  it('pages of listed origins only', async () => {
    expect(await knock(broker, { origin: ORIGIN })).toBe('open ');
    for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`, 'http://app.example.org', '']) {
      expect(await knock(broker, { headers: { origin } }), origin).toBe(403);
    }
  });

  it('no page at all unless origins are listed, every page with *', async () => {
    await using none = await start({ webSocket: { tcpPort: 0 } });
    expect(await knock(none, { origin: ORIGIN })).toBe(403);
    await using all = await start({ webSocket: { tcpPort: 0, origins: ['*'] } });
    expect(await knock(all, { origin: ORIGIN })).toBe('open ');
  });

  it('who offers subprotocols has to offer amqp', async () => {
    expect(await knock(broker, {}, ['chat', 'amqp'])).toBe('open amqp');
    expect(await knock(broker, {}, ['chat'])).toBe(400);
  });

  it('plain HTTP is told so', async () => {
    const response = await fetch(`http://127.0.0.1:${broker.webSocketPort}/`);
    expect(response.status).toBe(426);
  });

  it.each([
    ['says nothing', ''],
    ['never ends its request', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ])('one that %s is dropped after 5 s', async (_name, bytes) => {
    const socket = connect({ host: '127.0.0.1', port: broker.webSocketPort ?? 0 });
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    const fromMs = performance.now();
    socket.write(bytes);
    await once(socket, 'close');
    expect(performance.now() - fromMs).toBeLessThan(8_000);
  });
});

describe('messages of the WebSocket', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await start();
  });
  afterAll(() => broker.stop());

  it('may cut the AMQP stream anywhere', async () => {
    const webSocket = new WebSocket(urlOf(broker));
    await once(webSocket, 'open');
    const log = new FrameLog();
    const ready = new Promise<void>((resolve) => {
      webSocket.on('message', (bytes: Buffer) => {
        log.push(bytes);
        if (log.frames.some(({ name }) => name === '20.11')) resolve();
      });
    });
    for (const byte of wire.OPENING) webSocket.send(Buffer.from([byte]));
    await ready;
    webSocket.terminate();
  });

  it('of text close with 1003', async () => {
    const { webSocket, closed } = await opened(broker);
    webSocket.send('text');
    expect(await closed).toBe(1003);
  });

  it('above the bound close with 1009', async () => {
    await using bounded = await start({ webSocket: { tcpPort: 0, messageBytesMax: MIB } });
    const { webSocket, closed } = await opened(bounded);
    webSocket.send(Buffer.alloc(MIB + 1));
    expect(await closed).toBe(1009);
  });

  it('wait for a reader that pauses, and all come in order', async () => {
    const sender = await plainClient(broker);
    const channel = await sender.channel();
    await channel.confirmSelect();
    const { name } = await channel.queueDeclare('', { exclusive: false, autoDelete: true });
    const { webSocket, log } = await opened(broker);
    const consume = [wire.u16(0), wire.shortstr(name), wire.shortstr('c'), wire.u8(2), wire.table()];
    webSocket.send(wire.method(1, 60, 20, ...consume));
    await expect.poll(() => log.frames.some((frame) => frame.name === '60.21')).toBe(true);
    webSocket.pause();
    const body = new Uint8Array(65_536);
    for (let index = 0; index < 400; index++) {
      body[0] = index & 255;
      await channel.basicPublish('', name, body);
    }
    webSocket.resume();
    const bodies = () => log.frames.filter(({ type }) => type === 3);
    await expect.poll(() => bodies().length, { timeout: 10_000 }).toBe(400);
    expect(bodies().every(({ payload }, index) => payload[0] === (index & 255))).toBe(true);
    webSocket.terminate();
    await sender.close();
  });

  it('are never compressed', async () => {
    const webSocket = new WebSocket(urlOf(broker), { perMessageDeflate: true });
    await once(webSocket, 'open');
    expect(webSocket.extensions).toBe('');
    webSocket.terminate();
  });

  it('pings are answered', async () => {
    const { webSocket } = await opened(broker);
    webSocket.ping('hello');
    const [data] = await once(webSocket, 'pong');
    expect(String(data)).toBe('hello');
    webSocket.terminate();
  });

  it('the end of the broker is told as over TCP: 320, then a clean close', async () => {
    const ending = await start();
    const { log, closed } = await opened(ending);
    await ending.stop();
    await closed;
    expect(log.closes()).toMatchObject([{ scope: 'connection', code: 320 }]);
  });
});

describe('over TLS', () => {
  it('wss: carries the same', async () => {
    using made = new Certificates();
    const tls = made.signed('server', made.authority('authority'));
    await using broker = await start({ tls, amqpsPort: 0, webSocket: { tcpPort: 0, isSecure: true } });
    const webSocket = new WebSocket(`wss://localhost:${broker.webSocketPort}`, { rejectUnauthorized: false });
    await once(webSocket, 'open');
    webSocket.send(wire.PROTOCOL_HEADER);
    const [bytes] = await once(webSocket, 'message');
    const log = new FrameLog();
    log.push(bytes as Buffer);
    expect(log.frames[0].name).toBe('10.10');
    webSocket.terminate();
  });

  it('needs a certificate', async () => {
    await expect(start({ webSocket: { tcpPort: 0, isSecure: true } })).rejects.toThrow(/needs a certificate$/);
  });
});

const chromium = findChromium();
if (chromium === null) console.warn('skipped: AMQP over WebSocket in a browser needs chromium');

describe.skipIf(chromium === null)('in a browser', () => {
  const client = readFileSync(
    new URL('../../node_modules/@cloudamqp/amqp-client/dist/amqp-websocket-client.mjs', import.meta.url),
  );
  const script = (url: string) => `
    import { AMQPWebSocketClient } from '/client.mjs';
    const say = (text) => { document.body.textContent = 'result: ' + text; fetch('/done', { method: 'POST', body: text }); };
    try {
      const amqp = new AMQPWebSocketClient({ url: ${JSON.stringify(url)}, vhost: '/', username: 'guest', password: 'guest' });
      await amqp.connect();
      const channel = await amqp.channel();
      await channel.confirmSelect();
      const { name } = await channel.queueDeclare('', { exclusive: true });
      await channel.prefetch(5);
      let count = 0;
      const consumed = new Promise((resolve) => channel.basicConsume(name, { noAck: false }, async (message) => {
        count += message.bodyString().length;
        await message.ack();
        if (message.bodyString() === 'last') resolve();
      }));
      for (let index = 0; index < 50; index++) await channel.basicPublish('', name, '0123456789');
      await channel.basicPublish('', name, 'x'.repeat(200000));
      await channel.basicPublish('', name, 'last');
      await consumed;
      await amqp.close();
      say('got ' + count);
    } catch (error) { say('failed: ' + error); }`;

  it('a page of a listed origin publishes with confirms and consumes', async () => {
    const said = await runPage(chromium ?? '', client, async (origin) => {
      const broker = await start({ webSocket: { tcpPort: 0, origins: [origin] } });
      return { script: script(urlOf(broker)), broker };
    });
    expect(said).toBe('got 200504');
  });

  it('a page of another origin gets nothing', async () => {
    const said = await runPage(chromium ?? '', client, async () => {
      const broker = await start();
      return { script: script(urlOf(broker)), broker };
    });
    expect(said).toMatch(/^failed: /);
  });
});
