// AMQP 0-9-1 as bytes, written without the broker's codec: says exactly what a test tells it and reads exactly what
// comes back. Frames, methods by class and method number, field tables, content.
//
//   type(1) channel(2) size(4) payload end(1, 0xCE)

/** One frame. `end` and `claimed` (the size it says it has) are for the ones that lie. */
export function frame(type: number, channel: number, payload: Buffer, end = 0xce, claimed = payload.length): Buffer {
  const bytes = Buffer.alloc(payload.length + 8);
  bytes.writeUInt8(type, 0);
  bytes.writeUInt16BE(channel, 1);
  bytes.writeUInt32BE(claimed, 3);
  payload.copy(bytes, 7);
  bytes.writeUInt8(end, payload.length + 7);
  return bytes;
}

/** A method frame. */
export function method(channel: number, classId: number, methodId: number, ...args: readonly Buffer[]): Buffer {
  return frame(1, channel, Buffer.concat([u16(classId), u16(methodId), ...args]));
}

export const u8 = (value: number): Buffer => Buffer.from([value]);
export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}
export const shortstr = (text: string | Buffer): Buffer => Buffer.concat([u8(text.length), Buffer.from(text)]);
export const longstr = (text: string | Buffer): Buffer => Buffer.concat([u32(text.length), Buffer.from(text)]);
/** A table from fields that are already bytes (name, type and value). */
export const table = (...fields: readonly Buffer[]): Buffer => longstr(Buffer.concat(fields));
/** One field of a table. */
export const field = (name: string, type: string, value: Buffer): Buffer =>
  Buffer.concat([shortstr(name), Buffer.from(type), value]);

export const PROTOCOL_HEADER = Buffer.from('AMQP\x00\x00\x09\x01', 'latin1');
export const HEARTBEAT = frame(8, 0, Buffer.alloc(0));

const capabilities = ['authentication_failure_close', 'consumer_cancel_notify'];
const clientProperties = table(
  field('capabilities', 'F', table(...capabilities.map((name) => field(name, 't', u8(1))))),
);

export const startOk = method(
  0,
  10,
  11,
  clientProperties,
  shortstr('PLAIN'),
  longstr('\0guest\0guest'),
  shortstr('en_US'),
);
export const tuneOk = (frameMax = 131_072, heartbeatS = 0): Buffer =>
  method(0, 10, 31, u16(2047), u32(frameMax), u16(heartbeatS));
export const open = method(0, 10, 40, shortstr('/'), shortstr(''), u8(0));
/** The whole opening up to connection.open, and channel 1; a client may say it all at once. */
export const OPENING = Buffer.concat([PROTOCOL_HEADER, startOk, tuneOk(), open, method(1, 20, 10, shortstr(''))]);

export const connectionClose = method(0, 10, 50, u16(200), shortstr('bye'), u16(0), u16(0));
export const connectionCloseOk = method(0, 10, 51);
export const channelOpen = (channel: number): Buffer => method(channel, 20, 10, shortstr(''));
export const channelClose = (channel: number): Buffer =>
  method(channel, 20, 40, u16(200), shortstr(''), u16(0), u16(0));
export const channelCloseOk = (channel: number): Buffer => method(channel, 20, 41);
export const confirmSelect = (channel: number): Buffer => method(channel, 85, 10, u8(0));

/** queue.declare; `bits` are passive, durable, exclusive, autoDelete, nowait from the lowest up. */
export const queueDeclare = (channel: number, queue: string | Buffer, bits = 0b00100, args = table()): Buffer =>
  method(channel, 50, 10, u16(0), shortstr(queue), u8(bits), args);
export const queueDelete = (channel: number, queue: string): Buffer =>
  method(channel, 50, 40, u16(0), shortstr(queue), u8(0));
export const consume = (channel: number, queue: string, tag: string, noAck = true, args = table()): Buffer =>
  method(channel, 60, 20, u16(0), shortstr(queue), shortstr(tag), u8(noAck ? 2 : 0), args);
export const ack = (channel: number, deliveryTag: number, multiple = false): Buffer =>
  method(channel, 60, 80, u64(BigInt(deliveryTag)), u8(multiple ? 1 : 0));
export const publishMethod = (channel: number, exchange: string, key: string, bits = 0): Buffer =>
  method(channel, 60, 40, u16(0), shortstr(exchange), shortstr(key), u8(bits));
/** The header frame of a content; `flagsAndProperties` defaults to none. */
export const contentHeader = (
  channel: number,
  bodyBytes: number,
  properties = u16(0),
  classId = 60,
  weight = 0,
): Buffer => frame(2, channel, Buffer.concat([u16(classId), u16(weight), u64(BigInt(bodyBytes)), properties]));
export const contentBody = (channel: number, body: Buffer): Buffer => frame(3, channel, body);

export const channelFlow = (channel: number, isActive = true): Buffer => method(channel, 20, 20, u8(isActive ? 1 : 0));
export const qos = (channel: number, prefetchCount: number): Buffer =>
  method(channel, 60, 10, u32(0), u16(prefetchCount), u8(0));
export const cancel = (channel: number, tag: string): Buffer => method(channel, 60, 30, shortstr(tag), u8(0));
export const get = (channel: number, queue: string, noAck: boolean): Buffer =>
  method(channel, 60, 70, u16(0), shortstr(queue), u8(noAck ? 1 : 0));
export const nack = (channel: number, deliveryTag: number, requeue: boolean): Buffer =>
  method(channel, 60, 120, u64(BigInt(deliveryTag)), u8(requeue ? 2 : 0));

/** basic.publish with its content in frames of at most `frameMax`. */
export function publish(channel: number, exchange: string, key: string, body: Buffer, frameMax = 131_072): Buffer {
  const frames = [publishMethod(channel, exchange, key), contentHeader(channel, body.length)];
  for (let at = 0; at < body.length; at += frameMax - 8) {
    frames.push(contentBody(channel, body.subarray(at, at + frameMax - 8)));
  }
  return Buffer.concat(frames);
}
