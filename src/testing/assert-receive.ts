// Assertions on a mailbox, for the body of a test: ExUnit's assert_receive and refute_receive. They work on every engine;
// in the simulator their time is virtual and costs nothing.
import {
  type Context,
  context as currentContext,
  type Effects,
  processInfo,
  receive,
  TIMEOUT,
} from '../process/index.ts';
import { checkOptions, formatReason } from '../term/index.ts';
import { fits, type Pattern } from './pattern.ts';

export interface ReceiveWithin {
  /** How long to wait. Default 100 ms. */
  readonly afterMs?: number;
}

/** Thrown by an assertion; tells what was in the mailbox instead. */
export class AssertReceiveError extends Error {
  override readonly name = 'AssertReceiveError';
  /** What the mailbox held, oldest first. */
  readonly mailbox: readonly unknown[];

  constructor(text: string, mailbox: readonly unknown[]) {
    const held =
      mailbox.length === 0 ? 'the mailbox is empty' : `the mailbox holds ${mailbox.map(formatReason).join(', ')}`;
    super(`${text}; ${held}`);
    this.mailbox = mailbox;
  }
}

const AFTER_MS = 100;

/**
 * Takes the oldest message that fits `pattern` (a value, an object with the fields that count, or a function) and
 * returns it; other messages stay. Throws {@link AssertReceiveError} when none comes in time.
 */
export function* assertReceive<M = unknown>(pattern?: Pattern, within: ReceiveWithin = {}): Effects<M> {
  const afterMs = timeOf('assertReceive', within);
  const message = yield* receive((candidate) => fits(pattern, candidate), { afterMs });
  if (message !== TIMEOUT) return message as M;
  throw new AssertReceiveError(`no message that fits ${nameOf(pattern)} within ${afterMs} ms`, yield* mailboxOf());
}

/** Throws {@link AssertReceiveError} when a message that fits comes within the time; it is then taken. */
export function* refuteReceive(pattern?: Pattern, within: ReceiveWithin = {}): Effects<void> {
  const afterMs = timeOf('refuteReceive', within);
  const message = yield* receive((candidate) => fits(pattern, candidate), { afterMs });
  if (message === TIMEOUT) return;
  throw new AssertReceiveError(`a message that must not come: ${formatReason(message)}`, yield* mailboxOf());
}

/** How long to wait. Throws RangeError for an option that does not exist. */
function timeOf(operation: string, within: ReceiveWithin): number {
  checkOptions(operation, within, { afterMs: true });
  return within.afterMs ?? AFTER_MS;
}

function* mailboxOf(): Effects<readonly unknown[]> {
  const context: Context = yield* currentContext();
  const info = yield* processInfo(context.self, { messages: true });
  return info?.messages ?? [];
}

function nameOf(pattern: Pattern): string {
  if (pattern === undefined) return 'anything';
  return typeof pattern === 'function' ? pattern.toString().replace(/\s+/g, ' ') : formatReason(pattern);
}
