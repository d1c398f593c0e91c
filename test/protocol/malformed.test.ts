// Bytes that no well-made client sends, on raw sockets (digest 1, 2 and 4): each ends in the documented error or a
// silent close, the next connection works, and the process is still the same, with nothing to complain of.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { type Close, RawClient } from '../support/raw-client.ts';
import * as wire from '../support/wire.ts';

let broker: BrokerProcess;

beforeAll(async () => {
  broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', '2']);
});
afterAll(async () => {
  const { code, stderr } = await broker.command.end();
  expect([code, complaintsIn(stderr)]).toEqual([0, []]);
});

/** A whole round trip on a connection of its own. */
async function nextConnectionWorks(): Promise<void> {
  await using client = await RawClient.open(broker.amqpPort);
  client.send(wire.queueDeclare(1, ''), wire.confirmSelect(1), wire.consume(1, '', 'c'));
  const declared = await client.method('50.11');
  const name = declared.payload.toString('latin1', 5, 5 + declared.payload[4]);
  await client.method('60.21');
  client.send(wire.publish(1, '', name, Buffer.from('still here')));
  await client.method('60.80');
  await client.until(() => client.bodies()[0], 'the body');
  expect(client.bodies()).toEqual(['still here']);
  client.send(wire.connectionClose);
  await client.method('10.51');
}

const shape = (close: Close | null) => close && [close.scope, close.code];
const bytes = (...values: readonly number[]) => Buffer.from(values);
const nothing = Buffer.alloc(0);

describe('before the login the server hangs up without a word', () => {
  const startOkOf = (...args: readonly Buffer[]) => wire.method(0, 10, 11, ...args);
  const deepTable = (depth: number) => {
    let inner = wire.table();
    for (let level = 0; level < depth; level++) inner = wire.table(wire.field('t', 'F', inner));
    return inner;
  };

  it.each<[string, Buffer]>([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a TLS client hello', bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3)],
    ['another version', Buffer.from('AMQP\x00\x01\x00\x00', 'latin1')],
    ['eight zeros', Buffer.alloc(8)],
  ])('%s: it answers with its protocol header', async (_name, sent) => {
    await using client = await RawClient.connect(broker.amqpPort);
    client.send(sent);
    expect(await client.end()).toBeNull();
    expect(client.header?.toString('latin1')).toBe('AMQP\x00\x00\x09\x01');
    await nextConnectionWorks();
  });

  it.each<[string, Buffer]>([
    ['a frame of an unknown type', wire.frame(77, 0, Buffer.alloc(20))],
    ['a frame with a bad end', wire.frame(1, 0, Buffer.alloc(20), 0)],
    ['a frame that claims 4 GiB', wire.frame(1, 0, Buffer.alloc(4), 0xce, 0xffff_ffff)],
    ['a frame above the limit', wire.frame(1, 0, Buffer.alloc(4), 0xce, 131_073)],
    ['the login cut short', startOkOf(wire.table(), wire.shortstr('PLAIN'))],
    ['a table that claims 4 GiB', startOkOf(bytes(255, 255, 255, 255), Buffer.alloc(40))],
    [
      'a table of 5,000 levels',
      startOkOf(deepTable(5_000), wire.shortstr('PLAIN'), wire.longstr(''), wire.shortstr('')),
    ],
    [
      'a mechanism of 255 bytes',
      startOkOf(wire.table(), wire.shortstr('x'.repeat(255)), wire.longstr(''), wire.shortstr('')),
    ],
    ['no password', startOkOf(wire.table(), wire.shortstr('PLAIN'), wire.longstr('\0guest'), wire.shortstr('en_US'))],
    [
      'a name that is no UTF-8',
      startOkOf(wire.table(), wire.shortstr('PLAIN'), wire.longstr(bytes(0, 0xff, 0xfe, 0, 0x80)), wire.shortstr('')),
    ],
    ['tune-ok first', wire.tuneOk()],
    ['open first', wire.open],
    ['close first', wire.connectionClose],
    ['a channel', wire.channelOpen(1)],
    ['a publish', Buffer.concat([wire.publishMethod(1, '', 'q'), wire.contentHeader(1, 0)])],
    ['a body', wire.contentBody(0, Buffer.from('x'))],
    ['start-ok twice', Buffer.concat([wire.startOk, wire.startOk])],
    ['open before tune-ok', Buffer.concat([wire.startOk, wire.open])],
    ['a frame size below the minimum', Buffer.concat([wire.startOk, wire.tuneOk(4_095), wire.open])],
    ['open twice', Buffer.concat([wire.startOk, wire.tuneOk(), wire.open, wire.open])],
  ])('%s', async (name, sent) => {
    await using client = await RawClient.connect(broker.amqpPort);
    client.send(wire.PROTOCOL_HEADER, sent);
    if (name === 'open twice') expect(shape(await client.closed())).toEqual(['connection', 504]);
    else expect(await client.end()).toBeNull();
    await nextConnectionWorks();
  });
});

