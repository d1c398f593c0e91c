// Which policy holds and what it adds (features 1.5), and what is wrong with one: texts recorded from RabbitMQ 3.10.8.
import { describe, expect, it } from 'vitest';
import {
  effectiveArguments,
  effectivePolicy,
  type FieldTable,
  type Policy,
  type PolicyGiven,
  type PolicyTarget,
  policyFor,
  readPolicy,
} from '../../../src/broker/index.ts';
import { table } from '../messages.ts';

const policy = (given: Partial<Policy>): Policy => ({
  vhost: '/',
  name: 'p',
  pattern: '',
  applyTo: 'all',
  priority: 0,
  definition: { 'max-length': 1 },
  isOperator: false,
  ...given,
});
const queue = (name: string, type = 'classic'): PolicyTarget => ({ kind: 'queue', vhost: '/', name, type });
const exchange = (name: string): PolicyTarget => ({ kind: 'exchange', vhost: '/', name });
const plain = (args: FieldTable) => Object.fromEntries([...args].map(([key, { value }]) => [key, value]));

describe('the policy that holds', () => {
  it('is the one of the highest priority whose pattern is somewhere in the name', () => {
    const policies = [
      policy({ name: 'low', priority: 1, pattern: 'bs' }),
      policy({ name: 'high', priority: 3, pattern: '^jobs$' }),
      policy({ name: 'higher', priority: 4, pattern: '^obs' }),
      policy({ name: 'middle', priority: 2 }),
    ];
    expect(policyFor(policies, queue('jobs'))?.name).toBe('high');
    expect(policyFor(policies, queue('jobs2'))?.name).toBe('middle');
    expect(policyFor([policies[0]], queue('other'))).toBeUndefined();
  });

  it('is the first by name among those of one priority, in whatever order they were set', () => {
    const policies = [policy({ name: 'b' }), policy({ name: 'a' }), policy({ name: 'c' })];
    expect(policyFor(policies, queue('x'))?.name).toBe('a');
    expect(policyFor([...policies].reverse(), queue('x'))?.name).toBe('a');
  });

  it('is for its vhost and for what it applies to', () => {
    const holding = (applyTo: Policy['applyTo'], target: PolicyTarget) =>
      policyFor([policy({ applyTo })], target) !== undefined;
    const targets = [queue('x'), queue('x', 'quorum'), queue('x', 'stream'), exchange('x')];
    const table = (applyTo: Policy['applyTo'], definition: Policy['definition'] = { 'max-length-bytes': 1 }) =>
      targets.map((target) => policyFor([policy({ applyTo, definition })], target) !== undefined);
    expect(table('all')).toEqual([true, true, true, true]);
    expect(table('queues')).toEqual([true, true, true, false]);
    expect(table('exchanges')).toEqual([false, false, false, true]);
    expect(table('classic_queues')).toEqual([true, false, false, false]);
    expect(table('quorum_queues')).toEqual([false, true, false, false]);
    expect(table('streams')).toEqual([false, false, true, false]);
    expect(holding('all', { ...queue('x'), vhost: 'other' })).toBe(false);
  });

  it('passes a queue by as a whole when one key means nothing to its type', () => {
    const mirrored = policy({ priority: 9, definition: { 'ha-mode': 'all', 'max-length': 1 } });
    expect(policyFor([mirrored], queue('x'))).toBe(mirrored);
    expect(policyFor([mirrored], queue('x', 'quorum'))).toBeUndefined();
    expect(policyFor([policy({ definition: { 'max-age': '1D' } })], queue('x'))).toBeUndefined();
  });
});

describe('an operator policy', () => {
  it('takes the smaller of two numbers, its own word for anything else, and leaves the other keys', () => {
    const user = policy({
      definition: { 'max-length': 10, expires: 5, overflow: 'drop-head', 'dead-letter-exchange': 'd' },
    });
    const operator = policy({
      isOperator: true,
      definition: { 'max-length': 7, expires: 9, overflow: 'reject-publish', 'message-ttl': 3 },
    });
    const merged = { 'max-length': 7, expires: 5, overflow: 'reject-publish', 'dead-letter-exchange': 'd' };
    expect(effectivePolicy([user, operator], queue('x'))).toEqual({ ...merged, 'message-ttl': 3 });
    expect(effectivePolicy([operator], queue('x'))).toEqual(operator.definition);
    expect(effectivePolicy([user], queue('x'))).toEqual(user.definition);
    expect(effectivePolicy([], queue('x'))).toBeNull();
  });

  it('of a low priority holds beside a policy of a high one', () => {
    const policies = [policy({ priority: 9 }), policy({ isOperator: true, definition: { 'max-length': 0 } })];
    expect(effectivePolicy(policies, queue('x'))).toEqual({ 'max-length': 0 });
  });
});

