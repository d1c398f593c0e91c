// The consumers of one queue (digest 7): whose turn it is. Round robin over those with room, the highest priority first;
// with a single active consumer only the first in line. A consumer that has become full keeps its place until its turn
// comes, then it leaves the line and is back at the end when it has room again (so does RabbitMQ 3.10.8, observed); full
// ones cost nothing however many there are. Pure bookkeeping: the queue decides what they get.

/** What a consumer asks for. */
export interface ConsumerOptions {
  /** The channel, as the store knows it. */
  readonly holder: number;
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  /** Unsettled deliveries it may have; 0 for no limit. */
  readonly prefetch: number;
  /** Deliveries it may get before it gives more credit; Infinity when prefetch alone bounds it. */
  readonly credit: number;
}

/** One consumer. Whoever changes its credit changes its place in line with it. */
export class QueueConsumer {
  readonly id: number;
  readonly holder: number;
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  readonly prefetch: number;
  /** Its neighbours in the line it stands in. */
  next: QueueConsumer | null = null;
  previous: QueueConsumer | null = null;
  isInLine = false;
  private readonly line: Line;
  private creditLeft: number;
  private unsettledCount = 0;
  private isGone = false;

  constructor(id: number, options: ConsumerOptions, line: Line) {
    this.id = id;
    this.holder = options.holder;
    this.tag = options.tag;
    this.noAck = options.noAck;
    this.exclusive = options.exclusive;
    this.priority = options.priority;
    this.prefetch = options.noAck ? 0 : options.prefetch;
    this.creditLeft = options.credit;
    this.line = line;
    this.lineUp();
  }

  /** Deliveries it may still get before it gives credit. */
  get credit(): number {
    return this.creditLeft;
  }

  set credit(deliveries: number) {
    this.creditLeft = deliveries;
    this.lineUp();
  }

  /** Deliveries it has not settled. */
  get unsettled(): number {
    return this.unsettledCount;
  }

  get hasRoom(): boolean {
    return !this.isGone && this.creditLeft > 0 && (this.prefetch === 0 || this.unsettledCount < this.prefetch);
  }

  /** Counts one delivery to it, and goes to the end of its line. */
  took(): void {
    this.creditLeft--;
    if (!this.noAck) this.unsettledCount++;
    if (!this.isInLine) this.line.push(this);
  }

  /** One of its deliveries is settled. */
  settled(): void {
    this.unsettledCount--;
    this.lineUp();
  }

  /** It gets nothing any more; what it has not settled stays with its holder. */
  leave(): void {
    this.isGone = true;
    if (this.isInLine) this.line.delete(this);
  }

  private lineUp(): void {
    if (!this.isInLine && this.hasRoom) this.line.push(this);
  }
}

/** Consumers of one priority in their turns; those that were found full are not in it. */
class Line {
  readonly priority: number;
  /** How many consumers have this priority, with room or without. */
  members = 0;
  private first: QueueConsumer | null = null;
  private last: QueueConsumer | null = null;

  constructor(priority: number) {
    this.priority = priority;
  }

  push(consumer: QueueConsumer): void {
    consumer.isInLine = true;
    consumer.previous = this.last;
    if (this.last === null) this.first = consumer;
    else this.last.next = consumer;
    this.last = consumer;
  }

  delete(consumer: QueueConsumer): void {
    const { previous, next } = consumer;
    if (previous === null) this.first = next;
    else previous.next = next;
    if (next === null) this.last = previous;
    else next.previous = previous;
    consumer.previous = null;
    consumer.next = null;
    consumer.isInLine = false;
  }

  /** Takes the first with room out of the line. Those without come back when they have some. */
  shift(): QueueConsumer | null {
    for (let consumer = this.first; consumer !== null; consumer = this.first) {
      this.delete(consumer);
      if (consumer.hasRoom) return consumer;
    }
    return null;
  }
}

export class QueueConsumers {
  /** By priority, the highest first. */
  private readonly lines: Line[] = [];
  private readonly byId = new Map<number, QueueConsumer>();
  private readonly isSingleActive: boolean;
  private active: QueueConsumer | null = null;
  private exclusives = 0;
  private lastId = 0;

  constructor(isSingleActive: boolean) {
    this.isSingleActive = isSingleActive;
  }

  get size(): number {
    return this.byId.size;
  }

  get hasExclusive(): boolean {
    return this.exclusives > 0;
  }

  get(id: number): QueueConsumer | undefined {
    return this.byId.get(id);
  }

  /** In order of subscription. */
  all(): IterableIterator<QueueConsumer> {
    return this.byId.values();
  }

  add(options: ConsumerOptions): QueueConsumer {
    const line = this.lineOf(options.priority);
    const consumer = new QueueConsumer(++this.lastId, options, line);
    line.members++;
    this.byId.set(consumer.id, consumer);
    if (consumer.exclusive) this.exclusives++;
    this.active ??= consumer;
    return consumer;
  }

  remove(id: number): QueueConsumer | null {
    const consumer = this.byId.get(id);
    if (consumer === undefined) return null;
    this.byId.delete(id);
    consumer.leave();
    if (consumer.exclusive) this.exclusives--;
    const line = this.lineOf(consumer.priority);
    if (--line.members === 0) this.lines.splice(this.lines.indexOf(line), 1);
    if (this.active === consumer) this.active = this.successor();
    return consumer;
  }

  /**
   * The consumer that gets the next message, or null when none has room. The caller counts the delivery with `took`
   * before it asks again.
   */
  next(): QueueConsumer | null {
    if (this.isSingleActive) return this.active?.hasRoom ? this.active : null;
    for (const line of this.lines) {
      const consumer = line.shift();
      if (consumer !== null) return consumer;
    }
    return null;
  }

  /** Who takes over from the single active consumer: the highest priority, the earliest subscription. */
  private successor(): QueueConsumer | null {
    const highest = this.lines[0]?.priority;
    for (const consumer of this.byId.values()) if (consumer.priority === highest) return consumer;
    return null;
  }

  private lineOf(priority: number): Line {
    let index = this.lines.findIndex((line) => line.priority <= priority);
    if (index < 0) index = this.lines.length;
    if (this.lines[index]?.priority !== priority) this.lines.splice(index, 0, new Line(priority));
    return this.lines[index];
  }
}
