// Serials of pids. Even ones are minted by the thread itself, odd ones by another thread, with the minter and its
// incarnation inside, so that no two minters can ever name the same process (DESIGN decision 4):
//
//   own:     counter * 2
//   foreign: ((incarnation * 256 + thread) * 2^31 + counter) * 2 + 1
import type { Origin } from '../term/index.ts';

const COUNTERS = 2 ** 31;

/** The serial for the `counter`-th process that a thread starts by itself. */
export function ownSerial(counter: number): number {
  return counter * 2;
}

/** The serial for the `counter`-th process that `minter` starts on other threads. */
export function foreignSerial(minter: Origin, counter: number): number {
  return (minterKey(minter) * COUNTERS + counter) * 2 + 1;
}

/** Names one incarnation of one thread by a number. */
export function minterKey({ thread, incarnation }: Origin): number {
  return incarnation * 256 + thread;
}

/** Who minted a foreign serial, and the how manieth of its own it was; null for a serial of the thread itself. */
export function minterOf(serial: number): { readonly key: number; readonly counter: number } | null {
  if (serial % 2 === 0) return null;
  const rest = (serial - 1) / 2;
  return { key: Math.floor(rest / COUNTERS), counter: rest % COUNTERS };
}
