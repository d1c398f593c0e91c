// A log in memory for the stores of queues: batches become safe and pages come when the test says so, and a crash loses
// what was not safe.
import type { LoadedPage, LogReader, Opened, PageLimit, QueueLog, Range } from '../../src/storage/index.ts';

interface Row {
  readonly records: Map<number, Uint8Array>;
  readonly marks: Map<number, Uint8Array>;
  last: number;
}

type Change = (rows: Map<number, Row>) => void;

interface Asked {
  readonly reader: LogReader;
  readonly row: number;
  readonly from: number;
  readonly limit: PageLimit;
}

function rowOf(rows: Map<number, Row>, row: number): Row {
  const known = rows.get(row);
  if (known !== undefined) return known;
  const made: Row = { records: new Map(), marks: new Map(), last: 0 };
  rows.set(row, made);
  return made;
}

export class MemoryLog implements QueueLog {
  batchNumber = 1;
  safeNumber = 0;
  hasFailed = false;
  isFull = false;
  readonly budget = { residentBytes: 0, maxBytes: 1_000_000 };
  /** What is safe, and what is written too. */
  private readonly safe: Map<number, Row>;
  private readonly written_ = new Map<number, Row>();
  private open: Change[] = [];
  private sent: Change[][] = [];
  private asked: Asked[] = [];
  writes = 0;

  constructor(safe: Map<number, Row> = new Map()) {
    this.safe = safe;
    for (const [row, { records, marks, last }] of safe) {
      this.written_.set(row, { records: new Map(records), marks: new Map(marks), last });
    }
  }

  readonly batch = {
    publish: (row: number, sequence: number, payload: readonly Uint8Array[]): void => {
      const bytes = Uint8Array.from(payload.flatMap((piece) => [...piece]));
      this.change((rows) => {
        const into = rowOf(rows, row);
        into.records.set(sequence, bytes);
        into.last = Math.max(into.last, sequence);
      });
    },
    acks: (row: number, ranges: readonly Range[]): void =>
      this.change((rows) => {
        const from = rowOf(rows, row);
        for (const sequence of [...from.records.keys()]) {
          if (!ranges.some(([first, last]) => first <= sequence && sequence <= last)) continue;
          from.records.delete(sequence);
          from.marks.delete(sequence);
        }
      }),
    mark: (row: number, sequence: number, payload: Uint8Array): void =>
      this.change((rows) => {
        const into = rowOf(rows, row);
        if (sequence === 0 || into.records.has(sequence)) into.marks.set(sequence, payload);
      }),
    deleteQueue: (row: number): void => this.change((rows) => rows.delete(row)),
  };

  private change(change: Change): void {
    this.writes++;
    this.open.push(change);
    change(this.written_);
  }

  written(): void {}

  read(_queueId: number, reader: LogReader, row: number, from: number, limit: PageLimit): void {
    this.asked.push({ reader, row, from, limit });
  }

  /** The step is over: what was written is on its way. */
  send(): void {
    if (this.open.length === 0) return;
    this.sent.push(this.open);
    this.open = [];
    this.batchNumber++;
  }

  /** Everything that is on its way is safe. */
  sync(): void {
    this.send();
    for (const changes of this.sent.splice(0)) {
      this.safeNumber++;
      for (const change of changes) change(this.safe);
    }
  }

  /** Answers what was asked for, until nothing more is; whether anything was. */
  load(): boolean {
    this.send();
    const wasAsked = this.asked.length > 0;
    while (this.asked.length > 0) {
      for (const { reader, row, from, limit } of this.asked.splice(0)) reader.loaded(row, this.page(row, from, limit));
      this.send();
    }
    return wasAsked;
  }

  private page(row: number, from: number, { count }: PageLimit): LoadedPage {
    const { records, marks } = rowOf(this.written_, row);
    const found = [...records].filter(([sequence]) => sequence >= from).sort(([a], [b]) => a - b);
    const taken = found.slice(0, count).map(([sequence, payload]) => {
      return { sequence, payload, mark: marks.get(sequence) ?? null };
    });
    return { records: taken, next: found[count]?.[0] ?? null, damaged: 0 };
  }

  /** What a store finds when it opens. */
  opened(row: number): Opened | null {
    const known = this.written_.get(row);
    if (known === undefined) return null;
    const { records, marks, last } = known;
    const bytes = [...records.values()].reduce((sum, { length }) => sum + length, 0);
    const firstSequence = records.size === 0 ? 0 : Math.min(...records.keys());
    const lastLiveSequence = Math.max(0, ...records.keys());
    const mark = marks.get(0) ?? null;
    return { lastSequence: last, count: records.size, bytes, firstSequence, lastLiveSequence, mark };
  }

  /** The log of the next run: only what was safe. */
  crash(): MemoryLog {
    return new MemoryLog(this.safe);
  }
}
