// What an exchange and a binding are (digest 5), and the exchanges that every vhost has from the beginning. Plain
// records: they travel to every replica of the metadata.
import { type FieldTable, type FieldValue, NO_FIELDS, textOf } from '../field-table.ts';

/** The kinds of exchange that a client can declare. */
export const EXCHANGE_TYPES = [
  'direct',
  'fanout',
  'topic',
  'headers',
  'x-consistent-hash',
  'x-delayed-message',
  'x-local-random',
  'x-modulus-hash',
  'x-random',
  'x-recent-history',
] as const;

export type ExchangeType = (typeof EXCHANGE_TYPES)[number];

/** An exchange's identity and attributes; never changes while it lives. */
export interface ExchangeRecord {
  readonly name: string;
  readonly type: ExchangeType;
  readonly durable: boolean;
  /** It goes with the last binding it is the source of. */
  readonly autoDelete: boolean;
  /** Clients cannot publish to it; exchanges can. */
  readonly internal: boolean;
  readonly arguments: FieldTable;
}

/** One end that a binding leads to: a queue by its id, or an exchange by its name. */
export type DestinationKey =
  | { readonly kind: 'queue'; readonly queueId: number }
  | { readonly kind: 'exchange'; readonly name: string };

/** One binding of a vhost. Two that are equal in all of it are the same one. */
export interface BindingRecord {
  /** Name of the exchange it starts from. */
  readonly source: string;
  readonly destination: DestinationKey;
  readonly routingKey: string;
  readonly arguments: FieldTable;
}

/** Whether the text names an exchange type. */
export function isExchangeType(text: string): text is ExchangeType {
  return (EXCHANGE_TYPES as readonly string[]).includes(text);
}

/** The type that an x-delayed-message exchange routes by; null when its argument names none. */
export function delayedTypeOf(args: FieldTable): ExchangeType | null {
  const type = textOf(args.get('x-delayed-type'));
  return type !== null && isExchangeType(type) && type !== 'x-delayed-message' ? type : null;
}

/** The type whose rule routes: that of an x-delayed-message exchange is in its arguments. */
export function routingTypeOf({ type, arguments: args }: Pick<ExchangeRecord, 'type' | 'arguments'>): ExchangeType {
  return type === 'x-delayed-message' ? (delayedTypeOf(args) ?? 'direct') : type;
}

/** Whether it keeps its last Messages for what is bound to it next. */
export function keepsHistory(exchange: Pick<ExchangeRecord, 'type' | 'arguments'>): boolean {
  return routingTypeOf(exchange) === 'x-recent-history';
}

/** Whether the routing key alone decides where a Message goes and that is all that routing does. */
export function isRoutedByKey(exchange: Pick<ExchangeRecord, 'type' | 'arguments'>): boolean {
  const type = routingTypeOf(exchange);
  const { arguments: args } = exchange;
  if (type === 'x-consistent-hash') return !args.has('hash-header') && !args.has('hash-property');
  return type !== 'headers' && type !== 'x-random' && type !== 'x-local-random' && type !== 'x-recent-history';
}

/** Where an exchange sends what it has no destination for; null for nowhere. */
export function alternateOf(exchange: ExchangeRecord): string | null {
  return textOf(exchange.arguments.get('alternate-exchange'));
}

function predeclared(name: string, type: ExchangeType, internal = false): ExchangeRecord {
  return { name, type, durable: true, autoDelete: false, internal, arguments: NO_FIELDS };
}

/** The exchanges of a new vhost, the default one included. */
export const PREDECLARED_EXCHANGES: readonly ExchangeRecord[] = [
  predeclared('', 'direct'),
  predeclared('amq.direct', 'direct'),
  predeclared('amq.fanout', 'fanout'),
  predeclared('amq.topic', 'topic'),
  predeclared('amq.headers', 'headers'),
  predeclared('amq.match', 'headers'),
  predeclared('amq.rabbitmq.trace', 'topic', true),
];

/** A text that is equal for two bindings exactly when they are the same one. */
export function bindingId({ source, destination, routingKey, arguments: args }: BindingRecord): string {
  const end = destination.kind === 'queue' ? ['q', destination.queueId] : ['x', destination.name];
  return JSON.stringify([source, ...end, routingKey, ...(args.size === 0 ? [] : [tableForm(args)])]);
}

function tableForm(table: FieldTable): unknown {
  return [...table]
    .sort(([a], [b]) => (a < b ? -1 : Number(a > b)))
    .map(([key, field]) => [key, field.type, valueForm(field)]);
}

function valueForm(field: FieldValue): unknown {
  const { value } = field;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return [...value];
  if (value instanceof Map) return tableForm(value);
  if ('scale' in value) return [value.scale, value.unscaled];
  return value.map((each) => [each.type, valueForm(each)]);
}
