// The link from one scheduler to one incarnation of another: an outbox and a ring out, a ring and an inbox in.
// Until the carrier comes (the other thread is still starting) what is sent waits in the outbox, in order.
import type { Signal } from '../process/index.ts';
import type { Origin } from '../term/index.ts';
import { ByteArea } from './byte-area.ts';
import type { Identities } from './identities.ts';
import { POLL_BYTES } from './limits.ts';
import { LENGTH_BYTES, Outbox, OVERSIZE } from './outbox.ts';
import { RingReader, RingWriter } from './ring.ts';
import { SharedBuffers } from './shared-buffers.ts';
import { decodeSignal, encodeSignal, NOTICE, RESET } from './signal-codec.ts';
import { TermDecoder } from './term-decoder.ts';
import { TermEncoder } from './term-encoder.ts';

/** What joins two schedulers: two rings, and the way beside them. */
export interface Carrier {
  readonly outbound: ArrayBufferLike;
  readonly inbound: ArrayBufferLike;
  /** Delivers an oversize record beside the ring, in order; it must be there before anything published later is seen. */
  handOver(bytes: Uint8Array<ArrayBuffer>): void;
  /** The next oversize record that has arrived, or undefined. */
  takeOver(): Uint8Array<ArrayBuffer> | undefined;
  /** Hands over shared memory; it must be there before anything published later is seen. */
  share(buffer: SharedArrayBuffer): void;
  /** The next shared memory that was handed over, or undefined. */
  takeShared(): SharedArrayBuffer | undefined;
  /** Wakes the other side if it sleeps. */
  wake(): void;
}

/** A record of the runtime itself, between the signals of the same FIFO: any term with a tag. */
export interface Notice {
  readonly tag: string;
}

/** Receives what arrives. */
export interface Arrivals {
  signal(signal: Signal): void;
  notice(notice: Notice): void;
}

export interface LinkLimits {
  readonly ringBytes: number;
  readonly outboxBytesMax: number;
}

export class Link {
  readonly origin: Origin;
  /** Records sent and received, for tests and observation. */
  sent = 0;
  received = 0;
  private readonly outbox: Outbox;
  private readonly encoder: TermEncoder;
  private readonly inbox = new ByteArea();
  private readonly decoder: TermDecoder;
  private readonly identities: Identities;
  private readonly outboxBytesMax: number;
  private readonly buffersOut = new SharedBuffers();
  private readonly buffersIn = new SharedBuffers();
  /** Shared memory that is handed over as soon as there is a carrier. */
  private unshared: SharedArrayBuffer[] = [];
  private carrier: Carrier | null = null;
  private writer: RingWriter | null = null;
  private reader: RingReader | null = null;
  /** Whether what has been sent since the last flush is worth a wake-up. */
  private isUrgent = false;

  constructor(origin: Origin, identities: Identities, limits: LinkLimits) {
    this.origin = origin;
    this.identities = identities;
    this.outboxBytesMax = limits.outboxBytesMax;
    this.outbox = new Outbox(limits.ringBytes);
    this.encoder = new TermEncoder(this.outbox.area, identities, (buffer) => this.share(buffer));
    this.decoder = new TermDecoder(this.inbox, identities, (id) => this.sharedAt(id));
  }

  /** Joins the two sides; what was sent before leaves with the next flush. */
  attach(carrier: Carrier): void {
    this.carrier = carrier;
    this.writer = new RingWriter(carrier.outbound);
    this.reader = new RingReader(carrier.inbound);
    for (const buffer of this.unshared) carrier.share(buffer);
    this.unshared = [];
  }

  get isAttached(): boolean {
    return this.carrier !== null;
  }

  get isCongested(): boolean {
    return this.outbox.backlogBytes > this.outboxBytesMax;
  }

  get hasBacklog(): boolean {
    return this.outbox.backlogBytes > 0;
  }

  /** Encodes one signal. Throws NotATermError, and then nothing was sent. */
  send(signal: Signal): void {
    const at = this.beginRecord();
    const shapes = this.encoder.shapes.count;
    try {
      encodeSignal(this.encoder, signal);
    } catch (error) {
      this.encoder.shapes.rollBack(shapes);
      this.outbox.abandon(at);
      throw error;
    }
    this.outbox.complete(at);
    this.sent++;
    // Who sleeps has nothing to say to the one that no longer listens: every call ends with one of these.
    if (signal.kind !== 'demonitor') this.isUrgent = true;
  }

  notify(notice: Notice): void {
    this.isUrgent = true;
    const at = this.beginRecord();
    this.encoder.byte(NOTICE);
    this.encoder.term(notice, 0);
    this.outbox.complete(at);
  }

