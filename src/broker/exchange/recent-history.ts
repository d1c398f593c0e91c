// Exchanges of type x-recent-history: a fanout that keeps its last Messages and gives them to whatever is bound to it
// next, as RabbitMQ's plugin does. Each thread keeps what was routed on it; a binding gathers the histories of all threads.
import { type BrokerError, preconditionFailed } from '../errors.ts';
import { type FieldTable, integerOf, valueText } from '../field-table.ts';
import type { Message } from '../message.ts';
import type { MessageReader } from './reader.ts';

const LENGTH = 'x-recent-history-length';
const LENGTH_DEFAULT = 20;
/** A header that, when true, keeps a Message out of the history. */
const NO_STORE = 'x-recent-history-no-store';

/** A Message of a history, and its place among those of all threads: a count that wraps at 32 bits. */
export interface Remembered {
  readonly turn: number;
  readonly message: Message;
}

/** What is wrong with the arguments of such an exchange, or null. */
export function checkHistoryArguments(args: FieldTable): BrokerError | null {
  const field = args.get(LENGTH);
  if (field === undefined || (integerOf(field) ?? 0) > 0) return null;
  const text = field.type === 'longstr' ? `<<"${valueText(field)}">>` : valueText(field);
  return preconditionFailed(`Invalid argument ${text}, '${LENGTH}' must be a positive integer`);
}

/** How many Messages an exchange with these arguments keeps. */
export function historyLength(args: FieldTable): number {
  return integerOf(args.get(LENGTH)) ?? LENGTH_DEFAULT;
}

/** The last Messages that an exchange routed on one thread. */
export class RecentHistory {
  private readonly length: number;
  private readonly kept: Remembered[] = [];
  private count = 0;

  constructor(length: number) {
    this.length = length;
  }

  /** Keeps a Message with a copy of its bytes, which may be a view of something larger. */
  add(message: Message, turn: number, read: MessageReader): void {
    if (read.headers()?.get(NO_STORE)?.value === true) return;
    this.kept[this.count++ % this.length] = { turn, message: { ...message, bytes: message.bytes.slice() } };
  }

  /** All that is kept, in no order. */
  all(): readonly Remembered[] {
    return this.kept;
  }
}

/** The last `length` of the Messages of several threads, oldest first. */
export function mergedHistory(histories: readonly (readonly Remembered[])[], length: number): readonly Message[] {
  const all = histories.flat().sort((a, b) => (a.turn - b.turn) | 0);
  return all.slice(Math.max(0, all.length - length)).map(({ message }) => message);
}
