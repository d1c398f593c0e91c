// The AMQP Message as all of the broker sees it (DESIGN decision 13): keys, and bytes of one protocol with a tag of their
// format. The broker never reads the properties itself; where it has to (headers exchange, dead letters) it asks the
// format's reader and rewriter, which the protocol supplies.
import type { FieldTable } from './field-table.ts';

/** One Message. A plain object, never changed once made: many queues share it. */
export interface Message {
  readonly exchange: string;
  /** The key it was published with. */
  readonly routingKey: string;
  /** Further keys, those of CC before those of BCC; null for none. */
  readonly extraKeys: readonly string[] | null;
  /** Properties at `0..propertiesEnd`, the body from `bodyAt` on; what lies between is framing and means nothing. */
  readonly bytes: Uint8Array;
  readonly propertiesEnd: number;
  readonly bodyAt: number;
  /** It asks to survive a restart. */
  readonly persistent: boolean;
  /** 0 when none was given. */
  readonly priority: number;
  /** Its own time to live in ms, -1 for none. */
  readonly ttlMs: number;
  /** Ms that it waits before it arrives in a queue; 0 for none. */
  readonly delayMs: number;
  /** Names the format of the property bytes. */
  readonly format: string;
}

/** Bytes of the body. */
export function bodyLength(message: Message): number {
  return message.bytes.length - message.bodyAt;
}

/** A view of the body. */
export function bodyOf(message: Message): Uint8Array {
  return message.bytes.subarray(message.bodyAt);
}

/** What `rewrite` changes; what is absent stays. */
export interface PropertyEdit {
  readonly headers?: FieldTable;
  /** Removes the property. */
  readonly expiration?: null;
  readonly replyTo?: string;
}

/** Reads and rewrites the properties of one format. Pure. */
export interface PropertiesFormat {
  /** The headers, or null when there are none. The caller may change the table. */
  headers(message: Message): FieldTable | null;
  /** A property as text, null when it is absent or not known: message_id, correlation_id, timestamp. */
  property(message: Message, name: string): string | null;
  /** The same Message with other properties. */
  rewrite(message: Message, edit: PropertyEdit): Message;
}

/** The formats a broker knows, by their tag in `Message.format`. */
export type PropertiesFormats = ReadonlyMap<string, PropertiesFormat>;

/** The headers of a Message; null when it has none or nobody knows its format. */
export function headersOf(message: Message, formats: PropertiesFormats): FieldTable | null {
  return formats.get(message.format)?.headers(message) ?? null;
}
