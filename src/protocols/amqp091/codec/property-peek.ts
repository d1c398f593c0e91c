// What a broker has to know of each published Message, found by the property flags without decoding headers. Every
// length is checked and the headers are walked, so that a later `decodeProperties` of the same bytes cannot fail.
import { cannotDecode } from './codec-error.ts';
import { checkTable } from './field-check.ts';
import { u32 } from './frame-format.ts';
import { PROPERTY_LIST, RESERVED_FLAGS } from './properties.ts';
import { decodeTextLossless } from './text.ts';

/** The properties that decide what a broker does. Immutable; equal plain Messages share one object. */
export type PropertySummary = {
  /** -1 when absent; 2 means persistent. */
  readonly deliveryMode: number;
  /** 0 when absent. */
  readonly priority: number;
  readonly expiration: string | undefined;
  readonly replyTo: string | undefined;
  readonly userId: string | undefined;
  /** True when there is a header table with at least one field. */
  readonly hasHeaders: boolean;
  /** True when the headers have a `CC` or `BCC` field. */
  readonly hasCopyKeys: boolean;
};

const [HEADERS, DELIVERY_MODE, PRIORITY, REPLY_TO, EXPIRATION, USER_ID] = [
  'headers',
  'deliveryMode',
  'priority',
  'replyTo',
  'expiration',
  'userId',
].map((wanted) => PROPERTY_LIST.findIndex(([name]) => name === wanted));
const DELIVERY_MODE_ONLY = 0x8000 >> DELIVERY_MODE;
const NOTABLE = [PRIORITY, REPLY_TO, EXPIRATION, USER_ID].reduce((flags, index) => flags | (0x8000 >> index), 0);

// By index in PROPERTY_LIST: the fixed width in bytes, 0 for a short string, -1 for a table.
const widths = Int8Array.from(PROPERTY_LIST, ([, kind]) => ({ shortstr: 0, octet: 1, timestamp: 8, table: -1 })[kind]);

function plain(deliveryMode: number): PropertySummary {
  return {
    deliveryMode,
    priority: 0,
    expiration: undefined,
    replyTo: undefined,
    userId: undefined,
    hasHeaders: false,
    hasCopyKeys: false,
  };
}

const ABSENT = -1;
/** At the delivery mode + 1. */
const PLAIN: readonly PropertySummary[] = [plain(ABSENT), plain(0), plain(1), plain(2)];

/**
 * The summary of the properties `start..end`, flags word first. No properties, or only a delivery mode 1 or 2, make
 * nothing and cost two comparisons. Throws CodecError 501 or 502 for malformed properties.
 */
export function peekProperties(bytes: Uint8Array, start: number, end: number): PropertySummary {
  if (end - start < 2) throw cannotDecode(bytes, start, end);
  const flags = (bytes[start] << 8) | bytes[start + 1];
  if (flags === 0 && end - start === 2) return PLAIN[0];
  if (flags === DELIVERY_MODE_ONLY && end - start === 3 && bytes[start + 2] <= 2) return PLAIN[bytes[start + 2] + 1];
  return walk(bytes, start, end, flags);
}

function walk(bytes: Uint8Array, start: number, end: number, flags: number): PropertySummary {
  if ((flags & RESERVED_FLAGS) !== 0) throw cannotDecode(bytes, start, end);
  let deliveryMode = ABSENT;
  let priority = 0;
  let expiration: string | undefined;
  let replyTo: string | undefined;
  let userId: string | undefined;
  let hasHeaders = false;
  let hasCopyKeys = false;
  let at = start + 2;
  for (let left = flags; left !== 0; ) {
    const index = Math.clz32(left) - 16;
    left ^= 0x8000 >> index;
    const next = propertyEnd(bytes, at, end, index);
    if (next > end) throw cannotDecode(bytes, start, end);
    if (index === DELIVERY_MODE) deliveryMode = bytes[at];
    else if (index === PRIORITY) priority = bytes[at];
    else if (index === REPLY_TO) replyTo = decodeTextLossless(bytes, at + 1, next);
    else if (index === EXPIRATION) expiration = decodeTextLossless(bytes, at + 1, next);
    else if (index === USER_ID) userId = decodeTextLossless(bytes, at + 1, next);
    else if (index === HEADERS) {
      hasCopyKeys = checkTable(bytes, at, end);
      hasHeaders = next - at > 4;
    }
    at = next;
  }
  if (at !== end) throw cannotDecode(bytes, start, end);
  const isPlain = (flags & NOTABLE) === 0 && !hasHeaders && deliveryMode <= 2;
  if (isPlain) return PLAIN[deliveryMode + 1];
  return { deliveryMode, priority, expiration, replyTo, userId, hasHeaders, hasCopyKeys };
}

/**
 * Where the property with that index in `PROPERTY_LIST`, which begins at `at`, ends. Beyond `end` when it does not fit.
 */
export function propertyEnd(bytes: Uint8Array, at: number, end: number, index: number): number {
  const width = widths[index];
  if (width > 0) return at + width;
  if (width === 0) return at < end ? at + 1 + bytes[at] : end + 1;
  return end - at < 4 ? end + 1 : at + 4 + u32(bytes, at);
}
