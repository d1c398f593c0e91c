// The settings that hold for a queue, and the alternate exchange of an exchange: its own arguments and what the policies
// say, put together as RabbitMQ does. Of two limits the smaller one holds; of anything else the argument.
import type { FieldTable, FieldValue } from '../field-table.ts';
import { type PolicyDefinition, type PolicyValue, smaller } from './policy.ts';

const LIMITS: ReadonlySet<string> = new Set([
  'expires',
  'message-ttl',
  'max-length',
  'max-length-bytes',
  'delivery-limit',
  'consumer-timeout',
]);

/** Keys of a policy that are arguments of a queue with `x-` in front. Those that mean nothing here are not among them. */
const QUEUE_KEYS = [
  ...LIMITS,
  'dead-letter-exchange',
  'dead-letter-routing-key',
  'overflow',
  'delayed-retry-type',
  'delayed-retry-min',
  'delayed-retry-max',
  'max-age',
  'stream-max-segment-size-bytes',
];

/** The arguments as if the policy had been declared with the queue; the same table when it adds nothing. */
export function effectiveArguments(args: FieldTable, policy: PolicyDefinition | null): FieldTable {
  if (policy === null) return args;
  const effective: FieldTable = new Map(args);
  for (const key of QUEUE_KEYS) {
    const value = policy[key];
    if (value === undefined) continue;
    const own = args.get(`x-${key}`);
    if (own === undefined) effective.set(`x-${key}`, fieldOf(value));
    else if (LIMITS.has(key) && own.value !== null)
      effective.set(`x-${key}`, fieldOf(smaller(value, Number(own.value))));
  }
  return effective;
}

/** The alternate exchange by policy; null for none. An exchange's own argument goes first. */
export function policyAlternate(policy: PolicyDefinition | null): string | null {
  const name = policy?.['alternate-exchange'];
  return typeof name === 'string' ? name : null;
}

function fieldOf(value: PolicyValue): FieldValue {
  if (typeof value === 'number') return { type: 'long', value: BigInt(value) };
  if (typeof value === 'boolean') return { type: 'bool', value };
  return { type: 'longstr', value: String(value) };
}
