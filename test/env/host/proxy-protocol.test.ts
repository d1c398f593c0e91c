// The PROXY protocol's headers as a pure function: what is one, what is none, and that no bytes break it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProxyHeader, V2_BYTES_MAX } from '../../../src/env/host/proxy-protocol.ts';

const text = (line: string) => Buffer.from(line, 'latin1');
const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

function v2(command: number, family: number, body: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(body.length);
  return Buffer.concat([SIGNATURE, Buffer.from([command, family]), length, body]);
}

const TCP4 = Buffer.from([203, 0, 113, 7, 10, 0, 0, 1, 0x30, 0x39, 0x16, 0x28]);
const TCP6 = Buffer.concat([
  Buffer.alloc(15),
  Buffer.from([1]),
  Buffer.alloc(16),
  Buffer.from([0x30, 0x39, 0x16, 0x28]),
]);

const GOOD: readonly [string, Buffer, { host: string; tcpPort: number } | null][] = [
  ['version 1, IPv4', text('PROXY TCP4 203.0.113.7 10.0.0.1 12345 5672\r\n'), { host: '203.0.113.7', tcpPort: 12_345 }],
  ['version 1, IPv6', text('PROXY TCP6 2001:db8::7 ::1 1 65535\r\n'), { host: '2001:db8::7', tcpPort: 1 }],
  ['version 1, unknown', text('PROXY UNKNOWN\r\n'), null],
  ['version 1, unknown with addresses', text('PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'), null],
  ['version 2, IPv4', v2(0x21, 0x11, TCP4), { host: '203.0.113.7', tcpPort: 12_345 }],
  ['version 2, IPv6', v2(0x21, 0x21, TCP6), { host: '0:0:0:0:0:0:0:1', tcpPort: 12_345 }],
  [
    'version 2, IPv4 with additions',
    v2(0x21, 0x11, Buffer.concat([TCP4, Buffer.alloc(100)])),
    { host: '203.0.113.7', tcpPort: 12_345 },
  ],
  ['version 2, the proxy itself', v2(0x20, 0x00, Buffer.alloc(0)), null],
  ['version 2, the proxy itself with addresses', v2(0x20, 0x11, TCP4), null],
  ['version 2, no address', v2(0x21, 0x00, Buffer.alloc(0)), null],
  ['version 2, a local socket', v2(0x21, 0x31, Buffer.alloc(216)), null],
];

const BAD: readonly [string, Buffer][] = [
  ['an AMQP header', text('AMQP\0\0\t\x01')],
  ['a line without CR', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n')],
  ['an address of the wrong family', text('PROXY TCP4 ::1 ::1 1 2\r\n')],
  ['no address', text('PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n')],
  ['a port too high', text('PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n')],
  ['a port with a zero before it', text('PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n')],
  ['a word too many', text('PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n')],
  ['two spaces', text('PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n')],
  ['another protocol', text('PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n')],
  ['a line of 108 bytes', text(`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`)],
  ['version 3', v2(0x31, 0x11, TCP4)],
  ['an unknown command', v2(0x22, 0x11, TCP4)],
  ['addresses cut short', v2(0x21, 0x11, TCP4.subarray(0, 11))],
  ['additions without end', v2(0x21, 0x11, Buffer.alloc(V2_BYTES_MAX))],
];

describe('a PROXY header', () => {
  it.each(GOOD)('%s, alone, with bytes after it, and partial at every cut', (_name, header, source) => {
    const whole = { is: 'whole', bytes: header.length, source };
    expect(readProxyHeader(header)).toEqual(whole);
    expect(readProxyHeader(Buffer.concat([header, text('AMQP\0\0\t\x01')]))).toEqual(whole);
    for (let cut = 0; cut < header.length; cut++) {
      expect(readProxyHeader(header.subarray(0, cut)), `${cut} bytes`).toEqual({ is: 'partial' });
    }
  });

  it.each(BAD)('%s is none', (_name, bytes) => {
    expect(readProxyHeader(bytes)).toEqual({ is: 'malformed' });
  });

  it('is decided within its bound, whatever the bytes: no prefix is partial for ever', () => {
    const start = fc.constantFrom(
      Buffer.alloc(0),
      SIGNATURE,
      v2(0x21, 0x11, TCP4).subarray(0, 16),
      text('PROXY TCP4 '),
    );
    const property = fc.property(
      start,
      fc.uint8Array({ minLength: V2_BYTES_MAX, maxLength: V2_BYTES_MAX }),
      (head, rest) => {
        const header = readProxyHeader(Buffer.concat([head, rest]));
        expect(header.is).not.toBe('partial');
        if (header.is === 'whole') expect(header.bytes).toBeLessThanOrEqual(V2_BYTES_MAX);
      },
    );
    fc.assert(property, { numRuns: 500 });
  });

  it('once decided stays decided: more bytes change nothing', () => {
    const good = fc.constantFrom(...GOOD.map(([, header]) => header));
    const property = fc.property(
      good,
      fc.nat(60),
      fc.nat(255),
      fc.uint8Array({ maxLength: 40 }),
      (header, at, byte, more) => {
        const changed = Buffer.from(header);
        changed[at % changed.length] = byte;
        const first = readProxyHeader(changed);
        if (first.is !== 'partial') expect(readProxyHeader(Buffer.concat([changed, more]))).toEqual(first);
      },
    );
    fc.assert(property, { numRuns: 2_000 });
  });
});
