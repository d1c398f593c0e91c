// The bytes of one simulated file: what a reader sees, what is on the medium, and the changes between the two, which a
// sync makes durable in order and a power cut tears by 512-byte sectors (reliability.md 2.a).
//
//   medium  AAAA BBBB            durable: nothing takes it away
//   changes      CCCC DDDD EE    pending: a cut keeps or drops each sector of each
//   seen    AAAA CCCC DDDD EE
//
// A sector reaches the medium as the page that was seen: with a newer change of it the older ones get there too. After a
// failed sync its pages count as clean: no later sync writes them, and a cut loses them.
import type { Survival } from './disk-power.ts';

const SECTOR_BYTES = 512;

interface Write {
  readonly number: number;
  readonly kind: 'write';
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface Truncation {
  readonly number: number;
  readonly kind: 'truncate';
  readonly length: number;
}

type Change = Write | Truncation;

/** Bytes that grow, with zeros in the holes. */
class Content {
  private store: Uint8Array;
  length: number;

  constructor(bytes: Uint8Array) {
    this.store = bytes;
    this.length = bytes.length;
  }

  get bytes(): Uint8Array {
    return this.store.subarray(0, this.length);
  }

  resize(length: number): void {
    if (length < this.length) this.store.fill(0, length, this.length);
    if (length > this.store.length) {
      const grown = new Uint8Array(Math.max(length, this.store.length * 2));
      grown.set(this.bytes);
      this.store = grown;
    }
    this.length = length;
  }

  write(at: number, bytes: Uint8Array): void {
    if (at + bytes.length > this.length) this.resize(at + bytes.length);
    this.store.set(bytes, at);
  }

  apply(change: Change): void {
    if (change.kind === 'write') this.write(change.at, change.bytes);
    else this.resize(change.length);
  }
}

/** A file without a name. */
export class Inode {
  private readonly seen: Content;
  private readonly medium: Content;
  private changes: Change[] = [];
  /** Sectors of changes that a failed sync has forgotten, oldest first. */
  private forgotten: Write[] = [];

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.seen = new Content(bytes.slice());
    this.medium = new Content(bytes.slice());
  }

  get length(): number {
    return this.seen.length;
  }

  /** What a reader sees. */
  get bytes(): Uint8Array {
    return this.seen.bytes;
  }

  get pending(): readonly number[] {
    return this.changes.map(({ number }) => number);
  }

  write(number: number, at: number, bytes: Uint8Array): void {
    if (bytes.length > 0) this.change({ number, kind: 'write', at, bytes });
  }

  truncate(number: number, length: number): void {
    this.change({ number, kind: 'truncate', length });
  }

  private change(change: Change): void {
    this.seen.apply(change);
    this.changes.push(change);
  }

  /** A sync has returned that began after change `upTo`. */
  synced(upTo: number): void {
    const durable = this.changes.filter(({ number }) => number <= upTo);
    this.changes = this.changes.filter(({ number }) => number > upTo);
    const sectors = new Set(durable.flatMap((change) => (change.kind === 'write' ? sectorsOf(change) : [])));
    for (const part of this.forgotten) if (sectors.has(sectorOf(part.at))) this.medium.apply(part);
    this.forgotten = this.forgotten.filter(({ at }) => !sectors.has(sectorOf(at)));
    for (const change of durable) this.medium.apply(change);
  }

  /** Such a sync has failed. */
  syncFailed(upTo: number): void {
    for (const change of this.changes) {
      if (change.number <= upTo && change.kind === 'write') this.forgotten.push(...partsOf(change));
    }
    this.changes = this.changes.filter(({ number }) => number > upTo);
  }

  /** What is on the medium after a power cut. */
  survivor(survival: Survival): Inode {
    const { changes } = this;
    const lengthsKept = survival.lengthsKept(this.pending);
    const kept = new Set<number>();
    const pieces: Change[] = [];
    for (let at = changes.length - 1; at >= 0; at--) {
      const change = changes[at];
      if (change.kind === 'truncate') {
        if (at < lengthsKept) pieces.push(change);
        continue;
      }
      const parts = partsOf(change);
      for (const [index, part] of parts.entries()) {
        const sector = sectorOf(part.at);
        if (!kept.has(sector) && !survival.keepsSector(change.number, index, parts.length)) continue;
        kept.add(sector);
        pieces.push(part);
      }
    }
    const after = new Content(this.medium.bytes.slice());
    for (const part of this.forgotten) if (kept.has(sectorOf(part.at))) after.apply(part);
    for (const piece of pieces.toReversed()) after.apply(piece);
    after.resize(changes.slice(0, lengthsKept).reduce(lengthAfter, this.medium.length));
    return new Inode(after.bytes);
  }
}

function lengthAfter(length: number, change: Change): number {
  return change.kind === 'truncate' ? change.length : Math.max(length, change.at + change.bytes.length);
}

function sectorOf(at: number): number {
  return Math.floor(at / SECTOR_BYTES);
}

function sectorsOf({ at, bytes }: Write): number[] {
  const first = sectorOf(at);
  return Array.from({ length: sectorOf(at + bytes.length - 1) - first + 1 }, (_, index) => first + index);
}

/** A write cut at the bounds of sectors. */
function partsOf(write: Write): Write[] {
  return sectorsOf(write).map((sector) => {
    const from = Math.max(write.at, sector * SECTOR_BYTES);
    const to = Math.min(write.at + write.bytes.length, (sector + 1) * SECTOR_BYTES);
    return { ...write, at: from, bytes: write.bytes.subarray(from - write.at, to - write.at) };
  });
}
