// The AMQP reply codes with their names and kinds (digest amqp-behaviours, first table), and the text that a close
// carries: the name, " - ", the reason, cut to what a short string holds.
import { SHORTSTR_BYTES_MAX } from './limits.ts';

/** What a reply code ends: one channel (`soft`), the connection (`hard`), or nothing. */
export type ReplyKind = 'soft' | 'hard' | 'none';

const REPLIES = {
  200: ['OK', 'none'],
  311: ['CONTENT_TOO_LARGE', 'soft'],
  312: ['NO_ROUTE', 'none'],
  313: ['NO_CONSUMERS', 'none'],
  320: ['CONNECTION_FORCED', 'hard'],
  402: ['INVALID_PATH', 'hard'],
  403: ['ACCESS_REFUSED', 'soft'],
  404: ['NOT_FOUND', 'soft'],
  405: ['RESOURCE_LOCKED', 'soft'],
  406: ['PRECONDITION_FAILED', 'soft'],
  501: ['FRAME_ERROR', 'hard'],
  502: ['SYNTAX_ERROR', 'hard'],
  503: ['COMMAND_INVALID', 'hard'],
  504: ['CHANNEL_ERROR', 'hard'],
  505: ['UNEXPECTED_FRAME', 'hard'],
  506: ['RESOURCE_ERROR', 'hard'],
  530: ['NOT_ALLOWED', 'hard'],
  540: ['NOT_IMPLEMENTED', 'hard'],
  541: ['INTERNAL_ERROR', 'hard'],
} as const satisfies Record<number, readonly [string, ReplyKind]>;

/** A reply code of AMQP 0-9-1. */
export type ReplyCode = keyof typeof REPLIES;

/** The name of a reply code, e.g. `NOT_FOUND` of 404. */
export function replyName(code: ReplyCode): string {
  return REPLIES[code][0];
}

/** What a reply code ends. 403 counts as soft; in the handshake the connection treats it as hard itself. */
export function replyKind(code: ReplyCode): ReplyKind {
  return REPLIES[code][1];
}

/**
 * The reply text of a close: `NAME - text`, or `NAME` alone for an empty text. Above 255 bytes it is cut to 252 and
 * "..." is added; the cut never splits a character, so it may come up to three bytes earlier.
 */
export function replyText(code: ReplyCode, text: string): string {
  const whole = text === '' ? replyName(code) : `${replyName(code)} - ${text}`;
  if (whole.length * 3 <= SHORTSTR_BYTES_MAX || Buffer.byteLength(whole) <= SHORTSTR_BYTES_MAX) return whole;
  let bytes = 0;
  let kept = '';
  for (const character of whole) {
    bytes += Buffer.byteLength(character);
    if (bytes > SHORTSTR_BYTES_MAX - 3) break;
    kept += character;
  }
  return `${kept}...`;
}
