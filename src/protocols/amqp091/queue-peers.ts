// The queues a channel talks to (DESIGN decision 12). Each is addressed by its id; its actor may die and come back. What
// the actor had not taken is kept here and sent again, what it had delivered is given up and ignored when it is settled.

import { tryCall } from '../../behaviours/index.ts';
import {
  type FromQueue,
  type Message,
  noQueue,
  type PlaceNotice,
  type Policy,
  type QueueMessage,
  type QueuePlace,
  type QueueRecord,
  tellPlace,
} from '../../broker/index.ts';
import type { DownMessage, Effects } from '../../process/index.ts';
import { type AnyPid, hasTag, type Pid, type Ref } from '../../term/index.ts';
import { ackTimeoutOf } from './ack-timeouts.ts';
import type { Channel } from './channel.ts';
import type { Consumer } from './channel-consumers.ts';
import { CloseSignal } from './close-signal.ts';

/** Publishes sent to a queue together and not yet taken by it. */
export interface Batch {
  readonly batch: number;
  readonly messages: readonly Message[];
  /** Confirm numbers of the messages; null outside confirm mode. */
  readonly seqs: readonly number[] | null;
}

export class QueuePeer {
  readonly record: QueueRecord;
  /** How long its deliveries may stay unacknowledged, in ms, by the policies that {@link policies} were. */
  ackTimeoutMs = Number.POSITIVE_INFINITY;
  policies: readonly Policy[] | null = null;
  pid: Pid<QueueMessage>;
  epoch: number;
  ref: Ref;
  isUp = true;
  /** The channel consumes from it or has taken from it, so it has to be left. */
  isAttached = false;
  messages: Message[] = [];
  seqs: number[] | null = null;
  lastBatch = 0;
  batches: Batch[] = [];
  acked: number[] = [];
  requeued: number[] = [];
  rejected: number[] = [];
  /** Consumers of the channel by the number that the queue's present actor gave them. */
  readonly consumers = new Map<number, Consumer>();

  constructor(record: QueueRecord, place: QueuePlace, ref: Ref) {
    this.record = record;
    this.pid = place.pid;
    this.epoch = place.epoch;
    this.ref = ref;
  }
}

export class QueuePeers {
  private readonly channel: Channel;
  private readonly peers = new Map<number, QueuePeer>();
  private dirty: QueuePeer[] = [];

  constructor(channel: Channel) {
    this.channel = channel;
  }

  /** The peer for a queue that the replica knows; null when it does not (any more). */
  find(queueId: number): QueuePeer | null {
    const known = this.peers.get(queueId);
    if (known !== undefined) return known;
    const { context, replica } = this.channel;
    const record = replica.tables.queueById(queueId);
    if (record === undefined) return null;
    const place = replica.tables.placeOf(queueId);
    // A queue of an earlier run that is still being read has no actor yet: it is one that is down.
    const at = place ?? { pid: context.self as never, epoch: 0 };
    const ref = place === undefined ? context.makeRef() : context.monitor(place.pid);
    const peer = new QueuePeer(record, at, ref);
    this.peers.set(queueId, peer);
    if (place === undefined) {
      peer.isUp = false;
      tellPlace(context, replica, queueId, 0);
    }
    return peer;
  }

  /** How long deliveries of a queue may stay unacknowledged now, in ms; looked up again when policies have changed. */
  ackTimeoutMs(peer: QueuePeer): number {
    const { args, replica } = this.channel;
    const { policies } = replica.tables.configuration;
    if (peer.policies === policies) return peer.ackTimeoutMs;
    peer.policies = policies;
    peer.ackTimeoutMs = ackTimeoutOf(replica.tables.effectiveArguments(peer.record), args.consumerTimeoutMs);
    return peer.ackTimeoutMs;
  }

  /** The peer of a queue that a command names. Throws CloseSignal 404 when it has just been deleted. */
  of(record: QueueRecord): QueuePeer {
    const peer = this.find(record.id);
    if (peer === null) throw new CloseSignal(noQueue(record.vhost, record.name));
    return peer;
  }

  known(queueId: number): QueuePeer | undefined {
    return this.peers.get(queueId);
  }

  /** Adds a publish to the batch for a queue; false when the queue is gone. */
  add(queueId: number, message: Message, seq: number): boolean {
    const peer = this.find(queueId);
    if (peer === null) return false;
    if (peer.messages.push(message) === 1) this.dirty.push(peer);
    if (seq !== 0) {
      peer.seqs ??= [];
      peer.seqs.push(seq);
    }
    return true;
  }