/** Cases of one error: what is sent on a connection with channel 1 open. */
type Cases = readonly (readonly [string, Buffer])[];

async function expectClose(sent: Buffer, expected: readonly [string, number]): Promise<void> {
  await using client = await RawClient.open(broker.amqpPort);
  client.send(sent);
  expect(shape(await client.closed())).toEqual(expected);
  if (expected[0] === 'connection') {
    client.send(wire.connectionCloseOk);
    await client.end();
  } else {
    // The connection lives on, and the channel's number is free again.
    client.send(wire.channelCloseOk(1), wire.channelOpen(1), wire.queueDeclare(1, ''));
    await client.method('50.11');
  }
  await nextConnectionWorks();
}

function expectHard(code: number, cases: Cases): void {
  it.each(cases)(`${code}: %s`, (_name, sent) => expectClose(sent, ['connection', code]));
}

describe('broken frames', () => {
  expectHard(501, [
    ['an unknown type', wire.frame(4, 1, Buffer.alloc(8))],
    ['type 0', wire.frame(0, 0, nothing)],
    ['type 255', wire.frame(255, 65_535, Buffer.alloc(100))],
    ['a bad end', wire.frame(1, 1, Buffer.alloc(8), 0xcd)],
    ['a bad end of a long body', wire.frame(3, 1, Buffer.alloc(100_000), 0)],
    ['4 GiB claimed', wire.frame(3, 1, Buffer.alloc(8), 0xce, 0xffff_ffff)],
    ['one byte above the limit', wire.frame(3, 1, Buffer.alloc(131_073))],
    ['a heartbeat with a payload', wire.frame(8, 0, bytes(1))],
    ['a method of 3 bytes', wire.frame(1, 1, Buffer.alloc(3))],
    ['an empty method', wire.frame(1, 1, nothing)],
    [
      'a content header of 11 bytes',
      Buffer.concat([wire.publishMethod(1, '', ''), wire.frame(2, 1, Buffer.alloc(11))]),
    ],
    ['arguments cut short', wire.method(1, 50, 10, wire.u16(0), wire.shortstr('q'))],
    ['a name longer than the frame', wire.method(1, 50, 10, wire.u16(0), bytes(255), Buffer.from('short'))],
    ['a name that is no UTF-8', wire.queueDeclare(1, bytes(0xc3, 0x28))],
  ]);

  expectHard(505, [['a heartbeat on a channel', wire.frame(8, 1, nothing)]]);
  expectHard(503, [
    ['an unknown class', wire.method(1, 999, 10)],
    ['an unknown method', wire.method(1, 60, 999)],
    ['a method of the server', wire.method(1, 60, 21, wire.shortstr('tag'))],
  ]);
});

