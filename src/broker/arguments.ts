// The checks of arguments when something is declared or consumed (digest 5, 6, 7): RabbitMQ's order and texts. Arguments
// nobody knows are let through. A queue's arguments are looked at only when it is new; for an existing one their
// equivalence counts (equivalence.ts).
import {
  type BrokerError,
  exchangeText,
  invalidArgument,
  invalidArgumentType,
  invalidProperty,
  type Named,
  preconditionFailed,
  queueText,
  unsupportedArgument,
} from './errors.ts';
import { checkHistoryArguments, delayedTypeOf } from './exchange/index.ts';
import { type FieldTable, type FieldValue, integerOf, isInteger, textOf, valueText } from './field-table.ts';
import { QUEUE_TYPES, type QueueType, queueType } from './queue/index.ts';
import { SEGMENT_BYTES_MAX, spanMs, streamStart } from './stream/index.ts';

/** Bound of x-message-ttl, x-expires and expiration: ten years in ms. */
export const TTL_MS_MAX = 315_360_000_000;
/** Bound of x-max-priority. */
export const PRIORITY_MAX = 255;

/** Says in RabbitMQ's words what is wrong with a value, or null. */
type Check = (field: FieldValue, args: FieldTable) => string | null;

const LEADER_LOCATORS = ['client-local', 'balanced', 'random', 'least-leaders'];

const CHECKS: readonly (readonly [string, Check])[] = [
  ['x-expires', (field) => (integerOf(field) === 0 ? '{value_zero,0}' : checkDuration(field))],
  ['x-message-ttl', checkDuration],
  ['x-dead-letter-exchange', (field) => checkType(field, 'longstr')],
  ['x-dead-letter-routing-key', checkDeadLetterKey],
  ['x-max-length', checkNatural],
  ['x-max-length-bytes', checkNatural],
  ['x-max-priority', checkPriority],
  [
    'x-overflow',
    (field) => checkWord(field, ['drop-head', 'reject-publish', 'reject-publish-dlx'], () => 'invalid_overflow'),
  ],
  ['x-queue-mode', (field) => checkWord(field, ['default', 'lazy'], (text) => `"unsupported queue mode '${text}'"`)],
  ['x-queue-version', checkVersion],
  ['x-single-active-consumer', (field) => checkType(field, 'bool')],
  ['x-delivery-limit', checkNatural],
  [
    'x-delayed-retry-type',
    (field) => checkWord(field, ['disabled', 'all', 'failed', 'returned'], () => 'invalid_delayed_retry_type'),
  ],
  ['x-quorum-initial-group-size', (field) => (integerOf(field) === 0 ? '{value_zero,0}' : checkNatural(field))],
  ['x-max-in-memory-length', checkNatural],
  ['x-max-in-memory-bytes', checkNatural],
  [
    'x-dead-letter-strategy',
    (field) => checkWord(field, ['at-most-once', 'at-least-once'], () => 'invalid_dlx_strategy'),
  ],
  ['x-queue-leader-locator', (field) => checkWord(field, LEADER_LOCATORS, () => 'invalid_queue_locator_arg')],
  ['x-delayed-retry-min', checkDuration],
  ['x-delayed-retry-max', checkDuration],
  ['x-consumer-timeout', checkDuration],
  ['x-max-age', checkMaxAge],
  ['x-stream-max-segment-size-bytes', checkNatural],
  ['x-initial-cluster-size', (field) => (integerOf(field) === 0 ? '{value_zero,0}' : checkNatural(field))],
];

/** Arguments that RabbitMQ knows and a type has no use for; x-delivery-limit counts here for every queue. */
const NOT_IN_CLASSIC = [
  'x-quorum-initial-group-size',
  'x-max-in-memory-length',
  'x-max-in-memory-bytes',
  'x-dead-letter-strategy',
  'x-queue-leader-locator',
  'x-initial-cluster-size',
  'x-max-age',
  'x-stream-max-segment-size-bytes',
];
const NOT_IN_QUORUM = [
  'x-max-priority',
  'x-queue-mode',
  'x-queue-version',
  'x-initial-cluster-size',
  'x-max-age',
  'x-stream-max-segment-size-bytes',
];

const NOT_IN_STREAM = [
  'x-expires',
  'x-message-ttl',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-length',
  'x-max-priority',
  'x-overflow',
  'x-queue-mode',
  'x-queue-version',
  'x-single-active-consumer',
  'x-delivery-limit',
  'x-quorum-initial-group-size',
  'x-max-in-memory-length',
  'x-max-in-memory-bytes',
  'x-dead-letter-strategy',
];
const NOT_IN: Readonly<Record<QueueType, readonly string[]>> = {
  classic: NOT_IN_CLASSIC,
  quorum: NOT_IN_QUORUM,
  stream: NOT_IN_STREAM,
};

/** The flags of a queue declaration that its type may refuse. */
export interface QueueFlags {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
}

/** What is wrong with the declaration of a new queue, or null. */
export function checkQueueArguments({ vhost, name }: Named, declared: QueueFlags): BrokerError | null {
  const what = queueText(vhost, name);
  const { arguments: args } = declared;
  const exchange = args.get('x-dead-letter-exchange');
  if (exchange !== undefined && exchange.type !== 'longstr') {
    return invalidArgumentType(what, 'x-dead-letter-exchange', exchange.type);
  }
  const type = args.get('x-queue-type');
  const badType = type === undefined ? null : checkQueueType(type);
  if (badType !== null) return invalidArgument(what, 'x-queue-type', badType);
  const wanted = queueType(args);
  for (const argument of NOT_IN[wanted]) {
    if (args.has(argument)) return unsupportedArgument(what, argument, wanted);
  }
  for (const [argument, check] of CHECKS) {
    const field = args.get(argument);
    // RabbitMQ 3.10 looks at no limit of a quorum queue.
    if (field === undefined || (wanted === 'quorum' && argument === 'x-delivery-limit')) continue;
    const why = check(field, args);
    if (why !== null) return invalidArgument(what, argument, why);
  }
  if (wanted === 'stream' && (integerOf(args.get('x-stream-max-segment-size-bytes')) ?? 0) > SEGMENT_BYTES_MAX) {
    return preconditionFailed('Exceeded max value for x-stream-max-segment-size-bytes');
  }
  return wanted === 'classic' ? null : checkReplicatedFlags(what, declared);
}

