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
  /** Ms of the clock after which it is expired; Infinity for never. */
  readonly expiresAtMs: number;
  /** It was delivered before and came back. */
  redelivered: boolean;
}

/** What is known of a new message. */
export interface NewEntry<M> {
  readonly message: M;
  readonly priority: number;
  readonly bytes: number;
  readonly expiresAtMs: number;
  /** It has to survive a restart. */
  readonly isPersistent: boolean;
}

/** The contents of one queue: ready messages in order, and those that some holder has and has not settled. */
export interface QueueStore<M> {
  readonly readyCount: number;
  readonly readyBytes: number;
  readonly heldCount: number;
  /** Adds a message at the end (of its priority). */
  push(entry: NewEntry<M>): Entry<M>;
  /** The message that would be taken next, or null. */
  head(): Entry<M> | null;
  /** Takes the head away for good: delivered without acknowledgement, expired, dropped. Only when there is one. */
  drop(): Entry<M>;
  /** Gives the head to a holder. Only when there is one. */
  lend(holder: number): Entry<M>;
  /** Ends a holder's message; null when it does not hold it. */
  settle(holder: number, position: number): Entry<M> | null;
  /** Puts a holder's messages back in their places, as redelivered. Unknown positions are passed over. */
  requeue(holder: number, positions: readonly number[]): void;
  /** Puts everything a holder has back. */
  requeueAllOf(holder: number): void;
  /** Puts everything that anybody holds back; for a new actor. */
  requeueAll(): void;
  /** Drops all ready messages and says how many there were. */
  purge(): number;
  /** Calls `done` once everything done so far is safe; calls complete in order. */
  commit(done: () => void): void;
}
