// Rounds: the control side tells every thread something and goes on when every living one has applied it (DESIGN
// decision 8). A thread that dies is no longer waited for; one that is still starting is told but not waited for, since
// it runs nothing before it has been welcomed.
import type { Origin } from '../term/index.ts';
import type { Notice } from './link.ts';

/** A notice that its receiver answers with an acknowledgement of the same number. */
export interface RoundNotice extends Notice {
  readonly round: number;
}

export interface Ack extends Notice {
  readonly tag: 'ack';
  readonly round: number;
}

interface Round {
  readonly waiting: Set<Origin>;
  readonly done: () => void;
}

export class Rounds {
  private readonly tell: (to: Origin, notice: Notice) => void;
  private readonly started = new Set<Origin>();
  private readonly welcomed = new Set<Origin>();
  private readonly rounds = new Map<number, Round>();
  private lastRound = 0;

  constructor(tell: (to: Origin, notice: Notice) => void) {
    this.tell = tell;
  }

  /** Threads that run processes. */
  get members(): ReadonlySet<Origin> {
    return this.welcomed;
  }

  /** A thread is starting: it is told everything from now on. */
  add(origin: Origin): void {
    this.started.add(origin);
  }

  /** It has caught up: it is waited for from now on. */
  welcome(origin: Origin): void {
    if (this.started.has(origin)) this.welcomed.add(origin);
  }

  /** Tells every thread; `done` is called when all that run have acknowledged. */
  start(notice: Notice, done: () => void): void {
    const round = ++this.lastRound;
    for (const origin of this.started) this.tell(origin, { ...notice, round } as RoundNotice);
    this.rounds.set(round, { waiting: new Set(this.welcomed), done });
    this.settle(round);
  }

  /** Tells every thread and waits for nobody. */
  broadcast(notice: Notice): void {
    for (const origin of this.started) this.tell(origin, notice);
  }

  acknowledge(from: Origin, round: number): void {
    this.rounds.get(round)?.waiting.delete(from);
    this.settle(round);
  }

  /** A thread has died: nobody waits for it. */
  lose(origin: Origin): void {
    this.started.delete(origin);
    this.welcomed.delete(origin);
    for (const [number, round] of this.rounds) if (round.waiting.delete(origin)) this.settle(number);
  }

  private settle(number: number): void {
    const round = this.rounds.get(number);
    if (round === undefined || round.waiting.size > 0) return;
    this.rounds.delete(number);
    round.done();
  }
}
