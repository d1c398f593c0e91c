// Properties with some fields changed, all others copied byte by byte: what reply-to rewriting, dead lettering and the
// removal of BCC need (digest 2 "Added by the server", section 9).
import { ByteWriter } from './byte-writer.ts';
import { cannotDecode } from './codec-error.ts';
import { writeTable } from './field-table.ts';
import type { FieldTable } from './field-value.ts';
import { PROPERTY_LIST, RESERVED_FLAGS } from './properties.ts';
import { propertyEnd } from './property-peek.ts';

/** New values; `null` removes the property, an absent or undefined one leaves it as it is. */
export type PropertyChanges = {
  readonly headers?: FieldTable | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly expiration?: string | null | undefined;
};

/** The properties `start..end` with the changes made, as fresh bytes. Throws CodecError 501 for malformed bytes. */
export function rewriteProperties(
  bytes: Uint8Array,
  changes: PropertyChanges,
  start = 0,
  end = bytes.length,
): Uint8Array {
  if (end - start < 2) throw cannotDecode(bytes, start, end);
  const oldFlags = (bytes[start] << 8) | bytes[start + 1];
  if ((oldFlags & RESERVED_FLAGS) !== 0) throw cannotDecode(bytes, start, end);
  const writer = new ByteWriter();
  writer.u16(0);
  let flags = 0;
  let at = start + 2;
  for (let i = 0; i < PROPERTY_LIST.length; i++) {
    const flag = 1 << (15 - i);
    const isPresent = (oldFlags & flag) !== 0;
    const next = isPresent ? propertyEnd(bytes, at, end, i) : at;
    if (next > end) throw cannotDecode(bytes, start, end);
    const change = changeOf(changes, PROPERTY_LIST[i][0]);
    if (change === undefined && isPresent) {
      writer.raw(bytes, at, next);
      flags |= flag;
    } else if (change !== undefined && change !== null) {
      if (typeof change === 'string') writer.shortstr(change);
      else writeTable(writer, change);
      flags |= flag;
    }
    at = next;
  }
  if (at !== end) throw cannotDecode(bytes, start, end);
  const rewritten = writer.copy();
  rewritten[0] = flags >> 8;
  rewritten[1] = flags;
  return rewritten;
}

function changeOf(changes: PropertyChanges, name: string): FieldTable | string | null | undefined {
  switch (name) {
    case 'headers':
      return changes.headers;
    case 'replyTo':
      return changes.replyTo;
    case 'expiration':
      return changes.expiration;
    default:
      return undefined;
  }
}
