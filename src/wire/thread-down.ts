// The death of a thread (THR-1, DST-3, SIG-7), in this order on every side:
//
//   1  the dead ring is drained: everything it had published counts
//   2  its names are freed, everywhere                                  (a round: threadLost / ack)
//   3  links hear EXIT and monitors hear DOWN, once each                (threadGone)
//   4  the next incarnation is accepted
//
// One death after the other: news of the next waits until that of the last has left.
import type { AnyPid, Origin } from '../term/index.ts';
import type { Notice } from './link.ts';
import type { RoundNotice, Rounds } from './rounds.ts';

/** Why a thread died. */
export interface ThreadDeath {
  /** Serial of the process that was running and is to blame, or null. */
  readonly culprit: number | null;
  /** What the culprit's links and monitors see. */
  readonly culpritReason: unknown;
  /** Becomes `cause` of the {@link ThreadDownReason} that all others see. */
  readonly cause: unknown;
}

export interface ThreadLost extends RoundNotice {
  readonly tag: 'threadLost';
  readonly thread: number;
  readonly incarnation: number;
}

export interface ThreadGone extends Notice, ThreadDeath {
  readonly tag: 'threadGone';
  readonly thread: number;
  readonly incarnation: number;
}

/** The reasons that the processes of a dead thread end with. */
export function reasonsOf(death: ThreadDeath): (pid: AnyPid) => unknown {
  return (pid) =>
    pid.serial === death.culprit
      ? death.culpritReason
      : { tag: 'threadDown', thread: pid.origin.thread, cause: death.cause };
}

/** What has to happen on the side where the rule runs. */
export interface DeathEffects {
  /** Drains the ring and frees the names here. */
  lose(origin: Origin): void;
  /** Tells the processes here, then accepts the next incarnation. */
  tell(origin: Origin, death: ThreadDeath): void;
}

/** The control side's half: it learns of deaths and leads the others through the steps. */
export class ThreadDeaths {
  private readonly rounds: Rounds;
  private readonly effects: DeathEffects;
  private readonly pending: { readonly origin: Origin; readonly death: ThreadDeath }[] = [];
  private isBusy = false;

  constructor(rounds: Rounds, effects: DeathEffects) {
    this.rounds = rounds;
    this.effects = effects;
  }

  /** The thread's incarnation runs no more: its worker has ended. */
  report(origin: Origin, death: ThreadDeath): void {
    // At once, whatever else is under way: nobody may wait for an acknowledgement of the dead.
    this.effects.lose(origin);
    this.rounds.lose(origin);
    this.pending.push({ origin, death });
    if (!this.isBusy) this.next();
  }

  private next(): void {
    const first = this.pending.shift();
    this.isBusy = first !== undefined;
    if (first === undefined) return;
    const { origin, death } = first;
    const { thread, incarnation } = origin;
    this.rounds.start({ tag: 'threadLost', thread, incarnation } as Notice, () => {
      const gone: ThreadGone = { tag: 'threadGone', thread, incarnation, ...death };
      this.rounds.broadcast(gone);
      this.effects.tell(origin, death);
      this.next();
    });
  }
}
