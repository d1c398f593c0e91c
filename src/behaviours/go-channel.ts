// Go channels: typed pipes between processes, with a buffer or without, that can be closed, ranged over and selected on
// (go-select.ts). "Go channel" in full, because `channel` alone is the AMQP one. Each is a small process: the handle is
// plain data, may be sent to any thread, and works the same from there. A send returns when the value is in the buffer
// or with a receiver. Rows: CSP is no part of the digest; deaths follow MON-1 and THR-1.
//
//   const jobs = goChannel<Job>(context, 10);
//   yield* sendTo(jobs, job);
//   const rest = range(jobs);
//   while (yield* rest.next()) work(rest.value);
import { type AsyncContext, type Context, type Effects, ExitError, type Placement } from '../process/index.ts';
import { type AnyPid, BadArgumentError, checkOptions, checkPid, formatReason, hasTag, Pid } from '../term/index.ts';
import { CallError, call } from './call.ts';
import type { Cursor } from './cursor.ts';
import type { GoCall, GoInfo, GoPid, GoReply, OwnerDown } from './go-channel-protocol.ts';
import { GO_CHANNEL_SERVER, goChannelServer } from './go-channel-server.ts';

declare const item: unique symbol;

/** A Go channel of values of type `T`. A term: it may be sent, also to other threads. */
export interface GoChannel<T> {
  readonly [item]?: T;
  readonly tag: 'goChannel';
  readonly pid: Pid<never>;
}

/** The exit reason of a process whose operation on a Go channel failed. */
export interface GoChannelReason {
  readonly tag: 'goChannel';
  /**
   * `closed` for a send and for a second close; `{ownerDown, reason}` when the owner ended before it closed the channel;
   * `noproc` when the channel is gone; else what its process ended with.
   */
  readonly reason: 'closed' | 'noproc' | OwnerDown | unknown;
  readonly channel: AnyPid;
}

/** Thrown by an operation that can never succeed. A process that does not catch it exits with `reason`. */
export class GoChannelError extends ExitError {
  override readonly name = 'GoChannelError';
  declare readonly reason: GoChannelReason;

  constructor(operation: string, reason: unknown, channel: AnyPid) {
    super(
      { tag: 'goChannel', reason, channel } satisfies GoChannelReason,
      `${operation} on the Go channel ${channel} failed: ${formatReason(reason)}`,
    );
  }
}

export interface GoChannelOptions {
  /** Where its process lives: best beside those who use it most. Default `here`. */
  readonly placement?: Placement;
  /** Whose end ends the channel unless it is closed. Default: the caller. */
  readonly owner?: AnyPid;
}

const OPTIONS: Readonly<Record<keyof GoChannelOptions, true>> = { placement: true, owner: true };

/**
 * Makes a Go channel that holds `capacity` values; 0, the default, hands each value from hand to hand. The caller owns
 * it: if its owner ends before the channel is closed, whoever waits on it fails.
 */
export function goChannel<T>(
  context: Pick<Context, 'spawn' | 'self'>,
  capacity = 0,
  options: GoChannelOptions = {},
): GoChannel<T> {
  checkOptions('goChannel', options, OPTIONS);
  const { placement = 'here', owner = context.self } = options;
  checkPid('goChannel', owner);
  if (!(capacity === Number.POSITIVE_INFINITY || (Number.isSafeInteger(capacity) && capacity >= 0)))
    throw new BadArgumentError('goChannel', 'a capacity of 0 or more', capacity);
  const args = [capacity, owner] as const;
  const how = { placement, label: 'goChannel' };
  if (placement === 'here') return { tag: 'goChannel', pid: context.spawn(goChannelServer, args, how) };
  return { tag: 'goChannel', pid: context.spawn(GO_CHANNEL_SERVER, args, how) };
}

/** What a receive got: a value, or nothing more because the channel is closed and empty. */
export type Received<T> = { readonly ok: true; readonly value: T } | { readonly ok: false };

/** Sends, waiting for room or for a receiver. Throws {@link GoChannelError} on a closed channel. */
export function* sendTo<T>(channel: GoChannel<T>, value: T): Effects<void> {
  const answer = yield* ask<GoReply>('sendTo', channel, { tag: 'send', value });
  if (answer.tag === 'closed') throw new GoChannelError('sendTo', 'closed', channel.pid);
}

/** Receives, waiting for a value; `{ok: false}` when the channel is closed and empty. */
export function* receiveFrom<T>(channel: GoChannel<T>): Effects<Received<T>> {
  const answer = yield* ask<GoReply>('receiveFrom', channel, { tag: 'receive' });
  return answer.tag === 'value' ? { ok: true, value: answer.value as T } : { ok: false };
}

/**
 * No more values: those in the buffer can still be received, those who wait to send fail, and receivers then get
 * `{ok: false}`. Throws {@link GoChannelError} if it was closed before.
 */
export function* closeGoChannel(channel: GoChannel<unknown>): Effects<void> {
  if (!(yield* ask<boolean>('closeGoChannel', channel, { tag: 'close' })))
    throw new GoChannelError('closeGoChannel', 'closed', channel.pid);
}

/** How full it is and who waits, at this moment. */
export function goChannelInfo(channel: GoChannel<unknown>): Effects<GoInfo> {
  return ask<GoInfo>('goChannelInfo', channel, { tag: 'info' });
}

/** The values until the channel is closed: `const all = range(jobs); while (yield* all.next()) use(all.value);` */
export function range<T>(channel: GoChannel<T>): Cursor<T> {
  let current: Received<T> = { ok: false };
  return {
    *next() {
      current = yield* receiveFrom(channel);
      return current.ok;
    },
    get value() {
      if (!current.ok) throw new Error('a range has a value after next() has returned true');
      return current.value;
    },
  };
}

/** For async bodies: `for await (const value of asyncRange(context, jobs)) ...` */
export async function* asyncRange<T>(
  context: Pick<AsyncContext, 'perform'>,
  channel: GoChannel<T>,
): AsyncGenerator<T, void, void> {
  for (;;) {
    const got = await context.perform(receiveFrom(channel));
    if (!got.ok) return;
    yield got.value;
  }
}

/** Throws BadArgumentError for what is no Go channel. */
export function checkGoChannel(operation: string, channel: unknown): void {
  if (!hasTag(channel, 'goChannel') || !((channel as GoChannel<unknown>).pid instanceof Pid))
    throw new BadArgumentError(operation, 'a Go channel', channel);
}

/** Why a channel's process ended, for those who use it. */
export function endOf(reason: unknown): unknown {
  const { detail } = (hasTag(reason, 'shutdown') ? reason : {}) as { readonly detail?: unknown };
  return hasTag(detail, 'ownerDown') ? detail : reason === 'normal' ? 'noproc' : reason;
}

function* ask<R>(operation: string, channel: GoChannel<unknown>, request: GoCall): Effects<R> {
  checkGoChannel(operation, channel);
  try {
    return (yield* call(channel.pid as Pid<unknown> as GoPid, request as never, Number.POSITIVE_INFINITY)) as R;
  } catch (error) {
    if (error instanceof CallError) throw new GoChannelError(operation, endOf(error.reason.reason), channel.pid);
    throw error;
  }
}
