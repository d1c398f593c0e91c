// The disk of a simulated machine: its operations end by timers of thread 0, so when they do is part of the schedule, as
// with sockets. Faults of the tape wait here for the operation that they strike; a power cut ends the processes that
// use the disk.
import type { Env } from '../env/index.ts';
import { type DiskOptions, SimDisk } from './disk.ts';
import type { DiskFault, DiskOperation } from './disk-operation.ts';
import type { CutPolicy } from './disk-power.ts';
import { SeededRandom } from './random.ts';

/** How the disk of a simulation behaves. */
export interface DiskSeatOptions extends DiskOptions {
  /** Operations take 0 to this long, drawn from the seed. Default 0: they end when nothing else is left to do, or earlier. */
  readonly latencyMs?: number;
}

/** What the disk needs of the machine. */
export interface DiskSeatHost {
  /** Path of the process that runs now. */
  readonly running: string;
  readonly random: SeededRandom;
  /** Runs something on thread 0 later. */
  after(ms: number, run: () => void): void;
  /** Puts a line into the history of the run. */
  note(text: string): void;
}

/** What a fault of the tape strikes: the next operation of the kind that completes. */
export type DiskTarget = 'write' | 'sync' | 'read' | 'names';

const TARGETS: Readonly<Record<DiskOperation['kind'], DiskTarget | null>> = {
  open: 'names',
  makeDirectory: 'names',
  rename: 'names',
  remove: 'names',
  list: 'names',
  write: 'write',
  truncate: 'write',
  sync: 'sync',
  syncDirectory: 'sync',
  read: 'read',
  size: null,
  close: null,
  freeBytes: null,
};

export class DiskSeat {
  private readonly host: DiskSeatHost;
  private readonly options: DiskSeatOptions;
  private made: SimDisk | null = null;
  private armed: { readonly target: DiskTarget; readonly fault: DiskFault }[] = [];
  private slowMs = 0;
  private users = new Set<string>();
  /** Timers of thread 0 that stand for operations: no process can take them back, and who asked may be dead. */
  timers = 0;

  constructor(host: DiskSeatHost, options: DiskSeatOptions) {
    this.host = host;
    this.options = options;
  }

  /** Made on first use: most simulations have no use for it. */
  get disk(): SimDisk {
    if (this.made === null) {
      const { from, capacityBytes, faults = () => null } = this.options;
      this.made = new SimDisk({
        from,
        capacityBytes,
        faults: (operation) => faults(operation) ?? this.struck(operation),
      });
      this.made.driver = { submitted: (complete) => this.submitted(complete) };
    }
    return this.made;
  }

  get openFiles(): number {
    return this.made?.openFiles ?? 0;
  }

  /** The next such operation fails so. */
  arm(target: DiskTarget, fault: DiskFault): void {
    this.armed.push({ target, fault });
  }

  /** The next operation takes so much longer. */
  slow(ms: number): void {
    this.slowMs += ms;
  }

  /** No fault is left that waits for its operation. */
  heal(): void {
    this.armed = [];
    this.slowMs = 0;
  }

  /** The power is cut; returns the paths of the processes that used the disk. */
  cut(policy: CutPolicy, seed: number): readonly string[] {
    this.disk.cut(policy, new SeededRandom(seed));
    const users = [...this.users];
    this.users.clear();
    return users;
  }

  private submitted(complete: () => void): void {
    const { host } = this;
    const { latencyMs = 0 } = this.options;
    this.users.add(host.running);
    const ms = this.slowMs + (latencyMs === 0 ? 0 : host.random.below(latencyMs + 1));
    this.slowMs = 0;
    this.timers++;
    host.after(ms, () => {
      this.timers--;
      complete();
    });
  }

  private struck({ kind, path }: DiskOperation): DiskFault | null {
    const index = this.armed.findIndex(({ target }) => target === TARGETS[kind]);
    if (index < 0) return null;
    const [{ fault }] = this.armed.splice(index, 1);
    this.host.note(`disk: ${[kind, path].join(' ').trim()} ${describeDiskFault(fault)}`);
    return fault;
  }
}

function describeDiskFault(fault: DiskFault): string {
  if (fault.tag === 'fail') return `fails with ${fault.code}`;
  if (fault.tag === 'astray') return `reads ${fault.byBytes} bytes further`;
  return fault.tag === 'flip' ? `reads bit ${fault.bit} wrong` : 'does nothing';
}

/** The disk of a thread that has none: everything fails with ENODISK. `later` runs something on that thread. */
export function noDisk(later: (run: () => void) => void): SimDisk {
  const disk = new SimDisk({
    faults: () => ({ tag: 'fail', code: 'ENODISK', text: 'this system has no data directory' }),
  });
  disk.driver = { submitted: later };
  return disk;
}

/** The disk of a simulated process. Throws TypeError outside the simulator, and off the control thread. */
export function simDisk(context: { readonly env: Env }): SimDisk {
  const { disk } = context.env;
  if (!(disk instanceof SimDisk))
    throw new TypeError('only a process on the control thread of a simulation has a disk');
  return disk;
}
