// Restart intensity (SUP-5): more than `intensity` restarts within `periodMs` are too many. A ring of timestamps:
// each restart costs O(1), and no more is kept than the window holds. The edge of the window is inclusive, as in OTP,
// but in ms where OTP counts whole seconds.

const CAPACITY_MIN = 4;

export class RestartWindow {
  readonly intensity: number;
  readonly periodMs: number;
  private ring = new Float64Array(CAPACITY_MIN);
  private first = 0;
  private length = 0;

  constructor(intensity: number, periodMs: number) {
    this.intensity = intensity;
    this.periodMs = periodMs;
  }

  /** Counts a restart at `nowMs`; false when it is one too many. Times must not go back. */
  add(nowMs: number): boolean {
    if (this.intensity === Number.POSITIVE_INFINITY) return true;
    const oldest = nowMs - this.periodMs;
    while (this.length > 0 && this.ring[this.first] < oldest) {
      this.first = (this.first + 1) & (this.ring.length - 1);
      this.length--;
    }
    if (this.length === this.ring.length) this.grow();
    this.ring[(this.first + this.length) & (this.ring.length - 1)] = nowMs;
    this.length++;
    return this.length <= this.intensity;
  }

  private grow(): void {
    const ring = new Float64Array(this.ring.length * 2);
    for (let index = 0; index < this.length; index++) {
      ring[index] = this.ring[(this.first + index) & (this.ring.length - 1)];
    }
    this.ring = ring;
    this.first = 0;
  }
}
