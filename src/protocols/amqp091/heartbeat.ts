// Heartbeats of one connection (digest 1, "Heartbeats"): with a timeout of T seconds the server sends one after T/2
// without having sent anything, and gives the client up when nothing came for two whole T.
// A pure tally: the connection asks it at every tick.

export class Heartbeat {
  /** Ms between ticks: T/2. */
  readonly tickMs: number;
  private hasSent = false;
  private hasReceived = false;
  private silentTicks = 0;

  constructor(timeoutS: number) {
    this.tickMs = (timeoutS * 1000) / 2;
  }

  sent(): void {
    this.hasSent = true;
  }

  received(): void {
    this.hasReceived = true;
  }

  /** What is due at a tick. While reading is paused the client is not judged. */
  tick(isReading: boolean): { readonly send: boolean; readonly isLost: boolean } {
    this.silentTicks = this.hasReceived || !isReading ? 0 : this.silentTicks + 1;
    const send = !this.hasSent;
    this.hasReceived = this.hasSent = false;
    return { send, isLost: this.silentTicks > 4 };
  }
}
