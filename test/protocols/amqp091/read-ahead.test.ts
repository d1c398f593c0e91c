// What a connection reads ahead: bounded by chunks, bytes and commands, and what was held comes back in order.
import { describe, expect, it } from 'vitest';
import { READ_AHEAD_BYTES, READ_AHEAD_CHUNKS_MAX, READ_AHEAD_COMMANDS } from '../../../src/protocols/amqp091/limits.ts';
import { ReadAhead } from '../../../src/protocols/amqp091/read-ahead.ts';

const CHUNK = 65_536;

/** The chunks on their way after one chunk of so many bytes with so many commands was read. */
function aheadAfter(bytes: number, commands: number, chunksMax = READ_AHEAD_CHUNKS_MAX): number {
  const ahead = new ReadAhead();
  expect(ahead.ask(chunksMax)).toBe(1);
  ahead.came();
  ahead.read(bytes, commands);
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
    const ahead = new ReadAhead();
    ahead.ask(16);
    ahead.came();
    ahead.read(CHUNK, 0);
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
});
