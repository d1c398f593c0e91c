// Every kind of Signal as one record (SIG-1: all kinds travel the same FIFO).
//
//   record:  kind byte, then the fields in the order of the writers below
//
// The receiver is on the other end of the link by definition, so of `to` only the serial travels. The sender of a message
// is not told to its receiver and does not travel either; nor does the seal, since the bytes are a copy already.
import type { MaxMailbox, Priority, Signal } from '../process/index.ts';
import { type AnyPid, type Mfa, NotATermError, type Ref, reasonOf } from '../term/index.ts';
import type { Identities } from './identities.ts';
import type { TermDecoder } from './term-decoder.ts';
import type { TermEncoder } from './term-encoder.ts';

const KINDS: readonly Signal['kind'][] = [
  'message',
  'alias',
  'exit',
  'linkExit',
  'link',
  'unlink',
  'unlinkAck',
  'monitor',
  'demonitor',
  'down',
  'spawn',
  'info',
  'infoReply',
  'cancelTimer',
  'suspend',
  'resume',
  'suspendEnd',
];
const CODES = Object.fromEntries(KINDS.map((kind, code) => [kind, code])) as Readonly<Record<Signal['kind'], number>>;

/** First byte of a record that is not a signal: a notice of the runtime itself. */
export const NOTICE = 64;
/** First byte of the record at which both sides forget the shapes. */
export const RESET = 65;

/** Appends the record of `signal`. Throws NotATermError for a message or spawn arguments that are no term. */
export function encodeSignal(encoder: TermEncoder, signal: Signal): void {
  encoder.byte(CODES[signal.kind]);
  encoder.number(signal.to.serial);
  switch (signal.kind) {
    case 'message':
    case 'alias':
      encoder.term(signal.message, 0);
      return;
    case 'exit':
    case 'linkExit':
      encoder.pid(signal.from);
      encodeReason(encoder, signal.reason);
      return;
    case 'link':
    case 'resume':
    case 'suspendEnd':
      encoder.pid(signal.from);
      return;
    case 'suspend':
      encoder.pid(signal.from);
      encoder.term(signal.ref, 0);
      return;
    case 'unlink':
    case 'unlinkAck':
      encoder.pid(signal.from);
      encoder.number(signal.id);
      return;
    case 'monitor':
    case 'demonitor':
      encoder.pid(signal.from);
      encoder.ref(signal.ref);
      return;
    case 'down':
      encoder.pid(signal.from);
      encoder.ref(signal.ref);
      encodeReason(encoder, signal.reason);
      return;
    case 'spawn':
      encoder.pid(signal.from);
      encoder.term(
        [
          signal.body,
          signal.args,
          signal.link,
          signal.monitor,
          signal.name,
          signal.label,
          signal.ancestors,
          signal.priority,
          signal.maxMailbox,
        ],
        0,
      );
      return;
    case 'info':
      encoder.pid(signal.from);
      encoder.ref(signal.ref);
      encoder.term(signal.withMessages, 0);
      return;
    case 'infoReply':
      encoder.pid(signal.from);
      encoder.ref(signal.ref);
      encodeInfo(encoder, signal.info);
      return;
    case 'cancelTimer':
      encoder.pid(signal.from);
      encoder.ref(signal.ref);
      return;
  }
}

/** Reads one record whose kind byte is `code`. */
export function decodeSignal(code: number, decoder: TermDecoder, identities: Identities): Signal {
  const kind = KINDS[code];
  const serial = decoder.number();
  if (kind === 'message') {
    const to = identities.pid(identities.own, serial);
    return { kind, from: null, to, message: decoder.term(), seal: null };
  }
  if (kind === 'alias') {
    return { kind, from: null, to: identities.ref(identities.own, serial), message: decoder.term(), seal: null };
  }
  if (kind === 'cancelTimer') {
    const to = identities.ref(identities.own, serial);
    return { kind, from: decoder.pid(), to, ref: decoder.ref() };
  }
  return decodeOther(kind, identities.pid(identities.own, serial), decoder);
}

function decodeOther(
  kind: Exclude<Signal['kind'], 'message' | 'alias' | 'cancelTimer'>,
  to: AnyPid,
  decoder: TermDecoder,
): Signal {
  const from = decoder.pid();
  switch (kind) {
    case 'exit':
    case 'linkExit':
      return { kind, from, to, reason: decoder.term() };
    case 'link':
    case 'resume':
    case 'suspendEnd':
      return { kind, from, to };
    case 'suspend':
      return { kind, from, to, ref: decoder.term() as Ref | null };
    case 'unlink':
    case 'unlinkAck':
      return { kind, from, to, id: decoder.number() };
    case 'monitor':
    case 'demonitor':
      return { kind, from, to, ref: decoder.ref() };
    case 'down': {
      const ref = decoder.ref();
      return { kind, from, to, ref, reason: decoder.term() };
    }
    case 'spawn': {
      const [body, args, link, monitor, name, label, ancestors, priority, maxMailbox] = decoder.term() as [
        Mfa,
        readonly unknown[],
        boolean,
        Ref | null,
        string | null,
        string | null,
        readonly AnyPid[],
        Priority,
        MaxMailbox | null,
      ];
      return { kind, from, to, body, args, link, monitor, name, label, ancestors, priority, maxMailbox };
    }
    case 'info': {
      const ref = decoder.ref();
      return { kind, from, to, ref, withMessages: decoder.term() as boolean };
    }
    case 'infoReply': {
      const ref = decoder.ref();
      return { kind, from, to, ref, info: decoder.term() };
    }
  }
}

/** News of a death must leave whatever the reason is: what is no term becomes the error that says so. */
function encodeReason(encoder: TermEncoder, reason: unknown): void {
  const mark = encoder.mark();
  try {
    encoder.term(reason, 0);
  } catch (error) {
    if (!(error instanceof NotATermError)) throw error;
    encoder.rollBack(mark);
    encoder.term(reasonOf(reason instanceof Error ? reason : error), 0);
  }
}

/** A snapshot may show messages and monitors that are no terms where nobody checks; then it travels without them. */
function encodeInfo(encoder: TermEncoder, info: unknown): void {
  const mark = encoder.mark();
  try {
    encoder.term(info, 0);
  } catch (error) {
    if (!(error instanceof NotATermError)) throw error;
    encoder.rollBack(mark);
    encoder.term({ ...(info as object), messages: [] }, 0);
  }
}
