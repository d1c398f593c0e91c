// Faults as data (reliability.md 2.a): each is a choice with a key, so that it stands in the same list of deviations as
// the schedule, shrinks with it and replays from the same token. Processes are named by spawn path.
//
//   crash root/0/1     ends that process at this boundary, as `exit(pid, 'kill')` from nowhere would
//   die 1              ends thread 1 with everything on it; its next incarnation starts at once (THR-1)
//   delay 1>0 50       for 50 ms thread 0 reads nothing of what thread 1 publishes
//   part 1 2 200       for 200 ms nothing crosses between threads 1 and 2, in either direction
//   jump 5000          the machine stands still for 5 s: clocks go on, nothing else does
//   wall -3600000      the wall clock is set back by an hour; the monotonic one does not notice
//   cut random 7       the disk loses power: what was not synced is torn by chance 7, who used the disk ends
//   fail sync EIO      the next sync that completes fails so; as well `read`, `names`
//   fail write EIO 99  the next write fails so when 99 bytes of it are written; none without a number
//   flip 12            the next read has its bit 12 wrong
//   slow 500           the next operation of the disk takes 500 ms longer
//   reset 2            the second stream that was connected is reset: what is under way is lost
//   stall 2 200        for 200 ms nothing passes on that stream, in either direction
//   segment 2 7        from now on everything on it comes in pieces of 7 bytes
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
  /** The disk loses power: what was not synced is torn, and every process that used the disk ends, but for the root. */
  readonly diskCuts?: number;
  /** An operation of the disk fails: with EIO, or a write with ENOSPC. */
  readonly diskFailures?: number;
  /** A read has one bit wrong. */
  readonly diskFlips?: number;
  /** An operation of the disk takes up to `diskDelayMsMax` longer, default 1,000 ms. */
  readonly diskDelays?: number;
  readonly diskDelayMsMax?: number;
  /** A simulated stream is reset: what is under way is lost, and both ends hear ECONNRESET. */
  readonly socketCuts?: number;
  /** Nothing passes on a simulated stream for up to `socketStallMsMax`, default 1,000 ms. */
  readonly socketStalls?: number;
  readonly socketStallMsMax?: number;
  /** From then on everything on a simulated stream comes in pieces of so many bytes, 1 to 64. */
  readonly socketSegments?: number;
}

export type FaultKind =
  | 'crash'
  | 'die'
  | 'delay'
  | 'part'
  | 'jump'
  | 'wall'
  | 'cut'
  | 'fail'
  | 'flip'
  | 'slow'
  | 'reset'
  | 'stall'
  | 'segment';

/** One fault; `applies` to nothing by itself: the world knows how. */
export class Fault implements Choice {
  readonly kind = 'fault';
  readonly fault: FaultKind;
  readonly key: string;
  readonly hash: number;
  /** Spawn path of a crash; empty otherwise. */
  readonly path: string;
  /** The thread of a death; the two of a link; the number of a stream. */
  readonly threads: readonly number[];
  /** How much of it: ms of a delay, a partition, a jump, bytes of a failing write; 0 for a fault without a measure. */
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
  ['cut', /^cut (?:none|all|random|prefix|newest) \d+$/],
  ['fail', /^fail (?:(?:write|sync|read|names) E[A-Z]+|write E[A-Z]+ (\d+))$/],
  ['flip', /^flip \d+$/],
  ['slow', /^slow (\d+)$/],
  ['reset', /^reset (\d+)$/],
  ['stall', /^stall (\d+) (\d+)$/],
  ['segment', /^segment (\d+) [1-9]\d*$/],
];

/** The fault that a key names; null for a key of something else. */
export function parseFault(key: string): Fault | null {
  for (const [kind, form] of FORMS) {
    const match = form.exec(key);
    if (match === null) continue;
    if (kind === 'crash') return new Fault(kind, key, match[1], [], 0);
    if (kind === 'cut' || kind === 'flip') return new Fault(kind, key, '', [], 0);
    if (kind === 'fail') return new Fault(kind, key, '', [], Number(match[1] ?? 0));
    const numbers = match.slice(1).map(Number);
    if (kind === 'die' || kind === 'reset' || kind === 'segment') return new Fault(kind, key, '', numbers, 0);
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

const KEPT: Readonly<Record<string, string>> = {
  none: 'nothing',
  all: 'everything',
  random: 'any sectors',
  prefix: 'the beginning',
  newest: 'only the newest',
};

/** A fault in words. */
export function describeFault({ fault, key, path, threads, ms }: Fault): string {
  const [, first, second] = key.split(' ');
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
    case 'cut':
      return `the disk loses power, keeping ${KEPT[first]} of what was not synced`;
    case 'fail':
      return `the next ${first === 'names' ? 'change of names' : first} on the disk fails with ${second}${ms > 0 ? ` after ${ms} bytes` : ''}`;
    case 'flip':
      return `the next read of the disk has bit ${first} wrong`;
    case 'slow':
      return `the next operation of the disk takes ${ms} ms longer`;
    case 'reset':
      return `socket stream ${first} is reset`;
    case 'stall':
      return `nothing passes on socket stream ${first} for ${ms} ms`;
    case 'segment':
      return `socket stream ${first} comes in pieces of ${second} bytes`;
  }
}

function hashOf(key: string): number {
  let hash = 0xfa17;
  for (let index = 0; index < key.length; index++) hash = mix(hash, key.charCodeAt(index));
  return hash;
}
