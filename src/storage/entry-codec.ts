// One message of a queue as the payload of a record. A head of fixed size, then the message as its owner encodes it.
//
//    0  version     u8   1
//    1  flags       u8   bit 0: it was delivered before and came back to the end of the queue
//    2  priority    u8
//    3  zero        u8
//    4  returns     u32
//    8  bytes       u32  what counts for a limit on the queue's length
//   12  expires at  f64  ms since 1970, -1 for never
//   20  due at      f64  ms since 1970, -1 for a message that does not wait
//   28  message
//
// All numbers are big-endian. Another version is refused by name.
import { NEVER } from './queue-store.ts';

/** How the owner of the messages writes and reads one. */
export interface MessageCodec<M> {
  /** Pieces to be written one after the other; valid until the next call. */
  encode(message: M): readonly Uint8Array[];
  /** May keep views of the bytes. Throws for bytes that it does not know. */
  decode(bytes: Uint8Array): M;
}

/** What is written of an entry beside its message. Times are of the wall clock. */
export interface EntryHead {
  readonly isReturned: boolean;
  readonly priority: number;
  readonly returns: number;
  readonly bytes: number;
  readonly expiresAt: number;
  readonly dueAt: number;
}

/** Thrown for a payload of a version that this program does not know. */
export class EntryFormatError extends Error {
  override readonly name = 'EntryFormatError';
}

const VERSION = 1;
const HEAD_BYTES = 28;
const RETURNED = 1;

const head = new Uint8Array(HEAD_BYTES);
const view = new DataView(head.buffer);

/** The head as bytes; valid until the next call. */
export function encodeHead({ isReturned, priority, returns, bytes, expiresAt, dueAt }: EntryHead): Uint8Array {
  head[0] = VERSION;
  head[1] = isReturned ? RETURNED : 0;
  head[2] = priority;
  head[3] = 0;
  view.setUint32(4, returns);
  view.setUint32(8, bytes);
  view.setFloat64(12, expiresAt);
  view.setFloat64(20, dueAt);
  return head;
}

/** Reads a payload: its head and the bytes of its message. Throws {@link EntryFormatError}. */
export function decodeEntry(payload: Uint8Array): { readonly head: EntryHead; readonly message: Uint8Array } {
  if (payload.length < HEAD_BYTES || payload[0] !== VERSION) {
    throw new EntryFormatError(`a stored message has the version ${payload[0]}, this program knows ${VERSION}`);
  }
  const at = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return {
    head: {
      isReturned: (payload[1] & RETURNED) !== 0,
      priority: payload[2],
      returns: at.getUint32(4),
      bytes: at.getUint32(8),
      expiresAt: at.getFloat64(12),
      dueAt: at.getFloat64(20),
    },
    message: payload.subarray(HEAD_BYTES),
  };
}

/** What a mark says of a message that came back: how often, and until when it waits (-1: it does not). */
export interface ReturnMark {
  readonly returns: number;
  readonly dueAt: number;
}

const MARK_BYTES = 13;

export function encodeReturn({ returns, dueAt }: ReturnMark): Uint8Array {
  const bytes = new Uint8Array(MARK_BYTES);
  const at = new DataView(bytes.buffer);
  at.setUint8(0, VERSION);
  at.setUint32(1, returns);
  at.setFloat64(5, dueAt);
  return bytes;
}

export function decodeReturn(bytes: Uint8Array): ReturnMark {
  if (bytes.length !== MARK_BYTES || bytes[0] !== VERSION) throw new EntryFormatError('a mark of a message is unknown');
  const at = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { returns: at.getUint32(1), dueAt: at.getFloat64(5) };
}

/**
 * What the mark of a queue says: up to where it had given messages out when it was closed. Infinity while it is in use:
 * after a crash nobody knows how far it had come, so everything may have been delivered.
 */
export function encodeUse(deliveredUpTo: number): Uint8Array {
  const bytes = new Uint8Array(9);
  const at = new DataView(bytes.buffer);
  at.setUint8(0, VERSION);
  at.setFloat64(1, deliveredUpTo);
  return bytes;
}

export function decodeUse(bytes: Uint8Array | null): number {
  if (bytes === null) return NEVER;
  if (bytes.length !== 9 || bytes[0] !== VERSION) throw new EntryFormatError('a mark of a queue is unknown');
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(1);
}
