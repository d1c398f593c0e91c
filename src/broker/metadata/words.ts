// Who uses which of the words that all threads share (`env.words`).
//
//   0            version of the metadata: bumped after an event has been sent to every replica
//   1            1 in a broker that keeps a log, said by ../store/keeps-log.ts
//   2            the alarms that are on, see ../alarms/alarm-word.ts
//   3            how many Messages exchanges with a history have kept, see ../exchange/recent-history.ts
//   4            1 while a broker imports the definitions that it starts with
//   16 + 2n      ready messages of the queue with statistics slot n
//   17 + 2n      unacknowledged messages of that queue

/** The metadata's version. */
export const VERSION_WORD = 0;
const TURN_WORD = 3;
const HELD_BACK_WORD = 4;
const QUEUE_WORDS_AT = 16;

/** The next turn among all threads; wraps at 32 bits. */
export function nextTurn(words: Int32Array): number {
  return Atomics.add(words, TURN_WORD, 1);
}

/** Says whether front ends have to wait for definitions. */
export function holdBack(words: Int32Array, isHeld: boolean): void {
  Atomics.store(words, HELD_BACK_WORD, isHeld ? 1 : 0);
}

/** Whether threads start without their front ends, which somebody else starts later. */
export function isHeldBack(words: Int32Array): boolean {
  return Atomics.load(words, HELD_BACK_WORD) === 1;
}

/** How many queues can have a slot; those beyond it work but are not counted. */
export function slotsIn(words: Int32Array): number {
  return (words.length - QUEUE_WORDS_AT) >> 1;
}

/** Publishes how many messages a queue holds; -1 is the slot of a queue that has none. */
export function publishDepth(words: Int32Array, slot: number, ready: number, unacked: number): void {
  if (slot < 0) return;
  Atomics.store(words, QUEUE_WORDS_AT + 2 * slot, ready);
  Atomics.store(words, QUEUE_WORDS_AT + 2 * slot + 1, unacked);
}

/** What was last published for a slot. */
export function depthOf(words: Int32Array, slot: number): { readonly ready: number; readonly unacked: number } {
  if (slot < 0) return { ready: 0, unacked: 0 };
  return {
    ready: Atomics.load(words, QUEUE_WORDS_AT + 2 * slot),
    unacked: Atomics.load(words, QUEUE_WORDS_AT + 2 * slot + 1),
  };
}
