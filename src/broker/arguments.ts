// The checks of arguments when something is declared or consumed (digest 5, 6, 7): RabbitMQ's order and texts. Arguments
// nobody knows are let through. A queue's arguments are looked at only when it is new; for an existing one their
// equivalence counts (equivalence.ts).
import {
  type BrokerError,
  exchangeText,
  invalidArgument,
  invalidArgumentType,
  type Named,
  queueText,
} from './errors.ts';
import { type FieldTable, type FieldValue, integerOf, isInteger, textOf } from './field-table.ts';

/** Bound of x-message-ttl, x-expires and expiration: ten years in ms. */
export const TTL_MS_MAX = 315_360_000_000;
/** Bound of x-max-priority. */
export const PRIORITY_MAX = 255;

/** Says in RabbitMQ's words what is wrong with a value, or null. */
type Check = (field: FieldValue, args: FieldTable) => string | null;

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
  ['x-queue-type', (field) => checkWord(field, ['classic'], (text) => `"unsupported queue type '${text}'"`)],
];

/** What is wrong with the arguments of a new queue, or null. */
export function checkQueueArguments({ vhost, name }: Named, args: FieldTable): BrokerError | null {
  const what = queueText(vhost, name);
  const exchange = args.get('x-dead-letter-exchange');
  if (exchange !== undefined && exchange.type !== 'longstr') {
    return invalidArgumentType(what, 'x-dead-letter-exchange', exchange.type);
  }
  for (const [argument, check] of CHECKS) {
    const field = args.get(argument);
    const why = field === undefined ? null : check(field, args);
    if (why !== null) return invalidArgument(what, argument, why);
  }
  return null;
}

/** What is wrong with the arguments of a new exchange, or null. */
export function checkExchangeArguments({ vhost, name }: Named, args: FieldTable): BrokerError | null {
  const alternate = args.get('alternate-exchange');
  if (alternate === undefined || alternate.type === 'longstr') return null;
  return invalidArgumentType(exchangeText(vhost, name), 'alternate-exchange', alternate.type);
}

/** What is wrong with the arguments of a consumer of that queue, or null. */
export function checkConsumeArguments({ vhost, name }: Named, args: FieldTable): BrokerError | null {
  const priority = args.get('x-priority');
  const why = priority === undefined ? null : checkInteger(priority);
  return why === null ? null : invalidArgument(queueText(vhost, name), 'x-priority', why);
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

function checkPriority(field: FieldValue): string | null {
  const value = integerOf(field);
  return value !== null && value > PRIORITY_MAX ? `{max_value_exceeded,${field.value}}` : checkNatural(field);
}

function checkVersion(field: FieldValue): string | null {
  const value = integerOf(field);
  if (value === null) return checkInteger(field);
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
