// A total-queue checker: what publishers and consumers saw, and what must hold of it whatever was killed meanwhile.
// Nothing confirmed is lost, nothing is invented, nothing comes twice unless it was returned and says so, nothing
// overtakes within publisher and queue, every publish is answered once. What a killed actor may change is named by the
// test, per publisher, consumer and queue; everything else is a violation (reliability.md 2.b, 2.d).

import { BadArgumentError } from '../term/index.ts';

/** Where a Message came from: `seq` counts the publishes of one publisher channel. */
export interface PublishedCopy {
  readonly publisher: string;
  readonly seq: number;
  readonly queue: string;
}

/** One thing that a client saw. */
export type QueueObservation =
  | (PublishedCopy & { readonly op: 'publish' })
  | { readonly op: 'confirm'; readonly publisher: string; readonly seq: number; readonly isAck: boolean }
  | (PublishedCopy & { readonly op: 'deliver'; readonly consumer: string; readonly redelivered: boolean })
  | { readonly op: 'acknowledge'; readonly consumer: string; readonly publisher: string; readonly seq: number };

/** What the faults of a run explain; empty sets for a run without faults. */
export interface Explained {
  /** Publisher channels that died: their unanswered publishes may have arrived or not. */
  readonly deadPublishers: ReadonlySet<string>;
  /** Consumers that died: what they had comes again. */
  readonly deadConsumers: ReadonlySet<string>;
  /** Queues whose actor died: what was unacknowledged comes again. */
  readonly crashedQueues: ReadonlySet<string>;
  /** Queues that lost their contents: what was in them may be gone, what was on its way is nacked. */
  readonly emptiedQueues: ReadonlySet<string>;
}

export type QueueRule =
  | 'lost'
  | 'invented'
  | 'repeated'
  | 'repeated without the flag'
  | 'flagged but new'
  | 'out of order'
  /** Something new came before everything that a crashed queue had taken back. */
  | 'not in place'
  | 'unanswered'
  | 'answered twice'
  | 'nacked';

export interface QueueViolation {
  readonly rule: QueueRule;
  readonly what: string;
}

export interface QueueReport {
  readonly published: number;
  readonly confirmed: number;
  readonly nacked: number;
  readonly delivered: number;
  /** Deliveries of something that had been delivered before. */
  readonly repeated: number;
  /** Published, not nacked, and never delivered: explained by an emptied queue or a dead publisher. */
  readonly missing: number;
  readonly violations: readonly QueueViolation[];
}

/** Nothing was killed. */
export const NOTHING_EXPLAINED: Explained = {
  deadPublishers: new Set(),
  deadConsumers: new Set(),
  crashedQueues: new Set(),
  emptiedQueues: new Set(),
};

interface Fate {
  readonly published: PublishedCopy;
  answer: 'ack' | 'nack' | null;
  deliveries: number;
  unflagged: number;
  /** Deliveries to consumers that lived on: one, unless the queue crashed. */
  toLiving: number;
  lastConsumer: string;
  isAcknowledged: boolean;
}

/** Checks a finished run: queues are drained and every delivery of a live consumer is acknowledged. */
export function checkQueueHistory(
  history: readonly QueueObservation[],
  explained: Explained = NOTHING_EXPLAINED,
): QueueReport {
  if (!Array.isArray(history)) throw new BadArgumentError('checkQueueHistory', 'an array of observations', history);
  const check = new Check(explained);
  for (const observation of history) check.see(observation);
  return check.report();
}

/** The violations in few lines: how many of each rule, and the first of them. Empty when there are none. */
export function summaryOfQueueReport({ violations }: QueueReport): readonly string[] {
  const byRule = new Map<QueueRule, QueueViolation[]>();
  for (const violation of violations) byRule.set(violation.rule, [...(byRule.get(violation.rule) ?? []), violation]);
  return [...byRule].map(([rule, all]) => {
    const shown = all.slice(0, 6).map(({ what }) => what);
    return `${all.length} ${rule}: ${shown.join('; ')}`;
  });
}

class Check {
  private readonly explained: Explained;
  private readonly fates = new Map<string, Fate>();
  private readonly streams = new Map<string, Stream>();
  private readonly consumersOf = new Map<string, Set<string>>();
  private readonly violations: QueueViolation[] = [];
  private confirmed = 0;
  private nacked = 0;
  private delivered = 0;
  private repeated = 0;

  constructor(explained: Explained) {
    this.explained = explained;
  }

  see(observation: QueueObservation): void {
    if (observation.op === 'publish') this.publish(observation);
    else if (observation.op === 'confirm') this.confirm(observation);
    else if (observation.op === 'deliver') this.deliver(observation);
    else {
      const fate = this.fates.get(nameOf(observation));
      if (fate !== undefined) fate.isAcknowledged = true;
    }
  }

  private publish({ publisher, seq, queue }: PublishedCopy): void {
    const published: PublishedCopy = { publisher, seq, queue };
    this.fates.set(nameOf(published), {
      published,
      answer: null,
      deliveries: 0,
      unflagged: 0,
      toLiving: 0,
      lastConsumer: '',
      isAcknowledged: false,
    });
  }

