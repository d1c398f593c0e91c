// Entries of a queue as records of its log, and back. In the log times are those of the wall clock, in a queue they are
// those of this run's monotonic one.
import type { Clock } from '../env/index.ts';
import { decodeEntry, type MessageCodec } from './entry-codec.ts';
import type { LoggedRecord } from './log/reader.ts';
import { type Entry, NEVER, type NewEntry } from './queue-store.ts';

export function toWall(clock: Clock, atMs: number): number {
  return atMs === NEVER ? NEVER : clock.wallTime() + (atMs - clock.now());
}

export function fromWall(clock: Clock, at: number): number {
  return at === NEVER ? NEVER : clock.now() + (at - clock.wallTime());
}

export interface DecodePlan<M> {
  readonly priorityMax: number;
  /** Positions up to this one may have been delivered by an earlier run. */
  readonly deliveredUpTo: number;
  readonly codec: MessageCodec<M>;
  readonly clock: Clock;
}

/** A message that was ready or held. */
export function decodeReady<M>({ sequence, payload }: LoggedRecord, plan: DecodePlan<M>): Entry<M> {
  const { head, message } = decodeEntry(payload);
  return {
    position: sequence,
    message: plan.codec.decode(message),
    priority: Math.min(head.priority, plan.priorityMax),
    bytes: head.bytes,
    expiresAtMs: fromWall(plan.clock, head.expiresAt),
    isPersistent: true,
    redelivered: head.isReturned || sequence <= plan.deliveredUpTo,
    returns: head.returns,
    holder: 0,
    lentTo: null,
  };
}

/** A new message whose time had not come. */
export function decodeDelayed<M>(
  payload: Uint8Array,
  codec: MessageCodec<M>,
  clock: Clock,
): { readonly wanted: NewEntry<M>; readonly dueAtMs: number } {
  const { head, message } = decodeEntry(payload);
  const { priority, bytes } = head;
  const expiresAtMs = fromWall(clock, head.expiresAt);
  return {
    wanted: { message: codec.decode(message), priority, bytes, expiresAtMs, isPersistent: true },
    dueAtMs: fromWall(clock, head.dueAt),
  };
}
