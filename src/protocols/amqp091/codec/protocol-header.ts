// The eight bytes that open a connection (digest 1.1): "AMQP" and four octets. 0-9-1 and the older forms that RabbitMQ
// takes for it; to anything else the server answers with its own header and closes.

/** How many bytes a protocol header has. */
export const PROTOCOL_HEADER_BYTES = 8;

/** The header of AMQP 0-9-1. */
export const PROTOCOL_HEADER: readonly number[] = [0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1];

// 0-9-1, 0-9 and two forms of 0-8.
const VERSIONS: readonly (readonly number[])[] = [
  [0, 0, 9, 1],
  [1, 1, 0, 9],
  [1, 1, 8, 0],
  [1, 1, 9, 1],
];

/** Whether the first eight of these bytes are a protocol header that is answered with connection.start. */
export function isKnownProtocolHeader(bytes: Uint8Array): boolean {
  for (let i = 0; i < 4; i++) if (bytes[i] !== PROTOCOL_HEADER[i]) return false;
  return VERSIONS.some((version) => version.every((octet, i) => bytes[4 + i] === octet));
}
