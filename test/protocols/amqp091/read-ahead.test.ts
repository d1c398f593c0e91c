// What a connection reads ahead: bounded by chunks, bytes and commands, and what was held comes back in order.
import { describe, expect, it } from 'vitest';
import {
  READ_AHEAD_BYTES,
  READ_AHEAD_CHUNKS_MAX,
  READ_AHEAD_COMMANDS,
  READ_AHEAD_THREAD_CHUNKS,
  READERS_MS,
} from '../../../src/protocols/amqp091/limits.ts';
import { ReadAhead, type Readers } from '../../../src/protocols/amqp091/read-ahead.ts';

const CHUNK = 65_536;

const nobody = (): Readers => ({ period: 0, now: 0, before: 0 });

/** One whose queues have let it go on for long. */
function grown(readers: Readers = nobody()): ReadAhead {
  const ahead = new ReadAhead(readers);
  for (let count = 0; count < READ_AHEAD_CHUNKS_MAX; count++) ahead.consumed(false);
  return ahead;
}

/** The chunks on their way after one chunk of so many bytes with so many commands was read. */
function aheadAfter(bytes: number, commands: number, chunksMax = READ_AHEAD_CHUNKS_MAX): number {
  const ahead = grown();
  expect(ahead.ask(chunksMax)).toBe(1);
  ahead.came();
  ahead.read(bytes, commands, 0);
  return ahead.ask(chunksMax);
}

describe('the chunks that a connection asks for', () => {
  it('are one where a chunk is full of commands, and many where it holds few', () => {
    expect(aheadAfter(CHUNK, 900)).toBe(1);
    expect(aheadAfter(CHUNK, READ_AHEAD_COMMANDS / 4)).toBe(4);
    expect(aheadAfter(CHUNK, 4)).toBe(READ_AHEAD_CHUNKS_MAX);
    expect(aheadAfter(CHUNK, 0)).toBe(READ_AHEAD_CHUNKS_MAX);
  });

  it('hold no more bytes together than the bound, however large one is', () => {
    expect(aheadAfter(READ_AHEAD_BYTES / 2, 1)).toBe(2);
    expect(aheadAfter(READ_AHEAD_BYTES * 4, 1)).toBe(1);
  });

  it('are one at a time where the connection allows no more', () => {
    expect(aheadAfter(100, 1, 1)).toBe(1);
  });

  it('are asked for only as far as none is on its way and none waits', () => {
    const ahead = grown();
    ahead.ask(16);
    ahead.came();
    ahead.read(CHUNK, 0, 0);
    expect(ahead.ask(4)).toBe(4);
    expect(ahead.ask(4)).toBe(0);
    ahead.came();
    ahead.hold(Uint8Array.of(1));
    expect(ahead.ask(4)).toBe(0);
    ahead.came();
    ahead.hold(Uint8Array.of(2));
    expect([ahead.isHolding, ahead.next(), ahead.next(), ahead.next(), ahead.isHolding]).toEqual([
      true,
      Uint8Array.of(1),
      Uint8Array.of(2),
      undefined,
      false,
    ]);
    expect(ahead.ask(4)).toBe(2);
  });

  it('are one more each time a chunk was passed on, and one again as soon as messages wait behind', () => {
    const ahead = new ReadAhead(nobody());
    const next = (isBehind: boolean): number => {
      ahead.consumed(isBehind);
      ahead.read(CHUNK, 0, 0);
      const chunks = ahead.ask(READ_AHEAD_CHUNKS_MAX);
      for (let came = 0; came < chunks; came++) ahead.came();
      return chunks;
    };
    expect([false, false, false, true, true, false].map(next)).toEqual([2, 3, 4, 1, 1, 2]);
  });

  it('are fewer each where many connections of a thread read at the same time, and many again when they have stopped', () => {
    const readers = nobody();
    const connections = Array.from({ length: 100 }, () => grown(readers));
    const read = (count: number, nowMs: number): number => {
      let chunks = 0;
      for (const each of connections.slice(0, count)) {
        each.read(CHUNK, 0, nowMs);
        chunks = each.ask(READ_AHEAD_CHUNKS_MAX);
        for (let came = 0; came < chunks; came++) each.came();
      }
      return chunks;
    };
    expect(read(1, 0)).toBe(READ_AHEAD_CHUNKS_MAX);
    expect(read(8, READERS_MS)).toBe(READ_AHEAD_THREAD_CHUNKS / 8);
    expect(read(100, 2 * READERS_MS)).toBe(1);
    // One reads as much as before when the period in which the others did is over.
    expect(read(1, 3 * READERS_MS)).toBe(1);
    expect(read(1, 4 * READERS_MS)).toBe(READ_AHEAD_CHUNKS_MAX);
  });
});
