// The output of one connection: frames gathered in a slice and written once, and the credit that goes back to channels
// when the socket has taken their deliveries (DESIGN decisions 13 and 16).
import type { Socket } from '../../env/index.ts';
import type { Pid } from '../../term/index.ts';
import { FrameWriter, type Method } from './codec/index.ts';
import type { ConfirmRange, OutgoingDelivery, Reply, ToChannel } from './envelope.ts';
import { FLUSH_BYTES } from './limits.ts';

export class ConnectionOutput {
  /** Something was written since the last heartbeat tick. */
  hasSent = false;
  private readonly socket: Socket;
  private readonly unreadBytesMax: number;
  private readonly writer = new FrameWriter();
  private readonly send: (to: Pid<ToChannel>, message: ToChannel) => void;
  /** Deliveries in the writer or behind a full socket, per channel process. */
  private readonly owed = new Map<Pid<ToChannel>, number>();
  private isFull = false;
  /** Bytes of answers since the socket last had room. */
  private answerBytes = 0;

  /**
   * Of answers behind a full socket at most `unreadBytesMax` wait before reading pauses, so that a client that asks and
   * never reads costs bounded memory. Deliveries do not count: their credit bounds them, acknowledgements always pass.
   */
  constructor(socket: Socket, send: (to: Pid<ToChannel>, message: ToChannel) => void, unreadBytesMax: number) {
    this.unreadBytesMax = unreadBytesMax;
    this.socket = socket;
    this.send = send;
  }

  set frameMax(bytes: number) {
    this.writer.frameMax = bytes;
  }

  /** True while frames wait for `flush`, or credit that can go back. */
  get isDirty(): boolean {
    // A delivery that fills the writer to its bound is written at once, and only its credit is left for `flush`.
    return this.writer.pendingBytes > 0 || (this.owed.size > 0 && !this.isFull);
  }

  /** Too many answers wait for a client that does not read them. */
  get isOverfull(): boolean {
    return this.answerBytes > this.unreadBytesMax;
  }

  protocolHeader(): void {
    this.writer.writeProtocolHeader();
  }

  heartbeat(): void {
    this.writer.writeHeartbeat();
  }

  method(channel: number, method: Method): void {
    this.writer.writeMethod(channel, method);
  }

  replies(channel: number, replies: readonly Reply[]): void {
    const before = this.writer.pendingBytes;
    for (const { method, content } of replies) {
      if (content === null) this.writer.writeMethod(channel, method);
      else this.writer.writeContentMethod(channel, method as never, content);
    }
    this.answerBytes += this.writer.pendingBytes - before;
  }

  confirms(channel: number, confirms: readonly ConfirmRange[]): void {
    const before = this.writer.pendingBytes;
    for (const { deliveryTag, multiple, isAck } of confirms) {
      if (isAck) this.writer.writeAck(channel, deliveryTag, multiple);
      else this.writer.writeNack(channel, deliveryTag, multiple, false);
    }
    this.answerBytes += this.writer.pendingBytes - before;
  }

  deliveries(channel: number, from: Pid<ToChannel>, deliveries: readonly OutgoingDelivery[]): void {
    for (const { consumerTag, deliveryTag, redelivered, message } of deliveries) {
      const { exchange, routingKey } = message;
      this.writer.writeDeliver(channel, consumerTag, deliveryTag, redelivered, exchange, routingKey, message);
      if (this.writer.pendingBytes > FLUSH_BYTES) this.write();
    }
    this.owed.set(from, (this.owed.get(from) ?? 0) + deliveries.length);
  }

  /** Writes what has gathered, and gives credit back unless the socket is full. */
  flush(): void {
    this.write();
    if (this.isFull) return;
    this.answerBytes = 0;
    this.repay();
  }

  /** The socket's backlog is gone. */
  drained(): void {
    this.isFull = false;
    this.answerBytes = 0;
    this.repay();
  }

  forget(channel: Pid<ToChannel>): void {
    this.owed.delete(channel);
  }

  private write(): void {
    for (const bytes of this.writer.takeAll()) {
      if (!this.socket.write(bytes)) this.isFull = true;
      this.hasSent = true;
    }
  }

  private repay(): void {
    for (const [channel, deliveries] of this.owed) this.send(channel, { tag: 'written', deliveries });
    this.owed.clear();
  }
}
