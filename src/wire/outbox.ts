// What one link has to send: encoded records in the order of sending, moved into the ring when it has room.
// Nothing here ever blocks or overtakes: a full ring leaves the rest where it is (DESIGN decision 5).
//
//   stream:  [length u32][record] [length u32][record] [OVERSIZE][number u32] [length u32][record] ...
//
// An oversize record is handed over beside the ring, at the moment at which its marker enters the ring and before the
// marker can be seen; few may be under way at a time, so that memory stays bounded.
import { ByteArea } from './byte-area.ts';
import { OVERSIZE_IN_FLIGHT, OVERSIZE_SHARE } from './limits.ts';
import type { RingWriter } from './ring.ts';

/** In place of a length: the record comes beside the ring. */
export const OVERSIZE = 0xffffffff;
export const LENGTH_BYTES = 4;
const MARKER_BYTES = 8;

interface Oversize {
  /** Position of the marker in the area. */
  at: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

type HandOver = (bytes: Uint8Array<ArrayBuffer>) => void;

export class Outbox {
  /** Where the encoder writes. */
  readonly area = new ByteArea();
  private readonly oversize: Oversize[] = [];
  private oversizeBytes = 0;
  private oversizeSent = 0;
  private oversizeSeen = 0;
  private readonly recordBytesMax: number;

  constructor(ringBytes: number) {
    this.recordBytesMax = Math.floor(ringBytes * OVERSIZE_SHARE);
  }

  /** Bytes that have not gone into the ring. */
  get backlogBytes(): number {
    return this.area.length + this.oversizeBytes;
  }

  /** Leaves room for the length of a record and returns where the record begins. */
  begin(): number {
    this.area.reserve(LENGTH_BYTES);
    this.area.end += LENGTH_BYTES;
    return this.area.end;
  }

  /** Completes the record that began at `at`. */
  complete(at: number): void {
    const { area } = this;
    const length = area.end - at;
    if (length <= this.recordBytesMax) {
      area.view.setUint32(at - LENGTH_BYTES, length, true);
      return;
    }
    const bytes = area.bytes.slice(at, area.end);
    area.end = at - LENGTH_BYTES;
    area.reserve(MARKER_BYTES);
    this.oversize.push({ at: area.end, bytes });
    this.oversizeBytes += bytes.length;
    area.view.setUint32(area.end, OVERSIZE, true);
    area.view.setUint32(area.end + 4, this.oversizeSeen++, true);
    area.end += MARKER_BYTES;
  }

  /** Forgets the record that began at `at`. */
  abandon(at: number): void {
    this.area.end = at - LENGTH_BYTES;
  }

  /** Moves what fits into `ring` and publishes it. True when nothing is left; else the reader is asked to say when to go on. */
  flush(ring: RingWriter, handOver: HandOver): boolean {
    const { area } = this;
    this.fill(ring, handOver);
    while (area.length > 0) {
      ring.publish();
      ring.setWaiting(true);
      // What the reader took before it could see that somebody waits would otherwise be room nobody hears of.
      if (!ring.look()) break;
      ring.setWaiting(false);
      this.fill(ring, handOver);
    }
    ring.publish();
    if (area.length === 0) area.consume(0);
    else if (area.start > area.bytes.length / 2) this.compact();
    return area.length === 0;
  }

  private fill(ring: RingWriter, handOver: HandOver): void {
    const { area, oversize } = this;
    while (oversize.length > 0) {
      const { at } = oversize[0];
      area.start += ring.write(area.bytes, area.start, at);
      if (area.start < at || !this.sendOversize(ring, oversize[0], handOver)) return;
    }
    area.start += ring.write(area.bytes, area.start, area.end);
  }

  /** Moves a marker as a whole, its record before it; false when it has to wait. */
  private sendOversize(ring: RingWriter, { bytes }: Oversize, handOver: HandOver): boolean {
    if (ring.room < MARKER_BYTES) ring.look();
    if (ring.room < MARKER_BYTES || ((this.oversizeSent - ring.sideTaken) | 0) >= OVERSIZE_IN_FLIGHT) return false;
    this.oversizeBytes -= bytes.length;
    handOver(bytes);
    this.oversize.shift();
    this.oversizeSent = (this.oversizeSent + 1) | 0;
    this.area.start += ring.write(this.area.bytes, this.area.start, this.area.start + MARKER_BYTES);
    return true;
  }

  private compact(): void {
    const shift = this.area.compact();
    for (const marker of this.oversize) marker.at -= shift;
  }
}
