// Turns of a scheduler that has neighbours: before it goes to sleep it looks at its rings, for a short while longer if
// that has paid off lately, and then raises its sleeping word so that whoever writes to it posts a wake-up.
import { HostTurns } from '../env/host/index.ts';
import type { Turns } from '../env/index.ts';
import type { ThreadStatus } from './thread-status.ts';

/** Below this an idle look is not worth its event loop rounds. */
const POLL_MS_MIN = 0.01;

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
  private looking: NodeJS.Immediate | null = null;
  private lookUntilMs = 0;
  private isStopped = false;

  constructor(options: ThreadTurnsOptions) {
    this.options = options;
    this.pollMs = options.pollMs;
    this.host = new HostTurns(() => this.turn());
  }

  request(): void {
    this.host.request();
  }

  wakeAt(atMs: number): void {
    this.host.wakeAt(atMs);
    if (this.looking === null && !this.isStopped) this.idle();
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
    if (this.looking !== null) clearImmediate(this.looking);
    this.looking = null;
  }

  private turn(): void {
    if (this.isStopped) return;
    if (this.looking !== null) clearImmediate(this.looking);
    this.looking = null;
    const { status } = this.options;
    status.setSleeping(0);
    status.beat();
    this.options.run();
  }

  private idle(): void {
    if (this.options.hasWork()) this.host.request();
    else if (this.pollMs < POLL_MS_MIN) this.sleep();
    else {
      this.lookUntilMs = performance.now() + this.pollMs;
      this.lookAgain();
    }
  }

  private lookAgain(): void {
    this.looking = setImmediate(() => {
      this.looking = null;
      if (this.options.hasWork()) {
        this.pollMs = this.options.pollMs;
        this.turn();
      } else if (performance.now() < this.lookUntilMs) this.lookAgain();
      else {
        this.pollMs /= 2;
        this.sleep();
      }
    });
  }

  private sleep(): void {
    const { status } = this.options;
    this.sleptAtMs = performance.now();
    status.setSleeping(this.options.incarnation);
    // What was written before the word was raised woke nobody.
    if (this.options.hasWork()) this.host.request();
  }
}
