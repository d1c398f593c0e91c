// What threads tell each other beside the rings: the task that starts one, the control plane, and the engine's own
// notices on the rings.
import type { LogLevel } from '../env/index.ts';
import type { OffloadResult } from '../process/index.ts';
import type { SchedulerLimits } from '../scheduler/index.ts';
import type { Mfa, Origin } from '../term/index.ts';
import type { LinkLimits, Notice } from '../wire/index.ts';
import type { PlacementPolicy } from './placement.ts';
import type { CarrierEnd } from './thread-carrier.ts';

/** One neighbour of a thread. */
export interface Peer {
  readonly origin: Origin;
  readonly end: CarrierEnd;
}

/** The endless task that is one data thread. */
export interface ThreadTask {
  readonly origin: Origin;
  readonly control: Peer;
  readonly threads: number;
  readonly status: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
  readonly cells: SharedArrayBuffer;
  readonly strict: boolean;
  readonly pollMs: number;
  readonly placement: PlacementPolicy;
  readonly limits: SchedulerLimits;
  readonly linkLimits: LinkLimits;
  readonly envModule: Mfa | null;
}

/** Control thread to data thread, on the port. */
export type ToThread = { readonly tag: 'peer'; readonly peer: Peer } | { readonly tag: 'stop' };

/** Data thread to control thread, on the port. */
export type ToControl =
  | { readonly tag: 'started'; readonly threadId: number }
  | { readonly tag: 'log'; readonly level: LogLevel; readonly event: string; readonly data: Record<string, unknown> }
  | { readonly tag: 'count'; readonly name: string; readonly by: number }
  | { readonly tag: 'gauge'; readonly name: string; readonly value: number };

/** What a stopped thread still held; all zero after a clean stop. */
export interface ThreadLeaks {
  readonly processes: number;
  readonly timers: number;
  readonly names: number;
  readonly survivors: readonly string[];
}

/** Control to data: end every process, then answer `ended`. */
export interface EndNotice extends Notice {
  readonly tag: 'end';
}

export interface EndedNotice extends Notice {
  readonly tag: 'ended';
  readonly leaks: ThreadLeaks;
}

/** Data to control: run this in the offload pool, or give it up. */
export interface OffloadNotice extends Notice {
  readonly tag: 'offload';
  readonly id: number;
  readonly mfa: Mfa;
  readonly args: readonly unknown[];
}

export interface OffloadAbortNotice extends Notice {
  readonly tag: 'offloadAbort';
  readonly id: number;
}

export interface OffloadedNotice extends Notice {
  readonly tag: 'offloaded';
  readonly id: number;
  readonly result: OffloadResult;
}