describe('content out of order', () => {
  const publish = wire.publishMethod(1, '', 'nowhere');
  const header = (bodyBytes: number) => wire.contentHeader(1, bodyBytes);

  expectHard(505, [
    ['a header without a method', header(1)],
    ['a body without a method', wire.contentBody(1, Buffer.from('x'))],
    ['a body without a header', Buffer.concat([publish, wire.contentBody(1, Buffer.from('x'))])],
    ['a method instead of a header', Buffer.concat([publish, publish])],
    ['a method instead of a body', Buffer.concat([publish, header(5), wire.channelClose(1)])],
    ['a header instead of a body', Buffer.concat([publish, header(5), header(5)])],
    ['a header of another class', Buffer.concat([publish, wire.contentHeader(1, 0, wire.u16(0), 50)])],
    ['a header with a weight', Buffer.concat([publish, wire.contentHeader(1, 0, wire.u16(0), 60, 1)])],
    ['a body behind a content without one', Buffer.concat([publish, header(0), wire.contentBody(1, Buffer.from('x'))])],
  ]);

  it('more body than was announced closes the connection', async () => {
    await using client = await RawClient.open(broker.amqpPort);
    client.send(publish, header(2), wire.contentBody(1, Buffer.from('too long')));
    expect([501, 505]).toContain((await client.closed())?.code);
    await nextConnectionWorks();
  });

  it('heartbeats and other channels between the frames of a content are fine', async () => {
    await using client = await RawClient.open(broker.amqpPort);
    client.send(wire.queueDeclare(1, ''), wire.consume(1, '', 'c'));
    const { payload } = await client.method('50.11');
    const queue = payload.toString('latin1', 5, 5 + payload[4]);
    client.send(wire.channelOpen(2), wire.publishMethod(1, '', queue), wire.HEARTBEAT);
    client.send(wire.publish(2, '', queue, Buffer.from('two')), header(6), wire.HEARTBEAT);
    client.send(wire.contentBody(1, Buffer.from('on')), wire.contentBody(1, nothing), wire.HEARTBEAT);
    client.send(wire.contentBody(1, Buffer.from('e, 1')));
    await client.until(() => client.bodies()[1], 'both bodies');
    expect(client.bodies().sort()).toEqual(['one, 1', 'two']);
  });
});

describe('tables and properties', () => {
  const nested = (type: 'F' | 'A', depth: number) => {
    let inner = nothing;
    for (let level = 0; level < depth; level++) {
      const value = wire.longstr(inner);
      inner =
        type === 'F'
          ? Buffer.concat([wire.shortstr('t'), Buffer.from('F'), value])
          : Buffer.concat([Buffer.from('A'), value]);
    }
    return type === 'F' ? wire.longstr(inner) : wire.table(Buffer.concat([wire.shortstr('a'), inner]));
  };
  const declare = (args: Buffer) => wire.queueDeclare(1, '', 0b00100, args);
  /** A publish whose headers are these bytes; bit 13 of the flags is `headers`. */
  const withHeaders = (headers: Buffer) =>
    Buffer.concat([
      wire.publishMethod(1, '', 'nowhere'),
      wire.contentHeader(1, 0, Buffer.concat([wire.u16(0x2000), headers])),
    ]);

  /** Whether it is an error of frame or of syntax is not documented; that it is one of the connection is. */
  it.each<[string, Buffer]>([
    ['an argument table of 101 levels', declare(nested('F', 101))],
    ['an argument table of 10,000 levels', declare(nested('F', 10_000))],
    ['arrays of 20,000 levels', declare(nested('A', 20_000))],
    ['a table longer than the frame', declare(Buffer.concat([wire.u32(1_000), Buffer.alloc(4)]))],
    ['a table that claims 4 GiB', declare(bytes(255, 255, 255, 255))],
    ['a field cut short', declare(wire.table(wire.field('n', 'l', bytes(1, 2))))],
    ['a string longer than its table', declare(wire.table(wire.field('s', 'S', wire.u32(0x7fff_ffff))))],
    ['an array longer than its table', declare(wire.table(wire.field('a', 'A', wire.u32(100))))],
    ['an unknown type of value', declare(wire.table(wire.field('x', '?', wire.u32(0))))],
    ['headers of 5,000 levels', withHeaders(nested('F', 5_000))],
    ['headers longer than the frame', withHeaders(wire.u32(50_000))],
    [
      'properties cut short',
      Buffer.concat([wire.publishMethod(1, '', 'q'), wire.contentHeader(1, 0, wire.u16(0x8000))]),
    ],
  ])('%s', async (_name, sent) => {
    await using client = await RawClient.open(broker.amqpPort);
    client.send(sent);
    const close = await client.closed();
    expect(close === null || [501, 502, 541].includes(close.code)).toBe(true);
    await nextConnectionWorks();
  });

  it.each<[string, Buffer]>([
    ['a table of 50 levels', declare(nested('F', 50))],
    [
      'the same key 1,000 times',
      declare(wire.table(...Array.from({ length: 1_000 }, () => wire.field('k', 'I', wire.u32(1))))),
    ],
    ['empty keys', declare(wire.table(wire.field('', 'V', nothing), wire.field('', 'V', nothing)))],
    ['NaN and infinities', declare(wire.table(wire.field('n', 'd', bytes(0x7f, 0xf8, 0, 0, 0, 0, 0, 1))))],
    ['a key named like a method of objects', declare(wire.table(wire.field('__proto__', 'F', wire.table())))],
  ])('%s is an odd table but a table', async (_name, sent) => {
    await using client = await RawClient.open(broker.amqpPort);
    client.send(sent);
    await client.method('50.11');
  });

  it.each([
    ['2^63', 1n << 63n],
    ['2^64 - 1', (1n << 64n) - 1n],
    ['128 MiB and one byte', 134_217_729n],
  ])('a body announced with %s bytes takes no memory and no connection with it', async (_name, bodyBytes) => {
    await using client = await RawClient.open(broker.amqpPort);
    const header = wire.frame(2, 1, Buffer.concat([wire.u16(60), wire.u16(0), wire.u64(bodyBytes), wire.u16(0)]));
    client.send(wire.channelOpen(2), wire.publishMethod(1, '', 'q'), header, wire.contentBody(1, Buffer.alloc(1_000)));
    // Channel 1 waits for more of it, or was refused; channel 2 works in any case.
    client.send(wire.queueDeclare(2, ''));
    await client.until(
      () => client.frames.find(({ name, channel }) => name === '50.11' && channel === 2),
      'declare-ok',
    );
    await nextConnectionWorks();
  });
});

