// A TCP client for tests that speaks AMQP byte by byte: what it is told goes out, what comes back is kept as frames.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type Close, FrameLog, type ReceivedFrame } from './frame-log.ts';
import * as wire from './wire.ts';

export type { Close, ReceivedFrame } from './frame-log.ts';

const WAIT_MS = 8_000;

export class RawClient extends FrameLog implements AsyncDisposable {
  /** FIN or RST has come. */
  isOver = false;
  readonly socket: Socket;
  private wake: () => void = () => {};

  private constructor(socket: Socket) {
    super();
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.push(bytes);
      this.wake();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close'] as const) {
      socket.on(event, () => {
        this.isOver = true;
        this.wake();
      });
    }
  }

  /** Connects; says nothing yet. */
  static async connect(amqpPort: number, host = '127.0.0.1'): Promise<RawClient> {
    const socket = connect({ port: amqpPort, host, allowHalfOpen: false });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Connects, logs in and opens channel 1. */
  static async open(amqpPort: number): Promise<RawClient> {
    const client = await RawClient.connect(amqpPort);
    client.send(wire.OPENING);
    await client.method('20.11');
    client.frames.length = 0;
    return client;
  }

  send(...bytes: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(bytes));
  }

  /** Sends bytes in pieces, each with time to be read alone. */
  async dribble(...pieces: readonly Buffer[]): Promise<void> {
    for (const piece of pieces) {
      await new Promise<void>((resolve) => this.socket.write(piece, () => resolve()));
      await new Promise<void>((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Waits until `found` says what it looks for. Rejects when it does not come or the server hangs up first. */
  async until<T>(found: () => T | undefined, what: string, timeoutMs = WAIT_MS): Promise<T> {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      const value = found();
      if (value !== undefined) return value;
      const leftMs = untilMs - performance.now();
      if (this.isOver || leftMs <= 0) throw new Error(`${what} did not come; ${this.story()}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for the `count`th method of that name. */
  method(name: string, count = 1): Promise<ReceivedFrame> {
    return this.until(() => this.frames.filter((frame) => frame.name === name)[count - 1], `method ${name}`);
  }

  /** Waits for the end of the stream, and says how the server explained it; null for a silent end. */
  async end(timeoutMs = WAIT_MS): Promise<Close | null> {
    await this.until(() => (this.isOver ? true : undefined), 'the end', timeoutMs);
    return this.closes().find(({ scope }) => scope === 'connection') ?? null;
  }

  /** Waits for a close of either kind or a silent end. */
  closed(timeoutMs = WAIT_MS): Promise<Close | null> {
    return this.until(() => this.closes()[0] ?? (this.isOver ? null : undefined), 'a close', timeoutMs);
  }

  /** Drops the connection with RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.socket.destroyed) {
      this.socket.destroy();
      await once(this.socket, 'close');
    }
  }

  private story(): string {
    const names = this.frames.map(({ type, channel, name }) => `${channel}:${name || `frame ${type}`}`);
    return `${this.isOver ? 'the server hung up' : 'still connected'} after [${names.slice(-12).join(' ')}] ${JSON.stringify(this.closes())}`;
  }
}
