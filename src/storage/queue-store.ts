// Where the contents of one queue live (DESIGN decisions 12 and 15). A store outlives the actor that uses it: after a
// crash the next actor finds every message in its place. What has to be safe before a publisher hears of it is behind
// `commit`, which completes later, in order, also where nothing has to be written.

/** One message in a queue. `position` is its place in the order of arrival and its name; it never changes. */
export interface Entry<M> {
  readonly position: number;
  readonly message: M;
  readonly priority: number;
  /** Bytes that count for a limit on the queue's length. */
  readonly bytes: number;
  /** Ms of the clock from which on it is expired; `NEVER` for never. A requeue does not change it. */
  readonly expiresAtMs: number;
  /** It has to survive a restart. */
  readonly isPersistent: boolean;
  /** It was delivered before and came back. */
  redelivered: boolean;
  /** How often a holder gave it back or lost it. An actor's crash does not count. */
  returns: number;
  /** Who has it; 0 while it is ready. */
  holder: number;
  /** What the queue keeps beside the holder; a new actor finds null. */
  lentTo: object | null;
}

/** `expiresAtMs` of a message without a time to live. */
export const NEVER = -1;

/** What is known of a new message. */
export interface NewEntry<M> {
  readonly message: M;
  readonly priority: number;
  readonly bytes: number;
  readonly expiresAtMs: number;
  /** It has to survive a restart. */
  readonly isPersistent: boolean;
  /** The number under which a log has it among the delayed ones. */
  readonly delayedAs?: number;
}

/** The contents of one queue: ready messages in order, and those that some holder has and has not settled. */
export interface QueueStore<M> {
  readonly readyCount: number;
  readonly readyBytes: number;
  readonly heldCount: number;
  /** Messages that are neither ready nor held: their time has not come. */
  readonly delayedCount: number;
  /** Ms of the clock at which the next of them is due; Infinity for never. */
  readonly nextDueMs: number;
  /** Adds a message at the end (of its priority). */
  push(entry: NewEntry<M>): Entry<M>;
  /** Gives a new message to a holder at once, or to nobody (0) for good. Only while nothing is ready. */
  pass(entry: NewEntry<M>, holder: number, lentTo: object | null): Entry<M>;
  /** Whether messages are ready of which the first is not at hand yet; the store asks for it and tells when it has come. */
  readonly isWaiting: boolean;
  /** Somebody is about to take messages. */
  use(): void;
  /** The message that would be taken next; null when none is ready, and while the store waits for it. */
  head(): Entry<M> | null;
  /** Takes the head away for good: delivered without acknowledgement, expired, dropped. Only when there is one. */
  drop(): Entry<M>;
  /** Gives the head to a holder. Only when there is one. */
  lend(holder: number, lentTo: object | null): Entry<M>;
  /** A holder's message; null when it does not hold it. */
  held(holder: number, position: number): Entry<M> | null;
  /** Ends a holder's message; null when it does not hold it. */
  settle(holder: number, position: number): Entry<M> | null;
  /** Puts a holder's message back in its place, as redelivered; null when it does not hold it. */
  requeue(holder: number, position: number): Entry<M> | null;
  /** The same, but behind everything that has arrived. */
  requeueLast(holder: number, position: number): Entry<M> | null;
  /** The same, but it is in its place only from `dueAtMs` on. */
  requeueLater(holder: number, position: number, dueAtMs: number): Entry<M> | null;
  /** Puts everything a holder has back. */
  requeueAllOf(holder: number): void;
  /** What a holder has. */
  heldBy(holder: number): readonly Entry<M>[];
  /** Keeps a new message that arrives only at `dueAtMs`. */
  delay(entry: NewEntry<M>, dueAtMs: number): void;
  /** Makes the first message that is due ready; false when there is none. */
  mature(nowMs: number): boolean;
  /** Puts everything that anybody holds back; for a new actor. */
  requeueAll(): void;
  /** Drops all ready messages and says how many there were. */
  purge(): number;
  /** What `commit`, `head` or a page waited for may have come: tells those who wait for safety. */
  advance(): void;
  /** A step of the actor is over. */
  flush(): void;
  /** The actor ends in order: what holders had has been put back, and everything stays. */
  close(): void;
  /** The queue is deleted: nothing of it ever comes back. */
  discard(): void;
  /** Calls `done` once everything done so far is safe, or cannot be any more; calls complete in order. */
  commit(done: (isSafe: boolean) => void): void;
}
