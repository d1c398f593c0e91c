// Heartbeats of one connection (digest 1, "Heartbeats"; B20): with a timeout of T seconds the server sends one after T/2
// without having sent anything, and gives the client up when nothing came for two whole T.
// A pure tally: the connection says when bytes come and asks it when a tick is due.

/** Within this after two timeouts a dead peer is given up. */
const LATE_MS = 500;

export class Heartbeat {
  private readonly timeoutMs: number;
  private hasSent = false;
  private heardMs: number;

  /** `timeoutS` as agreed, above 0; times are ms of the clock. */
  constructor(timeoutS: number, nowMs: number) {
    this.timeoutMs = timeoutS * 1_000;
    this.heardMs = nowMs;
  }

  sent(): void {
    this.hasSent = true;
  }

  received(nowMs: number): void {
    this.heardMs = nowMs;
  }

  /** What is due at a tick, and when the next one is. While reading is paused the client is not judged. */
  tick(
    nowMs: number,
    isReading: boolean,
  ): { readonly send: boolean; readonly isLost: boolean; readonly nextMs: number } {
    if (!isReading) this.heardMs = nowMs;
    const leftMs = this.heardMs + 2 * this.timeoutMs - nowMs;
    const send = !this.hasSent;
    this.hasSent = false;
    return { send, isLost: leftMs <= 0, nextMs: Math.min(this.timeoutMs / 2, Math.max(leftMs, 0) + LATE_MS) };
  }

  /** When the first tick is due. */
  get firstMs(): number {
    return this.timeoutMs / 2;
  }
}
