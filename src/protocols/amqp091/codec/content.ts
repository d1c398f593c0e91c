// The content of one Message as the codec hands it over and takes it: property bytes and one contiguous body, in one
// array of bytes. Between the two may lie octets of framing, which the offsets pass over:
//
//   bytes   [ flags(2) properties... ][ end-marker(1) type(1) channel(2) size(4) ]?[ body... ]
//           0            propertiesEnd                                            bodyAt      bytes.length

/**
 * Properties and body of one Message. `bytes[0..propertiesEnd)` are the raw properties, beginning with their flags
 * word; `bytes[bodyAt..)` is the whole body. The bytes may be a view of the chunk they came in: they keep that chunk
 * alive, and whoever keeps the Message for long copies them.
 */
export type Content = { readonly bytes: Uint8Array; readonly propertiesEnd: number; readonly bodyAt: number };

/** The property bytes of a Message without any property. */
export const NO_PROPERTIES: Uint8Array = new Uint8Array(2);

/** Puts properties and body together, copying both. */
export function makeContent(properties: Uint8Array, body: Uint8Array): Content {
  const bytes = new Uint8Array(properties.length + body.length);
  bytes.set(properties, 0);
  bytes.set(body, properties.length);
  return { bytes, propertiesEnd: properties.length, bodyAt: properties.length };
}

/** A view of the body. */
export function bodyOf(content: Content): Uint8Array {
  return content.bytes.subarray(content.bodyAt);
}
