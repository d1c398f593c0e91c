// Question: can a client cost almost nothing? One raw AMQP connection with channel 1: handshake, calls one at a time,
// and a read buffer that is reused for every chunk, so that deliveries are parsed where the kernel put them.
// A close from the broker, a socket error or a broken frame is reported once to `failed`; nothing throws from a socket.

import * as net from 'node:net';
import { FrameReader, type FrameSink } from './frame-reader.ts';
import { type Field, FRAME_BYTES_MAX, FRAME_OVERHEAD_BYTES, method } from './frames.ts';

/** Where the broker listens and who logs in. */
export interface BrokerAddress {
  readonly host: string;
  readonly amqpPort: number;
  readonly user: string;
  readonly password: string;
}

/** A method's arguments, copied out of the chunk. */
export type Reply = Buffer;

interface Waiter {
  readonly kind: number;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** What the owner of a connection wants to hear beside the replies to its calls. */
export interface ConnectionEvents {
  delivery?: FrameSink['delivery'];
  /** basic.ack, basic.nack and basic.return of a publishing connection. */
  publishEvent?: (bytes: Buffer, methodId: number, from: number) => void;
  /** Called after each chunk, when everything in it was handled. */
  chunkEnd?: () => void;
  failed?: (error: Error) => void;
}

const kindOf = (classId: number, methodId: number) => classId * 1000 + methodId;
const CONNECTION_CLOSE = kindOf(10, 50);
const CHANNEL_CLOSE = kindOf(20, 40);
const CONSUMER_CANCEL = kindOf(60, 30);
const PUBLISH_EVENTS = new Set([kindOf(60, 80), kindOf(60, 120), kindOf(60, 50)]);
const CALL_TIMEOUT_MS = 30_000;

/** One connection with one open channel. */
export class LoadConnection implements FrameSink {
  readonly socket: net.Socket;
  readonly #reader = new FrameReader();
  readonly #events: ConnectionEvents;
  readonly #bytes: Buffer;
  #kept = 0;
  #waiter: Waiter | undefined;
  #isClosing = false;
  #failure: Error | undefined;

  /** Starts connecting; `open` finishes it. `readBytes` is the size of the reused read buffer. */
  constructor(address: BrokerAddress, readBytes: number, events: ConnectionEvents) {
    this.#events = events;
    this.#bytes = Buffer.alloc(readBytes);
    const nextBuffer = () => (this.#kept === 0 ? this.#bytes : this.#bytes.subarray(this.#kept));
    this.socket = net.connect({
      host: address.host,
      port: address.amqpPort,
      noDelay: true,
      onread: { buffer: nextBuffer, callback: (count) => this.#chunk(count) },
    });
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('close', () => this.#fail(new Error('the broker closed the socket')));
  }

  /** Connects, logs in and opens channel 1. */
  static async open(address: BrokerAddress, readBytes: number, events: ConnectionEvents): Promise<LoadConnection> {
    const connection = new LoadConnection(address, readBytes, events);
    const start = connection.#expect(10, 10);
    connection.socket.write('AMQP\0\0\x09\x01', 'latin1');
    await start;
    const response = `\0${address.user}\0${address.password}`;
    const startOk: Field[] = [{ u32: 0 }, { short: 'PLAIN' }, { long: response }, { short: 'en_US' }];
    const tune = await connection.#send(0, 10, 11, startOk, 10, 30);
    const frameMax = Math.min(tune.readUInt32BE(2) || FRAME_BYTES_MAX, FRAME_BYTES_MAX);
    if (frameMax < FRAME_BYTES_MAX) throw new Error(`the broker allows frames of ${frameMax} bytes only`);
    const tuneOk: Field[] = [{ u16: tune.readUInt16BE(0) }, { u32: FRAME_BYTES_MAX }, { u16: 0 }];
    connection.socket.write(method(0, 10, 31, tuneOk));
    await connection.#send(0, 10, 40, [{ short: '/' }, { short: '' }, { u8: 0 }], 10, 41);
    await connection.call(20, 10, [{ short: '' }]);
    return connection;
  }

  /** Sends a method on channel 1 and waits for its `-ok` (method id + 1). */
  call(classId: number, methodId: number, fields: readonly Field[]): Promise<Reply> {
    return this.#send(1, classId, methodId, fields, classId, methodId + 1);
  }

  /** Closes politely; never rejects. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (!this.socket.destroyed) {
      const fields: Field[] = [{ u16: 200 }, { short: 'bye' }, { u16: 0 }, { u16: 0 }];
      await this.#send(0, 10, 50, fields, 10, 51).catch(() => undefined);
    }
    this.socket.destroy();
  }

  delivery(bytes: Buffer, tag: number, stampAt: number, isRedelivered: boolean): void {
    this.#events.delivery?.(bytes, tag, stampAt, isRedelivered);
  }

  method(bytes: Buffer, classId: number, methodId: number, from: number, to: number): void {
    const kind = kindOf(classId, methodId);
    if (PUBLISH_EVENTS.has(kind)) this.#events.publishEvent?.(bytes, methodId, from);
    else if (this.#waiter?.kind === kind) {
      const { resolve } = this.#waiter;
      this.#waiter = undefined;
      resolve(Buffer.from(bytes.subarray(from, to)));
    } else if (kind === CONNECTION_CLOSE || kind === CHANNEL_CLOSE) {
      const text = bytes.toString('latin1', from + 3, from + 3 + bytes[from + 2]);
      this.#fail(new Error(`the broker closed with ${bytes.readUInt16BE(from)} ${text}`));
      this.socket.end(method(kind === CHANNEL_CLOSE ? 1 : 0, classId, methodId + 1));
    } else if (kind === CONSUMER_CANCEL) this.#fail(new Error('the broker cancelled a consumer'));
  }

  #chunk(count: number): boolean {
    const end = this.#kept + count;
    try {
      const used = this.#reader.read(this.#bytes, end, this);
      if (used > 0 && used < end) this.#bytes.copyWithin(0, used, end);
      this.#kept = end - used;
      if (this.#kept === this.#bytes.length) throw new Error('a frame is larger than the read buffer');
      this.#events.chunkEnd?.();
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
      this.socket.destroy();
    }
    return true;
  }

  #send(channel: number, classId: number, methodId: number, fields: readonly Field[], okClass: number, okId: number) {
    const reply = this.#expect(okClass, okId);
    this.socket.write(method(channel, classId, methodId, fields));
    return reply;
  }

  #expect(classId: number, methodId: number): Promise<Reply> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(new Error(`no answer ${classId}.${methodId}`)), CALL_TIMEOUT_MS);
      const settle = <T>(finish: (value: T) => void) => {
        return (value: T) => {
          clearTimeout(timer);
          finish(value);
        };
      };
      this.#waiter = { kind: kindOf(classId, methodId), resolve: settle(resolve), reject: settle(reject) };
    });
  }

  #fail(error: Error): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
    if (!this.#isClosing) this.#events.failed?.(error);
  }
}

/** A read buffer holds at least one whole frame beside what was kept of the last chunk. */
export const READ_BYTES_MIN = FRAME_BYTES_MAX + FRAME_OVERHEAD_BYTES;
