// What the server says of itself in connection.start (digest 1.2). Clients look at product and version to choose what
// they use, so the product is RabbitMQ's and the version the one whose behaviour is kept.
import type { FieldTable, FieldValue } from './codec/index.ts';

const longstr = (value: string): FieldValue => ({ type: 'longstr', value });
const yes: FieldValue = { type: 'bool', value: true };

const CAPABILITIES: FieldTable = new Map(
  [
    'publisher_confirms',
    'exchange_exchange_bindings',
    'basic.nack',
    'consumer_cancel_notify',
    'connection.blocked',
    'consumer_priorities',
    'authentication_failure_close',
    'per_consumer_qos',
    'direct_reply_to',
  ].map((name) => [name, yes]),
);

/** The server-properties table. */
export function serverProperties(clusterName: string): FieldTable {
  return new Map<string, FieldValue>([
    ['capabilities', { type: 'table', value: CAPABILITIES }],
    ['cluster_name', longstr(clusterName)],
    ['copyright', longstr('Warren contributors')],
    ['information', longstr('Warren speaks AMQP 0-9-1 as RabbitMQ 3.10 does')],
    ['platform', longstr('Warren on Node.js')],
    ['product', longstr('RabbitMQ')],
    ['version', longstr('3.10.8')],
  ]);
}
