// Whether the broker of this system keeps a log, as every thread sees it. It is said by the broker's tree before anything
// starts and does not end with the log: who finds no log where there has to be one must not take that for a broker in
// memory, or it would confirm what nobody keeps (B1, B10).

/** The word of `env.words`; ../metadata/words.ts has the others. */
const KEEPS_LOG_WORD = 1;

/** Says it; called by the broker's tree. */
export function sayKeepsLog(words: Int32Array, isKept: boolean): void {
  Atomics.store(words, KEEPS_LOG_WORD, isKept ? 1 : 0);
}

/** True in a broker with a log, also when the log has ended. */
export function keepsLog(words: Int32Array): boolean {
  return Atomics.load(words, KEEPS_LOG_WORD) === 1;
}
