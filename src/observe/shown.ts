// What is said of a process from outside, as data that crosses threads (OBS-1, OBS-2).
import type { ProcessInfo } from '../process/index.ts';
import type { AnyPid } from '../term/index.ts';

/** One process among many. */
export interface ProcessShown {
  readonly pid: AnyPid;
  readonly thread: number;
  readonly name: string | null;
  readonly label: string | null;
  readonly initialCall: string;
  readonly status: ProcessInfo['status'];
  readonly messageQueueLength: number;
  /** Since its start. */
  readonly reductions: number;
}

/** One process with what it did within a window. */
export interface TopRow extends ProcessShown {
  /** Reductions within the window; a process that began within it counts from its start. */
  readonly reductionsInWindow: number;
  /** By how much its mailbox grew. */
  readonly mailboxGrowth: number;
}

/** What processes can be ranked by. */
export const TOP_BY = ['reductions', 'mailbox', 'mailboxGrowth'] as const;
export type TopBy = (typeof TOP_BY)[number];

/** The figure that rows are ranked by. */
export function figureOf(row: TopRow, by: TopBy): number {
  if (by === 'reductions') return row.reductionsInWindow;
  return by === 'mailbox' ? row.messageQueueLength : row.mailboxGrowth;
}

/** The first `limit` of all rows, the greatest figure first; equal ones by pid, so that the order is always the same. */
export function ranked(rows: readonly TopRow[], by: TopBy, limit: number): readonly TopRow[] {
  const before = (a: TopRow, b: TopRow) =>
    figureOf(b, by) - figureOf(a, by) || a.thread - b.thread || a.pid.serial - b.pid.serial;
  return [...rows].sort(before).slice(0, limit);
}
