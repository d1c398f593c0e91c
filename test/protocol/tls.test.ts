// AMQP over TLS (features 1.6, reliability 2.e): who gets in, who does not, what a peer that does not shake hands costs,
// logins by certificate, and new certificates without a restart.
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import tls from 'node:tls';
import amqplib from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Broker, type BrokerOptions, startBroker } from '../../src/broker.ts';
import { type Certificate, Certificates } from '../support/certificates.ts';

let made: Certificates;
let authority: Certificate;
let stranger: Certificate;
let server: Certificate;

beforeAll(() => {
  made = new Certificates();
  authority = made.authority('authority');
  stranger = made.authority('stranger');
  server = made.signed('server', authority);
});
afterAll(() => made[Symbol.dispose]());

type TlsOptions = NonNullable<BrokerOptions['tls']>;

const start = (more: Partial<TlsOptions> = {}, options: BrokerOptions = {}): Promise<Broker> =>
  startBroker({ amqpPort: 0, amqpsPort: 0, logger: 'silent', tls: { ...server, ...more }, ...options });

const read = (file: string) => readFileSync(file, 'utf8');

function pem(certificate?: Certificate): tls.ConnectionOptions {
  if (certificate === undefined) return { ca: read(authority.certificateFile) };
  const { certificateFile, keyFile } = certificate;
  return { ca: read(authority.certificateFile), cert: read(certificateFile), key: read(keyFile) };
}

/** Publishes and gets one message. */
async function exchange(broker: Broker, options: tls.ConnectionOptions, more: object = {}): Promise<string> {
  const connection = await amqplib.connect(`amqps://guest:guest@127.0.0.1:${broker.amqpsPort}`, {
    ...options,
    ...more,
  });
  const channel = await connection.createConfirmChannel();
  const { queue } = await channel.assertQueue('', { exclusive: true });
  channel.sendToQueue(queue, Buffer.from('over TLS'));
  await channel.waitForConfirms();
  const got = await channel.get(queue);
  await connection.close();
  return got === false ? '' : got.content.toString();
}

/** How an attempt at TLS ended: the version that was agreed on, or the error. */
async function attempt(broker: Broker, options: tls.ConnectionOptions): Promise<string> {
  const socket = tls.connect({ host: '127.0.0.1', port: broker.amqpsPort ?? 0, ...options });
  try {
    await once(socket, 'secureConnect');
    socket.write('AMQP\0\0\t\x01', 'latin1');
    // The client of TLS 1.3 is done before the server has looked at its certificate.
    const end = once(socket, 'close').then(() => 'closed');
    return await Promise.race([once(socket, 'data').then(() => socket.getProtocol() ?? ''), end]);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  } finally {
    socket.destroy();
  }
}

describe.each([0, 2])('AMQP over TLS on %i data threads', (threads) => {
  it('carries messages, beside plain TCP', async () => {
    await using broker = await start({}, { threads });
    expect(await exchange(broker, pem())).toBe('over TLS');
    const plain = await amqplib.connect(broker.url);
    await plain.close();
  });

  it('carries a message of 4 MiB both ways', async () => {
    await using broker = await start({}, { threads });
    const connection = await amqplib.connect(`amqps://127.0.0.1:${broker.amqpsPort}`, pem());
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const body = Buffer.alloc(4_194_304, 'warren');
    channel.sendToQueue(queue, body);
    await channel.waitForConfirms();
    const got = await channel.get(queue);
    expect(got !== false && got.content.equals(body)).toBe(true);
    await connection.close();
  });
});

describe('the versions of TLS', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (version) => {
    await using broker = await start();
    expect(await attempt(broker, { ...pem(), minVersion: version, maxVersion: version })).toBe(version);
  });

  it.each(['TLSv1', 'TLSv1.1'] as const)('%s is refused', async (version) => {
    await using broker = await start();
    const old = { ...pem(), minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    expect(await attempt(broker, old)).toMatch(/ERR_SSL|ECONNRESET|EPROTO/);
  });

  it('a peer that renegotiates is dropped or refused, and the broker lives on', async () => {
    await using broker = await start();
    const socket = tls.connect({ host: '127.0.0.1', port: broker.amqpsPort ?? 0, ...pem(), maxVersion: 'TLSv1.2' });
    await once(socket, 'secureConnect');
    const outcome = await new Promise<unknown>((resolve) => {
      socket.on('error', resolve);
      socket.on('close', () => resolve('closed'));
      socket.renegotiate({}, (error) => resolve(error ?? 'renegotiated'));
    });
    expect(outcome).not.toBe('renegotiated');
    socket.destroy();
    expect(await exchange(broker, pem())).toBe('over TLS');
  });
});

describe('peers that do not shake hands', () => {
  it('plain AMQP on the TLS port ends at once, and nobody else notices', async () => {
    await using broker = await start();
    const socket = connectTcp({ host: '127.0.0.1', port: broker.amqpsPort ?? 0 });
    socket.on('error', () => {});
    socket.write('AMQP\0\0\t\x01', 'latin1');
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
    });
    await once(socket, 'close');
    expect(answer).not.toContain('AMQP');
    expect(await exchange(broker, pem())).toBe('over TLS');
  });

  it('TLS on the plain port ends too', async () => {
    await using broker = await start();
    const socket = tls.connect({ host: '127.0.0.1', port: broker.amqpPort, ...pem() });
    await expect(once(socket, 'secureConnect')).rejects.toThrow();
  });

  it.each([
    ['says nothing', Buffer.alloc(0)],
    ['stalls within its hello', Buffer.from([0x16, 3, 1, 0x02, 0, 1, 0])],
  ])('one that %s is dropped after 5 s, the others are served meanwhile', async (_name, first) => {
    await using broker = await start();
    const socket = connectTcp({ host: '127.0.0.1', port: broker.amqpsPort ?? 0 });
    socket.on('error', () => {});
    socket.resume();
    await once(socket, 'connect');
    const fromMs = performance.now();
    socket.write(first);
    expect(await exchange(broker, pem())).toBe('over TLS');
    await once(socket, 'close');
    const tookMs = performance.now() - fromMs;
    expect(tookMs).toBeGreaterThan(4_500);
    expect(tookMs).toBeLessThan(8_000);
  });
});

