// RabbitMQ's texts for frames that are wrong in themselves (digest 2 "Frame"): the type, the first octets of the
// payload as Erlang prints them, the reason.
import { CodecError, printedOctets } from './codec-error.ts';
import { FRAME_OVERHEAD_BYTES } from './limits.ts';

const SNIPPET_BYTES = 16;

function snippet(type: number, bytes: Uint8Array, start: number, end: number): string {
  return end - start <= SNIPPET_BYTES
    ? `type ${type}, all octets = ${printedOctets(bytes, start, end)}`
    : `type ${type}, first 16 octets = ${printedOctets(bytes, start, start + SNIPPET_BYTES)}`;
}

/** 501 for a frame that claims more than `frameMax` bytes of payload; none of it was read. */
export function frameTooLarge(type: number, size: number, frameMax: number): CodecError {
  const reason = `{frame_too_large,${size},${frameMax - FRAME_OVERHEAD_BYTES}}`;
  return new CodecError(501, `type ${type}, all octets = <<>>: ${reason}`);
}

/** 501 for another octet than 0xCE behind the payload `start..end`, of which 16 octets must be present. */
export function badFrameEnd(type: number, octet: number, bytes: Uint8Array, start: number, end: number): CodecError {
  return new CodecError(501, `${snippet(type, bytes, start, end)}: {invalid_frame_end_marker,${octet}}`);
}

/** 501 for an unknown type, a heartbeat with payload, a method or header frame too short to be one. */
export function unknownFrame(type: number, bytes: Uint8Array, start: number, end: number): CodecError {
  return new CodecError(501, `${snippet(type, bytes, start, end)}: unknown_frame`);
}

/** 505 for a sound frame on a channel where its type never belongs. */
export function unexpectedFrame(type: number, bytes: Uint8Array, start: number, end: number): CodecError {
  return new CodecError(505, snippet(type, bytes, start, end));
}
