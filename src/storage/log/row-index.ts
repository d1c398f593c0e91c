// Where the messages of one row are in one segment: sequence, offset of the record, length of the payload. Typed arrays,
// 16 bytes per message, because there may be millions.

const FIRST_CAPACITY = 16;

export class RowIndex {
  private sequences = new Float64Array(FIRST_CAPACITY);
  private offsets = new Uint32Array(FIRST_CAPACITY);
  private lengths = new Uint32Array(FIRST_CAPACITY);
  private isSorted = true;
  count = 0;
  /** Of all payloads. */
  bytes = 0;
  first = Number.POSITIVE_INFINITY;
  last = 0;

  add(sequence: number, offset: number, length: number): void {
    if (this.count === this.sequences.length) this.grow();
    const at = this.count++;
    this.sequences[at] = sequence;
    this.offsets[at] = offset;
    this.lengths[at] = length;
    this.bytes += length;
    if (sequence < this.last) this.isSorted = false;
    if (sequence < this.first) this.first = sequence;
    if (sequence > this.last) this.last = sequence;
  }

  /** The place of a sequence, -1 when it is not here. */
  find(sequence: number): number {
    this.sort();
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sequences[middle] < sequence) low = middle + 1;
      else high = middle;
    }
    return low < this.count && this.sequences[low] === sequence ? low : -1;
  }

  sequenceAt(place: number): number {
    return this.sequences[place];
  }

  offsetAt(place: number): number {
    return this.offsets[place];
  }

  lengthAt(place: number): number {
    return this.lengths[place];
  }

  /** What was copied here again comes behind what is newer. */
  private sort(): void {
    if (this.isSorted) return;
    const places = Array.from({ length: this.count }, (_none, place) => place);
    places.sort((a, b) => this.sequences[a] - this.sequences[b]);
    this.sequences = Float64Array.from(places, (place) => this.sequences[place]);
    this.offsets = Uint32Array.from(places, (place) => this.offsets[place]);
    this.lengths = Uint32Array.from(places, (place) => this.lengths[place]);
    this.isSorted = true;
  }

  private grow(): void {
    const capacity = this.sequences.length * 2;
    const sequences = new Float64Array(capacity);
    sequences.set(this.sequences);
    this.sequences = sequences;
    const offsets = new Uint32Array(capacity);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const lengths = new Uint32Array(capacity);
    lengths.set(this.lengths);
    this.lengths = lengths;
  }
}
