// The fingerprint of a run: 16 hex digits over every choice and signal, in order; equal for equal runs (R17). A second one
// is of what signals hold and of what came of the run: it takes longer, and only runs that are made twice have it.
import type { Signal } from '../process/index.ts';
import { addContents } from './contents.ts';
import { mix } from './random.ts';

const SIGNAL_CODES: Readonly<Record<Signal['kind'], number>> = {
  message: 1,
  alias: 2,
  exit: 3,
  linkExit: 4,
  link: 5,
  unlink: 6,
  unlinkAck: 7,
  monitor: 8,
  demonitor: 9,
  down: 10,
  spawn: 11,
  info: 12,
  infoReply: 13,
  cancelTimer: 14,
  suspend: 15,
  resume: 16,
  suspendEnd: 17,
};

export class RunHash {
  private a = 1;
  private b = 2;

  add(value: number): void {
    this.a = mix(this.a, value);
    this.b = (Math.imul(this.b, 0x01000193) ^ value) | 0;
  }

  /** The kind of a signal, and its message where that is a number. */
  addSignal(signal: Signal): void {
    this.add(SIGNAL_CODES[signal.kind]);
    if (signal.kind === 'message' && typeof signal.message === 'number') this.add(signal.message | 0);
  }

  /** All that a signal carries: its message, the reason of a death, the arguments of a start. */
  addCarried(signal: Signal): void {
    if (signal.kind === 'message' || signal.kind === 'alias') addContents(this, signal.message);
    else if (signal.kind === 'exit' || signal.kind === 'linkExit' || signal.kind === 'down') {
      addContents(this, signal.reason);
    } else if (signal.kind === 'spawn') addContents(this, signal.args);
  }

  /** How a run ended: what its body returned, or how it failed. */
  addOutcome(outcome: unknown): void {
    addContents(this, outcome);
  }

  toString(): string {
    return [this.a, this.b].map((half) => (half >>> 0).toString(16).padStart(8, '0')).join('');
  }
}
