// What the arguments of a stream and of its consumers mean (`x-queue-type: stream`), with RabbitMQ's checks and texts.
import { type FieldTable, type FieldValue, integerOf, textOf, valueText } from '../field-table.ts';

/** How long a stream keeps what it has: whole segments go, oldest first, never the one that is being filled. */
export interface StreamSettings {
  /** A segment is sealed at this length. */
  readonly segmentBytes: number;
  /** Ms after which a message is not needed any more; Infinity for never. */
  readonly maxAgeMs: number;
  /** Bytes beyond which the oldest segment goes; Infinity for any. */
  readonly maxLengthBytes: number;
}

/** RabbitMQ's: 500,000,000, and at most 3,000,000,000. */
export const SEGMENT_BYTES = 500_000_000;
export const SEGMENT_BYTES_MAX = 3_000_000_000;

const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = {
  Y: 365 * DAY_MS,
  M: 30 * DAY_MS,
  D: DAY_MS,
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
};
const SPAN = /^(\d+)([YMDhms])$/;

/** Ms of a time such as `1h` or `30D`; null for anything else. */
export function spanMs(text: string): number | null {
  const [, count, unit] = SPAN.exec(text) ?? [];
  return count === undefined ? null : Number(count) * UNITS_MS[unit];
}

/** Reads the arguments of a declared stream, which were checked. */
export function streamSettings(args: FieldTable): StreamSettings {
  const number = (name: string, otherwise: number) => integerOf(args.get(name)) ?? otherwise;
  return {
    segmentBytes: number('x-stream-max-segment-size-bytes', SEGMENT_BYTES),
    maxAgeMs: spanMs(textOf(args.get('x-max-age')) ?? '') ?? Number.POSITIVE_INFINITY,
    maxLengthBytes: number('x-max-length-bytes', Number.POSITIVE_INFINITY),
  };
}

/** Where a consumer begins. `since`: with the first message of that time or later. */
export type StreamStart =
  | { readonly tag: 'first' | 'last' | 'next' }
  | { readonly tag: 'offset'; readonly offset: number }
  | { readonly tag: 'since'; readonly atMs: number };

/** Reads `x-stream-offset`; a text says what is wrong with it. Without one a consumer begins with what comes next. */
export function streamStart(args: FieldTable, nowMs: number): StreamStart | string {
  const field = args.get('x-stream-offset');
  if (field === undefined) return { tag: 'next' };
  const offset = integerOf(field);
  if (field.type === 'timestamp') return { tag: 'since', atMs: Number(field.value) * 1_000 };
  if (offset !== null) return { tag: 'offset', offset };
  const text = textOf(field);
  if (text === 'first' || text === 'last' || text === 'next') return { tag: text };
  const span = text === null ? null : spanMs(text);
  return span === null ? offsetText(field) : { tag: 'since', atMs: nowMs - span };
}

function offsetText(field: FieldValue): string {
  const text = textOf(field);
  return `{invalid_stream_offset_arg,{${field.type},${text === null ? valueText(field) : `<<"${text}">>`}}}`;
}
