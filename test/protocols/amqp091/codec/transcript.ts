// A sink that writes down what it is told, as comparable data: contents as properties and body.
import type { CodecError, Content, FrameSink, Method } from '../../../../src/protocols/amqp091/codec/index.ts';

/** One thing a reader reported. */
export type Entry =
  | { accepted: boolean }
  | { channel: number; method: Method; properties: string | null; body: string | null }
  | { channel: number; error: string };

/** Collects the entries of a reader. */
export function transcript(): FrameSink & { readonly entries: Entry[]; readonly contents: (Content | null)[] } {
  const entries: Entry[] = [];
  const contents: (Content | null)[] = [];
  return {
    entries,
    contents,
    onProtocolHeader: (accepted) => entries.push({ accepted }),
    onCommand(channel, method, content) {
      contents.push(content);
      const part = (from: number, to?: number) =>
        content === null ? null : Buffer.from(content.bytes.slice(from, to)).toString('hex');
      entries.push({ channel, method, properties: part(0, content?.propertiesEnd), body: part(content?.bodyAt ?? 0) });
    },
    onError: (channel, error) => entries.push({ channel, error: errorLine(error) }),
  };
}

/** `code [class,method] reply text`, the form of the recorded answers. */
export function errorLine(error: CodecError): string {
  return `${error.code} [${error.classId},${error.methodId}] ${error.replyText}`;
}

/** One raw frame. */
export function frame(type: number, channel: number, payload: Uint8Array | string, end = 0xce): Buffer {
  const bytes = Buffer.from(payload as string);
  const head = Buffer.alloc(7);
  head[0] = type;
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(bytes.length, 3);
  return Buffer.concat([head, bytes, Buffer.of(end)]);
}

/** The payload of a header frame without properties. */
export function header(bodyBytes: number, classId = 60, weight = 0): Buffer {
  const payload = Buffer.alloc(14);
  payload.writeUInt16BE(classId, 0);
  payload.writeUInt16BE(weight, 2);
  payload.writeBigUInt64BE(BigInt(bodyBytes), 4);
  return payload;
}
