// The consumers of one queue (digest 7): whose turn it is. Round robin over those with room, the highest priority first;
// with a single active consumer only the first in line. Pure bookkeeping: the queue decides what they get.

export interface QueueConsumer {
  readonly id: number;
  /** The channel, as the store knows it. */
  readonly holder: number;
  readonly tag: string;
  readonly noAck: boolean;
  readonly exclusive: boolean;
  readonly priority: number;
  /** Unsettled deliveries it may have; 0 for no limit. */
  readonly prefetch: number;
  /** Counts deliveries it may still get before it gives credit; Infinity when prefetch alone bounds it. */
  credit: number;
  unsettled: number;
}

export class QueueConsumers {
  /** By priority, the highest first, and in each by subscription; the round robin turns within a priority. */
  private readonly levels: { readonly priority: number; readonly line: QueueConsumer[]; turn: number }[] = [];
  private readonly byId = new Map<number, QueueConsumer>();
  private readonly isSingleActive: boolean;
  private active: QueueConsumer | null = null;
  private lastId = 0;

  constructor(isSingleActive: boolean) {
    this.isSingleActive = isSingleActive;
  }

  get size(): number {
    return this.byId.size;
  }

  get hasExclusive(): boolean {
    for (const consumer of this.byId.values()) if (consumer.exclusive) return true;
    return false;
  }

  get(id: number): QueueConsumer | undefined {
    return this.byId.get(id);
  }

  all(): IterableIterator<QueueConsumer> {
    return this.byId.values();
  }

  add(wanted: Omit<QueueConsumer, 'id' | 'unsettled'>): QueueConsumer {
    const consumer: QueueConsumer = { ...wanted, id: ++this.lastId, unsettled: 0 };
    this.byId.set(consumer.id, consumer);
    let index = this.levels.findIndex((level) => level.priority <= consumer.priority);
    if (index < 0) index = this.levels.length;
    if (this.levels[index]?.priority !== consumer.priority) {
      this.levels.splice(index, 0, { priority: consumer.priority, line: [], turn: 0 });
    }
    this.levels[index].line.push(consumer);
    this.active ??= consumer;
    return consumer;
  }

  remove(id: number): QueueConsumer | null {
    const consumer = this.byId.get(id);
    if (consumer === undefined) return null;
    this.byId.delete(id);
    const index = this.levels.findIndex((level) => level.priority === consumer.priority);
    const level = this.levels[index];
    const place = level.line.indexOf(consumer);
    level.line.splice(place, 1);
    if (place < level.turn) level.turn--;
    if (level.line.length === 0) this.levels.splice(index, 1);
    // The next in line takes over: the highest priority, the earliest subscription.
    if (this.active === consumer) this.active = this.levels[0]?.line[0] ?? null;
    return consumer;
  }

  /** The consumer that gets the next message, or null when none has room. Its turn is over afterwards. */
  next(): QueueConsumer | null {
    if (this.isSingleActive) return this.active !== null && hasRoom(this.active) ? this.active : null;
    for (const level of this.levels) {
      const { line } = level;
      for (let tried = 0; tried < line.length; tried++) {
        const at = level.turn >= line.length ? 0 : level.turn;
        level.turn = at + 1;
        if (hasRoom(line[at])) return line[at];
      }
    }
    return null;
  }
}

function hasRoom(consumer: QueueConsumer): boolean {
  return consumer.credit > 0 && (consumer.prefetch === 0 || consumer.unsettled < consumer.prefetch);
}
