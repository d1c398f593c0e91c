// What is wrong with a policy, in RabbitMQ's words (digest 1.5). A pattern is an administrator's, yet it is matched with
// every name: its length is bounded, and what JavaScript's expressions would silently read otherwise than RabbitMQ's
// (PCRE) is refused.
import { patternError } from '../access/index.ts';
import { spanMs } from '../stream/index.ts';
import { POLICY_SCOPES, type Policy, type PolicyDefinition, type PolicyScope, type PolicyValue } from './policy.ts';

/** Bound of a policy's pattern, in characters. */
export const POLICY_PATTERN_LENGTH_MAX = 1_000;

type Holds = (value: unknown) => boolean;

const isText: Holds = (value) => typeof value === 'string';
const isNatural: Holds = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isPositive: Holds = (value) => Number.isSafeInteger(value) && (value as number) >= 1;
const isAnything: Holds = () => true;
const isOneOf =
  (...words: readonly string[]): Holds =>
  (value) =>
    words.includes(value as string);

const KEYS: Readonly<Record<string, readonly [holds: Holds, what: string]>> = {
  'alternate-exchange': [isText, 'a valid alternate exchange name'],
  'dead-letter-exchange': [isText, 'a valid dead letter exchange name'],
  'dead-letter-routing-key': [isText, 'a valid dead letter routing key'],
  'dead-letter-strategy': [isOneOf('at-most-once', 'at-least-once'), 'a valid dead letter strategy'],
  'message-ttl': [isNatural, 'a valid message TTL'],
  expires: [isPositive, 'a valid queue expiry'],
  'max-length': [isNatural, 'a valid maximum length'],
  'max-length-bytes': [isNatural, 'a valid maximum length in bytes'],
  'max-in-memory-length': [isNatural, 'a valid maximum memory in bytes'],
  'max-in-memory-bytes': [isNatural, 'a valid maximum memory in bytes'],
  'queue-mode': [isOneOf('default', 'lazy'), 'a valid queue-mode value'],
  'queue-version': [(value) => value === 1 || value === 2, 'a valid queue-version value'],
  overflow: [isOneOf('drop-head', 'reject-publish', 'reject-publish-dlx'), 'a valid overflow value'],
  'delivery-limit': [isNatural, 'a valid delivery limit'],
  'consumer-timeout': [isNatural, 'a valid consumer timeout'],
  'delayed-retry-type': [isOneOf('disabled', 'all', 'failed', 'returned'), 'a valid delayed retry type'],
  'delayed-retry-min': [isNatural, 'a valid delayed retry time'],
  'delayed-retry-max': [isNatural, 'a valid delayed retry time'],
  'max-age': [(value) => typeof value === 'string' && spanMs(value) !== null, 'a valid max age'],
  'stream-max-segment-size-bytes': [isNatural, 'a valid segment size'],
  'initial-cluster-size': [isPositive, 'a valid cluster size'],
  'queue-leader-locator': [
    isOneOf('client-local', 'balanced', 'random', 'least-leaders'),
    'a valid queue leader locator value',
  ],
  'queue-master-locator': [isText, 'a valid queue master locator'],
  'ha-mode': [isOneOf('all', 'exactly', 'nodes'), 'a valid ha-mode value'],
  'ha-params': [isAnything, 'a valid ha-params value'],
  'ha-sync-mode': [isOneOf('manual', 'automatic'), 'a valid ha-sync-mode value'],
  'ha-sync-batch-size': [isPositive, 'a valid ha-sync-batch-size value'],
  'ha-promote-on-shutdown': [isOneOf('always', 'when-synced'), 'a valid ha-promote-on-shutdown value'],
  'ha-promote-on-failure': [isOneOf('always', 'when-synced'), 'a valid ha-promote-on-failure value'],
};

const OPERATOR_KEYS: ReadonlySet<string> = new Set([
  'expires',
  'message-ttl',
  'max-length',
  'max-length-bytes',
  'max-in-memory-length',
  'max-in-memory-bytes',
  'delivery-limit',
  'queue-version',
  'overflow',
]);

/** What an administrator gives; everything may be wrong. */
export type PolicyGiven = { readonly [Field in keyof Omit<Policy, 'isOperator'>]?: unknown };

/** The policy, or what is wrong with it. `applyTo` is `all`, and `priority` 0, where it is not given. */
export function readPolicy(given: PolicyGiven, isOperator: boolean): Policy | { readonly why: string } {
  const { vhost, name, pattern, applyTo = 'all', priority = 0, definition } = given;
  if (typeof vhost !== 'string') return { why: `vhost should be binary, actually was ${shown(vhost)}` };
  if (typeof name !== 'string' || name === '') return { why: 'a policy needs a name' };
  const why =
    checkPattern(pattern) ??
    (Number.isSafeInteger(priority) ? null : `priority should be number, actually was ${shown(priority)}`) ??
    (POLICY_SCOPES.includes(applyTo as PolicyScope)
      ? null
      : `apply-to '${String(applyTo)}' unrecognised; should be one of ${POLICY_SCOPES.join(', ')}`) ??
    checkDefinition(definition, isOperator);
  if (why !== null) return { why };
  return {
    vhost,
    name,
    pattern: pattern as string,
    applyTo: applyTo as PolicyScope,
    priority: priority as number,
    definition: { ...(definition as PolicyDefinition) },
    isOperator,
  };
}

/** Escapes, classes and sequences that PCRE has and JavaScript reads as plain letters. */
const OTHERWISE_IN_PCRE = /^(?:[^\\]|\\[^AZzGKQERXhHa])*\\[AZzGKQERXhHa]|\[\[:/;

function checkPattern(pattern: unknown): string | null {
  if (typeof pattern !== 'string') return `pattern should be regular expression but is ${shown(pattern)}`;
  if (pattern.length > POLICY_PATTERN_LENGTH_MAX)
    return `pattern should have at most ${POLICY_PATTERN_LENGTH_MAX} characters`;
  if (OTHERWISE_IN_PCRE.test(pattern)) return `pattern uses what only PCRE has: ${shown(pattern)}`;
  const why = patternError(pattern);
  return why === null ? null : `pattern should be regular expression but is invalid: ${why}`;
}

/** RabbitMQ looks at the names of all keys first. */
function checkDefinition(definition: unknown, isOperator: boolean): string | null {
  if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
    return `definition should be a JSON object, actually was ${shown(definition)}`;
  }
  const entries = Object.entries(definition);
  if (entries.length === 0) return 'no policy provided';
  const unknown = entries
    .filter(([key]) => !isKnown(key, isOperator))
    .map(([key, value]) => `{${shown(key)},${shown(value)}}`);
  if (unknown.length > 0) return `[${unknown.join(',')}] are not recognised policy settings`;
  for (const [key, value] of entries) {
    const [holds, what] = KEYS[key];
    if (!holds(value) || !isPlain(value)) return `${shown(value)} is not ${what}`;
  }
  return null;
}

function isKnown(key: string, isOperator: boolean): boolean {
  return isOperator ? OPERATOR_KEYS.has(key) : Object.hasOwn(KEYS, key);
}

function isPlain(value: unknown): value is PolicyValue {
  if (Array.isArray(value)) return value.every((each) => typeof each === 'string');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** A value as Erlang writes it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `<<"${value}">>`;
  return value === undefined ? 'undefined' : (JSON.stringify(value) ?? String(value));
}