describe('certificates of clients', () => {
  const verified = (more: Partial<TlsOptions> = {}) => start({ caFile: authority.certificateFile, ...more });

  it('where authorities are given, a client has to show one that they signed', async () => {
    await using broker = await verified();
    expect(await exchange(broker, pem(made.signed('good', authority)))).toBe('over TLS');
    expect(await attempt(broker, pem())).toMatch(/closed|ERR_SSL|ECONNRESET/);
    expect(await attempt(broker, pem(made.signed('bad', stranger)))).toMatch(/closed|ERR_SSL|ECONNRESET/);
  });

  it('where they are optional, one can go without, and a bad one is refused all the same', async () => {
    await using broker = await verified({ verify: 'optional' });
    expect(await exchange(broker, pem())).toBe('over TLS');
    expect(await exchange(broker, pem(made.signed('good2', authority)))).toBe('over TLS');
    expect(await attempt(broker, pem(made.signed('bad2', stranger)))).toMatch(/closed|ERR_SSL|ECONNRESET/);
  });

  it('EXTERNAL logs in as the user of the common name, on TLS only', async () => {
    await using broker = await verified({ loginFrom: 'commonName' });
    const external = { credentials: amqplib.credentials.external() };
    expect(await exchange(broker, pem(made.signed('guest', authority, '/O=Example/CN=guest')), external)).toBe(
      'over TLS',
    );
    await expect(exchange(broker, pem(made.signed('nobody', authority)), external)).rejects.toThrow(
      /403|ACCESS.REFUSED/,
    );
    await expect(amqplib.connect(broker.url, external)).rejects.toThrow();
  });

  it('a certificate with two common names is nobody', async () => {
    await using broker = await verified({ loginFrom: 'commonName' });
    const two = made.signed('two', authority, '/CN=guest/CN=guest');
    const external = { credentials: amqplib.credentials.external() };
    await expect(exchange(broker, pem(two), external)).rejects.toThrow(/403|ACCESS.REFUSED/);
    expect(await exchange(broker, pem(two))).toBe('over TLS');
  });

  it('EXTERNAL is not offered unless it is asked for, and a distinguished name is no common name', async () => {
    const external = { credentials: amqplib.credentials.external() };
    const guest = pem(made.signed('guest3', authority, '/CN=guest'));
    await using plain = await verified();
    await expect(exchange(plain, guest, external)).rejects.toThrow();
    await using named = await verified({ loginFrom: 'distinguishedName' });
    await expect(exchange(named, guest, external)).rejects.toThrow(/403|ACCESS.REFUSED/);
  });
});

describe('files', () => {
  it('a new certificate is used without a restart, and one that cannot be used is not', async () => {
    const certificateFile = join(made.directory, 'live.pem');
    const keyFile = join(made.directory, 'live.key');
    const use = (certificate: Certificate) => {
      copyFileSync(certificate.keyFile, keyFile);
      copyFileSync(certificate.certificateFile, certificateFile);
    };
    use(server);
    await using broker = await start({ certificateFile, keyFile, recheckMs: 1 });
    const shown = async () => {
      const socket = tls.connect({ host: '127.0.0.1', port: broker.amqpsPort ?? 0, ...pem() });
      await once(socket, 'secureConnect');
      const { CN } = socket.getPeerCertificate().subject;
      socket.destroy();
      return CN;
    };
    expect(await shown()).toBe('server');
    use(made.signed('renewed', authority));
    await expect.poll(shown, { timeout: 5_000 }).toBe('renewed');
    writeFileSync(keyFile, 'no key');
    for (let round = 0; round < 5; round++) expect(await shown()).toBe('renewed');
    use(server);
    await expect.poll(shown, { timeout: 5_000 }).toBe('server');
  });

  it.each<[string, () => Partial<TlsOptions>, RegExp]>([
    [
      'a missing certificate',
      () => ({ certificateFile: '/nowhere.pem' }),
      /^cannot read the certificate file \/nowhere\.pem: ENOENT$/,
    ],
    ['a missing key', () => ({ keyFile: '/nowhere.key' }), /^cannot read the key file \/nowhere\.key: ENOENT$/],
    [
      'missing authorities',
      () => ({ caFile: '/nowhere.pem' }),
      /^cannot read the authorities file \/nowhere\.pem: ENOENT$/,
    ],
    [
      'a key of another certificate',
      () => ({ keyFile: stranger.keyFile }),
      /^the key in .* does not belong to the certificate in .*$/,
    ],
    ['a key where a certificate should be', () => ({ certificateFile: server.keyFile }), /holds no PEM certificate$/],
    ['a certificate where a key should be', () => ({ keyFile: server.certificateFile }), /holds no PEM key/],
    ['verifying without authorities', () => ({ verify: 'peer' }), /needs a file of authorities$/],
    [
      'a login by certificates that nobody verifies',
      () => ({ loginFrom: 'commonName' }),
      /needs clients to be verified$/,
    ],
  ])('%s is one clear line', async (_name, options, line) => {
    await expect(start(options())).rejects.toThrow(line);
  });
});
