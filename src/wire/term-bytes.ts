// One term as bytes of its own, for what does not travel on a link (offloaded work).
import { ByteArea } from './byte-area.ts';
import type { Identities } from './identities.ts';
import { TermDecoder } from './term-decoder.ts';
import { TermEncoder } from './term-encoder.ts';

/** Encodes one term. Throws NotATermError for what is none. */
export function encodeTerm(value: unknown, identities: Identities): Uint8Array<ArrayBuffer> {
  const area = new ByteArea();
  new TermEncoder(area, identities).term(value, 0);
  return area.bytes.slice(0, area.end);
}

/** Decodes what {@link encodeTerm} made. */
export function decodeTerm(bytes: Uint8Array<ArrayBuffer>, identities: Identities): unknown {
  const area = new ByteArea();
  area.bytes = bytes;
  area.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  area.end = bytes.length;
  return new TermDecoder(area, identities).term();
}
