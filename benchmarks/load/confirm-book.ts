// Question: which publishes did the broker confirm, and how long did that take? Tags of one producer between the lowest
// unconfirmed one and the last sent, in a ring, so that single and multiple confirms in any order are counted exactly.
// A confirm of a tag that is not outstanding is an error of the broker.

/** Tags that may be outstanding at once, from the lowest unconfirmed to the last sent. */
export const CONFIRM_SPAN_MAX = 1 << 16;

const MASK = CONFIRM_SPAN_MAX - 1;

/** Outstanding publishes of one channel in confirm mode. */
export class ConfirmBook {
  confirmed = 0;
  #lowest = 1;
  #next = 1;
  readonly #sentUs = new Float64Array(CONFIRM_SPAN_MAX);
  readonly #isSettled = new Uint8Array(CONFIRM_SPAN_MAX);

  /** How many more publishes fit below both the asked limit and the ring. */
  room(outstandingMax: number): number {
    const outstanding = this.#next - 1 - this.confirmed;
    return Math.min(outstandingMax - outstanding, CONFIRM_SPAN_MAX - (this.#next - this.#lowest));
  }

  /** Books `count` publishes written at `nowUs`. */
  sent(count: number, nowUs: number): void {
    for (let i = 0; i < count; i += 1) {
      this.#sentUs[this.#next & MASK] = nowUs;
      this.#isSettled[this.#next & MASK] = 0;
      this.#next += 1;
    }
  }

  /** Books a confirm and reports each message's time of sending. False: nothing like that is outstanding. */
  settle(tag: number, isMultiple: boolean, report: (sentUs: number) => void): boolean {
    // The floor program opens with a multiple confirm of tag 0, which covers nothing.
    if (isMultiple && tag === 0) return true;
    const first = isMultiple ? this.#lowest : tag;
    if (first < this.#lowest || tag >= this.#next || tag < first) return false;
    if (!isMultiple && this.#isSettled[tag & MASK] === 1) return false;
    for (let each = first; each <= tag; each += 1) {
      if (this.#isSettled[each & MASK] === 1) continue;
      this.#isSettled[each & MASK] = 1;
      this.confirmed += 1;
      report(this.#sentUs[each & MASK]);
    }
    while (this.#lowest < this.#next && this.#isSettled[this.#lowest & MASK] === 1) this.#lowest += 1;
    return true;
  }
}
