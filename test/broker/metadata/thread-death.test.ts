// Queues on data threads when one of them dies: DESIGN decision 12, on real threads.
import { describe, expect, it } from 'vitest';
import { call, type ServerPid, startLink } from '../../../src/behaviours/index.ts';
import {
  brokerTree,
  METADATA_NAME,
  type MetadataCall,
  type MetadataEvent,
  type Outcome,
  type QueueCall,
  type QueuePlace,
  type QueueRecord,
} from '../../../src/broker/index.ts';
import { type Context, type Effects, sleep } from '../../../src/process/index.ts';
import type { AnyPid, Pid } from '../../../src/term/index.ts';
import { fixture } from '../../threads/fixture.ts';
import { messageOf } from '../messages.ts';
import { value } from './broker-engine.ts';

const plan = { threads: [1, 2], frontEnds: [[], []] };

function* declare(context: Context<unknown>, name: string, wanted = {}): Effects<QueueRecord> {
  const plain = { vhost: '/', name, passive: false, durable: false, exclusive: false, autoDelete: false };
  const request = {
    tag: 'declareQueue',
    wanted: { ...plain, arguments: new Map(), connection: context.self, ...wanted },
  };
  return value((yield* call(METADATA_NAME, request)) as Outcome<QueueRecord>);
}

/** Where the metadata says the queues are, by asking for a snapshot as a replica would. */
function* places(context: Context<unknown>): Effects<Map<number, QueuePlace>> {
  const metadata = context.whereis(METADATA_NAME) as AnyPid as ServerPid<MetadataCall>;
  const { events } = yield* call(metadata, { tag: 'subscribe', replica: context.self as AnyPid });
  const isPlaced = (event: MetadataEvent) => event.tag === 'queuePlaced';
  return new Map(events.filter(isPlaced).map(({ id, place }) => [id, place]));
}

function* readyIn({ pid }: QueuePlace): Effects<number> {
  const server = pid as AnyPid as ServerPid<QueueCall>;
  return (yield* call(server, { tag: 'counts', isUse: false })).ready;
}

describe('the death of a data thread', () => {
  it('its queues come back empty under a new epoch, what they held is told once, the others keep theirs', async () => {
    await using threads = await fixture();
    const { engine, system, lines } = threads;
    await system.perform(() => startLink(brokerTree, [plan]));
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const names = ['a', 'b', 'c', 'd'];
      const records: QueueRecord[] = [];
      for (const name of names) records.push(yield* declare(context, name));
      const before = yield* places(context);
      expect(records.map(({ id }) => before.get(id)?.pid.origin.thread)).toEqual([1, 2, 1, 2]);
      for (const [index, { id }] of records.entries()) {
        const messages = Array.from({ length: index + 1 }, () => messageOf());
        const place = before.get(id) as QueuePlace;
        context.send(place.pid, { tag: 'publish', channel: context.self as Pid<unknown>, batch: 1, messages });
        expect(yield* readyIn(place)).toBe(index + 1);
      }
      engine.kill(1);
      let after = yield* places(context);
      for (let tries = 0; tries < 100 && [1, 3].some((id) => after.get(id)?.epoch !== 2); tries++) {
        yield* sleep(20);
        after = yield* places(context);
      }
      expect([...after.values()].map(({ epoch }) => epoch)).toEqual([2, 1, 2, 1]);
      expect(after.get(2)).toEqual(before.get(2));
      const ready: number[] = [];
      for (const { id } of records) ready.push(yield* readyIn(after.get(id) as QueuePlace));
      expect(ready).toEqual([0, 2, 0, 4]);
    });
    const losses = lines.filter(({ event }) => event === 'messages lost with a thread');
    expect(losses).toEqual([
      { level: 'warning', event: 'messages lost with a thread', data: { queues: 2, messages: 4 } },
    ]);
  });

  it('a queue that is declared while its thread dies is declared all the same', async () => {
    await using threads = await fixture();
    const { engine, system } = threads;
    await system.perform(() => startLink(brokerTree, [plan]));
    await system.run(function* (context: Context<unknown>): Effects<void> {
      for (let round = 0; round < 5; round++) {
        engine.kill(1 + (round % 2));
        const record = yield* declare(context, `queue ${round}`);
        expect((yield* places(context)).get(record.id)?.epoch).toBeGreaterThan(0);
      }
    });
  });

  it('an exclusive queue goes with the thread of its connection', async () => {
    await using threads = await fixture();
    const { engine, system } = threads;
    await system.perform(() => startLink(brokerTree, [plan]));
    await system.run(function* (context: Context<unknown>): Effects<void> {
      const body = { module: new URL('../../actors/threads.ts', import.meta.url).href, export: 'echo' };
      const connection = context.spawn(body, [], { placement: { thread: 2 } }) as AnyPid;
      yield* declare(context, 'mine', { exclusive: true, connection });
      expect((yield* places(context)).size).toBe(1);
      engine.kill(2);
      for (let tries = 0; tries < 100 && (yield* places(context)).size > 0; tries++) yield* sleep(20);
      expect((yield* places(context)).size).toBe(0);
    });
  });
});
