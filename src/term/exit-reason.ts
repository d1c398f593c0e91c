// Exit reasons are data, never live Error objects (EXI-1, section 0-6). Erlang's tuples are objects with a `tag`.
// `isClean` is the one place that says which reasons are not crashes (PL-1, SUP-4).

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

/** Turns a thrown value into a reason: an `Error` becomes {@link ErrorReason}, anything else `nocatch` with its text. */
export function reasonOf(thrown: unknown): ExitReason {
  if (thrown instanceof Error) return { tag: 'error', error: errorData(thrown) };
  return { tag: 'error', error: { name: 'nocatch', message: String(thrown) } };
}

/** The parts of an `Error` that travel. */
export function errorData(error: Error): ErrorData {
  const code = (error as { code?: unknown }).code;
  return {
    name: error.name,
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(typeof code === 'string' ? { code } : {}),
  };
}

/** A reason as one line for logs: the text of an error, the tag, or the value itself. */
export function formatReason(reason: unknown): string {
  if (typeof reason === 'string') return reason;
  if (hasTag(reason, 'error')) {
    const { error } = reason as ErrorReason;
    return `${error.name}: ${error.message}`;
  }
  try {
    return JSON.stringify(reason, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value)) ?? String(reason);
  } catch {
    // A cyclic reason cannot be printed as JSON; its tag is still worth a line.
    return String(reason);
  }
}