/** Of quorum queues and streams. */
function checkReplicatedFlags(what: string, { durable, autoDelete, exclusive }: QueueFlags): BrokerError | null {
  if (autoDelete) return invalidProperty(what, 'auto-delete');
  if (exclusive) return invalidProperty(what, 'exclusive-owner');
  return durable ? null : invalidProperty(what, 'non-durable');
}

/** What is wrong with the arguments of a new exchange of that type, or null. */
export function checkExchangeArguments({ vhost, name }: Named, type: string, args: FieldTable): BrokerError | null {
  if (type === 'x-delayed-message' && delayedTypeOf(args) === null) {
    return preconditionFailed("Invalid argument, 'x-delayed-type' must be an existing exchange type");
  }
  const error = checkTypeArguments(type, args);
  if (error !== null) return error;
  const alternate = args.get('alternate-exchange');
  if (alternate === undefined || alternate.type === 'longstr') return null;
  return invalidArgumentType(exchangeText(vhost, name), 'alternate-exchange', alternate.type);
}

function checkTypeArguments(type: string, args: FieldTable): BrokerError | null {
  if (type === 'x-recent-history') return checkHistoryArguments(args);
  return type === 'x-consistent-hash' ? checkHashArguments(args) : null;
}

const HASH_PROPERTIES: readonly (string | null)[] = ['correlation_id', 'message_id', 'timestamp'];

function checkHashArguments(args: FieldTable): BrokerError | null {
  const property = args.get('hash-property');
  if (property === undefined) return null;
  if (args.has('hash-header')) return preconditionFailed('hash-header and hash-property are mutually exclusive');
  return HASH_PROPERTIES.includes(textOf(property))
    ? null
    : preconditionFailed(`Unsupported property: ${textOf(property) ?? valueText(property)}`);
}

/** What is wrong with the arguments of a consumer of that queue, or null. */
export function checkConsumeArguments(
  { vhost, name, arguments: declared }: Named & { readonly arguments: FieldTable },
  args: FieldTable,
): BrokerError | null {
  const what = queueText(vhost, name);
  const type = queueType(declared);
  if (type === 'stream') {
    if (args.has('x-priority')) return unsupportedArgument(what, 'x-priority', type);
    const start = streamStart(args, 0);
    return typeof start === 'string' ? invalidArgument(what, 'x-stream-offset', start) : null;
  }
  if (args.has('x-stream-offset')) return unsupportedArgument(what, 'x-stream-offset', type);
  const priority = args.get('x-priority');
  const why = priority === undefined ? null : checkInteger(priority);
  return why === null ? null : invalidArgument(what, 'x-priority', why);
}

/** The priority of a consumer with checked arguments; 0 when it has none. */
export function consumerPriority(args: FieldTable): number {
  return integerOf(args.get('x-priority')) ?? 0;
}

/** A name without the line ends that declarations, bindings and deletions leave out of it. */
export function plainName(name: string): string {
  return name.replaceAll(/[\r\n]/g, '');
}

/** Whether only the server may declare the name. */
export function isReserved(name: string): boolean {
  return name.startsWith('amq.');
}

// ---- checks of one value

function checkQueueType(field: FieldValue): string | null {
  return checkWord(field, QUEUE_TYPES, (text) => `"unsupported queue type '${text}'"`);
}

function checkInteger(field: FieldValue): string | null {
  return isInteger(field) ? null : `"expected integer, got ${field.type}"`;
}

function checkNatural(field: FieldValue): string | null {
  const value = integerOf(field);
  if (value === null) return checkInteger(field);
  return value < 0 ? `{value_negative,${field.value}}` : null;
}

function checkDuration(field: FieldValue): string | null {
  const value = integerOf(field);
  return value !== null && value > TTL_MS_MAX ? `{value_too_large,${field.value}}` : checkNatural(field);
}

function checkMaxAge(field: FieldValue): string | null {
  if (field.type !== 'longstr') return checkType(field, 'longstr');
  return spanMs(textOf(field) ?? '') === null ? 'invalid_max_age' : null;
}

function checkPriority(field: FieldValue): string | null {
  const value = integerOf(field);
  return value !== null && value > PRIORITY_MAX ? `{max_value_exceeded,${field.value}}` : checkNatural(field);
}

function checkVersion(field: FieldValue): string | null {
  const value = integerOf(field);
  if (value === null || value < 0) return checkNatural(field);
  return value === 1 || value === 2 ? null : `"unsupported queue version '${field.value}'"`;
}

function checkType(field: FieldValue, type: FieldValue['type']): string | null {
  return field.type === type ? null : `{unacceptable_type,${field.type}}`;
}

function checkDeadLetterKey(field: FieldValue, args: FieldTable): string | null {
  const why = checkType(field, 'longstr');
  return why === null && !args.has('x-dead-letter-exchange') ? 'routing_key_but_no_dlx_defined' : why;
}

function checkWord(field: FieldValue, words: readonly string[], why: (text: string) => string): string | null {
  if (field.type !== 'longstr') return checkType(field, 'longstr');
  const text = textOf(field) ?? '';
  return words.includes(text) ? null : why(text);
}