describe('channels misused', () => {
  expectHard(504, [
    ['opened twice', wire.channelOpen(1)],
    ['a method on one that is not open', wire.queueDeclare(2, '')],
    ['a publish on one that is not open', wire.publish(7, '', 'q', Buffer.from('x'))],
    ['a close of one that is not open', wire.channelClose(65_535)],
    ['a method of a channel on channel 0', wire.queueDeclare(0, '')],
    ['channel 0 opened', wire.channelOpen(0)],
    ['tune-ok long after', wire.tuneOk()],
    ['the vhost opened again', wire.open],
  ]);
  expectHard(503, [
    ['close-ok of a channel out of the blue', wire.channelCloseOk(1)],
    ['connection.close on a channel', wire.method(1, 10, 50, wire.u16(0), wire.shortstr(''), wire.u16(0), wire.u16(0))],
  ]);
  expectHard(530, [
    ['one channel too many', Buffer.concat(Array.from({ length: 2_047 }, (_, index) => wire.channelOpen(index + 2)))],
    [
      'a consumer tag twice',
      Buffer.concat([wire.queueDeclare(1, ''), wire.consume(1, '', 'c'), wire.consume(1, '', 'c')]),
    ],
  ]);
  expectHard(540, [['a prefetch of bytes', wire.method(1, 60, 10, wire.u32(1), wire.u16(0), wire.u8(0))]]);

  it.each<[string, Buffer, number]>([
    ['an unknown delivery tag', wire.ack(1, 99), 406],
    ['the largest delivery tag', wire.method(1, 60, 80, wire.u64((1n << 64n) - 1n), wire.u8(0)), 406],
    ['an exchange that is not there', wire.publish(1, 'no such', 'q', Buffer.from('x')), 404],
    ['no queue declared before', wire.consume(1, '', 'c'), 404],
  ])('%s closes the channel only', (_name, sent, code) => expectClose(sent, ['channel', code]));

  it('what comes behind an error on its channel is passed over, on others it is done', async () => {
    await using client = await RawClient.open(broker.amqpPort);
    const wrong = wire.publish(1, 'no such', 'q', Buffer.from('x'));
    client.send(wire.channelOpen(2), wrong, wrong, wire.ack(1, 5), wire.queueDeclare(1, ''), wire.queueDeclare(2, ''));
    await client.method('50.11');
    expect(client.closes()).toMatchObject([{ scope: 'channel', channel: 1, code: 404 }]);
    expect(client.frames.filter(({ name }) => name === '50.11')).toHaveLength(1);
  });
});
