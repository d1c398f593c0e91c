// Looks again whether the user of a channel may still read what it consumes (reliability 2.e: within 1 s). RabbitMQ lets a
// consumer go on that was allowed once, so this is for brokers whose limits say so.
import type { Ref } from '../../term/index.ts';
import type { Channel } from './channel.ts';

export class ConsumerRecheck {
  private readonly channel: Channel;
  private ref: Ref | null = null;

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** The channel has a consumer. */
  begin(): void {
    const { context, args } = this.channel;
    const { consumerRecheckMs } = args.limits;
    if (this.ref !== null || consumerRecheckMs === Number.POSITIVE_INFINITY) return;
    this.ref = context.startTimer(consumerRecheckMs, context.self, 'recheck');
  }

  /** Whether it is its timer; throws CloseSignal with 403 for a queue that may not be read any more. */
  tick(ref: Ref): boolean {
    if (ref !== this.ref) return false;
    this.ref = null;
    const { access, consumers, replica } = this.channel;
    for (const queueId of consumers.queueIds()) {
      const record = replica.tables.queueById(queueId);
      if (record !== undefined) access.check({ do: 'consume', queue: record.name });
    }
    if (consumers.count > 0) this.begin();
    return true;
  }
}
