// What travels between a Go channel's process and those who use it. A plain send or receive is a call. A select makes
// offers under an alias of its own, and a channel that has found a partner asks before it gives or takes anything:
//
//   select -> channel   $goOffer     here are my cases on you
//   channel -> select   $goAsk       I could do this one: is it still wanted?
//   select -> channel   $goYes       yes, and I take no other before you say how it ends
//   channel -> select   $goCommit    done, or $goRelease: the partner is gone, you are free again
//   channel -> select   $goNotReady  a select with a default: not now
//   select -> channel   $goWithdraw  I am done; forget my offers
//
// A deal between two selects asks them in the order of their pids, so that two channels never wait for each other.
import type { AnyPid, Pid, Ref } from '../term/index.ts';
import type { From, Request, ServerPid } from './protocol.ts';

/** What a plain operation is answered with; `closed` also stands for the error of a send. */
export type GoReply = { readonly tag: 'value'; readonly value: unknown } | { readonly tag: 'sent' | 'closed' };

export interface GoInfo {
  /** Values in the buffer. */
  readonly length: number;
  readonly capacity: number;
  readonly isClosed: boolean;
  /** Processes that wait, in a plain operation or a select. */
  readonly senders: number;
  readonly receivers: number;
}

/** The calls of a Go channel's process. */
export type GoCall =
  | Request<{ readonly tag: 'send'; readonly value: unknown }, GoReply>
  | Request<{ readonly tag: 'receive' }, GoReply>
  | Request<{ readonly tag: 'close' }, boolean>
  | Request<{ readonly tag: 'info' }, GoInfo>;

/** One case of a select, as its channel sees it. */
export type GoCase =
  | { readonly key: string; readonly kind: 'receive' }
  | { readonly key: string; readonly kind: 'send'; readonly value: unknown };

export interface GoOffer {
  readonly tag: '$goOffer';
  readonly id: Ref;
  readonly pid: AnyPid;
  readonly cases: readonly GoCase[];
  /** Answer at once if none of them can be done. */
  readonly isPoll: boolean;
}

export interface GoYes {
  readonly tag: '$goYes';
  readonly id: Ref;
  readonly deal: number;
}

export interface GoWithdraw {
  readonly tag: '$goWithdraw';
  readonly id: Ref;
}

/** What a channel tells a select; `ref` is the select's id. */
export type GoNews =
  | { readonly tag: '$goAsk' | '$goRelease'; readonly ref: Ref; readonly channel: AnyPid; readonly deal: number }
  | { readonly tag: '$goCommit'; readonly ref: Ref; readonly key: string; readonly outcome: GoReply }
  | { readonly tag: '$goNotReady'; readonly ref: Ref; readonly key: string };

export type GoPid = ServerPid<GoCall, never, GoOffer | GoYes | GoWithdraw>;

/** Why nobody will ever answer: the channel's owner ended before it closed the channel. */
export interface OwnerDown {
  readonly tag: 'ownerDown';
  readonly reason: unknown;
}

/** A process that wants to send or receive: by a call, or as a case of a select. */
export interface Party {
  readonly pid: AnyPid;
  readonly from: From | null;
  readonly select: { readonly id: Ref; readonly key: string; readonly isPoll: boolean } | null;
  readonly value: unknown;
}

/** A total order of processes. */
export function comparePids(a: AnyPid, b: AnyPid): number {
  return (
    a.origin.thread - b.origin.thread || a.origin.incarnation - b.origin.incarnation || (a.serial < b.serial ? -1 : 1)
  );
}

/** A channel's process as a pid that takes what selects send. */
export type GoServer = Pid<GoOffer | GoYes | GoWithdraw>;
