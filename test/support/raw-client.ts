// A TCP client for tests that speaks AMQP byte by byte: what it is told goes out, what comes back is kept as frames.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import * as wire from './wire.ts';

/** One frame as it came. `name` of a method is `class.method` in numbers. */
export interface ReceivedFrame {
  readonly type: number;
  readonly channel: number;
  readonly payload: Buffer;
  readonly name: string;
}

/** How a server let go of a client: what it said in connection.close or channel.close, or nothing. */
export interface Close {
  readonly scope: 'connection' | 'channel';
  readonly channel: number;
  readonly code: number;
  readonly text: string;
}

const WAIT_MS = 8_000;

export class RawClient implements AsyncDisposable {
  readonly frames: ReceivedFrame[] = [];
  /** The 8 bytes a server answers to a protocol header it does not know. */
  header: Buffer | null = null;
  /** FIN or RST has come. */
  isOver = false;
  readonly socket: Socket;
  private received = Buffer.alloc(0);
  private wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.read(bytes));
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

  closes(): readonly Close[] {
    const closes: Close[] = [];
    for (const { name, channel, payload } of this.frames) {
      if (name !== '10.50' && name !== '20.40') continue;
      const text = payload.toString('utf8', 7, 7 + payload[6]);
      closes.push({ scope: name === '10.50' ? 'connection' : 'channel', channel, code: payload.readUInt16BE(4), text });
    }
    return closes;
  }

  /** The bodies of everything delivered so far, over all channels. */
  bodies(): string[] {
    return this.frames.filter(({ type }) => type === 3).map(({ payload }) => payload.toString('latin1'));
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

  private read(bytes: Buffer): void {
    this.received = Buffer.concat([this.received, bytes]);
    if (this.received.subarray(0, 4).toString('latin1') === 'AMQP' && this.received.length >= 8) {
      this.header = this.received.subarray(0, 8);
      this.received = this.received.subarray(8);
    }
    while (this.received.length >= 8) {
      const size = this.received.readUInt32BE(3);
      if (this.received.length < size + 8) break;
      const type = this.received[0];
      const payload = this.received.subarray(7, 7 + size);
      const name = type === 1 ? `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` : '';
      if (type !== 8) this.frames.push({ type, channel: this.received.readUInt16BE(1), payload, name });
      this.received = this.received.subarray(size + 8);
    }
    this.wake();
  }
}
