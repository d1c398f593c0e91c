// Question: did every message arrive exactly once and in order? The account book of a run, exact for any mix of
// producers, queues and consumers: a bit per message and queue for "arrived", the last sequence per consumer for order.
// Lost is what was published and never arrived; it is final only after the drain.

/** Arrivals of one stream in one queue. */
interface Page {
  bits: Uint8Array;
  distinct: number;
}

/** What was counted so far. */
export interface Counts {
  readonly delivered: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly redelivered: number;
  /** Messages whose stamp names no stream of this run or another queue's. */
  readonly foreign: number;
}

/** One consumer's view: pages are shared by all consumers of its queue, order is its own. */
export interface LedgerView {
  readonly pages: (Page | undefined)[];
  readonly lastSequence: Float64Array;
}

const FIRST_BITS_BYTES = 4096;

/** Counts arrivals; identity matters because consumers share the pages of a queue. */
export class Ledger {
  delivered = 0;
  duplicated = 0;
  outOfOrder = 0;
  redelivered = 0;
  foreign = 0;
  readonly #queues: (Page | undefined)[][];
  readonly #streams: number;

  /** `streamsOfQueue[q]` lists the streams that queue q must receive, each in full. */
  constructor(streamsOfQueue: readonly (readonly number[])[], streams: number) {
    this.#streams = streams;
    this.#queues = streamsOfQueue.map((expected) => {
      const pages: (Page | undefined)[] = new Array(streams).fill(undefined);
      for (const stream of expected) pages[stream] = { bits: new Uint8Array(FIRST_BITS_BYTES), distinct: 0 };
      return pages;
    });
  }

  /** The view of one consumer of a queue. */
  view(queue: number): LedgerView {
    return { pages: this.#queues[queue], lastSequence: new Float64Array(this.#streams).fill(-1) };
  }

  /** Books one arrival; false when the stamp belongs to nothing that this queue may receive. */
  arrive(view: LedgerView, stream: number, sequence: number, isRedelivered: boolean): boolean {
    const page = stream < this.#streams ? view.pages[stream] : undefined;
    if (page === undefined) {
      this.foreign += 1;
      return false;
    }
    this.delivered += 1;
    const at = sequence >>> 3;
    const bit = 1 << (sequence & 7);
    if (at >= page.bits.length) page.bits = grow(page.bits, at);
    if ((page.bits[at] & bit) === 0) {
      page.bits[at] |= bit;
      page.distinct += 1;
    } else if (!isRedelivered) {
      this.duplicated += 1;
    }
    if (isRedelivered) this.redelivered += 1;
    else if (sequence <= view.lastSequence[stream]) this.outOfOrder += 1;
    else view.lastSequence[stream] = sequence;
    return true;
  }

  /** Messages of `published[stream]` that some queue should have received and did not. */
  lost(published: readonly number[]): number {
    let missing = 0;
    for (const pages of this.#queues) {
      for (let stream = 0; stream < pages.length; stream += 1) {
        const page = pages[stream];
        if (page !== undefined) missing += published[stream] - page.distinct;
      }
    }
    return missing;
  }
}

function grow(bits: Uint8Array, needed: number): Uint8Array {
  const larger = new Uint8Array(Math.max(needed + 1, bits.length * 2));
  larger.set(bits);
  return larger;
}