describe('what holds for a queue', () => {
  it('is the smaller one of two limits, else its own argument', () => {
    const args = table({
      'x-message-ttl': 5,
      'x-max-length': 3,
      'x-overflow': 'drop-head',
      'x-dead-letter-exchange': 'own',
    });
    const definition = {
      'message-ttl': 9,
      'max-length': 2,
      overflow: 'reject-publish',
      'dead-letter-exchange': 'policy',
      'dead-letter-routing-key': 'k',
      expires: 4,
      'ha-mode': 'all',
    };
    expect(plain(effectiveArguments(args, definition))).toEqual({
      'x-message-ttl': 5n,
      'x-max-length': 2n,
      'x-overflow': 'drop-head',
      'x-dead-letter-exchange': 'own',
      'x-dead-letter-routing-key': 'k',
      'x-expires': 4n,
    });
    expect(effectiveArguments(args, null)).toBe(args);
  });
});

describe('a policy that is refused', () => {
  const why = (given: PolicyGiven, isOperator = false) => {
    const read = readPolicy(
      { vhost: '/', name: 'p', pattern: '^a', definition: { 'max-length': 1 }, ...given },
      isOperator,
    );
    return 'why' in read ? read.why : 'accepted';
  };

  it.each([
    [{ 'message-ttl': -1 }, '-1 is not a valid message TTL'],
    [{ 'message-ttl': 'x' }, '<<"x">> is not a valid message TTL'],
    [{ expires: 0 }, '0 is not a valid queue expiry'],
    [{ 'max-length': true }, 'true is not a valid maximum length'],
    [{ 'max-length-bytes': -1 }, '-1 is not a valid maximum length in bytes'],
    [{ 'max-in-memory-length': -1 }, '-1 is not a valid maximum memory in bytes'],
    [{ 'delivery-limit': 1.5 }, '1.5 is not a valid delivery limit'],
    [{ overflow: 'x' }, '<<"x">> is not a valid overflow value'],
    [{ 'queue-mode': 'x' }, '<<"x">> is not a valid queue-mode value'],
    [{ 'alternate-exchange': true }, 'true is not a valid alternate exchange name'],
    [{ 'dead-letter-exchange': -1 }, '-1 is not a valid dead letter exchange name'],
    [{ 'dead-letter-routing-key': true }, 'true is not a valid dead letter routing key'],
    [{ 'stream-max-segment-size-bytes': -1 }, '-1 is not a valid segment size'],
    [
      { nope: 1, nope2: 'a', 'max-length': -1 },
      '[{<<"nope">>,1},{<<"nope2">>,<<"a">>}] are not recognised policy settings',
    ],
    [{ 'max-priority': 5 }, '[{<<"max-priority">>,5}] are not recognised policy settings'],
    [{}, 'no policy provided'],
    [{ 'ha-mode': 'all', 'queue-mode': 'lazy', 'queue-master-locator': 'min-masters' }, 'accepted'],
  ])('for %j in the words of RabbitMQ', (definition, text) => {
    expect(why({ definition })).toBe(text);
  });

  it('for a key that is none of an operator', () => {
    expect(why({ definition: { 'dead-letter-exchange': 'x' } }, true)).toBe(
      '[{<<"dead-letter-exchange">>,<<"x">>}] are not recognised policy settings',
    );
    expect(why({ definition: { 'max-length': 5, overflow: 'reject-publish' } }, true)).toBe('accepted');
  });

  it('for a pattern that is no expression, too long, or read otherwise by RabbitMQ', () => {
    expect(why({ pattern: '(' })).toContain('pattern should be regular expression but is invalid');
    expect(why({ pattern: 'a'.repeat(1_001) })).toBe('pattern should have at most 1000 characters');
    expect(why({ pattern: '\\Aa\\z' })).toContain('only PCRE');
    expect(why({ pattern: '[[:alpha:]]' })).toContain('only PCRE');
    expect(why({ pattern: '\\\\A' })).toBe('accepted');
    expect(why({ pattern: '^(?!amq\\.).*' })).toBe('accepted');
  });

  it('for a priority or a scope that is none', () => {
    expect(why({ priority: 'x' })).toBe('priority should be number, actually was <<"x">>');
    expect(why({ applyTo: 'x' })).toContain("apply-to 'x' unrecognised");
  });
});
