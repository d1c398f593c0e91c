// The monitors of one process, both directions (MON-1, MON-2, MON-4), and its aliases (ALI-1).
import type { AnyPid, Ref } from '../term/index.ts';
import { RefTable } from './ref-table.ts';

/**
 * How a ref works as an alias of its creator (ALI-1).
 * `explicit` until unalias; `reply` until the first message; the two `demonitor` modes belong to a monitor and end with
 * it, `replyDemonitor` also with the first message, which removes the monitor as well (ALI-2).
 */
export type AliasMode = 'explicit' | 'reply' | 'demonitor' | 'replyDemonitor';

/** A monitor this process holds. */
export interface HeldMonitor {
  /** The target, or null when a name had no owner: its DOWN is already on the way. */
  readonly target: AnyPid | null;
  /** What DOWN names: the pid, or the name that was monitored (MON-3). */
  readonly object: AnyPid | string;
  readonly alias: AliasMode | null;
  /** Replaces `DOWN` in the message (MON-5). */
  readonly tag: string | null;
}

export class Monitors {
  /** Monitors this process has set and that have not fired. */
  readonly held = new RefTable<HeldMonitor>();
  /** Who watches this process. */
  readonly watchers = new RefTable<AnyPid>();
  /** Aliases without a monitor. */
  readonly aliases = new RefTable<AliasMode>();

  /** The mode in which `ref` is an alias of this process, or null when it is none (any more). */
  aliasMode(ref: Ref): AliasMode | null {
    return this.held.get(ref)?.alias ?? this.aliases.get(ref) ?? null;
  }

  /** Forgets everything under `ref`; true when there was a monitor that had not fired. */
  remove(ref: Ref): boolean {
    this.aliases.delete(ref);
    return this.held.delete(ref);
  }
}
