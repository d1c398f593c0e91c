// Turns of a scheduler that has neighbours: before it goes to sleep it looks at its rings, for a short while longer if
// that has paid off lately, and then raises its sleeping word so that whoever writes to it posts a wake-up. Two threads
// that answer each other so never sleep; one that waits for something else gives the look up after a few in vain.
import { HostTurns } from '../env/host/index.ts';
import type { Turns } from '../env/index.ts';
import type { ThreadStatus } from './thread-status.ts';

/** Below this an idle look is not worth it: it does not cost one event loop round. */
const POLL_MS_MIN = 0.001;
/** Looks between two looks at the clock, which costs as much as all of them. */
const LOOKS_PER_CLOCK = 16;
/** Between two looks the core is left to its other thread; Node 22 cannot. */
const { pause } = Atomics as unknown as { readonly pause?: (iterations: number) => void };
const PAUSE = 100;
/** Turns that follow each other without the event loop take at most this long: sockets and host timers wait. */
const TURNS_MS_MAX = 1;

export interface ThreadTurnsOptions {
  readonly status: ThreadStatus;
  readonly incarnation: number;
  /** Runs one turn. */
  readonly run: () => void;
  /** True when a turn would find something in the rings. */
  readonly hasWork: () => boolean;
  /** Longest idle look at the rings before sleep; 0 never looks twice. */
  readonly pollMs: number;
}

export class ThreadTurns implements Turns {
  private readonly options: ThreadTurnsOptions;
  private readonly host: HostTurns;
  /** How long the next idle look may last: halved when it was in vain, whole again after a quick wake-up. */
  private pollMs: number;
  private sleptAtMs = 0;
  private isInTurn = false;
  /** When the turn that has just run wants to be woken; null when it asked for another one. */
  private idleUntilMs: number | null = null;
  private isStopped = false;

  constructor(options: ThreadTurnsOptions) {
    this.options = options;
    this.pollMs = options.pollMs;
    this.host = new HostTurns(() => this.turns());
  }

  request(): void {
    this.idleUntilMs = null;
    this.host.request();
  }

  wakeAt(atMs: number): void {
    if (this.isInTurn) this.idleUntilMs = atMs;
    else this.host.wakeAt(atMs);
  }

  /** Somebody posted a wake-up. */
  wake(): void {
    if (performance.now() - this.sleptAtMs < this.options.pollMs * 2) this.pollMs = this.options.pollMs;
    this.host.request();
  }

  /** No turn comes after this, and nothing keeps the event loop alive. */
  stop(): void {
    this.isStopped = true;
    this.host.stop();
  }

  /** Turns one after the other for as long as the neighbours answer quickly, then sleep. */
  private turns(): void {
    if (this.isStopped) return;
    this.options.status.setSleeping(0);
    const startMs = performance.now();
    for (;;) {
      this.options.status.beat();
      this.idleUntilMs = null;
      this.isInTurn = true;
      this.options.run();
      this.isInTurn = false;
      const untilMs = this.idleUntilMs as number | null;
      if (untilMs === null || this.isStopped) return;
      const nowMs = performance.now();
      if (!this.look(nowMs, untilMs)) {
        this.host.wakeAt(untilMs);
        this.sleep();
        return;
      }
      if (nowMs - startMs < TURNS_MS_MAX) continue;
      this.host.request();
      return;
    }
  }

  /** True as soon as there is something in the rings; false when the look was in vain or a timer is due. */
  private look(nowMs: number, untilMs: number): boolean {
    const { hasWork, pollMs } = this.options;
    if (hasWork()) return true;
    if (this.pollMs < POLL_MS_MIN) return false;
    const endMs = Math.min(nowMs + this.pollMs, untilMs);
    do {
      for (let count = 0; count < LOOKS_PER_CLOCK; count++) {
        if (!hasWork()) {
          pause?.(PAUSE);
          continue;
        }
        this.pollMs = pollMs;
        return true;
      }
    } while (performance.now() < endMs);
    this.pollMs /= 2;
    return false;
  }

  private sleep(): void {
    const { status } = this.options;
    this.sleptAtMs = performance.now();
    status.setSleeping(this.options.incarnation);
    // What was written before the word was raised woke nobody.
    if (this.options.hasWork()) this.host.request();
  }
}
