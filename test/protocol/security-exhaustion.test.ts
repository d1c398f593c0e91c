// Advisory classes "unbounded interning" and "CPU blow-up" (reliability 1.3 and 2.e): no table grows with the names that
// clients make up, and no pattern costs more than its words times those of the key.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Channel, connect } from 'amqplib';
import { expect, it } from 'vitest';
import { TopicTrie } from '../../src/broker/exchange/topic-trie.ts';
import { NO_FIELDS } from '../../src/broker/field-table.ts';
import { startBroker } from '../../src/broker.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of the heap that are in use, once the collector has nothing left to do. */
function heapBytes(): number {
  for (let time = 0; time < 3; time++) collect();
  return process.memoryUsage().heapUsed;
}

const NAMES = 10_000;
const HEAP_BYTES_MAX = 2_000_000;

/** Names that were never there before: routing keys, binding keys, consumer tags, queues, exchanges, headers. */
async function makeUp(channel: Channel, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at++) {
    const name = `made-up-${at}-${'x'.repeat(200)}`;
    channel.publish('amq.topic', name, Buffer.from(''), { headers: { [name]: name }, correlationId: name });
    if (at % 100 !== 0) continue;
    await channel.assertQueue(name);
    await channel.bindQueue(name, 'amq.topic', name);
    await channel.consume(name, () => {}, { consumerTag: name });
    await channel.cancel(name);
    await channel.unbindQueue(name, 'amq.topic', name);
    await channel.deleteQueue(name);
    await channel.assertExchange(name, 'topic');
    await channel.deleteExchange(name);
  }
}

it('unbounded interning: 10,000 names of keys, tags, queues and exchanges leave nothing behind', {
  timeout: 60_000,
}, async () => {
  await using broker = await startBroker({ amqpPort: 0, logger: 'silent' });
  const connection = await connect(broker.url);
  const channel = await connection.createChannel();
  await makeUp(channel, 0, 2_000);
  const before = heapBytes();
  await makeUp(channel, 2_000, 2_000 + NAMES);
  expect(heapBytes() - before).toBeLessThan(HEAP_BYTES_MAX);
  await connection.close();
});

it('CPU blow-up: 128 words of # in a row, in a hundred patterns, against keys of 128 words', () => {
  const trie = new TopicTrie();
  const patterns = Array.from({ length: 100 }, (_, at) => ['w', ...Array(126 - at).fill('#'), `end-${at}`].join('.'));
  for (const [queueId, pattern] of patterns.entries())
    trie.add(pattern, NO_FIELDS, { kind: 'queue', queueId } as never);
  trie.add(Array(128).fill('#').join('.'), NO_FIELDS, { kind: 'queue', queueId: 1_000 } as never);
  const key = ['w', ...Array(126).fill('a'), 'end-50'].join('.');
  const fromMs = performance.now();
  for (let time = 0; time < 50; time++) {
    const found = new Set<never>();
    trie.match(key, undefined as never, found as never);
    expect(found.size).toBe(2);
  }
  // 128 words times some 350 places, fifty times over: a fraction of a second; without the bound it would not end.
  expect(performance.now() - fromMs).toBeLessThan(3_000);
});
