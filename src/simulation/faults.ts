// Faults as data (reliability.md 2.a): each is a choice with a key, so that it stands in the same list of deviations as
// the schedule, shrinks with it and replays from the same token. Processes are named by spawn path.
//
//   crash root/0/1     ends that process at this boundary, as `exit(pid, 'kill')` from nowhere would
//   die 1              ends thread 1 with everything on it; its next incarnation starts at once (THR-1)
//   delay 1>0 50       for 50 ms thread 0 reads nothing of what thread 1 publishes
//   part 1 2 200       for 200 ms nothing crosses between threads 1 and 2, in either direction
//   jump 5000          the machine stands still for 5 s: clocks go on, nothing else does
//   wall -3600000      the wall clock is set back by an hour; the monotonic one does not notice
import { mix } from './random.ts';
import type { Deviation } from './schedule.ts';
import type { Choice } from './seat.ts';

/** A process that may be crashed, as a test can tell it from others. */
export interface Victim {
  /** Spawn path: `root/0/1` is the second child of the first child of the root. */
  readonly path: string;
  /** Its registered name, label or function name; empty when it has none. */
  readonly title: string;
  readonly thread: number;
}

/** What a strategy may do to a run beside its schedule: up to so many of each kind. Default: nothing. */
export interface FaultOptions {
  readonly crashes?: number;
  /** Which processes may crash. Default: every one but the root. */
  readonly victims?: (victim: Victim) => boolean;
  readonly threadDeaths?: number;
  /** One direction of a thread link stands still for up to `delayMsMax`, default 100 ms. */
  readonly delays?: number;
  readonly delayMsMax?: number;
  /** Both directions between two threads, for up to `partitionMsMax`, default 1,000 ms. */
  readonly partitions?: number;
  readonly partitionMsMax?: number;
  /** The whole machine stands still for up to `jumpMsMax`, default 60,000 ms. */
  readonly clockJumps?: number;
  readonly jumpMsMax?: number;
  /** As a jump, of up to `jitterMsMax`, default 20 ms. */
  readonly jitters?: number;
  readonly jitterMsMax?: number;
  /** The wall clock is set by up to a day, forward or back. */
  readonly wallJumps?: number;
}

export type FaultKind = 'crash' | 'die' | 'delay' | 'part' | 'jump' | 'wall';

/** One fault; `applies` to nothing by itself: the world knows how. */
export class Fault implements Choice {
  readonly kind = 'fault';
  readonly fault: FaultKind;
  readonly key: string;
  readonly hash: number;
  /** Spawn path of a crash; empty otherwise. */
  readonly path: string;
  /** The thread of a death; the two of a link. */
  readonly threads: readonly number[];
  /** ms of a delay, a partition, a jump; 0 otherwise. */
  readonly ms: number;

  constructor(fault: FaultKind, key: string, path: string, threads: readonly number[], ms: number) {
    this.fault = fault;
    this.key = key;
    this.path = path;
    this.threads = threads;
    this.ms = ms;
    this.hash = hashOf(key);
  }
}

const FORMS: readonly (readonly [FaultKind, RegExp])[] = [
  ['crash', /^crash (\S+)$/],
  ['die', /^die (\d+)$/],
  ['delay', /^delay (\d+)>(\d+) (\d+)$/],
  ['part', /^part (\d+) (\d+) (\d+)$/],
  ['jump', /^jump (\d+)$/],
  ['wall', /^wall (-?\d+)$/],
];

/** The fault that a key names; null for a key of something else. */
export function parseFault(key: string): Fault | null {
  for (const [kind, form] of FORMS) {
    const match = form.exec(key);
    if (match === null) continue;
    if (kind === 'crash') return new Fault(kind, key, match[1], [], 0);
    const numbers = match.slice(1).map(Number);
    if (kind === 'die') return new Fault(kind, key, '', numbers, 0);
    return new Fault(kind, key, '', numbers.slice(0, -1), numbers[numbers.length - 1]);
  }
  return null;
}

/** True for the key of a fault, false for that of a turn in the schedule. */
export function isFaultKey(key: string): boolean {
  return FORMS.some(([kind]) => key.startsWith(`${kind} `));
}

/** The same fault with less of it: 1 ms, half as long; nothing for a fault without a measure. */
export function weaker(key: string): readonly string[] {
  const fault = parseFault(key);
  if (fault === null || Math.abs(fault.ms) <= 1) return [];
  const space = key.lastIndexOf(' ') + 1;
  return [Math.sign(fault.ms), Math.trunc(fault.ms / 2)].map((ms) => `${key.slice(0, space)}${ms}`);
}

/** How much of faults there is in a list, in ms. */
export function faultMs(deviations: readonly Deviation[]): number {
  return deviations.reduce((sum, [, key]) => sum + Math.abs(parseFault(key)?.ms ?? 0), 0);
}

/** A fault in words. */
export function describeFault({ fault, path, threads, ms }: Fault): string {
  switch (fault) {
    case 'crash':
      return `${path} crashes`;
    case 'die':
      return `thread ${threads[0]} dies`;
    case 'delay':
      return `thread ${threads[1]} hears nothing of thread ${threads[0]} for ${ms} ms`;
    case 'part':
      return `threads ${threads[0]} and ${threads[1]} are cut off from each other for ${ms} ms`;
    case 'jump':
      return `the machine stands still for ${ms} ms`;
    case 'wall':
      return `the wall clock is set by ${ms} ms`;
  }
}

function hashOf(key: string): number {
  let hash = 0xfa17;
  for (let index = 0; index < key.length; index++) hash = mix(hash, key.charCodeAt(index));
  return hash;
}
