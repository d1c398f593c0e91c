// From a basic.publish to a Message, with the checks that need its properties, in RabbitMQ's order (digest 7 "publish"):
// reply-to, expiration, CC and BCC, delivery mode; user_id, which comes behind reply-to, is a matter of access.
import type { Message } from '../../broker/index.ts';
import type { Channel } from './channel.ts';
import { closeChannel } from './close-signal.ts';
import {
  type Content,
  decodeProperties,
  type FieldTable,
  type MethodOf,
  type PropertySummary,
  rewriteProperties,
} from './codec/index.ts';
import { countEntries } from './method-bounds.ts';
import { REPLY_TO } from './reply-to.ts';

/** Tag of the property format of AMQP 0-9-1, for the broker's reader and rewriter. */
export const FORMAT = 'amqp091';

const PERSISTENT = 2;
const TTL_MS_MAX = 315_360_000_000;

/** The Message of a publish. Ends the channel with 406 for bad properties. */
export function messageOf(method: MethodOf<'basic.publish'>, content: Content, summary: PropertySummary): Message {
  const ttlMs = summary.expiration === undefined ? -1 : ttlOf(summary.expiration);
  const copies = summary.hasCopyKeys ? copyKeys(content) : null;
  const { deliveryMode } = summary;
  if (deliveryMode === 0 || deliveryMode > PERSISTENT) {
    closeChannel(406, `invalid message: {delivery_mode_unknown,${deliveryMode}}`);
  }
  const { bytes, propertiesEnd, bodyAt } = copies?.content ?? content;
  return {
    exchange: method.exchange,
    routingKey: method.routingKey,
    extraKeys: copies === null ? null : copies.keys,
    bytes,
    propertiesEnd,
    bodyAt,
    persistent: deliveryMode === PERSISTENT,
    priority: summary.priority,
    ttlMs,
    delayMs: 0,
    format: FORMAT,
  };
}

/** Ends the channel with 406 for more headers than are taken. They are looked at only where there is a limit. */
export function checkHeaders(content: Content, { hasHeaders }: PropertySummary, headersMax: number): void {
  if (!hasHeaders || headersMax === Number.POSITIVE_INFINITY) return;
  const { headers } = decodeProperties(content.bytes, 0, content.propertiesEnd);
  const count = headers === undefined ? 0 : countEntries(headers);
  if (count > headersMax) closeChannel(406, `message with ${count} headers is above the limit headers (${headersMax})`);
}

/** Replaces the reply-to of a request for a direct reply by the channel's own address (digest 9). */
export function withReplyAddress(channel: Channel, content: Content, summary: PropertySummary): Content {
  if (summary.replyTo !== REPLY_TO) return content;
  const address = channel.consumers.replyAddress;
  if (address === null) closeChannel(406, 'fast reply consumer does not exist');
  return rewritten(content, { replyTo: address });
}

function ttlOf(expiration: string): number {
  const refuse = (why: string) => closeChannel(406, `invalid expiration '${expiration}': ${why}`);
  const digits = /^[+-]?\d+/.exec(expiration);
  if (digits === null) return refuse('no_integer');
  if (digits[0].length < expiration.length) {
    return refuse(`{leftover_string,"${expiration.slice(digits[0].length)}"}`);
  }
  // 0 for -0, which is as good as any 0.
  const ttlMs = Number(digits[0]) + 0;
  if (ttlMs < 0) return refuse(`{value_negative,${ttlMs}}`);
  return ttlMs > TTL_MS_MAX ? refuse(`{value_too_large,${digits[0]}}`) : ttlMs;
}

/** The extra routing keys; BCC is taken out of what is delivered. */
function copyKeys(content: Content): { readonly keys: readonly string[]; readonly content: Content } {
  const { headers } = decodeProperties(content.bytes, 0, content.propertiesEnd);
  const table: FieldTable = new Map(headers);
  const keys = [...keysIn(table, 'CC'), ...keysIn(table, 'BCC')];
  return { keys, content: table.delete('BCC') ? rewritten(content, { headers: table }) : content };
}

/** What is no text in such a header is no key, and stays. */
function keysIn(headers: FieldTable, name: 'CC' | 'BCC'): string[] {
  const field = headers.get(name);
  if (field === undefined) return [];
  if (field.type !== 'array') {
    return closeChannel(406, `invalid message: {unacceptable_type_in_header,"${name}",${field.type}}`);
  }
  return field.value.flatMap((item) => (item.type === 'longstr' && typeof item.value === 'string' ? [item.value] : []));
}

function rewritten(content: Content, changes: Parameters<typeof rewriteProperties>[1]): Content {
  const properties = rewriteProperties(content.bytes.subarray(0, content.propertiesEnd), changes);
  const body = content.bytes.subarray(content.bodyAt);
  const bytes = new Uint8Array(properties.length + body.length);
  bytes.set(properties);
  bytes.set(body, properties.length);
  return { bytes, propertiesEnd: properties.length, bodyAt: properties.length };
}
