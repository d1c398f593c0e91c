import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CodecError,
  checkTable,
  decodeTable,
  encodeTable,
  type FieldTable,
  type FieldValue,
} from '../../../../src/protocols/amqp091/codec/index.ts';
import { table } from './arbitraries.ts';

function nested(levels: number): FieldTable {
  let inner: FieldTable = new Map();
  for (let i = 1; i < levels; i++) inner = new Map([['t', { type: 'table', value: inner }]]);
  return inner;
}

/** A table of `levels` levels, encoded by hand because the encoder refuses deep ones. */
function nestedBytes(levels: number): Buffer {
  let inner = Buffer.alloc(4);
  for (let i = 1; i < levels; i++) {
    const head = Buffer.from([0, 0, 0, 0, 1, 0x74, 0x46]);
    head.writeUInt32BE(inner.length + 3);
    inner = Buffer.concat([head, inner]);
  }
  return inner;
}

function caught(run: () => unknown): CodecError {
  try {
    run();
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('field tables', () => {
  test('decode(encode(table)) is the table, for every type', () => {
    fc.assert(
      fc.property(table, (given) => {
        const bytes = encodeTable(given);
        expect(decodeTable(bytes, 0, bytes.length)).toEqual(given);
      }),
    );
  });

  test("digest 2: a header keeps RabbitMQ's type letter, s being 16 bits", () => {
    const values: [string, FieldValue, string][] = [
      ['b', { type: 'byte', value: -3 }, 'fd'],
      ['B', { type: 'unsignedbyte', value: 200 }, 'c8'],
      ['s', { type: 'short', value: -300 }, 'fed4'],
      ['u', { type: 'unsignedshort', value: 60000 }, 'ea60'],
      ['I', { type: 'signedint', value: -70000 }, 'fffeee90'],
      ['i', { type: 'unsignedint', value: 4_000_000_000 }, 'ee6b2800'],
      ['l', { type: 'long', value: -(2n ** 40n) }, 'ffffff0000000000'],
      ['f', { type: 'float', value: 0.5 }, '3f000000'],
      ['d', { type: 'double', value: 0.25 }, '3fd0000000000000'],
      ['D', { type: 'decimal', value: { scale: 2, unscaled: 314 } }, '020000013a'],
      ['T', { type: 'timestamp', value: 77n }, '000000000000004d'],
      ['t', { type: 'bool', value: true }, '01'],
      ['S', { type: 'longstr', value: 'x' }, '0000000178'],
      ['x', { type: 'binary', value: Uint8Array.of(122) }, '000000017a'],
      ['A', { type: 'array', value: [{ type: 'void', value: null }] }, '0000000156'],
      ['F', { type: 'table', value: new Map() }, '00000000'],
      ['V', { type: 'void', value: null }, ''],
    ];
    for (const [letter, value, hex] of values) {
      const bytes = Buffer.from(encodeTable(new Map([['k', value]])));
      expect(bytes.subarray(4).toString('hex')).toBe(`016b${letter.charCodeAt(0).toString(16)}${hex}`);
      expect(decodeTable(bytes, 0, bytes.length)).toEqual(new Map([['k', value]]));
    }
  });

  test('L, which py-amqp sends for large numbers, is read as a signed number of 64 bits, and written as l', () => {
    const bytes = Buffer.from('0000000b016b4cff00000000000001', 'hex');
    const read = decodeTable(bytes, 0, bytes.length);
    expect(read).toEqual(new Map([['k', { type: 'long', value: -(2n ** 56n) + 1n }]]));
    expect(Buffer.from(encodeTable(read)).toString('hex')).toBe('0000000b016b6cff00000000000001');
  });

  test('keys and long strings that are not UTF-8 come out with the same bytes', () => {
    const bytes = Buffer.from('0000000b 02 ff41 53 00000003 c3 41 80'.replaceAll(' ', ''), 'hex');
    const decoded = decodeTable(bytes, 0, bytes.length);
    expect([...decoded.values()]).toEqual([{ type: 'longstr', value: Uint8Array.of(0xc3, 0x41, 0x80) }]);
    expect(Buffer.from(encodeTable(decoded))).toEqual(bytes);
  });

  test('decoded bytes do not alias the input', () => {
    const bytes = encodeTable(new Map([['k', { type: 'binary', value: Uint8Array.of(1, 2) }]]));
    const decoded = decodeTable(bytes, 0, bytes.length);
    bytes.fill(0);
    expect(decoded.get('k')?.value).toEqual(Uint8Array.of(1, 2));
  });

  test('a hundred levels are read and written, one more is refused with 502 by decoder, checker and encoder', () => {
    const deepest = nestedBytes(100);
    expect(decodeTable(deepest, 0, deepest.length)).toEqual(nested(100));
    expect(Buffer.from(encodeTable(nested(100)))).toEqual(deepest);
    expect(checkTable(deepest, 0, deepest.length)).toBe(false);
    const deeper = nestedBytes(101);
    for (const run of [
      () => decodeTable(deeper, 0, deeper.length),
      () => checkTable(deeper, 0, deeper.length),
      () => encodeTable(nested(101)),
    ]) {
      const error = caught(run);
      expect([error.code, error.message]).toEqual([502, 'table nested deeper than 100']);
    }
  });

  test('21,000 levels end with the same error and no stack overflow', () => {
    const bytes = nestedBytes(21_000);
    expect(caught(() => decodeTable(bytes, 0, bytes.length)).code).toBe(502);
    expect(caught(() => checkTable(bytes, 0, bytes.length)).code).toBe(502);
  });

  test('an unknown type octet is 502', () => {
    const bytes = Buffer.from('00000003016b3f', 'hex');
    const error = caught(() => decodeTable(bytes, 0, bytes.length));
    expect([error.code, error.message]).toEqual([502, 'unknown type 63 of a table value']);
  });

  test('a length of 4 GiB is refused before anything is allocated', () => {
    for (const letter of ['S', 'x', 'A', 'F']) {
      const bytes = Buffer.from(`00000007016b${letter.charCodeAt(0).toString(16)}ffffffff`, 'hex');
      expect(caught(() => decodeTable(bytes, 0, bytes.length)).code).toBe(501);
      expect(caught(() => checkTable(bytes, 0, bytes.length)).code).toBe(501);
    }
  });

  test('numbers outside their type are refused when encoding', () => {
    const wrong: FieldValue[] = [
      { type: 'byte', value: 128 },
      { type: 'unsignedint', value: -1 },
      { type: 'short', value: 1.5 },
      { type: 'long', value: 2n ** 63n },
      { type: 'timestamp', value: -1n },
    ];
    for (const value of wrong) expect(caught(() => encodeTable(new Map([['k', value]]))).code).toBe(502);
  });

  test('checkTable accepts and refuses exactly what decodeTable does, and finds CC and BCC at the top only', () => {
    const mutated = fc.tuple(table, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([given, at, octet]) => {
      const bytes = encodeTable(given);
      bytes[at % bytes.length] = octet;
      return bytes;
    });
    fc.assert(
      fc.property(mutated, (bytes) => {
        const outcome = (run: () => unknown) => {
          try {
            run();
            return 'ok';
          } catch (error) {
            expect(error).toBeInstanceOf(CodecError);
            return (error as CodecError).code;
          }
        };
        // decodeTable insists on using up all bytes; checkTable is told where the table ends by itself.
        const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) + 4;
        const end = Math.min(bytes.length, size);
        expect(outcome(() => checkTable(bytes, 0, end))).toBe(outcome(() => decodeTable(bytes, 0, end)));
      }),
      { numRuns: 2000 },
    );
    const copy: FieldTable = new Map([['CC', { type: 'array', value: [] }]]);
    const tables: [FieldTable, boolean][] = [
      [copy, true],
      [
        new Map([
          ['a', { type: 'long', value: 1n }],
          ['BCC', { type: 'void', value: null }],
        ]),
        true,
      ],
      [new Map([['in', { type: 'table', value: copy }]]), false],
      [new Map([['CX', { type: 'void', value: null }]]), false],
    ];
    for (const [given, expected] of tables) {
      const bytes = encodeTable(given);
      expect(checkTable(bytes, 0, bytes.length)).toBe(expected);
    }
  });

  test('the letter L is a signed number of 64 bits, as RabbitMQ reads it', () => {
    const bytes = new Uint8Array([0, 0, 0, 11, 1, 0x61, 0x4c, ...new Array(7).fill(0xff), 0xfe]);
    expect(decodeTable(bytes, 0, bytes.length)).toEqual(new Map([['a', { type: 'long', value: -2n }]]));
    expect(checkTable(bytes, 0, bytes.length)).toBe(false);
  });
});
