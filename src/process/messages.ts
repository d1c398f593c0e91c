// The messages the runtime itself puts into mailboxes: Erlang's tuples as tagged objects.
import type { AnyPid, Ref } from '../term/index.ts';

/** A linked process ended, or somebody called `exit(pid, reason)`, and the receiver traps exits (EXI-2, LNK-2). */
export interface ExitMessage {
  readonly tag: 'EXIT';
  readonly from: AnyPid;
  readonly reason: unknown;
}

/** A monitored process ended; `ref` is what `monitor` returned (MON-1, MON-2). */
export interface DownMessage {
  readonly tag: 'DOWN';
  readonly ref: Ref;
  /** The pid that was monitored, or the name when it was monitored by name (MON-3). */
  readonly object: AnyPid | string;
  readonly reason: unknown;
}

/** A timer started with `startTimer` fired (TMR-1). */
export interface TimeoutMessage {
  readonly tag: 'timeout';
  readonly ref: Ref;
  readonly message: unknown;
}

/** What any process may find in its mailbox beside its own protocol. */
export type SystemMessage = ExitMessage | DownMessage | TimeoutMessage;

/** True for an {@link ExitMessage}. */
export function isExit(message: unknown): message is ExitMessage {
  return tagOf(message) === 'EXIT';
}

/** True for a {@link DownMessage}; with `ref`, only for the one of that monitor. */
export function isDown(message: unknown, ref?: Ref): message is DownMessage {
  return tagOf(message) === 'DOWN' && (ref === undefined || (message as DownMessage).ref === ref);
}

/** True for a {@link TimeoutMessage}; with `ref`, only for the one of that timer. */
export function isTimeout(message: unknown, ref?: Ref): message is TimeoutMessage {
  return tagOf(message) === 'timeout' && (ref === undefined || (message as TimeoutMessage).ref === ref);
}

function tagOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null ? (message as { tag?: unknown }).tag : undefined;
}
