// Keeps the indexes of sealed segments in memory that were used last, up to a bound.
import type { Contents } from './contents.ts';
import type { Flow } from './flow.ts';
import type { RecoveryPlan } from './recovery.ts';
import { readIndex } from './recovery.ts';
import { scanSegment } from './scan.ts';
import type { Segment } from './segment.ts';

/** What one message, one range of acks and one mark cost in an index. */
const BYTES_PER_MESSAGE = 16;
const BYTES_PER_RANGE = 40;
const BYTES_PER_MARK = 120;

export class IndexCache {
  private readonly plan: RecoveryPlan;
  private readonly bytesMax: number;
  /** Oldest use first. */
  private readonly used = new Map<Segment, number>();
  private bytes = 0;

  constructor(plan: RecoveryPlan, bytesMax: number) {
    this.plan = plan;
    this.bytesMax = bytesMax;
  }

  /** What a segment holds; read again when it was dropped. */
  *contentsOf(segment: Segment): Flow<Contents> {
    const known = segment.contents;
    if (known !== null) {
      this.touch(segment);
      return known;
    }
    const { disk } = this.plan;
    const read = yield* readIndex(this.plan, segment.id, segment.bytes);
    const contents =
      read ?? (yield* scanSegment(segment.file, segment.id, segment.bytes, true, disk.crc32.bind(disk))).contents;
    segment.contents = contents;
    this.touch(segment);
    return contents;
  }

  /** A sealed segment whose contents are in memory may be dropped from now on. */
  touch(segment: Segment): void {
    if (!segment.hasIndexFile) return;
    const cost = this.used.get(segment) ?? costOf(segment);
    if (this.used.delete(segment)) this.bytes -= cost;
    this.used.set(segment, cost);
    this.bytes += cost;
    for (const [oldest, oldCost] of this.used) {
      if (this.bytes <= this.bytesMax || oldest === segment) break;
      oldest.contents = null;
      this.used.delete(oldest);
      this.bytes -= oldCost;
    }
  }

  forget(segment: Segment): void {
    this.bytes -= this.used.get(segment) ?? 0;
    this.used.delete(segment);
  }
}

function costOf({ extents, contents }: Segment): number {
  let cost = 0;
  for (const { count } of extents.values()) cost += count * BYTES_PER_MESSAGE;
  for (const { length } of contents?.acked.values() ?? []) cost += length * BYTES_PER_RANGE;
  for (const { payload } of contents?.marks ?? []) cost += BYTES_PER_MARK + payload.length;
  return cost;
}
