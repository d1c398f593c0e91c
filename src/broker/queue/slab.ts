// Messages that are kept (DESIGN decision 13). One that passes through stays a view of the chunk it was read in; one that
// has to wait is copied here, so that a small Message does not keep a whole chunk of others alive. Slabs lie outside
// the V8 heap and belong to one thread; a queue is emptied in order, so they are freed in order as well. What a backlog
// has in common, nearly always all but the bytes, is held once.
import type { Message } from '../message.ts';

const SLAB_BYTES = 262_144;
/** Longer contents get memory of their own. */
const SHARED_BYTES_MAX = 16_384;

/** All of a Message but its bytes. */
export type Traits = Omit<Message, 'bytes' | 'propertiesEnd' | 'bodyAt'>;

/** A Message that waits: a third of the memory of a plain one. No term; {@link plainMessage} makes one again. */
export class KeptMessage implements Message {
  readonly propertiesEnd: number;
  readonly traits: Traits;
  private readonly slab: Uint8Array;
  private readonly at: number;
  private readonly end: number;

  constructor(traits: Traits, slab: Uint8Array, at: number, end: number, propertiesEnd: number) {
    this.traits = traits;
    this.slab = slab;
    this.at = at;
    this.end = end;
    this.propertiesEnd = propertiesEnd;
  }

  get exchange(): string {
    return this.traits.exchange;
  }
  get routingKey(): string {
    return this.traits.routingKey;
  }
  get extraKeys(): readonly string[] | null {
    return this.traits.extraKeys;
  }
  get persistent(): boolean {
    return this.traits.persistent;
  }
  get priority(): number {
    return this.traits.priority;
  }
  get ttlMs(): number {
    return this.traits.ttlMs;
  }
  get delayMs(): number {
    return this.traits.delayMs;
  }
  get format(): string {
    return this.traits.format;
  }
  /** A new view each time. */
  get bytes(): Uint8Array {
    return this.slab.subarray(this.at, this.end);
  }
  get bodyAt(): number {
    return this.propertiesEnd;
  }

  get plain(): Message {
    const { bytes, propertiesEnd } = this;
    return { ...this.traits, bytes, propertiesEnd, bodyAt: propertiesEnd };
  }
}

/** The Message as it may be sent: what a queue gives out is no longer kept. */
export function plainMessage(message: Message): Message {
  return message instanceof KeptMessage ? message.plain : message;
}

/** Copies the properties and the body of Messages to where they may stay, without the framing between them. */
export class Slab {
  private bytes = new Uint8Array(0);
  private used = 0;

  /** The same Message with its bytes in this slab; `before` are traits of an earlier one, which it has as well as a rule. */
  keep(message: Message, before: Traits | null): KeptMessage {
    const { bytes, propertiesEnd, bodyAt } = message;
    const length = propertiesEnd + bytes.length - bodyAt;
    const at = this.take(length);
    const slab = length > SHARED_BYTES_MAX ? new Uint8Array(length) : this.bytes;
    slab.set(propertiesEnd === bodyAt ? bytes : bytes.subarray(0, propertiesEnd), at);
    if (propertiesEnd !== bodyAt) slab.set(bytes.subarray(bodyAt), at + propertiesEnd);
    const traits = before !== null && isLike(message, before) ? before : traitsOf(message);
    return new KeptMessage(traits, slab, at, at + length, propertiesEnd);
  }

  /** Where the next `length` bytes go. */
  private take(length: number): number {
    if (length > SHARED_BYTES_MAX) return 0;
    if (this.used + length > this.bytes.length) {
      this.bytes = new Uint8Array(SLAB_BYTES);
      this.used = 0;
    }
    const at = this.used;
    this.used += length;
    return at;
  }
}

function traitsOf({ exchange, routingKey, extraKeys, persistent, priority, ttlMs, delayMs, format }: Message): Traits {
  return { exchange, routingKey, extraKeys, persistent, priority, ttlMs, delayMs, format };
}

function isLike(message: Message, traits: Traits): boolean {
  return (
    message.routingKey === traits.routingKey &&
    message.exchange === traits.exchange &&
    message.extraKeys === traits.extraKeys &&
    message.persistent === traits.persistent &&
    message.priority === traits.priority &&
    message.ttlMs === traits.ttlMs &&
    message.delayMs === traits.delayMs &&
    message.format === traits.format
  );
}
