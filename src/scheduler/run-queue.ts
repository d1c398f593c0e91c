// Runnable processes in round robin, by priority (SCH-1, SCH-2): `high` shuts out the rest, `low` gets every eighth turn.
import { flags, type Process } from '../process/index.ts';

const LOW_EVERY = 8;

/** A FIFO of processes in a ring of a power of two. */
class Ring {
  length = 0;
  private items: (Process | null)[] = new Array(64).fill(null);
  private first = 0;

  push(process: Process): void {
    if (this.length === this.items.length) this.grow();
    this.items[(this.first + this.length) & (this.items.length - 1)] = process;
    this.length++;
  }

  shift(): Process | null {
    if (this.length === 0) return null;
    const process = this.items[this.first];
    this.items[this.first] = null;
    this.first = (this.first + 1) & (this.items.length - 1);
    this.length--;
    return process;
  }

  at(index: number): Process {
    return this.items[(this.first + index) & (this.items.length - 1)] as Process;
  }

  /** Takes the process at `index`, leaving the others in order. */
  removeAt(index: number): Process {
    const process = this.at(index);
    const mask = this.items.length - 1;
    for (let i = index; i > 0; i--) this.items[(this.first + i) & mask] = this.items[(this.first + i - 1) & mask];
    this.shift();
    return process;
  }

  private grow(): void {
    const items = new Array<Process | null>(this.items.length * 2).fill(null);
    for (let index = 0; index < this.length; index++) items[index] = this.at(index);
    this.items = items;
    this.first = 0;
  }
}

export class RunQueue {
  private readonly high = new Ring();
  private readonly normal = new Ring();
  private readonly low = new Ring();
  private picks = 0;

  get length(): number {
    return this.high.length + this.normal.length + this.low.length;
  }

  push(process: Process): void {
    if ((process.flags & (flags.PRIORITY_HIGH | flags.PRIORITY_LOW)) === 0) this.normal.push(process);
    else if ((process.flags & flags.PRIORITY_HIGH) !== 0) this.high.push(process);
    else this.low.push(process);
  }

  /** The process whose turn it is, or null. */
  shift(): Process | null {
    if (this.high.length > 0) return this.high.shift();
    if (this.low.length > 0 && (this.normal.length === 0 || ++this.picks % LOW_EVERY === 0)) return this.low.shift();
    return this.normal.shift();
  }

  /** The process that `shift` would take, or null. */
  peek(): Process | null {
    if (this.high.length > 0) return this.high.at(0);
    const isLowDue = this.low.length > 0 && (this.normal.length === 0 || (this.picks + 1) % LOW_EVERY === 0);
    if (isLowDue) return this.low.at(0);
    return this.normal.length > 0 ? this.normal.at(0) : null;
  }

  /** The runnable processes in the order in which `shift` would roughly take them; for the simulator's choices. */
  list(): Process[] {
    const processes: Process[] = [];
    for (const ring of [this.high, this.normal, this.low]) {
      for (let index = 0; index < ring.length; index++) processes.push(ring.at(index));
    }
    return processes;
  }

  /** Takes one particular process out of its turn; for the simulator. */
  remove(process: Process): void {
    for (const ring of [this.high, this.normal, this.low]) {
      for (let index = 0; index < ring.length; index++) {
        if (ring.at(index) !== process) continue;
        ring.removeAt(index);
        return;
      }
    }
  }
}
