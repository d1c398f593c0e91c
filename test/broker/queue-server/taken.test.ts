// What a queue says of a batch that it has taken: besides its safety whether messages wait, which is what a connection that
// publishes to it goes by when it reads ahead.
import { expect, it } from 'vitest';
import type { QueueMessage } from '../../../src/broker/index.ts';
import { type Effects, receive } from '../../../src/process/index.ts';
import type { Pid } from '../../../src/term/index.ts';
import { messageOf, table } from '../messages.ts';
import { ask, type BrokerTools, playBroker, queue, value } from '../metadata/broker-engine.ts';

interface Heard {
  readonly tag?: unknown;
  readonly batch?: number;
  readonly isBehind?: boolean;
}

/** Publishes so many messages and returns what is said of the batch. */
function* publish({ context, replica }: BrokerTools, id: number, batch: number, count: number): Effects<unknown> {
  const to = replica.tables.placeOf(id)?.pid as Pid<QueueMessage>;
  const messages = Array.from({ length: count }, () => messageOf());
  context.send(to, { tag: 'publish', channel: context.self as never, batch, messages });
  const heard = (yield* receive((message) => (message as Heard).tag === 'taken')) as Heard;
  return [heard.batch, heard.isBehind];
}

it('messages wait without a consumer and beyond its prefetch, and do not when all of a batch has gone out', () => {
  playBroker(function* (tools) {
    const { id } = value(yield* queue(tools, { name: 'q' }));
    expect(yield* publish(tools, id, 1, 2)).toEqual([1, true]);
    expect(yield* ask(tools, id, { tag: 'purge' })).toBe(2);
    const consumer = { consumerTag: 'c', noAck: false, exclusive: false, arguments: table({}), window: 0 };
    yield* ask(tools, id, {
      tag: 'consume',
      channel: tools.context.self as never,
      request: { ...consumer, prefetch: 3 },
    });
    expect(yield* publish(tools, id, 2, 2)).toEqual([2, false]);
    expect(yield* publish(tools, id, 3, 1)).toEqual([3, false]);
    expect(yield* publish(tools, id, 4, 1)).toEqual([4, true]);
  });
});
