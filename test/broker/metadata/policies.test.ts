// B28: policies that come, change and go while a broker runs leave the state that they would have made from the beginning:
// the limits of every queue, whenever it was declared, and the alternate of every exchange.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allMetadata,
  catchUp,
  deletePolicy,
  isBehind,
  type Policy,
  type QueueMessage,
  setPolicy,
} from '../../../src/broker/index.ts';
import type { Effects } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import { messageOf, table } from '../messages.ts';
import { ask, type BrokerTools, bind, exchange, playBroker, queue, routed, value } from './broker-engine.ts';

const QUEUES = ['jobs', 'mail'];
const EXCHANGES = ['news', 'odds'];
const SENT = 6;

const policy: fc.Arbitrary<Policy> = fc.record({
  vhost: fc.constant('/'),
  name: fc.constantFrom('a', 'b', 'c'),
  pattern: fc.constantFrom('', '^jobs$', 's$', 'mail|odds', 'none'),
  applyTo: fc.constantFrom('all' as const, 'queues' as const, 'exchanges' as const),
  priority: fc.nat(2),
  definition: fc.oneof(
    fc.record({ 'max-length': fc.nat(4) }),
    fc.record({ 'max-length': fc.nat(4), 'alternate-exchange': fc.constantFrom('one', 'two') }),
    fc.constant({ 'alternate-exchange': 'one' }),
  ),
  isOperator: fc.boolean(),
});
const plain = (given: Policy): Policy => (given.isOperator ? { ...given, definition: operatorPart(given) } : given);
const operatorPart = ({ definition }: Policy): Policy['definition'] => ({
  'max-length': definition['max-length'] ?? 3,
});

type Step =
  | { readonly do: 'set'; readonly policy: Policy }
  | { readonly do: 'delete'; readonly name: string; readonly isOperator: boolean };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), policy: policy.map(plain) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('delete' as const),
      name: fc.constantFrom('a', 'b', 'c'),
      isOperator: fc.boolean(),
    }),
  },
);

function* declareAll(tools: BrokerTools, ownLimit: number): Effects<void> {
  for (const name of ['one', 'two']) {
    value(yield* exchange(tools, { name, type: 'fanout' }));
    value(yield* queue(tools, { name: `at ${name}` }));
    value(yield* bind(tools, { exchange: name, queue: `at ${name}` }));
  }
  value(yield* queue(tools, { name: 'jobs', arguments: table({ 'x-max-length': ownLimit }) }));
  value(yield* queue(tools, { name: 'mail' }));
  value(yield* exchange(tools, { name: 'news' }));
  value(yield* exchange(tools, { name: 'odds', arguments: table({ 'alternate-exchange': 'two' }) }));
}

function* take(each: Step): Effects<void> {
  if (each.do === 'set') yield* setPolicy(each.policy);
  else yield* deletePolicy({ vhost: '/', name: each.name, isOperator: each.isOperator });
}

function* send(tools: BrokerTools, name: string): Effects<void> {
  const { context, replica } = tools;
  const place = replica.tables.placeOf(replica.tables.queueByName('/', name)?.id ?? -1);
  const messages = Array.from({ length: SENT }, () => messageOf());
  const to = place?.pid as Pid<QueueMessage>;
  context.send(to, { tag: 'publish', channel: context.self as never, batch: 1, messages });
}

/** Counts after so many messages, and where what exchanges have no destination for goes. */
function* seen(tools: BrokerTools): Effects<unknown> {
  const { context, replica } = tools;
  if (isBehind(context, replica)) yield* catchUp(context, replica);
  const counts: unknown[] = [];
  for (const name of QUEUES) {
    const id = replica.tables.queueByName('/', name)?.id ?? -1;
    counts.push(yield* ask(tools, id, { tag: 'counts', isUse: false }));
  }
  const names = (ids: readonly number[]) => ids.map((id) => replica.tables.queueById(id)?.name);
  return { counts, routes: EXCHANGES.map((name) => names(routed(tools, name, 'k'))) };
}

describe('policies of a running broker (B28)', () => {
  it('changed in any way before messages come are the same as those that are left, there from the beginning', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 8 }),
        fc.nat(8),
        fc.integer({ min: 1, max: 5 }),
        (steps, at, ownLimit) => {
          let changed: unknown;
          let left: readonly Policy[] = [];
          playBroker(function* (tools) {
            for (const each of steps.slice(0, at)) yield* take(each);
            yield* declareAll(tools, ownLimit);
            for (const each of steps.slice(at)) yield* take(each);
            for (const name of QUEUES) yield* send(tools, name);
            changed = yield* seen(tools);
            left = (yield* allMetadata()).flatMap((event) => (event.tag === 'policySet' ? [event.policy] : []));
          });
          playBroker(function* (tools) {
            for (const each of left) yield* setPolicy(each);
            yield* declareAll(tools, ownLimit);
            for (const name of QUEUES) yield* send(tools, name);
            expect(yield* seen(tools)).toEqual(changed);
          });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('set when messages are there leave what they would have left from the beginning', () => {
    fc.assert(
      fc.property(policy.map(plain), fc.integer({ min: 1, max: 5 }), (one, ownLimit) => {
        const outcomes: unknown[] = [];
        for (const isEarly of [true, false]) {
          playBroker(function* (tools) {
            if (isEarly) yield* setPolicy(one);
            yield* declareAll(tools, ownLimit);
            for (const name of QUEUES) yield* send(tools, name);
            if (!isEarly) yield* setPolicy(one);
            outcomes.push(yield* seen(tools));
          });
        }
        expect(outcomes[1]).toEqual(outcomes[0]);
      }),
      { numRuns: 100 },
    );
  });
});
