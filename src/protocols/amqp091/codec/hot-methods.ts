// The methods that come once a Message, written by hand: reading makes one object of fixed shape, writing makes none.
//
//   publish  ticket(2) exchange routing-key bits(1)        deliver  tag-string delivery-tag(8) bits(1) exchange key
//   ack      delivery-tag(8) bits(1)                       get-ok   delivery-tag(8) bits(1) exchange key count(4)
import { ByteCursor } from './byte-cursor.ts';
import type { ByteWriter } from './byte-writer.ts';
import { cannotDecode } from './codec-error.ts';
import type { Method, MethodOf } from './method-table.ts';

/** A method's ids as one number: class in the upper, method in the lower 16 bits. */
export const PUBLISH_KEY = (60 << 16) | 40;
const RETURN_KEY = (60 << 16) | 50;
const DELIVER_KEY = (60 << 16) | 60;
const GET_KEY = (60 << 16) | 70;
const GET_OK_KEY = (60 << 16) | 71;
const ACK_KEY = (60 << 16) | 80;
const REJECT_KEY = (60 << 16) | 90;
const NACK_KEY = (60 << 16) | 120;

/** Decodes the arguments `start..end` of the method with that key, or returns null when it is no hot one. */
export function decodeHot(key: number, bytes: Uint8Array, start: number, end: number): Method | null {
  switch (key) {
    case ACK_KEY: {
      const bits = settlementBits(bytes, start, end, 80);
      return { name: 'basic.ack', deliveryTag: u64(bytes, start), multiple: (bits & 1) !== 0 };
    }
    case REJECT_KEY: {
      const bits = settlementBits(bytes, start, end, 90);
      return { name: 'basic.reject', deliveryTag: u64(bytes, start), requeue: (bits & 1) !== 0 };
    }
    case NACK_KEY: {
      const bits = settlementBits(bytes, start, end, 120);
      const deliveryTag = u64(bytes, start);
      return { name: 'basic.nack', deliveryTag, multiple: (bits & 1) !== 0, requeue: (bits & 2) !== 0 };
    }
    case PUBLISH_KEY:
      return decodePublish(new ByteCursor(bytes, start, end, 60, 40));
    case GET_KEY:
      return decodeGet(new ByteCursor(bytes, start, end, 60, 70));
    case DELIVER_KEY:
      return decodeDeliver(new ByteCursor(bytes, start, end, 60, 60));
    case GET_OK_KEY:
      return decodeGetOk(new ByteCursor(bytes, start, end, 60, 71));
    case RETURN_KEY:
      return decodeReturn(new ByteCursor(bytes, start, end, 60, 50));
    default:
      return null;
  }
}

function settlementBits(bytes: Uint8Array, start: number, end: number, methodId: number): number {
  if (end - start !== 9) throw cannotDecode(bytes, start, end, 60, methodId);
  return bytes[start + 8];
}

function u64(bytes: Uint8Array, at: number): number {
  const high = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  const low = ((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0;
  return high * 4_294_967_296 + low;
}

function decodePublish(cursor: ByteCursor): MethodOf<'basic.publish'> {
  cursor.skip(2);
  const exchange = cursor.shortstr();
  const routingKey = cursor.shortstr();
  const bits = cursor.u8();
  cursor.finish();
  return { name: 'basic.publish', exchange, routingKey, mandatory: (bits & 1) !== 0, immediate: (bits & 2) !== 0 };
}

function decodeGet(cursor: ByteCursor): MethodOf<'basic.get'> {
  cursor.skip(2);
  const queue = cursor.shortstr();
  const noAck = (cursor.u8() & 1) !== 0;
  cursor.finish();
  return { name: 'basic.get', queue, noAck };
}

function decodeDeliver(cursor: ByteCursor): MethodOf<'basic.deliver'> {
  const consumerTag = cursor.shortstr();
  const deliveryTag = cursor.u64();
  const redelivered = (cursor.u8() & 1) !== 0;
  const exchange = cursor.shortstr();
  const routingKey = cursor.shortstr();
  cursor.finish();
  return { name: 'basic.deliver', consumerTag, deliveryTag, redelivered, exchange, routingKey };
}

function decodeGetOk(cursor: ByteCursor): MethodOf<'basic.get-ok'> {
  const deliveryTag = cursor.u64();
  const redelivered = (cursor.u8() & 1) !== 0;
  const exchange = cursor.shortstr();
  const routingKey = cursor.shortstr();
  const messageCount = cursor.u32();
  cursor.finish();
  return { name: 'basic.get-ok', deliveryTag, redelivered, exchange, routingKey, messageCount };
}

function decodeReturn(cursor: ByteCursor): MethodOf<'basic.return'> {
  const replyCode = cursor.u16();
  const replyText = cursor.shortstr();
  const exchange = cursor.shortstr();
  const routingKey = cursor.shortstr();
  cursor.finish();
  return { name: 'basic.return', replyCode, replyText, exchange, routingKey };
}

/** Writes ids and arguments of a hot method; false, with nothing written, when it is no hot one. */
export function writeHot(writer: ByteWriter, method: Method): boolean {
  switch (method.name) {
    case 'basic.ack':
      writer.u32(ACK_KEY);
      writer.u64(method.deliveryTag);
      writer.u8(method.multiple ? 1 : 0);
      return true;
    case 'basic.nack':
      writer.u32(NACK_KEY);
      writer.u64(method.deliveryTag);
      writer.u8((method.multiple ? 1 : 0) | (method.requeue ? 2 : 0));
      return true;
    case 'basic.reject':
      writer.u32(REJECT_KEY);
      writer.u64(method.deliveryTag);
      writer.u8(method.requeue ? 1 : 0);
      return true;
    case 'basic.get':
      writer.u32(GET_KEY);
      writer.u16(0);
      writer.shortstr(method.queue);
      writer.u8(method.noAck ? 1 : 0);
      return true;
    case 'basic.publish':
      writer.u32(PUBLISH_KEY);
      writer.u16(0);
      writer.shortstr(method.exchange);
      writer.shortstr(method.routingKey);
      writer.u8((method.mandatory ? 1 : 0) | (method.immediate ? 2 : 0));
      return true;
    case 'basic.return':
      writer.u32(RETURN_KEY);
      writer.u16(method.replyCode);
      writer.shortstr(method.replyText);
      writer.shortstr(method.exchange);
      writer.shortstr(method.routingKey);
      return true;
    case 'basic.deliver':
      writeDeliverArguments(writer, method.consumerTag, method.exchange, method.routingKey, method);
      return true;
    case 'basic.get-ok':
      writer.u32(GET_OK_KEY);
      writer.u64(method.deliveryTag);
      writer.u8(method.redelivered ? 1 : 0);
      writer.shortstr(method.exchange);
      writer.shortstr(method.routingKey);
      writer.u32(method.messageCount);
      return true;
    default:
      return false;
  }
}

/** Writes basic.deliver, ids included: the delivery tag comes behind the ids (4) and the consumer tag (1 + length). */
export function writeDeliverArguments(
  writer: ByteWriter,
  consumerTag: string,
  exchange: string,
  routingKey: string,
  delivery: { readonly deliveryTag: number; readonly redelivered: boolean },
): void {
  writer.u32(DELIVER_KEY);
  writer.shortstr(consumerTag);
  writer.u64(delivery.deliveryTag);
  writer.u8(delivery.redelivered ? 1 : 0);
  writer.shortstr(exchange);
  writer.shortstr(routingKey);
}
