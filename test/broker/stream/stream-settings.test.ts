// What arguments of streams mean.
import { describe, expect, test } from 'vitest';
import type { FieldTable, FieldValue } from '../../../src/broker/field-table.ts';
import { SEGMENT_BYTES, spanMs, streamSettings, streamStart } from '../../../src/broker/stream/index.ts';

const table = (entries: Record<string, FieldValue>): FieldTable => new Map(Object.entries(entries));
const text = (value: string): FieldValue => ({ type: 'longstr', value });
const offset = (field: FieldValue) => streamStart(table({ 'x-stream-offset': field }), 10_000_000);

describe('arguments of streams', () => {
  test.each([
    ['1s', 1_000],
    ['2m', 120_000],
    ['3h', 10_800_000],
    ['1D', 86_400_000],
    ['1M', 2_592_000_000],
    ['1Y', 31_536_000_000],
    ['', null],
    ['h', null],
    ['-1h', null],
    ['1h2', null],
    ['1H', null],
  ])('a time of %j is %s ms', (written, ms) => {
    expect(spanMs(written)).toBe(ms);
  });

  test('without arguments nothing goes, in segments of 500 MB', () => {
    expect(streamSettings(new Map())).toEqual({
      segmentBytes: SEGMENT_BYTES,
      maxAgeMs: Number.POSITIVE_INFINITY,
      maxLengthBytes: Number.POSITIVE_INFINITY,
    });
    const given = { 'x-max-age': text('1h'), 'x-max-length-bytes': { type: 'signedint', value: 5 } as const };
    expect(streamSettings(table(given))).toMatchObject({ maxAgeMs: 3_600_000, maxLengthBytes: 5 });
  });

  test('a consumer begins where x-stream-offset says, and with what comes next without it', () => {
    expect(streamStart(new Map(), 0)).toEqual({ tag: 'next' });
    for (const tag of ['first', 'last', 'next'] as const) expect(offset(text(tag))).toEqual({ tag });
    expect(offset({ type: 'long', value: 7n })).toEqual({ tag: 'offset', offset: 7 });
    expect(offset({ type: 'timestamp', value: 5n })).toEqual({ tag: 'since', atMs: 5_000 });
    expect(offset(text('1m'))).toEqual({ tag: 'since', atMs: 9_940_000 });
    expect(offset(text('5'))).toBe('{invalid_stream_offset_arg,{longstr,<<"5">>}}');
    expect(offset({ type: 'bool', value: true })).toBe('{invalid_stream_offset_arg,{bool,true}}');
  });
});
