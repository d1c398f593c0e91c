// What must hold for any bytes (reliability 2.d): nothing is thrown but the decoder's own error, in bounded time and memory;
// the findings are the same however the bytes are cut; and what was decoded can be written and read again.
import {
  CodecError,
  type Content,
  decodeMethod,
  decodeProperties,
  encodeMethod,
  encodeProperties,
  FRAME_BYTES_MAX,
  FrameReader,
  type FrameSink,
  type Method,
  peekProperties,
} from '../../src/protocols/amqp091/codec/index.ts';

/** No input may take more of the processor. */
export const INPUT_MS_MAX = 50;
/** Memory that may be held for each octet that has come, and what may be held besides. */
const HELD_PER_OCTET = 64;
const HELD_BESIDES = FRAME_BYTES_MAX + 65_536;

/** Reads the bytes, cut at these places; one line for each finding. Throws for whatever must not happen. */
export function findings(bytes: Buffer, cuts: readonly number[], isThorough: boolean): string[] {
  const lines: string[] = [];
  const sink: FrameSink = {
    onProtocolHeader: (isAccepted) => void lines.push(`header ${isAccepted}`),
    onCommand: (channel, method, content) => void lines.push(`${channel} ${textOf(method, content, isThorough)}`),
    onError: (channel, error) => {
      if (!(error instanceof CodecError)) throw new Error(`told of another error: ${String(error)}`);
      lines.push(`${channel} ${error.replyText}`);
    },
  };
  const reader = new FrameReader();
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    // Every chunk is memory of its own, as from a socket.
    reader.push(new Uint8Array(bytes.subarray(from, to)), sink);
    if (reader.heldBytes > to * HELD_PER_OCTET + HELD_BESIDES) {
      throw new Error(`${reader.heldBytes} bytes are held for ${to} that have come`);
    }
    from = to;
  }
  return lines;
}

function textOf(method: Method, content: Content | null, isThorough: boolean): string {
  const text = content === null ? method.name : `${method.name} +${content.bytes.length - content.bodyAt}`;
  if (!isThorough) return text;
  if (content !== null) readProperties(content);
  const written = encodeMethod(method);
  const again = encodeMethod(decodeMethod(written, 0, written.length));
  if (Buffer.compare(written, again) !== 0) throw new Error(`${method.name} is not the same when written and read`);
  return `${text} ${Buffer.from(written).toString('latin1')}`;
}

function readProperties({ bytes, propertiesEnd }: Content): void {
  for (const read of [decodeProperties, peekProperties]) {
    try {
      read(bytes, 0, propertiesEnd);
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
    }
  }
}

const [METHOD_FRAME, HEADER_FRAME, CONTENT_HEADER_BYTES] = [1, 2, 12];

/** Null when each method and header frame is the same bytes once it is decoded and written again, or what it is instead. */
export function rewritten(frames: readonly Buffer[]): string | null {
  for (const frame of frames) {
    const [type, payload] = [frame[0], frame.subarray(7, -1)];
    if (type !== METHOD_FRAME && type !== HEADER_FRAME) continue;
    const given = type === METHOD_FRAME ? payload : payload.subarray(CONTENT_HEADER_BYTES);
    const again =
      type === METHOD_FRAME
        ? encodeMethod(decodeMethod(given, 0, given.length))
        : encodeProperties(decodeProperties(given));
    if (Buffer.compare(given, again) === 0) continue;
    return `${given.toString('hex')} is ${Buffer.from(again).toString('hex')} when written again`;
  }
  return null;
}
