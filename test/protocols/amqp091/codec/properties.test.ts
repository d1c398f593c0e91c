import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CodecError,
  decodeProperties,
  encodeProperties,
  type FieldTable,
  NO_PROPERTIES,
  type Properties,
  peekProperties,
  rewriteProperties,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { properties, shortText, table } from './arbitraries.ts';

const defined = (given: Properties) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
const peek = (bytes: Uint8Array) => peekProperties(bytes, 0, bytes.length);

describe('properties', () => {
  test('digest 2: decode(encode(properties)) are the properties', () => {
    fc.assert(
      fc.property(properties, (given) => {
        expect(decodeProperties(encodeProperties(given))).toEqual(given);
      }),
    );
  });

  test('no properties are two zero octets', () => {
    expect(encodeProperties({})).toEqual(NO_PROPERTIES);
    expect(decodeProperties(NO_PROPERTIES)).toEqual({});
  });

  test('content-type is bit 15 and cluster-id bit 2', () => {
    expect(Buffer.from(encodeProperties({ contentType: 'a', clusterId: 'z' })).toString('hex')).toBe('80040161017a');
  });

  test('the summary tells what decoding tells', () => {
    fc.assert(
      fc.property(properties, fc.nat({ max: 4 }), (given, shift) => {
        const encoded = encodeProperties(given);
        const bytes = new Uint8Array(shift + encoded.length + shift);
        bytes.set(encoded, shift);
        expect(peekProperties(bytes, shift, shift + encoded.length)).toEqual({
          deliveryMode: given.deliveryMode ?? -1,
          priority: given.priority ?? 0,
          expiration: given.expiration,
          replyTo: given.replyTo,
          userId: given.userId,
          hasHeaders: (given.headers?.size ?? 0) > 0,
          hasCopyKeys: (given.headers?.has('CC') || given.headers?.has('BCC')) ?? false,
        });
      }),
    );
  });

  test('plain Messages share one summary', () => {
    expect(peek(encodeProperties({}))).toBe(peek(encodeProperties({})));
    expect(peek(encodeProperties({ deliveryMode: 2 }))).toBe(
      peek(encodeProperties({ deliveryMode: 2, contentType: 'a/b', headers: new Map() })),
    );
    expect(peek(encodeProperties({ deliveryMode: 2 })).deliveryMode).toBe(2);
  });

  test('CC and BCC are seen', () => {
    const withKey = (key: string): FieldTable => new Map([[key, { type: 'array', value: [] }]]);
    expect(peek(encodeProperties({ headers: withKey('CC') })).hasCopyKeys).toBe(true);
    expect(peek(encodeProperties({ headers: withKey('BCC') })).hasCopyKeys).toBe(true);
    expect(peek(encodeProperties({ headers: withKey('cc') })).hasCopyKeys).toBe(false);
  });

  test('rewriting changes what it is told and leaves the bytes of all else', () => {
    const changes = fc.record(
      {
        headers: fc.option(table),
        replyTo: fc.option(shortText),
        expiration: fc.option(shortText),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(properties, changes, (given, change) => {
        const expected: Properties = { ...given };
        for (const name of ['headers', 'replyTo', 'expiration'] as const) {
          const value = change[name];
          if (value === null) delete expected[name];
          else if (value !== undefined) Object.assign(expected, { [name]: value });
        }
        const rewritten = rewriteProperties(encodeProperties(given), change);
        expect(rewritten).toEqual(encodeProperties(expected));
        expect(decodeProperties(rewritten)).toEqual(defined(expected));
      }),
    );
  });

  test('strings that are not UTF-8 pass without loss', () => {
    const bytes = Buffer.from('04000241ff', 'hex');
    expect(Buffer.from(encodeProperties(decodeProperties(bytes)))).toEqual(bytes);
  });

  test('every truncation, a surplus octet and reserved flags are errors of the codec for all three readers', () => {
    fc.assert(
      fc.property(properties, (given) => {
        const encoded = encodeProperties(given);
        const wrong = [Uint8Array.of(...encoded, 0), Uint8Array.of(encoded[0], encoded[1] | 1, ...encoded.slice(2))];
        for (let length = 0; length < encoded.length; length++) wrong.push(encoded.slice(0, length));
        for (const bytes of wrong) {
          expect(() => decodeProperties(bytes)).toThrow(CodecError);
          expect(() => peek(bytes)).toThrow(CodecError);
          expect(() => rewriteProperties(bytes, {})).toThrow(CodecError);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('a malformed header table is found by the summary', () => {
    expect(() => peek(Buffer.from('2000 00000003016b3f'.replace(' ', ''), 'hex'))).toThrow('unknown type 63');
  });
});
