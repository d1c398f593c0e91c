// Everything one process can send another, as data (digest: "Vocabulary"). All kinds of one ordered pair travel one
// FIFO (SIG-1, DESIGN decision 4): the scheduler applies a signal at once on its own thread, `wire/` carries it to
// another, the simulator holds it back as long as it likes.
import type { AnyPid, Mfa, Ref, Seal } from '../term/index.ts';
import type { MaxMailbox, Priority } from './context.ts';

export interface MessageSignal {
  readonly kind: 'message';
  readonly from: AnyPid | null;
  readonly to: AnyPid;
  readonly message: unknown;
  readonly seal: Seal | null;
}

/** A message to an alias, judged where it is received (ALI-1). */
export interface AliasSignal {
  readonly kind: 'alias';
  readonly from: AnyPid | null;
  readonly to: Ref;
  readonly message: unknown;
  readonly seal: Seal | null;
}

/** `exit(pid, reason)` (EXI-2). */
export interface ExitSignal {
  readonly kind: 'exit';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly reason: unknown;
}

/** The death of a linked process (LNK-3); dropped unless the link is active at the receiver (LNK-5). */
export interface LinkExitSignal {
  readonly kind: 'linkExit';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly reason: unknown;
}

export interface LinkSignal {
  readonly kind: 'link';
  readonly from: AnyPid;
  readonly to: AnyPid;
}

/** Asks the peer to drop its side; answered with the same id (LNK-5). */
export interface UnlinkSignal {
  readonly kind: 'unlink' | 'unlinkAck';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly id: number;
}

export interface MonitorSignal {
  readonly kind: 'monitor' | 'demonitor';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly ref: Ref;
}

export interface DownSignal {
  readonly kind: 'down';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly ref: Ref;
  readonly reason: unknown;
}

/** Starts a process whose pid the sender has minted (PRC-1, LNK-6). */
export interface SpawnSignal {
  readonly kind: 'spawn';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly body: Mfa;
  readonly args: readonly unknown[];
  readonly link: boolean;
  readonly monitor: Ref | null;
  readonly name: string | null;
  readonly label: string | null;
  readonly ancestors: readonly AnyPid[];
  readonly priority: Priority;
  readonly maxMailbox: MaxMailbox | null;
}

/** A question to the runtime about one process, ordered behind everything sent before it (SIG-6). */
export interface InfoSignal {
  readonly kind: 'info';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly ref: Ref;
  readonly withMessages: boolean;
}

/** The answer to an {@link InfoSignal}; `info` is undefined for a dead process. */
export interface InfoReplySignal {
  readonly kind: 'infoReply';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly ref: Ref;
  readonly info: unknown;
}

/** Cancels a timer that lives on another scheduler; answered like an info request (TMR-1). */
export interface CancelTimerSignal {
  readonly kind: 'cancelTimer';
  readonly from: AnyPid;
  readonly to: Ref;
  readonly ref: Ref;
}

/** Suspends the receiver (PRC-4); with `ref` it is answered like an info request. */
export interface SuspendSignal {
  readonly kind: 'suspend';
  readonly from: AnyPid;
  readonly to: AnyPid;
  readonly ref: Ref | null;
}

/** `resume`: the sender suspends the receiver no longer. `suspendEnd`: the sender, which the receiver suspended, is dead. */
export interface ResumeSignal {
  readonly kind: 'resume' | 'suspendEnd';
  readonly from: AnyPid;
  readonly to: AnyPid;
}

export type Signal =
  | MessageSignal
  | AliasSignal
  | ExitSignal
  | LinkExitSignal
  | LinkSignal
  | UnlinkSignal
  | MonitorSignal
  | DownSignal
  | SpawnSignal
  | InfoSignal
  | InfoReplySignal
  | CancelTimerSignal
  | SuspendSignal
  | ResumeSignal;
