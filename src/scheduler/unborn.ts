// Processes that another thread has started here and whose spawn is still on its way. Their pid may be faster, by way of
// a third thread: what comes for them waits until they are born, because a process exists for everybody once spawn has
// returned (SIG-3 no loss, MON-2 no false noproc, PRC-1). One thread starts its processes here in the order of its
// counter, so the last counter seen from it says which pids are still to come. What waits is bounded by what is under way.
import type { Signal } from '../process/index.ts';
import type { AnyPid, Origin } from '../term/index.ts';
import { minterKey, minterOf } from './serial.ts';

export class Unborn {
  /** The counter of the last spawn that came, by minter; Infinity for a minter that has died. */
  private readonly last = new Map<number, number>();
  private readonly waiting = new Map<AnyPid, Signal[]>();

  /** True when `pid`, of this thread and without a process, has not been born yet; false when it is dead. */
  isExpected(pid: AnyPid): boolean {
    const minter = minterOf(pid.serial);
    return minter !== null && minter.counter > (this.last.get(minter.key) ?? 0);
  }

  /** Keeps a signal for a process that is expected. */
  keep(pid: AnyPid, signal: Signal): void {
    const signals = this.waiting.get(pid);
    if (signals === undefined) this.waiting.set(pid, [signal]);
    else signals.push(signal);
  }

  /** The spawn of `pid` has come: what has waited for it, in order. */
  born(pid: AnyPid): readonly Signal[] {
    const minter = minterOf(pid.serial);
    if (minter !== null) this.last.set(minter.key, minter.counter);
    const signals = this.waiting.get(pid) ?? [];
    this.waiting.delete(pid);
    return signals;
  }

  /** A thread has died and nothing of it is on its way any more: what waited for processes that it did not start. */
  lost(minter: Origin): readonly Signal[] {
    const signals: Signal[] = [];
    const key = minterKey(minter);
    this.last.set(key, Number.POSITIVE_INFINITY);
    for (const [pid, kept] of this.waiting) {
      if (minterOf(pid.serial)?.key !== key) continue;
      signals.push(...kept);
      this.waiting.delete(pid);
    }
    return signals;
  }
}
