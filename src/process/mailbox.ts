// One mailbox: a linked list with a save cursor and one reference mark.
// RCV-1: a receive tries each message once, oldest first; what it rejected is not tried again until a message is taken.
// RCV-2: a receive that waits for a fresh ref starts behind what was already there when the ref was made.
import { isSealIntact, type Ref, type Seal } from '../term/index.ts';

/** One message in a mailbox. */
export class Envelope {
  message: unknown;
  seal: Seal | null;
  next: Envelope | null = null;

  constructor(message: unknown, seal: Seal | null) {
    this.message = message;
    this.seal = seal;
  }
}

/** Thrown into the receiver when bytes, a Map or a Set were changed after they had been sent (section 0-6). */
export class MutatedMessageError extends Error {
  override readonly name = 'MutatedMessageError';
  constructor() {
    super('a message was changed after it had been sent: its bytes, Map or Set differ from what was sent');
  }
}

/** Returned by {@link Mailbox.scan} when nothing matched; a symbol, because no message can be one. */
export const NO_MATCH: unique symbol = Symbol('no match');

export class Mailbox {
  length = 0;
  private head: Envelope | null = null;
  private tail: Envelope | null = null;
  /** The last envelope that the receive in progress has rejected; null when it has not started. */
  private cursor: Envelope | null = null;
  private markRef: Ref | null = null;
  /** The envelope that was last when `markRef` was made; null when the mailbox was empty. */
  private markAfter: Envelope | null = null;

  push(message: unknown, seal: Seal | null): void {
    const envelope = new Envelope(message, seal);
    if (this.tail === null) this.head = envelope;
    else this.tail.next = envelope;
    this.tail = envelope;
    this.length++;
  }

  /** Takes the oldest message; only when `length` is above 0. */
  shift(): unknown {
    return this.remove(null, this.head as Envelope);
  }

  /** Remembers that everything now in the mailbox is older than `ref`. */
  mark(ref: Ref): void {
    this.markRef = ref;
    this.markAfter = this.tail;
  }

  /** Starts a new receive; with the marked ref it skips what is older than the ref. */
  beginReceive(ref: Ref | null): void {
    this.cursor = ref !== null && ref === this.markRef ? this.markAfter : null;
  }

  /**
   * Takes the oldest message, not tried before in this receive, that `match` accepts (all when null), or NO_MATCH.
   * If `match` throws, the message stays and will be tried again.
   */
  scan(match: ((message: unknown) => boolean) | null): unknown {
    let previous = this.cursor;
    let envelope = previous === null ? this.head : previous.next;
    while (envelope !== null) {
      if (match === null || match(envelope.message)) return this.remove(previous, envelope);
      previous = envelope;
      envelope = envelope.next;
    }
    this.cursor = previous;
    return NO_MATCH;
  }

  /** Removes every message that `match` accepts and says how many there were; for flushes (MON-4). */
  flush(match: (message: unknown) => boolean): number {
    let removed = 0;
    let previous: Envelope | null = null;
    let envelope = this.head;
    while (envelope !== null) {
      const next: Envelope | null = envelope.next;
      if (match(envelope.message)) {
        this.remove(previous, envelope);
        removed++;
      } else previous = envelope;
      envelope = next;
    }
    return removed;
  }

  /** The oldest `limit` messages, for observation (PRC-3). */
  peek(limit: number): unknown[] {
    const messages: unknown[] = [];
    for (let envelope = this.head; envelope !== null && messages.length < limit; envelope = envelope.next) {
      messages.push(envelope.message);
    }
    return messages;
  }

  clear(): void {
    this.head = this.tail = this.cursor = this.markAfter = this.markRef = null;
    this.length = 0;
  }

  private remove(previous: Envelope | null, envelope: Envelope): unknown {
    const next = envelope.next;
    if (previous === null) this.head = next;
    else previous.next = next;
    if (next === null) this.tail = previous;
    if (this.cursor === envelope) this.cursor = previous;
    if (this.markAfter === envelope) this.markAfter = previous;
    // A consumed envelope that was promoted to the old generation would keep all later ones alive.
    envelope.next = null;
    this.length--;
    if (envelope.seal !== null && !isSealIntact(envelope.seal)) throw new MutatedMessageError();
    return envelope.message;
  }
}
