// A client of a simulated broker that speaks AMQP byte by byte over a simulated socket, without the broker's codec.
import type { SocketEvent } from '../../../src/env/index.ts';
import { type Context, type Effects, receive, TIMEOUT } from '../../../src/process/index.ts';
import { type SimSocket, simNet } from '../../../src/testing.ts';
import { FrameLog, type ReceivedFrame } from '../../support/frame-log.ts';
import * as wire from '../../support/wire.ts';

/** Longer than any answer takes in virtual time; a client that waits so long waits for ever. */
const WAIT_MS = 600_000;

export interface Opening {
  readonly frameMax?: number;
  readonly heartbeatS?: number;
}

export class WireClient extends FrameLog {
  readonly socket: SimSocket;
  isOver = false;
  private readonly frameMax: number;
  /** Bytes of a body that are still to come, by channel. */
  private readonly missing = new Map<number, number>();

  private constructor(context: Context<unknown>, tcpPort: number, frameMax: number) {
    super();
    this.frameMax = frameMax;
    this.socket = simNet(context).connect(tcpPort);
    context.own({ close: () => this.socket.destroy() });
    this.socket.attach(context.inlet());
    this.socket.active(1);
  }

  /** Connects, logs in and opens channel 1. */
  static *open(context: Context<unknown>, tcpPort: number, opening: Opening = {}): Effects<WireClient> {
    const { frameMax = 131_072, heartbeatS = 0 } = opening;
    const client = new WireClient(context, tcpPort, frameMax);
    client.send(wire.PROTOCOL_HEADER, wire.startOk, wire.tuneOk(frameMax, heartbeatS), wire.open, wire.channelOpen(1));
    yield* client.method('20.11');
    client.frames.length = 0;
    return client;
  }

  send(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  publish(channel: number, queue: string, body: Buffer): void {
    this.send(wire.publish(channel, '', queue, body, this.frameMax));
  }

  /** Waits until `found` says what it looks for. Throws when the server hangs up first or it does not come. */
  *until<T>(found: () => T | undefined, what: string, waitMs = WAIT_MS): Effects<T> {
    for (;;) {
      const value = found();
      if (value !== undefined) return value;
      if (this.isOver) throw new Error(`no ${what}: the server hung up after ${this.story()}`);
      const event = yield* receive(isSocketEvent, { afterMs: waitMs });
      if (event === TIMEOUT) throw new Error(`no ${what} after ${this.story()}`);
      this.take(event);
    }
  }

  /** Takes what comes within so many virtual ms. */
  *hear(context: Context<unknown>, ms: number): Effects<void> {
    const untilMs = context.now() + ms;
    for (;;) {
      const event = yield* receive(isSocketEvent, { afterMs: Math.max(0, untilMs - context.now()) });
      if (event === TIMEOUT) return;
      this.take(event);
    }
  }

  /** Waits for the `count`th method of that name. */
  method(name: string, count = 1): Effects<ReceivedFrame> {
    return this.until(() => this.frames.filter((frame) => frame.name === name)[count - 1], name);
  }

  /** Sends something and waits for the method that answers it, which leaves the log. */
  *ask(bytes: Buffer, answer: string): Effects<ReceivedFrame> {
    this.send(bytes);
    const frame = yield* this.method(answer);
    this.frames.splice(this.frames.indexOf(frame), 1);
    return frame;
  }

  /** Waits for the end of the stream. */
  *end(): Effects<void> {
    yield* this.until(() => (this.isOver ? true : undefined), 'end');
  }

  private take(event: SocketEvent): void {
    if (event.tag === 'closed') this.isOver = true;
    if (event.tag !== 'chunk') return;
    this.push(event.bytes);
    this.socket.active(1);
  }

  /** B20: no frame is longer than was agreed, and the pieces of a content follow each other on their channel. */
  override push(bytes: Uint8Array): void {
    const before = this.frames.length;
    super.push(bytes);
    for (const { type, channel, payload, name } of this.frames.slice(before)) {
      if (payload.length + 8 > this.frameMax) throw new Error(`B20 a frame of ${payload.length + 8} bytes`);
      const left = this.missing.get(channel) ?? 0;
      if (type !== 3 && left > 0) throw new Error(`B20 ${name || 'a header'} between the pieces of a body`);
      if (type === 3 && left < payload.length) throw new Error('B20 more body than was announced');
      if (type === 2) this.missing.set(channel, Number(payload.readBigUInt64BE(4)));
      if (type === 3) this.missing.set(channel, left - payload.length);
    }
  }

  private story(): string {
    const names = this.frames.map(({ type, channel, name }) => `${channel}:${name || `frame ${type}`}`);
    return `[${names.slice(-12).join(' ')}] ${JSON.stringify(this.closes())}`;
  }
}

const EVENTS = new Set<unknown>(['chunk', 'drained', 'closed']);

function isSocketEvent(message: unknown): message is SocketEvent {
  return EVENTS.has((message as { readonly tag?: unknown }).tag);
}
