// Question: how fast can publishes leave? One producer: a connection and its streams, each with blocks of publishes
// encoded in advance. A pump stamps as many as the limits allow and hands whole blocks to the socket.
// Guarantees: a block is never stamped again before the kernel took it; no stream skips or repeats a sequence.

import type { Socket } from 'node:net';
import { ConfirmBook } from './confirm-book.ts';
import { type BrokerAddress, LoadConnection, READ_BYTES_MIN } from './connection.ts';
import { type PublishBlock, type PublishShape, publishBlock, stampBlock } from './frames.ts';
import type { Meter } from './meter.ts';

const BLOCK_BYTES = 65_536;
const BLOCKS_PER_STREAM = 4;
/** All blocks of one producer together, so that thousands of streams stay small. */
const BLOCKS_BYTES_MAX = 8 * 1024 * 1024;

/** One producer's messages to one routing key. */
interface Stream {
  readonly id: number;
  readonly free: PublishBlock[];
  sequence: number;
}

/** What limits a producer, shared by all producers of a run. */
export interface ProducerLimits {
  /** In flight per producer; 0 is unlimited. */
  readonly window: number;
  readonly confirmsOutstanding: number;
  /** Deliveries caused by one publish. */
  readonly copies: number;
}

/** Publishes until `limit` is reached or it is stopped. */
export class Producer {
  sent = 0;
  /** Deliveries of this producer's messages, booked by the consumers. */
  arrived = 0;
  /** Publishes allowed in all: the rate's or the run's limit. */
  limit = 0;
  readonly #streams: Stream[];
  readonly #limits: ProducerLimits;
  readonly #meter: Meter;
  #connection: LoadConnection | undefined;
  readonly #confirms: ConfirmBook | undefined;
  #turn = 0;

  constructor(shapes: readonly PublishShape[], limits: ProducerLimits, meter: Meter) {
    this.#limits = limits;
    this.#meter = meter;
    this.#confirms = limits.confirmsOutstanding > 0 ? new ConfirmBook() : undefined;
    const share = BLOCKS_BYTES_MAX / (shapes.length * BLOCKS_PER_STREAM);
    const blockBytes = Math.min(BLOCK_BYTES, share);
    this.#streams = shapes.map((shape) => ({
      id: shape.stream,
      sequence: 0,
      free: Array.from({ length: BLOCKS_PER_STREAM }, () => publishBlock(shape, blockBytes)),
    }));
  }

  /** Connects and switches confirms on where asked. */
  async open(address: BrokerAddress): Promise<void> {
    const connection = await LoadConnection.open(address, READ_BYTES_MIN, {
      publishEvent: (bytes, methodId, from) => this.#publishEvent(bytes, methodId, from),
      chunkEnd: () => this.pump(),
      failed: (error) => this.#meter.fail(error),
    });
    if (this.#limits.confirmsOutstanding > 0) await connection.call(85, 10, [{ u8: 0 }]);
    this.#connection = connection;
  }

  /** Closes its connection; never rejects. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }

  /** Publishes that the broker confirmed. */
  get confirmed(): number {
    return this.#confirms?.confirmed ?? 0;
  }

  /** Publishes of each stream, by stream id. */
  published(into: number[]): void {
    for (const stream of this.#streams) into[stream.id] = stream.sequence;
  }

  /** Writes all that the limits allow now. */
  pump(): void {
    const socket = this.#connection?.socket;
    if (socket === undefined || socket.destroyed) return;
    let idleStreams = 0;
    while (idleStreams < this.#streams.length) {
      const credit = this.#credit();
      if (credit <= 0) return;
      const stream = this.#streams[this.#turn];
      this.#turn = (this.#turn + 1) % this.#streams.length;
      const block = stream.free.pop();
      if (block === undefined) {
        idleStreams += 1;
        continue;
      }
      idleStreams = 0;
      this.#write(socket, stream, block, Math.min(credit, block.messages));
    }
  }

  #credit(): number {
    const { window, copies } = this.#limits;
    let credit = this.limit - this.sent;
    if (window > 0) credit = Math.min(credit, Math.floor(window - (this.sent - this.arrived / copies)));
    if (this.#confirms !== undefined) credit = Math.min(credit, this.#confirms.room(this.#limits.confirmsOutstanding));
    return credit;
  }

  #write(socket: Socket, stream: Stream, block: PublishBlock, count: number): void {
    const nowUs = this.#meter.nowUs();
    stampBlock(block, stream.sequence, count, nowUs);
    this.#confirms?.sent(count, nowUs);
    stream.sequence += count;
    this.sent += count;
    const bytes = count === block.messages ? block.bytes : block.bytes.subarray(0, count * block.strideBytes);
    socket.write(bytes, () => {
      stream.free.push(block);
      // Only a producer that ran out of blocks waits for this; the others are pumped by arrivals.
      if (stream.free.length === 1) this.pump();
    });
  }

  #publishEvent(bytes: Buffer, methodId: number, from: number): void {
    if (methodId === 50) {
      this.#meter.fail(new Error('a publish was returned'));
      return;
    }
    if (methodId === 120) this.#meter.fail(new Error('a publish was nacked'));
    const nowUs = this.#meter.nowUs();
    const tag = bytes.readUInt32BE(from + 4);
    const isMultiple = (bytes[from + 8] & 1) === 1;
    const isKnown = this.#confirms?.settle(tag, isMultiple, (sentUs) => this.#meter.confirm(nowUs - sentUs));
    if (isKnown !== true) this.#meter.fail(new Error(`confirm of tag ${tag}, which is not outstanding`));
  }
}
