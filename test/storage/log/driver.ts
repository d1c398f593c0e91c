// Drives a log over a simulated disk and keeps book of what it promised: what was confirmed has to be there, what was
// confirmed as gone has to be gone, and nothing else may ever appear.
import { crc32 } from 'node:zlib';
import { type LogOptions, RecordBatch, SegmentLog } from '../../../src/storage/index.ts';
import type { CrashPolicy, SimDisk } from './sim-disk.ts';

export type LogStep =
  | { readonly op: 'publish'; readonly row: number; readonly bytes: number }
  | { readonly op: 'ack'; readonly row: number; readonly pick: number; readonly count: number }
  | { readonly op: 'mark'; readonly row: number; readonly pick: number }
  | { readonly op: 'move'; readonly row: number; readonly pick: number }
  | { readonly op: 'deleteRow'; readonly row: number }
  | { readonly op: 'settle' }
  | { readonly op: 'step' }
  | { readonly op: 'reopen' };

interface Known {
  readonly payload: string;
  mark: string | null;
  /** The promise that stands: there, gone, or nothing yet. */
  promise: 'there' | 'gone' | 'open';
  isGone: boolean;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const SMALL: LogOptions = { segmentBytes: 900, indexBytesMax: 2_000, aheadBytes: 300 };

export class LogDriver {
  disk: SimDisk;
  log: SegmentLog | null = null;
  readonly reports: string[] = [];
  readonly failures: string[] = [];
  readonly rows = new Map<number, Map<number, Known>>();
  private readonly deleted = new Set<number>();
  readonly lastSequences = new Map<number, number>();
  private readonly options: LogOptions;
  private count = 0;
  /** Messages that were moved: the old one may go only where the new one is. */
  private moves: { readonly row: number; readonly from: number; readonly to: number }[] = [];

  constructor(disk: SimDisk, options: LogOptions = SMALL) {
    this.disk = disk;
    this.options = options;
  }

  /** Opens; false when the disk ended it. */
  open(): boolean {
    let isOpen = false;
    const { disk } = this;
    SegmentLog.open(
      disk,
      this.options,
      {
        failed: ({ code }) => this.failures.push(code),
        full: () => {},
        report: (event) => this.reports.push(event),
      },
      (result) => {
        if (!result.ok) {
          this.failures.push(result.failure.code);
          return;
        }
        this.log = result.value;
        isOpen = true;
      },
    );
    disk.settle();
    return isOpen;
  }

  /** The power goes; the next run begins on what is left. */
  crash(policy: CrashPolicy): void {
    this.disk = this.disk.crash(policy);
    this.log = null;
  }

  perform(step: LogStep): void {
    const { log } = this;
    if (log === null) return;
    if (step.op === 'settle') this.settle();
    else if (step.op === 'step') this.disk.step();
    else if (step.op === 'reopen') this.reopen();
    else this.append(log, step);
  }

  /** Everything is written, also what nobody waits for. */
  settle(): void {
    this.log?.hurry();
    this.disk.settle();
  }

  private reopen(): void {
    this.log?.close(() => {});
    this.disk.settle();
    this.log = null;
    this.open();
  }

