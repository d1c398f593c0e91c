// The words of shared memory that each thread keeps about itself: whether it sleeps, what it runs, how loaded it is.
// The sleeping word decides who posts a wake-up; the rest is for the watchdog (SCH-6) and for placement.
//
//   int32  0  sleeping   the incarnation in which nothing will happen before somebody posts a wake-up, or 0
//   int32  1  beats      turns and slices begun
//   int32  2  runnable   processes in the run queue at the last turn
//   int32  3  processes
//   f64    2  serial     of the process whose slice is under way, 0 between slices

const SLEEPING = 0;
const BEATS = 1;
const RUNNABLE = 2;
const PROCESSES = 3;
const SERIAL = 2;
/** Two cache lines each, so that no two threads write to the same. */
const STATUS_BYTES = 128;

/** Memory for the statuses of `threads` threads. */
export function statusMemory(threads: number): SharedArrayBuffer {
  return new SharedArrayBuffer(threads * STATUS_BYTES);
}

export class ThreadStatus {
  private readonly words: Int32Array;
  private readonly floats: Float64Array;

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.words = new Int32Array(memory, thread * STATUS_BYTES, STATUS_BYTES / 4);
    this.floats = new Float64Array(memory, thread * STATUS_BYTES, STATUS_BYTES / 8);
  }

  // The heartbeat of the scheduler: plain stores, since it happens at every slice and the watchdog looks every 20 ms.
  begin(serial: number): void {
    this.floats[SERIAL] = serial;
    this.words[BEATS]++;
  }

  end(): void {
    this.floats[SERIAL] = 0;
  }

  beat(): void {
    this.words[BEATS]++;
  }

  setLoad(runnable: number, processes: number): void {
    this.words[RUNNABLE] = runnable;
    this.words[PROCESSES] = processes;
  }

  get beats(): number {
    return Atomics.load(this.words, BEATS);
  }

  get serial(): number {
    return this.floats[SERIAL];
  }

  get runnable(): number {
    return Atomics.load(this.words, RUNNABLE);
  }

  get processes(): number {
    return Atomics.load(this.words, PROCESSES);
  }

  /** The thread's present incarnation goes to sleep, or is awake again when it is 0. */
  setSleeping(incarnation: number): void {
    Atomics.store(this.words, SLEEPING, incarnation);
  }

  get isSleeping(): boolean {
    return Atomics.load(this.words, SLEEPING) !== 0;
  }

  /**
   * True for exactly one of those who find that incarnation asleep: that one posts the wake-up.
   * Whoever still writes to a dead incarnation must not take the wake-up of the living one.
   */
  takeSleeping(incarnation: number): boolean {
    const { words } = this;
    return (
      Atomics.load(words, SLEEPING) === incarnation &&
      Atomics.compareExchange(words, SLEEPING, incarnation, 0) === incarnation
    );
  }

  /** Forgets a dead incarnation. */
  reset(): void {
    this.words.fill(0);
  }
}
