// Publisher confirms of one channel (digest 8): every publish gets a sequence number and is answered exactly once, when
// all queues it went to have taken or refused it. Answers are gathered; those at the low end leave as one `multiple`.

const PENDING = 0;
const ACKED = 1;
const NACKED = 2;
const ANSWERED = 3;
const FIRST_CAPACITY = 64;

/** One answer: `multiple` covers everything up to `seq` that is not answered yet. */
export interface ConfirmAnswer {
  readonly deliveryTag: number;
  readonly multiple: boolean;
  readonly isAck: boolean;
}

export class Confirms {
  /** State of each publish from `lowest` on, in a ring of a power of two. */
  private states = new Uint8Array(FIRST_CAPACITY);
  /** How many queues a publish still waits for, where that is more than one. */
  private readonly waitsFor = new Map<number, number>();
  private lowest = 1;
  private next = 1;
  /** Publishes that were settled since the last `take`, above `lowest` and out of order. */
  private readonly settledAbove: number[] = [];
  private hasSettled = false;

  /** Publishes that are not answered yet. */
  get outstanding(): number {
    return this.next - this.lowest;
  }

  /** A publish that goes to so many queues; its sequence number. With none it is settled at once. */
  expect(queues: number): number {
    if (this.next - this.lowest === this.states.length) this.grow();
    const seq = this.next++;
    this.states[seq & (this.states.length - 1)] = PENDING;
    if (queues > 1) this.waitsFor.set(seq, queues);
    else if (queues === 0) this.settle(seq, true);
    return seq;
  }

  /** One queue has taken (`isTaken`) or refused the publish. A refusal by one queue is a nack for all. */
  settle(seq: number, isTaken: boolean): void {
    const at = seq & (this.states.length - 1);
    if (!isTaken) this.states[at] = NACKED;
    const left = this.waitsFor.get(seq);
    if (left !== undefined && left > 1) {
      this.waitsFor.set(seq, left - 1);
      return;
    }
    if (left !== undefined) this.waitsFor.delete(seq);
    if (this.states[at] === PENDING) this.states[at] = ACKED;
    this.hasSettled = true;
    if (seq !== this.lowest) this.settledAbove.push(seq);
  }

  /** The answers due now; each publish appears in them once in its life. */
  take(): readonly ConfirmAnswer[] {
    if (!this.hasSettled) return NONE;
    this.hasSettled = false;
    const answers: ConfirmAnswer[] = [];
    this.takeLowEnd(answers);
    for (const seq of this.settledAbove) {
      const at = seq & (this.states.length - 1);
      if (seq < this.lowest || this.isWaiting(seq) || this.states[at] === ANSWERED) continue;
      answers.push({ deliveryTag: seq, multiple: false, isAck: this.states[at] === ACKED });
      this.states[at] = ANSWERED;
    }
    this.settledAbove.length = 0;
    return answers;
  }

  /** Runs of equal answers from the lowest publish up. */
  private takeLowEnd(answers: ConfirmAnswer[]): void {
    const mask = this.states.length - 1;
    while (this.lowest < this.next && !this.isWaiting(this.lowest)) {
      const state = this.states[this.lowest & mask];
      if (state === PENDING) return;
      const from = this.lowest;
      let count = 0;
      while (this.lowest < this.next && !this.isWaiting(this.lowest)) {
        const here = this.states[this.lowest & mask];
        if (here !== state && here !== ANSWERED) break;
        if (here !== ANSWERED) count++;
        this.lowest++;
      }
      if (count > 0 && state !== ANSWERED) {
        answers.push({ deliveryTag: this.lowest - 1, multiple: this.lowest - from > 1, isAck: state === ACKED });
      }
    }
  }

  private isWaiting(seq: number): boolean {
    return this.waitsFor.size > 0 && this.waitsFor.has(seq);
  }

  private grow(): void {
    const states = new Uint8Array(this.states.length * 2);
    for (let seq = this.lowest; seq < this.next; seq++) {
      states[seq & (states.length - 1)] = this.states[seq & (this.states.length - 1)];
    }
    this.states = states;
  }
}

const NONE: readonly ConfirmAnswer[] = [];