  private append(log: SegmentLog, step: Exclude<LogStep, { op: 'settle' | 'step' | 'reopen' }>): void {
    const batch = new RecordBatch((bytes, previous) => crc32(bytes, previous));
    const { row } = step;
    if (this.deleted.has(row)) return;
    const messages = this.rows.get(row) ?? new Map<number, Known>();
    this.rows.set(row, messages);
    const live = [...messages].filter(([, { isGone }]) => !isGone);
    const promised: (() => void)[] = [];
    const publish = (payload: string): void => {
      const sequence = (this.lastSequences.get(row) ?? 0) + 1 + (payload.length % 2);
      this.lastSequences.set(row, sequence);
      batch.publish(row, sequence, [encoder.encode(payload)]);
      const known: Known = { payload, mark: null, promise: 'open', isGone: false };
      messages.set(sequence, known);
      promised.push(() => {
        if (!known.isGone) known.promise = 'there';
      });
    };
    const gone = (first: number, last: number): void => {
      batch.acks(row, [[first, last]]);
      for (const [sequence, known] of messages) {
        if (sequence < first || sequence > last || known.isGone) continue;
        known.isGone = true;
        known.promise = 'open';
        promised.push(() => {
          known.promise = 'gone';
        });
      }
    };
    if (step.op === 'publish') publish(`${++this.count}${'x'.repeat(step.bytes)}`);
    else if (step.op === 'deleteRow') {
      this.deleted.add(row);
      batch.deleteQueue(row);
      for (const known of messages.values()) {
        known.isGone = true;
        known.promise = 'open';
        promised.push(() => {
          known.promise = 'gone';
        });
      }
    } else if (live.length > 0) {
      const at = step.pick % live.length;
      const [sequence, known] = live[at];
      if (step.op === 'ack') gone(sequence, live[Math.min(live.length - 1, at + step.count)][0]);
      else if (step.op === 'move') {
        const wasThere = known.promise === 'there';
        publish(known.payload);
        gone(sequence, sequence);
        const to = this.lastSequences.get(row) ?? 0;
        if (wasThere) this.moves.push({ row, from: sequence, to });
      } else {
        const mark = `mark${++this.count}`;
        batch.mark(row, sequence, encoder.encode(mark));
        promised.push(() => {
          known.mark = mark;
        });
      }
    }
    if (batch.isEmpty) return;
    const tell = (): void => {
      for (const promise of promised) promise();
    };
    log.append(batch.take(), tell, step.op !== 'ack' && step.op !== 'mark');
  }

  /** What the log has of a row, by reading all pages. */
  read(row: number): Map<number, { readonly payload: string; readonly mark: string | null }> {
    const found = new Map<number, { readonly payload: string; readonly mark: string | null }>();
    for (let from: number | null = 1; from !== null; ) {
      const asked: number = from;
      from = null;
      this.log?.read(row, asked, { count: 3, bytes: 200 }, (result) => {
        if (!result.ok) throw new Error(result.failure.text);
        for (const { sequence, payload, mark } of result.value.records) {
          const text = mark === null ? null : decoder.decode(mark);
          found.set(sequence, { payload: decoder.decode(payload), mark: text });
        }
        from = result.value.next;
      });
      this.disk.settle();
    }
    return found;
  }

  /** What is wrong with the log; empty for nothing. */
  complaints(): string[] {
    const complaints: string[] = [];
    for (const [row, messages] of this.rows) {
      const found = this.read(row);
      for (const { row: of, from, to } of this.moves) {
        if (of !== row || messages.get(to)?.isGone === true || this.deleted.has(row)) continue;
        if (!found.has(from) && !found.has(to)) complaints.push(`row ${row}: ${from} went before ${to} came`);
      }
      for (const [sequence, { payload, promise, mark }] of messages) {
        const there = found.get(sequence);
        found.delete(sequence);
        if (promise === 'there' && there === undefined) complaints.push(`row ${row}: ${sequence} is lost`);
        if (promise === 'gone' && there !== undefined) complaints.push(`row ${row}: ${sequence} is back from the dead`);
        if (there !== undefined && there.payload !== payload) complaints.push(`row ${row}: ${sequence} is another`);
        if (there !== undefined && mark !== null && there.mark === null)
          complaints.push(`row ${row}: ${sequence} unmarked`);
      }
      for (const sequence of found.keys()) complaints.push(`row ${row}: ${sequence} was never written`);
    }
    return complaints;
  }

  /** After a crash: what the log has is what counts from now on. */
  believe(): void {
    this.moves = [];
    for (const [row, messages] of this.rows) {
      const found = this.read(row);
      for (const [sequence, known] of messages) {
        const there = found.get(sequence);
        known.isGone = there === undefined;
        known.promise = there === undefined ? 'gone' : 'there';
        known.mark = there?.mark ?? null;
      }
    }
    for (const row of [...this.deleted]) {
      // The deletion itself may have been lost.
      if (this.log?.row(row) !== null) this.deleted.delete(row);
    }
  }
}
