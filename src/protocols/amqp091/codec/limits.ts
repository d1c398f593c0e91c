// The named bounds of the AMQP 0-9-1 codec, each with the default that RabbitMQ 3.10 uses where it has one.

/** Largest frame that is agreed by default, in bytes, framing included; also the limit before connection.tune-ok. */
export const FRAME_BYTES_MAX = 131_072;

/** Bytes of framing around a payload: type, channel, size (7 octets) and the end marker. */
export const FRAME_OVERHEAD_BYTES = 8;

/** Largest body of one Message, in bytes (digest section 2); above it the channel is closed with 406. */
export const MESSAGE_BYTES_MAX = 134_217_728;

/** Nesting depth of tables and arrays that is read or written; the deepest value has this depth. */
export const TABLE_DEPTH_MAX = 100;

/** Longest short string, in bytes: its length is one octet. */
export const SHORTSTR_BYTES_MAX = 255;

/** Bodies longer than this many bytes are handed to the socket as views instead of being copied. */
export const SEPARATE_BODY_BYTES = 16_384;

/** Largest piece of output memory that a writer asks for at once, in bytes; a longer single frame gets what it needs. */
export const OUTPUT_BYTES_MAX = 262_144;
