// Events of the metadata as bytes of the log: JSON with the values that JSON lacks spelled out, behind a byte for the
// version and one for what it is. A snapshot is written in parts and counts only when all of them are there.
import type { MetadataEvent } from './events.ts';

const VERSION = 1;
const EVENT = 1;
const SNAPSHOT_PART = 2;

/** Thrown for a record of the metadata that this program does not know. */
export class EventFormatError extends Error {
  override readonly name = 'EventFormatError';
}

/** What the metadata writes into the log. */
export type JournalRecord =
  | { readonly tag: 'event'; readonly event: MetadataEvent }
  | {
      readonly tag: 'snapshotPart';
      readonly part: number;
      readonly parts: number;
      /** The highest queue id ever used. */
      readonly lastQueueId: number;
      readonly events: readonly MetadataEvent[];
    };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeJournalRecord(record: JournalRecord): Uint8Array {
  const body = record.tag === 'event' ? record.event : { ...record, tag: undefined };
  const json = encoder.encode(JSON.stringify(body, replace));
  const bytes = new Uint8Array(2 + json.length);
  bytes[0] = VERSION;
  bytes[1] = record.tag === 'event' ? EVENT : SNAPSHOT_PART;
  bytes.set(json, 2);
  return bytes;
}

/** Whether this program has written it, or could have. */
export function isKnownRecord(bytes: Uint8Array): boolean {
  return bytes[0] === VERSION && (bytes[1] === EVENT || bytes[1] === SNAPSHOT_PART);
}

/** What is wrong with a record that is not known. */
export function unknownRecord(bytes: Uint8Array): string {
  return `a record of the metadata has version ${bytes[0]} and kind ${bytes[1]}; this program knows version ${VERSION}`;
}

/** Throws {@link EventFormatError} for what an unknown program has written. */
export function decodeJournalRecord(bytes: Uint8Array): JournalRecord {
  if (!isKnownRecord(bytes)) throw new EventFormatError(unknownRecord(bytes));
  const body = JSON.parse(decoder.decode(bytes.subarray(2)), revive);
  return bytes[1] === EVENT ? { tag: 'event', event: body } : { tag: 'snapshotPart', ...body };
}

/** One key that no record has. */
const TYPE = '$';

function replace(this: unknown, key: string, value: unknown): unknown {
  // JSON.stringify asks a value's toJSON first; what the holder has is the value itself.
  const own = (this as Record<string, unknown>)[key];
  if (own instanceof Map) return { [TYPE]: 'map', entries: [...own] };
  if (own instanceof Uint8Array) return { [TYPE]: 'bytes', hex: hex(own) };
  if (typeof own === 'bigint') return { [TYPE]: 'bigint', text: String(own) };
  if (typeof own === 'number' && (!Number.isFinite(own) || Object.is(own, -0))) {
    return { [TYPE]: 'number', text: Object.is(own, -0) ? '-0' : String(own) };
  }
  return value;
}

interface Spelled {
  readonly [TYPE]?: 'map' | 'bytes' | 'bigint' | 'number';
  readonly entries: [unknown, unknown][];
  readonly hex: string;
  readonly text: string;
}

function revive(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const spelled = value as Spelled;
  switch (spelled[TYPE]) {
    case 'map':
      return new Map(spelled.entries);
    case 'bytes':
      return Uint8Array.from(spelled.hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    case 'bigint':
      return BigInt(spelled.text);
    case 'number':
      return Number(spelled.text);
    default:
      return value;
  }
}

function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
