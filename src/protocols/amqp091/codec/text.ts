// UTF-8 to strings and back. Short ASCII is the common case and takes no decoder; bytes that are not UTF-8 are either
// refused (method arguments) or kept without loss (table keys, property strings).

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

type Slices = { latin1Slice(this: Uint8Array, start: number, end: number): string };
const latin1Slice = (Buffer.prototype as unknown as Slices).latin1Slice;

/** The bytes `start..end` as text, or null when they are not valid UTF-8. A byte order mark is kept. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string | null {
  for (let at = start; at < end; at++) {
    if (bytes[at] > 0x7f) return decodeWide(bytes, start, end);
  }
  return start === end ? '' : latin1Slice.call(bytes, start, end);
}

function decodeWide(bytes: Uint8Array, start: number, end: number): string | null {
  try {
    return strictDecoder.decode(bytes.subarray(start, end));
  } catch {
    return null;
  }
}

/**
 * The bytes `start..end` as text that `encodeText` turns into the same bytes again: valid UTF-8 as itself, otherwise
 * each octet above 127 as a lone surrogate U+DC80..U+DCFF, which no valid UTF-8 yields.
 */
export function decodeTextLossless(bytes: Uint8Array, start: number, end: number): string {
  const text = decodeText(bytes, start, end);
  if (text !== null) return text;
  let escaped = '';
  for (let at = start; at < end; at++) {
    escaped += String.fromCharCode(bytes[at] > 0x7f ? 0xdc00 + bytes[at] : bytes[at]);
  }
  return escaped;
}

/**
 * Writes `text` as UTF-8 at `at` and returns the offset behind it. The target must have room for three bytes for each
 * UTF-16 unit. Lone surrogates U+DC80..U+DCFF become the octets they stand for, other lone ones U+FFFD.
 */
export function encodeText(text: string, target: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeWide(text, target, at);
    target[at + i] = unit;
  }
  return at + text.length;
}

function encodeWide(text: string, target: Uint8Array, at: number): number {
  if (text.isWellFormed()) return at + encoder.encodeInto(text, target.subarray(at)).written;
  let end = at;
  for (const character of text) {
    const unit = character.charCodeAt(0);
    if (character.length === 1 && unit >= 0xdc80 && unit <= 0xdcff) target[end++] = unit & 0xff;
    else end += encoder.encodeInto(character, target.subarray(end)).written;
  }
  return end;
}
