// What a channel wants written, gathered during one message and sent to its connection in order.
import type { Context } from '../../process/index.ts';
import type { ChannelArgs } from './channel.ts';
import type { Content, Method } from './codec/index.ts';
import type { ConfirmRange, OutgoingDelivery, Reply } from './envelope.ts';

export class ChannelOutput {
  private readonly context: Pick<Context, 'send' | 'self'>;
  private readonly args: ChannelArgs;
  private replies: Reply[] = [];

  constructor(context: Pick<Context, 'send' | 'self'>, args: ChannelArgs) {
    this.context = context;
    this.args = args;
  }

  reply(method: Method, content: Content | null = null): void {
    this.replies.push({ method, content });
  }

  /** Sends confirms behind what was replied before: a return goes before its ack. */
  confirms(confirms: readonly ConfirmRange[]): void {
    if (confirms.length === 0) return;
    this.flush();
    this.context.send(this.args.connection, { tag: 'confirms', channel: this.args.channel, confirms });
  }

  deliveries(deliveries: readonly OutgoingDelivery[]): void {
    this.flush();
    this.context.send(this.args.connection, { tag: 'deliveries', channel: this.args.channel, deliveries });
  }

  consumed(bytes: number, isBehind: boolean): void {
    this.context.send(this.args.connection, { tag: 'consumed', bytes, isBehind });
  }

  flush(): void {
    if (this.replies.length === 0) return;
    const { replies } = this;
    this.replies = [];
    this.context.send(this.args.connection, { tag: 'replies', channel: this.args.channel, replies });
  }

  /** The last message of a channel: its replies and the news that its number is free. */
  end(): void {
    const { replies } = this;
    this.replies = [];
    this.context.send(this.args.connection, {
      tag: 'ended',
      channel: this.args.channel,
      from: this.context.self as never,
      replies,
    });
  }
}
