// The numbers of the frame format.
//
//   frame    type(1) channel(2) size(4) payload end-marker(1) = 0xCE      type: 1 method, 2 header, 3 body, 8 heartbeat
//   header   class-id(2) weight(2) = 0 body-size(8) properties            the payload of a header frame

export const METHOD_FRAME = 1;
export const HEADER_FRAME = 2;
export const BODY_FRAME = 3;
export const HEARTBEAT_FRAME = 8;
export const END_MARKER = 0xce;

/** Bytes before a frame's payload. */
export const FRAME_HEADER_BYTES = 7;

/** Bytes before the properties in a header frame's payload. */
export const CONTENT_HEADER_BYTES = 12;

/** The class of all methods with content. */
export const BASIC_CLASS = 60;

/** An unsigned 32-bit number at `at`. */
export function u32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** The channel of the frame that begins at `at`. */
export function channelOf(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1] << 8) | bytes[at + 2];
}