  /** Sends each queue its batch. */
  sendPending(): void {
    if (this.dirty.length === 0) return;
    for (const peer of this.dirty) {
      const batch: Batch = { batch: ++peer.lastBatch, messages: peer.messages, seqs: peer.seqs };
      peer.messages = [];
      peer.seqs = null;
      peer.batches.push(batch);
      if (peer.isUp) this.sendBatch(peer, batch);
    }
    this.dirty = [];
  }

  private sendBatch(peer: QueuePeer, { batch, messages }: Batch): void {
    const { context } = this.channel;
    context.send(peer.pid, { tag: 'publish', channel: context.self as never, batch, messages });
  }

  sendSettlements(peer: QueuePeer): void {
    const { acked, requeued, rejected } = peer;
    peer.acked = [];
    peer.requeued = [];
    peer.rejected = [];
    const { context } = this.channel;
    // A dead actor's deliveries were given up when it died; nobody waits for their settlement.
    if (peer.isUp) context.send(peer.pid, { tag: 'settle', channel: context.self, acked, requeued, rejected });
  }

  /** Queues that have not taken everything that was sent to them. */
  untaken(): readonly QueuePeer[] {
    return [...this.peers.values()].filter((peer) => peer.batches.length > 0);
  }

  // ---- death and return

  down({ ref, reason }: DownMessage): void {
    for (const peer of this.peers.values()) if (peer.ref === ref) this.peerDown(peer, reason);
  }

  private peerDown(peer: QueuePeer, reason: unknown): void {
    peer.isUp = false;
    this.channel.consumers.queueDown(peer);
    // With its thread the queue's contents are gone: what it had not taken is refused rather than kept in doubt.
    if (hasTag(reason, 'threadDown')) this.giveUp(peer, false);
    tellPlace(this.channel.context, this.channel.replica, peer.record.id, peer.epoch);
  }

  /** The queue was deleted: nothing waits for it any more. Its outstanding publishes count as handled, as in RabbitMQ. */
  gone(queueId: number): void {
    const peer = this.peers.get(queueId);
    if (peer === undefined) return;
    this.peers.delete(queueId);
    this.dirty = this.dirty.filter((other) => other !== peer);
    this.giveUp(peer, true);
    this.channel.consumers.queueGone(peer);
  }

  private giveUp(peer: QueuePeer, isTaken: boolean): void {
    const { batches } = peer;
    peer.batches = [];
    for (const batch of batches) this.channel.publisher.settled(batch, isTaken ? null : 'all');
  }

  *reattach({ queueId, place }: PlaceNotice): Effects<void> {
    const peer = this.peers.get(queueId);
    if (peer === undefined || place === null || place.epoch <= peer.epoch) return;
    const { context } = this.channel;
    context.demonitor(peer.ref, { flush: true });
    peer.pid = place.pid;
    peer.epoch = place.epoch;
    peer.ref = context.monitor(place.pid);
    const takenUpTo = yield* tryCall(
      peer.pid,
      { tag: 'attach', channel: context.self as never },
      Number.POSITIVE_INFINITY,
    );
    if (!takenUpTo.ok) return;
    peer.isUp = true;
    this.taken(peer, takenUpTo.value, null);
    for (const batch of peer.batches) this.sendBatch(peer, batch);
    yield* this.channel.consumers.consumeAgain(peer);
  }

  /** The queue has taken all batches up to `batch`; `refused` are places in that one. */
  taken(peer: QueuePeer, batch: number, refused: readonly number[] | null): void {
    while (peer.batches.length > 0 && peer.batches[0].batch <= batch) {
      const taken = peer.batches.shift() as Batch;
      this.channel.publisher.settled(taken, taken.batch === batch ? refused : null);
    }
  }

  hearTaken({ queueId, batch, refused }: Extract<FromQueue, { tag: 'taken' }>): void {
    const peer = this.peers.get(queueId);
    if (peer !== undefined) this.taken(peer, batch, refused);
  }

  // ---- leaving

  /** Tells every queue that the channel is done with it, and waits until it has taken everything back. */
  *leaveAll(): Effects<void> {
    for (const peer of [...this.peers.values()]) {
      if (!peer.isAttached || !peer.isUp) continue;
      peer.isAttached = false;
      yield* tryCall(peer.pid, { tag: 'leave', channel: this.channel.context.self as AnyPid });
    }
    this.forgetConsumers();
  }

  /** The same without waiting. */
  leaveAllSoon(): void {
    const { context } = this.channel;
    for (const peer of this.peers.values()) {
      if (peer.isAttached && peer.isUp) context.send(peer.pid, { tag: 'leaveSoon', channel: context.self });
      peer.isAttached = false;
    }
    this.forgetConsumers();
  }

  private forgetConsumers(): void {
    for (const peer of this.peers.values()) peer.consumers.clear();
    this.channel.consumers.clear();
  }
}
