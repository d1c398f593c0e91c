// What a policy and an operator policy are, and which of them holds for a queue or an exchange (digest 1.5): the one of
// the highest priority whose pattern is in the name; an operator's is merged over it, the stricter value first. Pure
// rules: every replica and the metadata server come to the same answer.
import { compiledPattern, type Pattern } from '../access/index.ts';

/** Whether a policy is for queues, for exchanges, or both; the narrower words are those of newer RabbitMQs. */
export const POLICY_SCOPES = ['all', 'queues', 'exchanges', 'classic_queues', 'quorum_queues', 'streams'] as const;
export type PolicyScope = (typeof POLICY_SCOPES)[number];

/** One value of a definition. */
export type PolicyValue = string | number | boolean | readonly string[];

/** What a policy says, by RabbitMQ's key (`max-length`, `alternate-exchange`). */
export type PolicyDefinition = Readonly<Record<string, PolicyValue>>;

export interface Policy {
  readonly vhost: string;
  /** One policy, and one operator policy, of a name per vhost. */
  readonly name: string;
  /** A regular expression; it need not match all of a name. */
  readonly pattern: string;
  readonly applyTo: PolicyScope;
  /** The highest wins. */
  readonly priority: number;
  readonly definition: PolicyDefinition;
  readonly isOperator: boolean;
}

/** What names a policy. */
export type PolicyKey = Pick<Policy, 'vhost' | 'name' | 'isOperator'>;

/** Whether a policy is the one that the key names. */
export function isPolicy({ vhost, name, isOperator }: Policy, key: PolicyKey): boolean {
  return vhost === key.vhost && name === key.name && isOperator === key.isOperator;
}

/** What a policy may hold for. `type`: of a queue, `classic`, `quorum` or `stream`. */
export type PolicyTarget =
  | { readonly kind: 'queue'; readonly vhost: string; readonly name: string; readonly type: string }
  | { readonly kind: 'exchange'; readonly vhost: string; readonly name: string };

const SCOPE_OF_TYPE: Readonly<Record<string, PolicyScope>> = {
  classic: 'classic_queues',
  quorum: 'quorum_queues',
  stream: 'streams',
};

/** Keys that a type of queue has no use for: RabbitMQ lets a policy with one of them pass that queue by as a whole. */
const STREAM_KEYS = ['max-age', 'stream-max-segment-size-bytes', 'initial-cluster-size'];
const MIRROR_KEYS = [
  'ha-mode',
  'ha-params',
  'ha-sync-mode',
  'ha-promote-on-shutdown',
  'ha-promote-on-failure',
  'queue-master-locator',
];
const FOREIGN_KEYS: Readonly<Record<string, readonly string[]>> = {
  // RabbitMQ has delivery-limit here too; it counts for every queue in this broker.
  classic: [...STREAM_KEYS, 'queue-leader-locator', 'dead-letter-strategy'],
  quorum: [...STREAM_KEYS, ...MIRROR_KEYS, 'queue-mode'],
  stream: [
    ...MIRROR_KEYS,
    'max-in-memory-length',
    'max-in-memory-bytes',
    'queue-mode',
    'message-ttl',
    'max-length',
    'expires',
    'overflow',
    'delivery-limit',
    'dead-letter-exchange',
    'dead-letter-routing-key',
    'dead-letter-strategy',
  ],
};

/** Those whose stricter value is the smaller one. */
const SMALLER_IS_STRICTER: ReadonlySet<string> = new Set([
  'message-ttl',
  'expires',
  'max-length',
  'max-length-bytes',
  'max-in-memory-length',
  'max-in-memory-bytes',
  'delivery-limit',
]);

/** The policy of the highest priority that holds; of equal ones the first by name. Undefined when none does. */
export function policyFor(
  policies: readonly Policy[],
  target: PolicyTarget,
  kind: 'user' | 'operator' = 'user',
): Policy | undefined {
  let best: Policy | undefined;
  for (const policy of policies) {
    if (policy.isOperator !== (kind === 'operator') || !isAhead(policy, best)) continue;
    if (holdsFor(policy, target)) best = policy;
  }
  return best;
}

function isAhead(policy: Policy, best: Policy | undefined): boolean {
  if (best === undefined || policy.priority !== best.priority) return policy.priority > (best?.priority ?? -Infinity);
  return policy.name < best.name;
}

/** What the policies say of a queue or an exchange, an operator's merged over it; null for nothing. */
export function effectivePolicy(policies: readonly Policy[], target: PolicyTarget): PolicyDefinition | null {
  const user = policyFor(policies, target)?.definition;
  const operator = policyFor(policies, target, 'operator')?.definition;
  if (user === undefined || operator === undefined) return user ?? operator ?? null;
  const merged: Record<string, PolicyValue> = { ...user };
  for (const [key, value] of Object.entries(operator)) {
    const own = user[key];
    merged[key] = own !== undefined && SMALLER_IS_STRICTER.has(key) ? smaller(own, value) : value;
  }
  return merged;
}

/** Of two numbers the smaller one; else the second. */
export function smaller(one: PolicyValue, other: PolicyValue): PolicyValue {
  return typeof one === 'number' && typeof other === 'number' ? Math.min(one, other) : other;
}

function holdsFor(policy: Policy, target: PolicyTarget): boolean {
  if (policy.vhost !== target.vhost || !isInScope(policy.applyTo, target)) return false;
  if (target.kind === 'queue') {
    const foreign = FOREIGN_KEYS[target.type] ?? [];
    if (foreign.some((key) => Object.hasOwn(policy.definition, key))) return false;
  }
  return patternOf(policy).test(target.name);
}

function isInScope(scope: PolicyScope, target: PolicyTarget): boolean {
  if (scope === 'all') return true;
  if (target.kind === 'exchange') return scope === 'exchanges';
  return scope === 'queues' || scope === SCOPE_OF_TYPE[target.type];
}

/** An empty expression is found in every name, unlike that of a permission. */
const ANYTHING: Pattern = { test: () => true };
const compiled = new WeakMap<Policy, Pattern>();

function patternOf(policy: Policy): Pattern {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const pattern = compiledPattern(policy.pattern) ?? ANYTHING;
  compiled.set(policy, pattern);
  return pattern;
}
