// Question: how fast can deliveries be taken? One consumer: books every message where it lies in the read buffer and
// writes all acks of a chunk at once. After each chunk the producers whose messages arrived are pumped.

import { type BrokerAddress, LoadConnection } from './connection.ts';
import { ACK_BYTES, writeAck } from './frames.ts';
import { record } from './histogram.ts';
import type { Ledger, LedgerView } from './ledger.ts';
import type { Meter } from './meter.ts';
import type { Producer } from './producer.ts';

const ACKS_PER_WRITE = 4096;
const READ_BYTES_MAX = 1024 * 1024;
const READ_BYTES_MIN = 256 * 1024;

/** What a consumer needs to know of the run. */
export interface ConsumerPlan {
  readonly queueName: string;
  readonly isAutoAck: boolean;
  readonly prefetch: number;
  readonly ackEvery: number;
  readonly isTimed: boolean;
  /** Consumers of the whole run, to share memory between their read buffers. */
  readonly consumers: number;
  readonly view: LedgerView;
  /** The producer of each stream. */
  readonly producerOf: readonly Producer[];
}

/** Takes messages until it is closed. */
export class Consumer {
  readonly #plan: ConsumerPlan;
  readonly #ledger: Ledger;
  readonly #meter: Meter;
  #connection: LoadConnection | undefined;
  readonly #touched = new Set<Producer>();
  readonly #acks: Buffer[] = [];
  #ackBytes: Buffer;
  #ackUsed = 0;
  #unacked = 0;
  #lastProducer: Producer | undefined;
  #nowUs = -1;

  constructor(plan: ConsumerPlan, ledger: Ledger, meter: Meter) {
    this.#plan = plan;
    this.#ledger = ledger;
    this.#meter = meter;
    this.#ackBytes = Buffer.alloc(ACKS_PER_WRITE * ACK_BYTES);
  }

  /** Connects and subscribes. */
  async open(address: BrokerAddress): Promise<void> {
    const { queueName, isAutoAck, prefetch, consumers } = this.#plan;
    const readBytes = Math.max(READ_BYTES_MIN, Math.floor(READ_BYTES_MAX / consumers));
    const connection = await LoadConnection.open(address, readBytes, {
      delivery: (bytes, tag, stampAt, isRedelivered) => this.#delivery(bytes, tag, stampAt, isRedelivered),
      chunkEnd: () => this.#chunkEnd(),
      failed: (error) => this.#meter.fail(error),
    });
    if (!isAutoAck && prefetch > 0) await connection.call(60, 10, [{ u32: 0 }, { u16: prefetch }, { u8: 0 }]);
    this.#connection = connection;
    const consume = [{ u16: 0 }, { short: queueName }, { short: 'c' }, { u8: isAutoAck ? 2 : 0 }, { u32: 0 }];
    await connection.call(60, 20, consume);
  }

  /** Closes its connection; never rejects. */
  async close(): Promise<void> {
    await this.#connection?.close();
  }

  #delivery(bytes: Buffer, tag: number, at: number, isRedelivered: boolean): void {
    const stream = (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
    const sequence = ((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0;
    if (!this.#ledger.arrive(this.#plan.view, stream, sequence, isRedelivered)) return;
    const producer = this.#plan.producerOf[stream];
    producer.arrived += 1;
    if (producer !== this.#lastProducer) {
      this.#lastProducer = producer;
      this.#touched.add(producer);
    }
    if (this.#plan.isTimed && this.#meter.isRecording) {
      const sentUs = ((bytes[at + 8] << 24) | (bytes[at + 9] << 16) | (bytes[at + 10] << 8) | bytes[at + 11]) >>> 0;
      if (this.#nowUs < 0) this.#nowUs = this.#meter.nowUs();
      record(this.#meter.latency, Math.max(0, this.#nowUs - sentUs));
    }
    if (!this.#plan.isAutoAck) this.#ack(tag);
  }

  #ack(tag: number): void {
    this.#unacked += 1;
    if (this.#unacked < this.#plan.ackEvery) return;
    this.#unacked = 0;
    this.#ackUsed = writeAck(this.#ackBytes, this.#ackUsed, tag, this.#plan.ackEvery > 1);
    if (this.#ackUsed === this.#ackBytes.length) this.#flushAcks();
  }

  #flushAcks(): void {
    const used = this.#ackBytes;
    this.#connection?.socket.write(used.subarray(0, this.#ackUsed), () => this.#acks.push(used));
    this.#ackBytes = this.#acks.pop() ?? Buffer.alloc(ACKS_PER_WRITE * ACK_BYTES);
    this.#ackUsed = 0;
  }

  #chunkEnd(): void {
    if (this.#ackUsed > 0) this.#flushAcks();
    this.#nowUs = -1;
    for (const producer of this.#touched) producer.pump();
    this.#touched.clear();
    this.#lastProducer = undefined;
  }
}
