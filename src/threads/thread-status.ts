// The words of shared memory that each thread keeps about itself: whether it sleeps, what it runs, how loaded it is.
// The sleeping word decides who posts a wake-up; the rest is for the watchdog (SCH-6) and for placement.
//
//   int32  0  sleeping   1: nothing will happen there before somebody posts a wake-up
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

  setSleeping(isSleeping: boolean): void {
    Atomics.store(this.words, SLEEPING, isSleeping ? 1 : 0);
  }

  get isSleeping(): boolean {
    return Atomics.load(this.words, SLEEPING) === 1;
  }

  /** True for exactly one of those who find it asleep: that one posts the wake-up. */
  takeSleeping(): boolean {
    return this.isSleeping && Atomics.compareExchange(this.words, SLEEPING, 1, 0) === 1;
  }

  /** Forgets a dead incarnation. */
  reset(): void {
    this.words.fill(0);
  }
}
