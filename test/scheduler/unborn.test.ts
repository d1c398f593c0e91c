import { describe, expect, test } from 'vitest';
import type { Signal } from '../../src/process/index.ts';
import { foreignSerial, minterOf, ownSerial } from '../../src/scheduler/serial.ts';
import { Unborn } from '../../src/scheduler/unborn.ts';
import { type AnyPid, Pid } from '../../src/term/index.ts';

const here = { node: 'n', thread: 3, incarnation: 1 };
const one = { node: 'n', thread: 1, incarnation: 1 };
const two = { node: 'n', thread: 2, incarnation: 5 };
const mintedBy = (minter: typeof one, counter: number): AnyPid => new Pid(here, foreignSerial(minter, counter));
const message = (to: AnyPid, text: string): Signal => ({ kind: 'message', from: null, to, message: text, seal: null });

describe('serials', () => {
  test('a foreign serial gives its minter and counter back, an own one has none', () => {
    const serials = [one, two].flatMap((minter) => [1, 2, 1_000_000].map((counter) => foreignSerial(minter, counter)));
    expect(new Set(serials).size).toBe(6);
    expect(minterOf(foreignSerial(two, 7))).toEqual({ key: 5 * 256 + 2, counter: 7 });
    expect(minterOf(ownSerial(7))).toBe(null);
    expect(Number.isSafeInteger(foreignSerial({ node: 'n', thread: 255, incarnation: 4_000 }, 2 ** 31 - 1))).toBe(true);
  });
});

describe('processes whose spawn is on its way', () => {
  test('are expected until their spawn or a later one of the same thread has come', () => {
    const unborn = new Unborn();
    expect(unborn.isExpected(mintedBy(one, 2))).toBe(true);
    unborn.born(mintedBy(one, 2));
    expect([1, 2, 3].map((counter) => unborn.isExpected(mintedBy(one, counter)))).toEqual([false, false, true]);
    expect(unborn.isExpected(mintedBy(two, 1))).toBe(true);
    expect(unborn.isExpected(new Pid(here, ownSerial(9)))).toBe(false);
  });

  test('find what came before them, in order, once', () => {
    const unborn = new Unborn();
    const pid = mintedBy(one, 4);
    for (const text of ['a', 'b']) unborn.keep(pid, message(pid, text));
    expect(unborn.born(pid)).toEqual([message(pid, 'a'), message(pid, 'b')]);
    expect(unborn.born(pid)).toEqual([]);
  });

  test('are given up when the thread that started them is dead', () => {
    const unborn = new Unborn();
    const [lost, other] = [mintedBy(one, 4), mintedBy(two, 1)];
    unborn.keep(lost, message(lost, 'lost'));
    unborn.keep(other, message(other, 'waits'));
    expect(unborn.lost(one)).toEqual([message(lost, 'lost')]);
    expect([unborn.isExpected(lost), unborn.isExpected(mintedBy(one, 99)), unborn.isExpected(other)]).toEqual([
      false,
      false,
      true,
    ]);
    expect(unborn.born(other)).toEqual([message(other, 'waits')]);
  });
});
