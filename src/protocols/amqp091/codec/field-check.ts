// Walks a table without decoding it: finds out whether it is well formed, and whether it has CC or BCC keys. It makes
// nothing, so a broker can afford it for every publish, and may then decode lazily, knowing that it will not fail.
import { CodecError, cannotDecode } from './codec-error.ts';
import { tooDeep, unknownType } from './field-table.ts';
import { TABLE_DEPTH_MAX } from './limits.ts';

const VARIABLE = -1;
const CONTAINER = -2;
const TABLE = -3;
const UNKNOWN = -4;
const C = 0x43;
const B = 0x42;

// By type octet: the bytes of a fixed width, or how the width is found.
const widths = new Int8Array(256).fill(UNKNOWN);
for (const [letters, width] of [
  ['bBt', 1],
  ['su', 2],
  ['Iif', 4],
  ['D', 5],
  ['lLdT', 8],
  ['V', 0],
  ['Sx', VARIABLE],
  ['A', CONTAINER],
  ['F', TABLE],
] as const) {
  for (const letter of letters) widths[letter.charCodeAt(0)] = width;
}

/**
 * Checks the table at `start` (its size included), which must end at or before `end`. Returns whether a top-level key
 * is `CC` or `BCC`. Throws CodecError 501 where a length does not fit and 502 for an unknown type or too deep nesting,
 * exactly where `decodeTable` would.
 */
export function checkTable(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < 4) throw cannotDecode(bytes, start, end);
  const size = u32(bytes, start);
  if (size > end - start - 4) throw cannotDecode(bytes, start, end);
  const from = start + 4;
  checkFields(bytes, from, from + size, 1, true);
  return hasCopyKeys(bytes, from, from + size);
}

function checkFields(bytes: Uint8Array, start: number, end: number, depth: number, keyed: boolean): void {
  let at = start;
  while (at < end) {
    if (keyed) at += 1 + bytes[at];
    if (at >= end) throw cannotDecode(bytes, start, end);
    at = checkValue(bytes, at, end, depth);
  }
  if (at !== end) throw cannotDecode(bytes, start, end);
}

function checkValue(bytes: Uint8Array, start: number, end: number, depth: number): number {
  const width = widths[bytes[start]];
  const at = start + 1;
  if (width >= 0) return at + width;
  if (width === UNKNOWN) throw new CodecError(502, unknownType(bytes[start]));
  if (width !== VARIABLE && depth >= TABLE_DEPTH_MAX) throw new CodecError(502, tooDeep());
  if (end - at < 4) throw cannotDecode(bytes, start, end);
  const size = u32(bytes, at);
  if (size > end - at - 4) throw cannotDecode(bytes, start, end);
  if (width !== VARIABLE) checkFields(bytes, at + 4, at + 4 + size, depth + 1, width === TABLE);
  return at + 4 + size;
}

function hasCopyKeys(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  while (at < end) {
    const length = bytes[at];
    const key = at + 1;
    if (length === 2 && bytes[key] === C && bytes[key + 1] === C) return true;
    if (length === 3 && bytes[key] === B && bytes[key + 1] === C && bytes[key + 2] === C) return true;
    at = key + length;
    const width = widths[bytes[at]];
    at += 1 + (width >= 0 ? width : 4 + u32(bytes, at + 1));
  }
  return false;
}

function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
