// The one error type that this codec throws or reports for bytes of a peer and for values that cannot be encoded.
// It carries what connection.close or channel.close need: code, class and method id, RabbitMQ's wording (digest 2).
import { type ReplyCode, replyKind, replyText } from './reply-codes.ts';

/**
 * A breach of the protocol, or a value that AMQP cannot carry. `message` is the reason without the code's name;
 * `replyText` is the whole text for the wire; `classId` and `methodId` are 0 where the breach names no method. It has no stack.
 */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  readonly code: ReplyCode;
  readonly classId: number;
  readonly methodId: number;

  constructor(code: ReplyCode, text: string, classId = 0, methodId = 0) {
    // A peer can cause thousands of breaches with one chunk, and writing down a stack is most of what each costs.
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(text);
    Error.stackTraceLimit = limit;
    this.code = code;
    this.classId = classId;
    this.methodId = methodId;
  }

  /** The text for connection.close or channel.close, at most 255 bytes. */
  get replyText(): string {
    return replyText(this.code, this.message);
  }

  /** True when only the channel ends (a code of kind `soft`). */
  get isSoft(): boolean {
    return replyKind(this.code) === 'soft';
  }
}

// A reply text holds 255 bytes and every octet takes at least two characters in it, so more would be cut anyway.
const OCTETS_SHOWN_MAX = 160;

/** Octets as Erlang's `~w` writes a binary: `<<0,60,255>>`. Only the beginning of long ones is written. */
export function octetsText(bytes: Uint8Array, start: number, end: number): string {
  return `<<${Array.from(bytes.subarray(start, Math.min(end, start + OCTETS_SHOWN_MAX))).join(',')}>>`;
}

/** Octets as Erlang's `~p` writes a binary: printable ASCII as `<<"abcd">>`, all else as numbers. */
export function printedOctets(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at++) {
    const octet = bytes[at];
    if (octet < 0x20 || octet > 0x7e) return octetsText(bytes, start, end);
    const character = String.fromCharCode(octet);
    text += character === '"' || character === '\\' ? `\\${character}` : character;
  }
  return text === '' ? '<<>>' : `<<"${text}">>`;
}

/** 501 `cannot decode <<...>>`: arguments or properties that do not have the announced form. */
export function cannotDecode(bytes: Uint8Array, start: number, end: number, classId = 0, methodId = 0): CodecError {
  return new CodecError(501, `cannot decode ${octetsText(bytes, start, end)}`, classId, methodId);
}

/** 501 `Malformed UTF-8 in shortstr`, which names no method. */
export function malformedUtf8(): CodecError {
  return new CodecError(501, 'Malformed UTF-8 in shortstr');
}
