// Whether a repeated declaration says the same as what exists (digest 5 and 6): attributes in RabbitMQ's order, then the
// arguments that count, with its wording for values that differ, are missing or are new.
import { type BrokerError, exchangeText, inequivalent, lockedQueue, queueText } from './errors.ts';
import type { ExchangeRecord } from './exchange/index.ts';
import { equalArguments } from './field-equality.ts';
import { type FieldTable, type FieldValue, textOf, valueText } from './field-table.ts';

const EXCHANGE_ARGUMENTS = ['alternate-exchange', 'x-delayed-type', 'hash-header', 'hash-property'];
const QUEUE_ARGUMENTS = [
  'x-expires',
  'x-message-ttl',
  'x-dead-letter-exchange',
  'x-dead-letter-routing-key',
  'x-max-length',
  'x-max-length-bytes',
  'x-max-priority',
  'x-overflow',
  'x-queue-mode',
  'x-queue-version',
  'x-single-active-consumer',
  'x-queue-type',
  'x-delivery-limit',
  'x-delayed-retry-type',
  'x-delayed-retry-min',
  'x-delayed-retry-max',
  'x-consumer-timeout',
  'x-quorum-initial-group-size',
  'x-max-in-memory-length',
  'x-max-in-memory-bytes',
  'x-dead-letter-strategy',
  'x-queue-leader-locator',
];

/** How an exchange differs from a new declaration of it, or null. `wanted.type` may be any text. */
export function checkExchangeEquivalence(
  vhost: string,
  current: ExchangeRecord,
  wanted: Omit<ExchangeRecord, 'type' | 'name'> & { readonly type: string },
): BrokerError | null {
  const what = exchangeText(vhost, current.name);
  return (
    checkAttribute(what, 'type', current.type, wanted.type) ??
    checkAttribute(what, 'durable', current.durable, wanted.durable) ??
    checkAttribute(what, 'auto_delete', current.autoDelete, wanted.autoDelete) ??
    checkAttribute(what, 'internal', current.internal, wanted.internal) ??
    checkArguments(what, EXCHANGE_ARGUMENTS, current.arguments, wanted.arguments)
  );
}

/** What equivalence looks at in a queue that exists. `owner` is the connection that alone may use it, or null. */
export interface DeclaredQueue {
  readonly vhost: string;
  readonly name: string;
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly owner: unknown;
  readonly arguments: FieldTable;
}

/** What a declaration asks for. */
export interface QueueDeclaration {
  readonly durable: boolean;
  readonly autoDelete: boolean;
  readonly exclusive: boolean;
  readonly arguments: FieldTable;
}

/** 405 when another connection owns the queue, else null. */
export function checkAccess(
  { vhost, name, owner }: Omit<DeclaredQueue, 'arguments' | 'durable' | 'autoDelete'>,
  connection: unknown,
): BrokerError | null {
  return owner === null || owner === connection ? null : lockedQueue(vhost, name);
}

/** How a queue differs from a new declaration of it by `connection`, or null. */
export function checkQueueEquivalence(
  current: DeclaredQueue,
  wanted: QueueDeclaration,
  connection: unknown,
): BrokerError | null {
  const { vhost, name, owner } = current;
  if (owner !== (wanted.exclusive ? connection : null)) return lockedQueue(vhost, name);
  const what = queueText(vhost, name);
  return (
    checkAttribute(what, 'durable', current.durable, isDurable(wanted)) ??
    checkAttribute(what, 'auto_delete', current.autoDelete, wanted.autoDelete) ??
    checkArguments(what, QUEUE_ARGUMENTS, withoutClassic(current.arguments), withoutClassic(wanted.arguments))
  );
}

/** Whether a declared queue is durable: an exclusive one counts as not durable. */
export function isDurable({ durable, exclusive }: Pick<QueueDeclaration, 'durable' | 'exclusive'>): boolean {
  return durable && !exclusive;
}

/** Without a type a queue is a classic one. */
function withoutClassic(args: FieldTable): FieldTable {
  if (textOf(args.get('x-queue-type')) !== 'classic') return args;
  const others = new Map(args);
  others.delete('x-queue-type');
  return others;
}

function checkAttribute<T extends string | boolean>(
  what: string,
  name: string,
  current: T,
  wanted: T,
): BrokerError | null {
  return current === wanted ? null : inequivalent(what, name, `'${wanted}'`, `'${current}'`);
}

function checkArguments(
  what: string,
  names: readonly string[],
  current: FieldTable,
  wanted: FieldTable,
): BrokerError | null {
  for (const name of names) {
    const old = current.get(name);
    const now = wanted.get(name);
    if (old === undefined && now === undefined) continue;
    if (old === undefined || now === undefined) return inequivalent(what, name, oneSided(now), oneSided(old));
    if (!equalArguments(old, now)) return inequivalent(what, name, quoted(now), quoted(old));
  }
  return null;
}

/** RabbitMQ takes a void value for none here, though not where only one side has it. */
function quoted(field: FieldValue): string {
  return field.type === 'void' ? 'none' : `'${valueText(field)}'`;
}

function oneSided(field: FieldValue | undefined): string {
  return field === undefined ? 'none' : `the value '${valueText(field)}' of type '${field.type}'`;
}
