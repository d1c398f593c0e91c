// Taking appended records into memory: their headers are read and bound to their place, the table is changed. No object
// is made for a message.
import {
  ACKS,
  CHECK_AT,
  checkOf,
  DELETE,
  getU64,
  MARK,
  PUBLISH,
  placeOf,
  RECORD_HEADER_BYTES,
  RECORD_MAGIC,
} from './records.ts';
import type { QueueTable } from './queue-table.ts';
import type { Segment } from './segment.ts';

export class Appender {
  readonly table: QueueTable;

  constructor(table: QueueTable) {
    this.table = table;
  }

  /** Takes records that go to the end of a segment; says whether anything is gone by them. Throws for bytes that are no records. */
  take(segment: Segment, bytes: Uint8Array): boolean {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let hasRemoved = false;
    for (let at = 0; at < bytes.byteLength; ) {
      const place = segment.end + at;
      const payloadBytes = this.bind(segment, view, at, place);
      const kind = view.getUint8(at + 2);
      const queue = view.getUint32(at + 8, true);
      if (kind === PUBLISH) {
        this.table.publish(segment, queue, getU64(view, at + 12), place, payloadBytes);
      } else if (kind === MARK) {
        const start = at + RECORD_HEADER_BYTES;
        const payload = new Uint8Array(bytes.subarray(start, start + payloadBytes));
        const sequence = getU64(view, at + 12);
        this.table.mark(segment, queue, sequence, payload);
        segment.noteMark(queue, sequence, payload);
      } else if (kind === ACKS) {
        this.acks(segment, queue, view, at + RECORD_HEADER_BYTES, payloadBytes);
        hasRemoved = true;
      } else if (kind === DELETE) {
        this.table.delete(queue);
        segment.deletes.add(queue);
        hasRemoved = true;
      }
      at += RECORD_HEADER_BYTES + payloadBytes;
    }
    return hasRemoved;
  }

  /** Binds records of the log itself to their place, which begins at `from`. */
  place(segment: Segment, bytes: Uint8Array, from: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; ) at += RECORD_HEADER_BYTES + this.bind(segment, view, at, from + at);
  }

  private acks(segment: Segment, queue: number, view: DataView, start: number, payloadBytes: number): void {
    for (let at = start; at < start + payloadBytes; at += 16) {
      const first = getU64(view, at);
      const last = getU64(view, at + 8);
      this.table.ack(queue, first, last);
      segment.noteAcks(queue, first, last);
    }
  }

  /** Says how long the payload is. */
  private bind(segment: Segment, view: DataView, at: number, place: number): number {
    if (at + RECORD_HEADER_BYTES > view.byteLength || view.getUint16(at, true) !== RECORD_MAGIC) {
      throw new Error(`byte ${at} of what is appended is no record`);
    }
    const check = view.getUint32(at + CHECK_AT, true);
    const payloadBytes = view.getUint32(at + 4, true);
    if ((check | 0) !== checkOf(view, at) || at + RECORD_HEADER_BYTES + payloadBytes > view.byteLength) {
      throw new Error(`the record at byte ${at} of what is appended is damaged`);
    }
    view.setUint32(at + CHECK_AT, check ^ placeOf(segment.salt, place), true);
    return payloadBytes;
  }
}
