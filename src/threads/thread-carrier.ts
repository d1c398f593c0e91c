// Joins two threads: two rings in shared memory, and a MessagePort for wake-ups and what goes beside them. The port to the
// control thread carries the control plane as well (stop, new peers, log lines).
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import type { Carrier } from '../wire/index.ts';
import type { ThreadStatus } from './thread-status.ts';

/** What is posted to wake a sleeper. */
const WAKE = 0;

/** One end of what joins two threads, as it is sent to a thread. */
export interface CarrierEnd {
  readonly inbound: SharedArrayBuffer;
  readonly outbound: SharedArrayBuffer;
  readonly threadPort: MessagePort;
}

export interface CarrierEvents {
  /** A wake-up or an oversize record came: a turn is needed. */
  wake(): void;
  /** Something of the control plane came. */
  control(message: unknown): void;
}

export class ThreadCarrier implements Carrier {
  readonly inbound: SharedArrayBuffer;
  readonly outbound: SharedArrayBuffer;
  private readonly threadPort: MessagePort;
  private readonly peer: ThreadStatus;
  private readonly incarnation: number;
  private readonly events: CarrierEvents;
  private readonly aside: Uint8Array<ArrayBuffer>[] = [];
  private readonly shared: SharedArrayBuffer[] = [];

  /** To one incarnation of the thread whose status `peer` is. */
  constructor(end: CarrierEnd, peer: ThreadStatus, incarnation: number, events: CarrierEvents) {
    this.inbound = end.inbound;
    this.outbound = end.outbound;
    this.threadPort = end.threadPort;
    this.peer = peer;
    this.incarnation = incarnation;
    this.events = events;
    end.threadPort.on('message', (message: unknown) => this.receive(message));
  }

  handOver(bytes: Uint8Array<ArrayBuffer>): void {
    this.threadPort.postMessage(bytes, [bytes.buffer]);
  }

  takeOver(): Uint8Array<ArrayBuffer> | undefined {
    // The record was posted before its marker was published, so it is here even if the event loop has not come to it.
    while (this.aside.length === 0 && this.receiveOne());
    return this.aside.shift();
  }

  share(buffer: SharedArrayBuffer): void {
    this.threadPort.postMessage(buffer);
  }

  takeShared(): SharedArrayBuffer | undefined {
    while (this.shared.length === 0 && this.receiveOne());
    return this.shared.shift();
  }

  /** Takes everything that has been posted, without waiting for the event loop. */
  receiveAll(): void {
    while (this.receiveOne());
  }

  private receiveOne(): boolean {
    const entry = receiveMessageOnPort(this.threadPort) as { readonly message: unknown } | undefined;
    if (entry !== undefined) this.receive(entry.message);
    return entry !== undefined;
  }

  wake(): void {
    if (this.peer.takeSleeping(this.incarnation)) this.threadPort.postMessage(WAKE);
  }

  /** Posts something of the control plane. */
  post(message: unknown, transfer: readonly MessagePort[] = []): void {
    this.threadPort.postMessage(message, [...transfer]);
  }

  /** Calls `listener` when the other side has closed or its thread has ended. */
  onClose(listener: () => void): void {
    this.threadPort.once('close', listener);
  }

  close(): void {
    this.threadPort.close();
  }

  private receive(message: unknown): void {
    if (message instanceof Uint8Array) this.aside.push(message as Uint8Array<ArrayBuffer>);
    else if (message instanceof SharedArrayBuffer) this.shared.push(message);
    else if (message !== WAKE) {
      this.events.control(message);
      return;
    }
    this.events.wake();
  }
}
