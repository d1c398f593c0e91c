// Credit of consumers that no prefetch bounds (DESIGN decision 16): they get back what the socket has taken, in the order
// in which it was handed to the connection.
import type { Channel } from './channel.ts';
import type { Consumer } from './channel-consumers.ts';

export class DeliveryCredit {
  private readonly channel: Channel;
  private unwritten: { readonly consumer: Consumer; readonly epoch: number; count: number }[] = [];

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** A delivery of an actor of that epoch is on its way to the socket. */
  await(consumer: Consumer, epoch: number): void {
    const last = this.unwritten.at(-1);
    if (last?.consumer === consumer && last.epoch === epoch) last.count++;
    else this.unwritten.push({ consumer, epoch, count: 1 });
  }

  /** So many deliveries are on the socket: their consumers may have as many more. */
  written(deliveries: number): void {
    let left = deliveries;
    while (left > 0 && this.unwritten.length > 0) {
      const first = this.unwritten[0];
      const count = Math.min(left, first.count);
      first.count -= count;
      left -= count;
      if (first.count === 0) this.unwritten.shift();
      this.give(first.consumer, first.epoch, count);
    }
  }

  clear(): void {
    this.unwritten = [];
  }

  private give(consumer: Consumer, epoch: number, deliveries: number): void {
    const peer = this.channel.peers.known(consumer.queueId);
    // A new actor has begun with the whole window; what the one before delivered is no credit with it.
    if (peer === undefined || !peer.isUp || peer.epoch !== epoch) return;
    this.channel.context.send(peer.pid, { tag: 'credit', consumerId: consumer.id, deliveries });
  }
}
