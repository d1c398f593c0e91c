// A client for millions of messages: frames that were encoded before and have only their number written into them, and
// frames that are read where they lie. It knows no more of AMQP than loading and draining one queue takes.
import { connect, type Socket } from 'node:net';
import * as wire from '../support/wire.ts';

/** The number of a message is at the beginning of its body. */
const NUMBER_BYTES = 4;
const DELIVERY_MODE = 0x1000;
/** Messages in one write. */
const BATCH = 256;
/** Publishes without a confirm. */
const WINDOW = 16_384;
const FRAME_MAX = 131_072;
const [METHOD, BODY] = [1, 3];
const [BASIC, ACK] = [60, 80];

type OnFrame = (type: number, payload: Buffer) => void;

export class FrameStream {
  private readonly socket: Socket;
  private left: Buffer = Buffer.alloc(0);
  private onFrame: OnFrame = () => {};
  private onEnd: (error: Error) => void = () => {};

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.take(bytes));
    socket.on('error', (error) => this.onEnd(error));
    socket.on('close', () => this.onEnd(new Error('the broker hung up')));
  }

  /** Connects and opens channel 1. */
  static async open(host: string, tcpPort: number): Promise<FrameStream> {
    const stream = new FrameStream(connect(tcpPort, host));
    await stream.ask(wire.OPENING, '20.11');
    return stream;
  }

  /** Sends something and waits for the method that answers it. */
  ask(bytes: Buffer, answer: string): Promise<Buffer> {
    return this.hear((resolve) => {
      this.onFrame = (type, payload) => {
        if (type === METHOD && `${payload.readUInt16BE(0)}.${payload.readUInt16BE(2)}` === answer) resolve(payload);
      };
      this.socket.write(bytes);
    });
  }

  /** Publishes persistent messages of so many bytes, numbered from 0 on, and waits for all confirms. */
  async load(queue: string, count: number, bodyBytes: number): Promise<void> {
    await this.ask(wire.confirmSelect(1), '85.11');
    const one = encoded(queue, bodyBytes);
    const batch = Buffer.concat(Array.from({ length: BATCH }, () => one));
    const numberAt = one.length - bodyBytes - 1;
    let sent = 0;
    let confirmed = 0;
    const pump = (): void => {
      while (sent < count && sent - confirmed < WINDOW) {
        const messages = Math.min(BATCH, count - sent);
        const bytes = Buffer.from(batch.subarray(0, messages * one.length));
        for (let place = 0; place < messages; place++) bytes.writeUInt32BE(sent++, place * one.length + numberAt);
        this.socket.write(bytes);
      }
    };
    await this.hear<void>((resolve, reject) => {
      this.onFrame = (type, payload) => {
        if (type !== METHOD) return;
        const [classId, methodId] = [payload.readUInt16BE(0), payload.readUInt16BE(2)];
        // Blocked and unblocked.
        if (classId === 10) return;
        if (classId !== BASIC || methodId !== ACK) return reject(new Error(`${classId}.${methodId} came`));
        confirmed = payload[12] === 1 ? Number(payload.readBigUInt64BE(4)) : confirmed + 1;
        if (confirmed >= count) resolve();
        else pump();
      };
      pump();
    });
  }

  /** Takes messages without acknowledging them; resolves after `count`, rejects on one whose number is not the next. */
  drain(queue: string, count: number, onFirst: () => void): Promise<void> {
    return this.hear<void>((resolve, reject) => {
      let next = 0;
      this.onFrame = (type, payload) => {
        if (type !== BODY) return;
        const number = payload.readUInt32BE(0);
        if (number !== next) reject(new Error(`${number} came and not ${next}`));
        if (next++ === 0) onFirst();
        if (next === count) resolve();
      };
      this.socket.write(wire.consume(1, queue, 'drain'));
    });
  }

  close(): void {
    this.onEnd = () => {};
    this.socket.destroy();
  }

  private hear<T>(begin: (resolve: (value: T) => void, reject: (error: Error) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.onEnd = reject;
      begin(resolve, reject);
    });
  }

  private take(bytes: Buffer): void {
    const all = this.left.length === 0 ? bytes : Buffer.concat([this.left, bytes]);
    let at = 0;
    while (all.length - at >= 8) {
      const end = at + 8 + all.readUInt32BE(at + 3);
      if (end > all.length) break;
      this.onFrame(all[at], all.subarray(at + 7, end - 1));
      at = end;
    }
    this.left = all.subarray(at);
  }
}

function encoded(queue: string, bodyBytes: number): Buffer {
  if (bodyBytes < NUMBER_BYTES || bodyBytes > FRAME_MAX - 8) throw new RangeError('a body is one frame');
  const properties = Buffer.concat([wire.u16(DELIVERY_MODE), wire.u8(2)]);
  return Buffer.concat([
    wire.publishMethod(1, '', queue),
    wire.contentHeader(1, bodyBytes, properties),
    wire.contentBody(1, Buffer.alloc(bodyBytes, 'x')),
  ]);
}
