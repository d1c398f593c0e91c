// How the broker reads and rewrites the properties of a Message that came by AMQP 0-9-1, without knowing the protocol.
import type { Message, PropertiesFormat } from '../../broker/index.ts';
import { decodeProperties, rewriteProperties } from './codec/index.ts';

/** The format `amqp091`. */
export const amqp091Format: PropertiesFormat = {
  headers: (message) => decodeProperties(message.bytes, 0, message.propertiesEnd).headers ?? null,
  property: (message, name) => {
    const { messageId, correlationId, timestamp } = decodeProperties(message.bytes, 0, message.propertiesEnd);
    const value = { message_id: messageId, correlation_id: correlationId, timestamp }[name];
    return value === undefined ? null : String(value);
  },
  rewrite: (message, changes) => {
    const properties = rewriteProperties(message.bytes, changes, 0, message.propertiesEnd);
    const body = message.bytes.subarray(message.bodyAt);
    const bytes = new Uint8Array(properties.length + body.length);
    bytes.set(properties);
    bytes.set(body, properties.length);
    return { ...message, bytes, propertiesEnd: properties.length, bodyAt: properties.length } satisfies Message;
  },
};
