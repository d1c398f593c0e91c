// Connections behind a proxy: who the header says the client is, what a header can never lend, and what becomes of bytes
// that are none (reliability 2.e).
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import tls from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { type Broker, startBroker } from '../../src/broker.ts';
import { Certificates } from '../support/certificates.ts';
import { FrameLog } from '../support/frame-log.ts';
import * as wire from '../support/wire.ts';

const LOCAL = 'PROXY TCP4 127.0.0.1 127.0.0.1 40000 5672\r\n';
const REMOTE = 'PROXY TCP4 203.0.113.7 127.0.0.1 40000 5672\r\n';
const UNKNOWN = 'PROXY UNKNOWN\r\n';

let made: Certificates;
let broker: Broker;

beforeAll(async () => {
  made = new Certificates();
  const tlsFiles = made.signed('server', made.authority('authority'));
  const common = { amqpPort: 0, amqpsPort: 0, logger: 'silent', host: '0.0.0.0' } as const;
  broker = await startBroker({ ...common, tls: tlsFiles, webSocket: { tcpPort: 0 }, proxyProtocol: true });
});
afterAll(async () => {
  await broker.stop();
  made[Symbol.dispose]();
});

/** Talks until the server has opened the connection or hung up; says how that ended. */
async function login(socket: Socket, ...first: readonly Buffer[]): Promise<'open' | 'refused' | 'silence'> {
  const log = new FrameLog();
  socket.on('error', () => {});
  const heard = new Promise<'open' | 'refused' | 'silence'>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      log.push(bytes);
      if (log.closes().length > 0) resolve('refused');
      if (log.frames.some(({ name }) => name === '10.41')) resolve('open');
    });
    socket.on('close', () => resolve('silence'));
  });
  socket.write(Buffer.concat([...first, wire.OPENING]));
  const result = await heard;
  socket.destroy();
  return result;
}

const tcp = (host = '127.0.0.1') => connect({ host, port: broker.amqpPort });

describe('a PROXY header', () => {
  it.each([
    ['of this machine is as good as none', LOCAL, 'open'],
    ['of a proxy that does not know is as good as none', UNKNOWN, 'open'],
    ['of another machine keeps guest out', REMOTE, 'refused'],
  ])('%s', async (_name, header, expected) => {
    expect(await login(tcp(), Buffer.from(header))).toBe(expected);
  });

  it('lends nobody the address of this machine: what counts is where the connection comes from', async () => {
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined && one.family === 'IPv4' && !one.internal);
    if (outer === undefined) {
      console.warn('skipped: this machine has no address but loopback');
      return;
    }
    for (const header of [LOCAL, UNKNOWN]) {
      expect(await login(tcp(outer.address), Buffer.from(header))).toBe('refused');
    }
  });

  it('can come byte by byte', async () => {
    const socket = tcp().setNoDelay(true);
    await once(socket, 'connect');
    for (const byte of Buffer.from(LOCAL)) {
      await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()));
    }
    expect(await login(socket)).toBe('open');
  });

  it.each([
    ['before TLS, in one piece with the hello', LOCAL, 'open'],
    ['before TLS, of another machine', REMOTE, 'refused'],
  ])('%s', async (_name, header, expected) => {
    const socket = connect({ host: '127.0.0.1', port: broker.amqpsPort ?? 0 });
    await once(socket, 'connect');
    socket.cork();
    socket.write(header);
    const stream = tls.connect({ socket, rejectUnauthorized: false });
    socket.uncork();
    await once(stream, 'secureConnect');
    expect(await login(stream)).toBe(expected);
  });

  it.each([
    ['before a WebSocket', LOCAL, '10.41'],
    ['before a WebSocket, of another machine', REMOTE, '10.50'],
  ])('%s', async (_name, header, expected) => {
    const webSocket = new WebSocket(`ws://127.0.0.1:${broker.webSocketPort}/`, {
      createConnection: ((_options: unknown, _done: unknown) => {
        const socket = connect({ host: '127.0.0.1', port: broker.webSocketPort ?? 0 });
        socket.write(header);
        return socket;
      }) as never,
    });
    await once(webSocket, 'open');
    webSocket.send(wire.OPENING);
    const log = new FrameLog();
    await new Promise<void>((resolve) => {
      webSocket.on('message', (bytes: Buffer) => {
        log.push(bytes);
        if (log.frames.some(({ name }) => name === expected)) resolve();
      });
    });
    webSocket.terminate();
  });
});

describe('no PROXY header', () => {
  it('closes without an answer', async () => {
    expect(await login(tcp())).toBe('silence');
    expect(await login(tcp(), Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBe('silence');
  });

  it('is waited for 5 s', async () => {
    const socket = tcp();
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    const fromMs = performance.now();
    socket.write('PROXY TC');
    await once(socket, 'close');
    expect(performance.now() - fromMs).toBeGreaterThan(4_500);
  });

  it('random bytes end connections and nothing else', async () => {
    const start = fc.constantFrom('', 'PROXY ', 'PROXY TCP4 ', '\r\n\r\n\0\r\nQUIT\n', '\r\n\r\n\0\r\nQUIT\n\x21\x11');
    await fc.assert(
      fc.asyncProperty(start, fc.uint8Array({ maxLength: 300 }), async (head, rest) => {
        const socket = tcp();
        socket.on('error', () => {});
        socket.resume();
        await once(socket, 'connect');
        socket.end(Buffer.concat([Buffer.from(head, 'latin1'), rest]));
        await once(socket, 'close');
      }),
      { numRuns: 100 },
    );
    expect(await login(tcp(), Buffer.from(LOCAL))).toBe('open');
  });
});
