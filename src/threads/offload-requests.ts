// The data thread's half of `offload` (SCH-5): the pool belongs to the control thread, which is asked by notice.
import type { OffloadResult } from '../process/index.ts';
import type { Mfa } from '../term/index.ts';
import type { Notice } from '../wire/index.ts';
import type { OffloadAbortNotice, OffloadedNotice, OffloadNotice } from './messages.ts';

export class OffloadRequests {
  private readonly tellControl: (notice: Notice) => void;
  private readonly waiting = new Map<number, (result: OffloadResult) => void>();
  private lastId = 0;

  constructor(tellControl: (notice: Notice) => void) {
    this.tellControl = tellControl;
  }

  /** Asks for the work; the returned function gives it up. Throws NotATermError when an argument is none. */
  start(mfa: Mfa, args: readonly unknown[], done: (result: OffloadResult) => void): () => void {
    const id = ++this.lastId;
    const notice: OffloadNotice = { tag: 'offload', id, mfa: { module: mfa.module, export: mfa.export }, args };
    this.tellControl(notice);
    this.waiting.set(id, done);
    return () => {
      if (!this.waiting.delete(id)) return;
      const abort: OffloadAbortNotice = { tag: 'offloadAbort', id };
      this.tellControl(abort);
    };
  }

  receive({ id, result }: OffloadedNotice): void {
    const done = this.waiting.get(id);
    this.waiting.delete(id);
    done?.(result);
  }
}
