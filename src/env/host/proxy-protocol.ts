// The PROXY protocol's headers, version 1 and 2 (haproxy.org/download/2.9/doc/proxy-protocol.txt), as a pure function
// over the bytes that have come. Bounded, strict, never throws; what a header says is a claim, not a proof
// (reliability 2.e).
import { isIPv4, isIPv6 } from 'node:net';
import type { SocketAddress } from '../index.ts';

/** What the bytes so far are. */
export type ProxyHeader =
  /** The beginning of a header. */
  | { readonly is: 'partial' }
  /** No header, and none however it goes on. */
  | { readonly is: 'malformed' }
  /** A header of `bytes` bytes. `source` is null where the proxy speaks for itself or does not know. */
  | { readonly is: 'whole'; readonly bytes: number; readonly source: SocketAddress | null };

/** The longest header of version 1, with its line end. */
const V1_BYTES_MAX = 107;
/** Bytes of a version 2 header that are taken: addresses and what a proxy adds to them. */
export const V2_BYTES_MAX = 2048;
const V1_START = new TextEncoder().encode('PROXY ');
const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
const V2_FIXED_BYTES = 16;
const LOCAL = 0x20;
const PROXY = 0x21;
const CR = 13;
const LF = 10;

const PARTIAL: ProxyHeader = { is: 'partial' };
const MALFORMED: ProxyHeader = { is: 'malformed' };

/** Reads the header at the start of `bytes`. */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader {
  if (startsAlike(bytes, V2_SIGNATURE)) return bytes.length < V2_FIXED_BYTES ? partialV2(bytes) : readV2(bytes);
  return startsAlike(bytes, V1_START) ? readV1(bytes) : MALFORMED;
}

/** Whether the two agree as far as both go. */
function startsAlike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let index = 0; index < length; index++) if (bytes[index] !== start[index]) return false;
  return true;
}

// ---- version 1: one line of text

function readV1(bytes: Uint8Array): ProxyHeader {
  const end = bytes.subarray(0, V1_BYTES_MAX).indexOf(LF);
  if (end < 0) return bytes.length < V1_BYTES_MAX ? PARTIAL : MALFORMED;
  if (bytes[end - 1] !== CR) return MALFORMED;
  const words = String.fromCharCode(...bytes.subarray(0, end - 1)).split(' ');
  if (words[1] === 'UNKNOWN') return { is: 'whole', bytes: end + 1, source: null };
  const isAddress = words[1] === 'TCP4' ? isIPv4 : words[1] === 'TCP6' ? isIPv6 : null;
  if (isAddress === null || words.length !== 6) return MALFORMED;
  const [, , host, target, from, to] = words;
  if (!isAddress(host) || !isAddress(target) || !isPort(from) || !isPort(to)) return MALFORMED;
  return { is: 'whole', bytes: end + 1, source: { host, tcpPort: Number(from) } };
}

function isPort(text: string): boolean {
  return /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}

// ---- version 2: bytes

function partialV2(bytes: Uint8Array): ProxyHeader {
  if (bytes.length > 12 && bytes[12] !== LOCAL && bytes[12] !== PROXY) return MALFORMED;
  return PARTIAL;
}

function readV2(bytes: Uint8Array): ProxyHeader {
  const command = bytes[12];
  if (command !== LOCAL && command !== PROXY) return MALFORMED;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const total = V2_FIXED_BYTES + view.getUint16(14);
  if (total > V2_BYTES_MAX) return MALFORMED;
  const family = bytes[13];
  const addressBytes = family === 0x11 ? 12 : family === 0x21 ? 36 : 0;
  if (command === PROXY && total < V2_FIXED_BYTES + addressBytes) return MALFORMED;
  if (bytes.length < total) return PARTIAL;
  // Datagrams and local sockets are no TCP: the header is skipped, as the text asks of who does not support them.
  if (command === LOCAL || addressBytes === 0) return { is: 'whole', bytes: total, source: null };
  const address = bytes.subarray(V2_FIXED_BYTES);
  const host = family === 0x11 ? address.subarray(0, 4).join('.') : ipv6(view);
  const tcpPort = view.getUint16(V2_FIXED_BYTES + (family === 0x11 ? 8 : 32));
  return { is: 'whole', bytes: total, source: { host, tcpPort } };
}

function ipv6(view: DataView): string {
  const words: string[] = [];
  for (let at = V2_FIXED_BYTES; at < V2_FIXED_BYTES + 16; at += 2) words.push(view.getUint16(at).toString(16));
  return words.join(':');
}
