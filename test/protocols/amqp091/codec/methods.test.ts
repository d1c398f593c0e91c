import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CodecError,
  decodeMethod,
  encodeMethod,
  type Method,
  methodIds,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { METHODS, type MethodName } from '../../../../src/protocols/amqp091/codec/method-table.ts';
import { methodNamed } from './arbitraries.ts';
import { errorLine } from './transcript.ts';

const names = Object.keys(METHODS) as MethodName[];

function errorOf(hex: string): string {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  try {
    decodeMethod(bytes, 0, bytes.length);
  } catch (error) {
    if (error instanceof CodecError) return errorLine(error);
    throw error;
  }
  return 'no error';
}

describe('methods', () => {
  test.each(names)('%s: decode(encode(method)) is the method', (name) => {
    fc.assert(
      fc.property(methodNamed(name), fc.nat({ max: 5 }), (method, shift) => {
        const payload = encodeMethod(method);
        const bytes = new Uint8Array(payload.length + 2 * shift);
        bytes.set(payload, shift);
        expect(decodeMethod(bytes, shift, shift + payload.length)).toEqual(method);
        const ids = methodIds(name);
        expect([payload[0] * 256 + payload[1], payload[2] * 256 + payload[3]]).toEqual([ids.classId, ids.methodId]);
      }),
      { numRuns: 30 },
    );
  });

  test.each(names)('%s: every truncation and every surplus octet is 501 with its ids', (name) => {
    fc.assert(
      fc.property(methodNamed(name), (method) => {
        const payload = encodeMethod(method);
        const { classId, methodId } = methodIds(name);
        const longer = Buffer.concat([payload, Buffer.of(0)]);
        const inputs = [longer];
        for (let length = 4; length < payload.length; length++) inputs.push(Buffer.from(payload.subarray(0, length)));
        for (const input of inputs) {
          const line = errorOf(input.toString('hex'));
          expect(line.startsWith(`501 [${classId},${methodId}] FRAME_ERROR - cannot decode <<`)).toBe(true);
        }
      }),
      { numRuns: 3 },
    );
  });

  test('the bytes of some methods are those of the specification', () => {
    const known: [Method, string][] = [
      [{ name: 'connection.tune', channelMax: 2047, frameMax: 131072, heartbeat: 60 }, '000a001e 07ff 00020000 003c'],
      [{ name: 'basic.ack', deliveryTag: 2 ** 40 + 5, multiple: true }, '003c0050 0000010000000005 01'],
      [{ name: 'basic.nack', deliveryTag: 1, multiple: false, requeue: true }, '003c0078 0000000000000001 02'],
      [
        { name: 'basic.publish', exchange: 'e', routingKey: 'rk', mandatory: true, immediate: false },
        '003c0028 0000 0165 02726b 01',
      ],
      [
        {
          name: 'queue.declare',
          queue: 'q',
          passive: false,
          durable: true,
          exclusive: false,
          autoDelete: true,
          nowait: true,
          arguments: new Map(),
        },
        '0032000a 0000 0171 1a 00000000',
      ],
      [
        { name: 'basic.deliver', consumerTag: 't', deliveryTag: 7, redelivered: true, exchange: '', routingKey: 'k' },
        '003c003c 0174 0000000000000007 01 00 016b',
      ],
      [{ name: 'exchange.unbind-ok' }, '00280033'],
      [{ name: 'channel.open-ok' }, '0014000b 00000000'],
    ];
    for (const [method, hex] of known)
      expect(Buffer.from(encodeMethod(method)).toString('hex')).toBe(hex.replaceAll(' ', ''));
  });

  test('digest 2: the texts of undecodable methods', () => {
    expect(errorOf('003c000a 00')).toBe('501 [60,10] FRAME_ERROR - cannot decode <<0>>');
    expect(errorOf('0032000a 0000 02c328 00 00000000')).toBe('501 [0,0] FRAME_ERROR - Malformed UTF-8 in shortstr');
    expect(errorOf('003c0028 0000 00 01ff 00')).toBe('501 [0,0] FRAME_ERROR - Malformed UTF-8 in shortstr');
    expect(errorOf('003c03e7')).toBe('503 [60,999] COMMAND_INVALID - unimplemented method');
    expect(errorOf('03e7000a')).toBe('503 [999,10] COMMAND_INVALID - unimplemented method');
    expect(errorOf('ffffffff')).toBe('503 [65535,65535] COMMAND_INVALID - unimplemented method');
    expect(errorOf('0032000a 0000 00 00 00000003 016b3f')).toBe(
      '502 [50,10] SYNTAX_ERROR - unknown type 63 of a table value',
    );
  });

  test('a short string above 255 bytes is refused, also when only its UTF-8 is too long', () => {
    const long = (text: string) => () => encodeMethod({ name: 'connection.blocked', reason: text });
    expect(encodeMethod({ name: 'connection.blocked', reason: 'x'.repeat(255) }).length).toBe(260);
    expect(long('x'.repeat(256))).toThrow('short string of 256 bytes is longer than 255');
    expect(long('ü'.repeat(128))).toThrow('short string of 256 bytes is longer than 255');
    expect(encodeMethod({ name: 'connection.blocked', reason: 'ü'.repeat(127) }).length).toBe(4 + 1 + 254);
  });
});
