// Exit reasons are data, never live Error objects (EXI-1, section 0-6). Erlang's tuples are objects with a `tag`.
// `isClean` is the one place that says which reasons are not crashes (PL-1, SUP-4).

import { describe } from './check.ts';

/** An error as data: what is left of a thrown `Error` when it becomes an exit reason. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** The `code` of a Node error, where there was one. */
  readonly code?: string;
}

/** The reason of a process that threw (EXI-1). */
export interface ErrorReason {
  readonly tag: 'error';
  readonly error: ErrorData;
}

/** Erlang's `{shutdown, Term}`: an orderly end with a detail. */
export interface ShutdownReason {
  readonly tag: 'shutdown';
  readonly detail: unknown;
}

/** The reason of processes that lived on a thread that died (THR-1). */
export interface ThreadDownReason {
  readonly tag: 'threadDown';
  readonly thread: number;
  readonly cause: unknown;
}

/** Any term can be a reason; these are the ones the runtime itself makes. */
export type ExitReason =
  | 'normal'
  | 'shutdown'
  | 'kill'
  | 'killed'
  | 'noproc'
  | 'timeout'
  | ErrorReason
  | ShutdownReason
  | ThreadDownReason
  | (string & {})
  | { readonly tag: string };

/** Not a crash: `normal`, `shutdown` and `{shutdown, _}` (PL-1). `killed` is a crash. */
export function isClean(reason: unknown): boolean {
  return reason === 'normal' || isShutdown(reason);
}

/** `shutdown` or `{shutdown, _}`. */
export function isShutdown(reason: unknown): boolean {
  return reason === 'shutdown' || hasTag(reason, 'shutdown');
}

/** True for an object whose `tag` is `tag`. */
export function hasTag(value: unknown, tag: string): boolean {
  return typeof value === 'object' && value !== null && (value as { tag?: unknown }).tag === tag;
}

/**
 * Turns a thrown value into a reason: an `Error` becomes {@link ErrorReason}, anything else `nocatch` with its text.
 * Never throws, whatever the value does when it is looked at: a death cannot fail.
 */
export function reasonOf(thrown: unknown): ExitReason {
  try {
    if (thrown instanceof Error) return { tag: 'error', error: errorData(thrown) };
  } catch {
    // Something that does not even say what it is.
  }
  return { tag: 'error', error: { name: 'nocatch', message: formatReason(thrown) } };
}

/** The parts of an `Error` that travel. Never throws. */
export function errorData(error: Error): ErrorData {
  const stack = read(() => error.stack);
  const code = read(() => (error as { code?: unknown }).code);
  return {
    name: formatReason(read(() => error.name) ?? 'Error'),
    message: formatReason(read(() => error.message) ?? 'an error without a message'),
    ...(typeof stack === 'string' ? { stack } : {}),
    ...(typeof code === 'string' ? { code } : {}),
  };
}

/** What a getter gives; undefined when it throws. */
function read(get: () => unknown): unknown {
  try {
    return get();
  } catch {
    return undefined;
  }
}

/** A reason of more parts than this is only described: sixty arrays can be a web of 2^60 when they are followed. */
const PARTS_MAX = 10_000;

/** A reason as one line for logs: the text of an error, the tag, or the value itself. Never throws. */
export function formatReason(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  if (typeof reason === 'function') return describe(reason);
  if (typeof reason !== 'object' || reason === null) return String(reason);
  try {
    const { error } = (hasTag(reason, 'error') ? reason : {}) as Partial<ErrorReason>;
    if (typeof error?.name === 'string' && typeof error.message === 'string') return `${error.name}: ${error.message}`;
    let parts = 0;
    const show = (_key: string, value: unknown) => {
      if (++parts > PARTS_MAX) throw new RangeError('too much for a line');
      return typeof value === 'bigint' ? `${value}n` : value;
    };
    return JSON.stringify(reason, show) ?? describe(reason);
  } catch {
    // A cycle, or something that does not want to be looked at.
    return describe(reason);
  }
}
