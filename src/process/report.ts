// Shapes of the reports the runtime logs (LOG-1). A clean reason is never a report (PL-1).
import { type AnyPid, formatReason } from '../term/index.ts';

/** One event of the tracing hook (TRC-1). */
export interface TraceEvent {
  readonly kind:
    | 'spawn'
    | 'exit'
    | 'send'
    | 'receive'
    | 'link'
    | 'unlink'
    | 'monitor'
    | 'demonitor'
    | 'down'
    | 'timer'
    | 'register';
  readonly pid: AnyPid | null;
  readonly other?: AnyPid | string;
  readonly detail?: unknown;
}

/** Receives trace events; must not throw and must not touch the processes it sees. */
export type Tracer = (event: TraceEvent) => void;

/** A process ended by its own crash. */
export interface CrashReport {
  readonly pid: string;
  readonly name: string | null;
  readonly initialCall: string;
  readonly label: string | null;
  readonly ancestors: readonly string[];
  readonly reason: string;
  readonly stack: string | undefined;
  readonly mailboxLength: number;
  readonly links: readonly string[];
}

/** The stack of an error reason, for logs. */
export function stackOf(reason: unknown): string | undefined {
  const error = (reason as { error?: { stack?: unknown } } | null)?.error;
  return typeof error?.stack === 'string' ? error.stack : undefined;
}

export { formatReason };