  private confirm(confirm: Extract<QueueObservation, { op: 'confirm' }>): void {
    const fate = this.fates.get(nameOf(confirm));
    if (fate === undefined) {
      this.violated('invented', `a confirm of ${nameOf(confirm)}`);
      return;
    }
    if (fate.answer !== null) this.violated('answered twice', nameOf(confirm));
    fate.answer = confirm.isAck ? 'ack' : 'nack';
    if (confirm.isAck) this.confirmed++;
    else this.nacked++;
    if (!confirm.isAck && !this.explained.emptiedQueues.has(fate.published.queue)) {
      this.violated('nacked', nameOf(confirm));
    }
  }

  private deliver(delivery: Extract<QueueObservation, { op: 'deliver' }>): void {
    const { consumer, queue, redelivered } = delivery;
    const what = `${nameOf(delivery)} from ${queue} to ${consumer}`;
    const fate = this.fates.get(nameOf(delivery));
    this.delivered++;
    if (fate === undefined || fate.published.queue !== queue) {
      this.violated('invented', what);
      return;
    }
    const isDead = this.explained.deadConsumers.has(consumer);
    if (fate.deliveries > 0) this.deliverAgain(fate, redelivered, isDead, what);
    else if (redelivered && !this.mayBeFlagged(queue)) this.violated('flagged but new', what);
    this.checkOrder(delivery, what);
    fate.deliveries++;
    if (!redelivered) fate.unflagged++;
    if (!isDead) fate.toLiving++;
    fate.lastConsumer = consumer;
  }

  private deliverAgain(fate: Fate, redelivered: boolean, isDead: boolean, what: string): void {
    this.repeated++;
    // What a consumer had before it died may be read from its socket after another one has had it again.
    const isLateNews = isDead && fate.unflagged === 0;
    if (!redelivered && !isLateNews) this.violated('repeated without the flag', what);
    const isExplained = isDead || fate.toLiving === 0 || this.explained.crashedQueues.has(fate.published.queue);
    if (!isExplained) this.violated('repeated', what);
  }

  /** Whether a fault explains that something is flagged that nobody has seen: it was on its way to the dead. */
  private mayBeFlagged(queue: string): boolean {
    return this.explained.crashedQueues.has(queue) || this.explained.deadConsumers.size > 0;
  }

  /**
   * What comes for the first time is in the order in which it was published; only what is flagged may be older. After a
   * queue's crash everything it had taken back comes before anything new.
   */
  private checkOrder({ publisher, seq, queue, consumer, redelivered }: PublishedCopy & Delivery, what: string): void {
    const key = `${publisher} ${queue} ${consumer}`;
    const stream = this.streams.get(key) ?? { queue, newest: 0, last: 0, misplaced: null };
    this.streams.set(key, stream);
    this.consumersOf.set(queue, (this.consumersOf.get(queue) ?? new Set()).add(consumer));
    if (seq < stream.newest && !redelivered) this.violated('out of order', `${what} after ${stream.newest}`);
    if (!redelivered && stream.last < stream.newest) stream.misplaced ??= `${what} after ${stream.last}`;
    stream.last = seq;
    stream.newest = Math.max(stream.newest, seq);
  }

  private violated(rule: QueueRule, what: string): void {
    this.violations.push({ rule, what });
  }

  report(): QueueReport {
    let missing = 0;
    for (const fate of this.fates.values()) if (this.isMissing(fate)) missing++;
    for (const { queue, misplaced } of this.streams.values()) {
      // Only where one consumer had everything and acknowledged in order can its own view tell.
      const isTelling = this.explained.crashedQueues.has(queue) && this.consumersOf.get(queue)?.size === 1;
      if (misplaced !== null && isTelling) this.violated('not in place', misplaced);
    }
    const { confirmed, nacked, delivered, repeated, violations } = this;
    return { published: this.fates.size, confirmed, nacked, delivered, repeated, missing, violations };
  }

  private isMissing({ published, answer, deliveries, lastConsumer, isAcknowledged }: Fate): boolean {
    const { deadPublishers, deadConsumers, emptiedQueues } = this.explained;
    const isDead = deadPublishers.has(published.publisher);
    if (answer === null && !isDead) this.violated('unanswered', nameOf(published));
    const isExplained = emptiedQueues.has(published.queue) || (isDead && answer === null);
    if (deliveries === 0) {
      if (answer !== 'nack' && !isExplained) this.violated('lost', nameOf(published));
      return answer !== 'nack';
    }
    // The last one that had it died with it, and it never came again.
    if (!isAcknowledged && !emptiedQueues.has(published.queue)) {
      const holder = deadConsumers.has(lastConsumer) ? `the dead ${lastConsumer}` : lastConsumer;
      this.violated('lost', `${nameOf(published)}, last held by ${holder}`);
    }
    return false;
  }
}

/** What one consumer has had of one publisher through one queue. */
interface Stream {
  readonly queue: string;
  newest: number;
  last: number;
  /** The first Message that came before what had to come again. */
  misplaced: string | null;
}

interface Delivery {
  readonly consumer: string;
  readonly redelivered: boolean;
}

function nameOf({ publisher, seq }: { readonly publisher: string; readonly seq: number }): string {
  return `${publisher}#${seq}`;
}
