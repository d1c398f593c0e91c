// The contents of a stream: its law over random runs, and each rule by itself.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StreamStart } from '../../../src/broker/stream/index.ts';
import { MemoryLog } from '../../storage/memory-log.ts';
import { BOUNDS, checkStream, FOREVER, open, readAll, streamRuns } from './stream-laws.ts';

describe('StreamLog', () => {
  test('every reader sees every offset from its start on once and in order', () => {
    fc.assert(
      fc.property(streamRuns, (run) => checkStream(run)),
      { numRuns: 1_000 },
    );
  });

  test('whole segments go, the oldest first, and never the one that is being filled', () => {
    const stream = open({ ...FOREVER, segmentBytes: 30, maxLengthBytes: 60 }, null);
    for (let round = 0; round < 6; round++) stream.append(['aa', 'bb', 'cc'], round);
    expect([stream.first, stream.next]).toEqual([9, 18]);
    const big = open({ ...FOREVER, maxLengthBytes: 1 }, null);
    big.append(['aa', 'bb'], 0);
    expect(big.count).toBe(2);
  });

  test('the table of many small segments costs a bounded share of what is written, and a restart does without its end', () => {
    const log = new MemoryLog();
    const settings = { ...FOREVER, segmentBytes: 100, maxAgeMs: 1e9 };
    const stream = open(settings, log);
    let tableBytes = 0;
    const { mark } = log.batch;
    log.batch.mark = (row, sequence, payload) => {
      tableBytes += payload.length;
      mark(row, sequence, payload);
    };
    const COUNT = 4_000;
    for (let at = 0; at < COUNT; at++) stream.append(['x'.repeat(60)], at);
    expect(tableBytes).toBeLessThan((COUNT * 68) / 4);
    log.sync();
    const again = open({ ...settings, maxAgeMs: COUNT / 2 }, log.crash());
    expect([again.first, again.next]).toEqual([0, COUNT]);
    for (let at = COUNT; at < COUNT + 3; at++) again.append(['y'.repeat(60)], at);
    // Some of the newest are in one segment now: what is dropped is still only what is old enough.
    expect(again.first).toBeGreaterThan(COUNT / 2 - 200);
    expect(again.first).toBeLessThanOrEqual(COUNT / 2 + 3);
  });

  test('messages older than the age go with their segment', () => {
    const stream = open({ ...FOREVER, segmentBytes: 30, maxAgeMs: 100 }, null);
    stream.append(['aa', 'bb', 'cc'], 0);
    stream.append(['dd', 'ee', 'ff'], 90);
    expect(stream.first).toBe(0);
    stream.append(['gg'], 191);
    expect([stream.first, stream.next]).toEqual([3, 7]);
  });

  test('last begins with what came last together, a time with the first message of it or later', () => {
    const stream = open(FOREVER, null);
    stream.append(['a', 'b'], 10);
    stream.append(['c', 'd'], 20);
    const from = (begin: StreamStart) => readAll(stream, stream.begin(begin)).map(([offset]) => offset);
    expect([from({ tag: 'last' }), from({ tag: 'since', atMs: 11 }), from({ tag: 'since', atMs: 10 })]).toEqual([
      [2, 3],
      [2, 3],
      [0, 1, 2, 3],
    ]);
    expect([from({ tag: 'next' }), from({ tag: 'offset', offset: -1 }), from({ tag: 'offset', offset: 9 })]).toEqual([
      [],
      [0, 1, 2, 3],
      [],
    ]);
    expect(open(FOREVER, null).begin({ tag: 'last' }).next).toBe(0);
  });

  test('a time at which several segments begin finds the first message of it', () => {
    const stream = open({ ...FOREVER, segmentBytes: 20 }, null);
    stream.append(['aa', 'bb', 'cc', 'dd', 'ee'], 7);
    expect(readAll(stream, stream.begin({ tag: 'since', atMs: 7 })).map(([offset]) => offset)).toEqual([0, 1, 2, 3, 4]);
  });

  test('a reader that waits for an offset to come gets it and what follows', () => {
    const stream = open(FOREVER, null);
    const cursor = stream.begin({ tag: 'offset', offset: 2 });
    stream.append(['a', 'b'], 0);
    expect(readAll(stream, cursor)).toEqual([]);
    stream.append(['c'], 0);
    expect(readAll(stream, cursor)).toEqual([[2, 'c']]);
  });

  test('what is beyond the bound leaves memory, and the budget says so', () => {
    const log = new MemoryLog();
    const stream = open(FOREVER, log);
    for (let round = 0; round < 50; round++) stream.append(['0123456789'], round);
    stream.flush();
    log.send();
    expect(log.budget.residentBytes).toBeLessThanOrEqual(BOUNDS.bytesMax);
    expect(readAll(stream, stream.begin({ tag: 'first' }), log)).toHaveLength(50);
    stream.discard();
    expect(log.budget.residentBytes).toBe(0);
  });

  test('a commit is told when what was added before it is safe', () => {
    const log = new MemoryLog();
    const stream = open(FOREVER, log);
    const told: boolean[] = [];
    stream.append(['a'], 0);
    stream.commit((isSafe) => told.push(isSafe));
    stream.flush();
    log.send();
    stream.advance();
    expect(told).toEqual([]);
    log.sync();
    stream.advance();
    expect(told).toEqual([true]);
  });
});
