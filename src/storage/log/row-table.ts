// What is alive in the log, by row: which messages, how much, what is marked, and the highest sequence ever used. Follows
// every record in order, at recovery as well as while the log is written.
import type { Range } from '../range-collector.ts';
import type { Mark, RecordSink } from './contents.ts';
import { IntervalSet } from './interval-set.ts';

export interface Row {
  readonly live: IntervalSet;
  readonly marks: Map<number, Uint8Array>;
  lastSequence: number;
  /** Of the payloads of live messages; near enough when some were acked. */
  bytes: number;
}

export class RowTable implements RecordSink {
  readonly rows = new Map<number, Row>();
  /** Rows whose deletion is appended and not yet in a segment: one that begins before it has to name them. */
  private readonly leaving = new Map<number, number>();
  /** While segments are read again a mark may come before its message: a copy of that is further on. */
  private isRecovering = true;
  /** Counts what makes room. */
  gone = 0;

  row(row: number): Row {
    const known = this.rows.get(row);
    if (known !== undefined) return known;
    const made: Row = { live: new IntervalSet(), marks: new Map(), lastSequence: 0, bytes: 0 };
    this.rows.set(row, made);
    return made;
  }

  publish(row: number, sequence: number, length: number): void {
    const into = this.row(row);
    const before = into.live.size;
    into.live.add(sequence);
    if (into.live.size > before) into.bytes += length;
    if (sequence > into.lastSequence) into.lastSequence = sequence;
  }

  acks(row: number, ranges: readonly Range[]): void {
    const from = this.rows.get(row);
    if (from === undefined) return;
    for (const [first, last] of ranges) {
      // Also when the message itself is damaged its number was used.
      if (last > from.lastSequence) from.lastSequence = last;
      const before = from.live.size;
      const count = from.live.remove(first, last);
      this.gone += count;
      from.bytes = from.live.size === 0 ? 0 : Math.round(from.bytes * (from.live.size / before));
      if (from.marks.size > 0) this.unmark(from, first, last);
    }
  }

  private unmark({ marks }: Row, first: number, last: number): void {
    if (last - first < marks.size) {
      for (let sequence = Math.max(1, first); sequence <= last; sequence++) marks.delete(sequence);
      return;
    }
    for (const sequence of [...marks.keys()]) {
      if (sequence !== 0 && first <= sequence && sequence <= last) marks.delete(sequence);
    }
  }

  mark({ row, sequence, payload }: Mark): void {
    const into = this.row(row);
    if (sequence === 0 || this.isRecovering || into.live.has(sequence)) into.marks.set(sequence, payload);
  }

  /** All segments have been read: marks of what is not there go, and so do rows that are not `known` (null: all are). */
  recovered(known: ReadonlySet<number> | null): void {
    this.isRecovering = false;
    for (const [row, { live, marks }] of [...this.rows]) {
      if (known !== null && !known.has(row)) this.rows.delete(row);
      for (const sequence of [...marks.keys()]) if (sequence !== 0 && !live.has(sequence)) marks.delete(sequence);
    }
  }

  deleteRow(row: number): void {
    const known = this.rows.get(row);
    if (known === undefined) return;
    this.gone += known.live.size;
    this.rows.delete(row);
    this.leaving.set(row, known.lastSequence);
  }

  /** The deletions of these rows are in a segment. */
  left(rows: ReadonlySet<number>): void {
    if (this.leaving.size === 0) return;
    for (const row of [...this.leaving.keys()]) if (rows.has(row)) this.leaving.delete(row);
  }

  head(row: number, lastSequence: number): void {
    const of = this.row(row);
    of.lastSequence = Math.max(of.lastSequence, lastSequence);
  }

  /** The highest sequences ever used, by row. */
  heads(): [number, number][] {
    const heads = [...this.rows].map(([row, { lastSequence }]): [number, number] => [row, lastSequence]);
    return [...heads, ...this.leaving];
  }
}