  /** Publishes what fits and wakes the other side, which a demonitor alone does not: it is read with what comes next. */
  flush(): void {
    const { writer, carrier } = this;
    if (writer === null || carrier === null || this.outbox.backlogBytes === 0) return;
    const isDone = this.outbox.flush(writer, (bytes) => carrier.handOver(bytes));
    if (isDone && !this.isUrgent) return;
    this.isUrgent = !isDone;
    carrier.wake();
  }

  /** True when a flush or a poll would get further than the last one did. */
  get hasWork(): boolean {
    const { reader, writer } = this;
    if (reader === null || writer === null) return false;
    return (reader.available > 0 && !this.isAtMarker()) || (this.hasBacklog && writer.hasMoved);
  }

  /** Applies what has arrived, a bounded part of it at a time; true when there was something. */
  poll(arrivals: Arrivals): boolean {
    const { reader, inbox } = this;
    if (reader === null || (reader.available === 0 && inbox.length === 0)) return false;
    const { received } = this;
    this.applyRecords(arrivals, reader);
    // Nothing is read behind a marker whose record has not come.
    if (this.isAtMarker()) return this.received > received;
    inbox.compact();
    // One look: what the writer publishes after it would not fit into what is reserved here.
    const count = Math.min(Math.max(POLL_BYTES, this.missingBytes()), reader.available);
    inbox.reserve(count);
    reader.read(inbox.bytes, inbox.end, count);
    inbox.end += count;
    if (count > 0 && reader.takeWaiting()) this.carrier?.wake();
    this.applyRecords(arrivals, reader);
    return count > 0 || this.received > received;
  }

  /** Applies everything that was published; for a peer that has died. */
  drain(arrivals: Arrivals): void {
    while (this.poll(arrivals));
  }

  private share(buffer: SharedArrayBuffer): number {
    const known = this.buffersOut.idOf(buffer);
    if (known !== undefined) return known;
    if (this.carrier === null) this.unshared.push(buffer);
    else this.carrier.share(buffer);
    return this.buffersOut.add(buffer);
  }

  /** A record that was given up may have shared something too: what was handed over is taken in order until it is there. */
  private sharedAt(id: number): SharedArrayBuffer {
    while (this.buffersIn.next <= id) {
      const buffer = this.carrier?.takeShared();
      if (buffer === undefined) throw new Error(`shared memory ${id} was named but not handed over`);
      this.buffersIn.add(buffer);
    }
    return this.buffersIn.at(id) as SharedArrayBuffer;
  }

  private beginRecord(): number {
    if (this.encoder.shapes.isFull) {
      const at = this.outbox.begin();
      this.encoder.byte(RESET);
      this.encoder.shapes.reset();
      this.outbox.complete(at);
    }
    return this.outbox.begin();
  }

  private isAtMarker(): boolean {
    const { inbox } = this;
    return inbox.length >= 2 * LENGTH_BYTES && inbox.view.getUint32(inbox.start, true) === OVERSIZE;
  }

  private missingBytes(): number {
    const { inbox } = this;
    if (inbox.length < LENGTH_BYTES) return 0;
    return inbox.view.getUint32(inbox.start, true) + LENGTH_BYTES - inbox.length;
  }

  private applyRecords(arrivals: Arrivals, reader: RingReader): void {
    const { inbox, decoder } = this;
    while (inbox.length >= LENGTH_BYTES) {
      const length = inbox.view.getUint32(inbox.start, true);
      if (length === OVERSIZE) {
        if (inbox.length < 2 * LENGTH_BYTES || !this.applyOversize(arrivals, reader)) return;
        continue;
      }
      if (inbox.length < length + LENGTH_BYTES) return;
      decoder.at = inbox.start + LENGTH_BYTES;
      // Consumed first: what the record causes must never see it again.
      inbox.start += length + LENGTH_BYTES;
      this.applyRecord(arrivals);
    }
    if (inbox.length === 0) inbox.consume(0);
  }

  private applyOversize(arrivals: Arrivals, reader: RingReader): boolean {
    const { inbox, decoder } = this;
    const bytes = this.carrier?.takeOver();
    if (bytes === undefined) return false;
    inbox.start += 2 * LENGTH_BYTES;
    const aside = new ByteArea();
    aside.bytes = bytes;
    aside.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    decoder.area = aside;
    decoder.at = 0;
    decoder.mayKeepArea = true;
    this.applyRecord(arrivals);
    decoder.mayKeepArea = false;
    decoder.area = inbox;
    reader.countSideTaken();
    if (reader.takeWaiting()) this.carrier?.wake();
    return true;
  }

  private applyRecord(arrivals: Arrivals): void {
    const { decoder } = this;
    const code = decoder.area.bytes[decoder.at++];
    if (code === RESET) decoder.resetShapes();
    else if (code === NOTICE) arrivals.notice(decoder.term() as Notice);
    else {
      const signal = decodeSignal(code, decoder, this.identities);
      this.received++;
      arrivals.signal(signal);
    }
  }
}
