// Tables and their events: a replica that begins from a snapshot is the same as one that saw everything (DESIGN 14).
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyEvent,
  type BindingRecord,
  emptyTables,
  FIRST_USER,
  type MetadataEvent,
  NO_FIELDS,
  routeMessage,
  snapshotOf,
  type Tables,
} from '../../../src/broker/index.ts';
import { Slots } from '../../../src/broker/metadata/slots.ts';
import { Pid } from '../../../src/term/index.ts';
import { messageOf } from '../messages.ts';

const VHOSTS = ['/', 'other'];
const EXCHANGES = ['amq.topic', 'a', 'b', 'c'];
const KEYS = ['x', 'x.y', '#', 'x.*'];
const origin = { node: 'test', thread: 1, incarnation: 1 };

type Step =
  | { readonly do: 'exchange'; readonly name: string; readonly autoDelete: boolean; readonly isFanout: boolean }
  | { readonly do: 'dropExchange'; readonly name: string }
  | { readonly do: 'queue'; readonly name: string }
  | { readonly do: 'dropQueue'; readonly pick: number }
  | { readonly do: 'place'; readonly pick: number; readonly epoch: number }
  | { readonly do: 'bind' | 'unbind'; readonly source: string; readonly to: string | number; readonly key: string };

const exchangeName = fc.constantFrom(...EXCHANGES);
const pick = fc.nat(7);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('exchange' as const),
    name: exchangeName,
    autoDelete: fc.boolean(),
    isFanout: fc.boolean(),
  }),
  fc.record({ do: fc.constant('dropExchange' as const), name: exchangeName }),
  fc.record({ do: fc.constant('queue' as const), name: fc.constantFrom('p', 'q', 'r', 's') }),
  fc.record({ do: fc.constant('dropQueue' as const), pick }),
  fc.record({ do: fc.constant('place' as const), pick, epoch: fc.integer({ min: 1, max: 9 }) }),
  fc.record({
    do: fc.constantFrom('bind' as const, 'bind' as const, 'unbind' as const),
    source: exchangeName,
    to: fc.oneof(exchangeName, pick),
    key: fc.constantFrom(...KEYS),
  }),
);

/** The event for a step, if it is possible in those tables; what the metadata server decides, in small. */
function eventOf(tables: Tables, vhost: string, each: Step, nextId: number): MetadataEvent | null {
  const routing = tables.routing(vhost);
  const ids = [...tables.allQueues()].filter((queue) => queue.vhost === vhost).map(({ id }) => id);
  const queueAt = (at: number) => ids[at % Math.max(1, ids.length)] as number | undefined;
  if (each.do === 'exchange') {
    if (tables.exchange(vhost, each.name) !== undefined) return null;
    const { name, autoDelete } = each;
    const type = each.isFanout ? 'fanout' : 'topic';
    const record = { name, type, durable: false, autoDelete, internal: false, arguments: NO_FIELDS } as const;
    return { tag: 'exchangeDeclared', vhost, record };
  }
  if (each.do === 'dropExchange') {
    if (each.name.startsWith('amq.') || tables.exchange(vhost, each.name) === undefined) return null;
    return { tag: 'exchangeDeleted', vhost, name: each.name };
  }
  if (each.do === 'queue') {
    if (tables.queueByName(vhost, each.name) !== undefined) return null;
    const { name } = each;
    const rest = { durable: false, autoDelete: false, owner: null, arguments: NO_FIELDS, slot: -1 };
    return { tag: 'queueDeclared', record: { id: nextId, vhost, name, ...rest } };
  }
  if (each.do === 'dropQueue' || each.do === 'place') {
    const id = queueAt(each.pick);
    if (id === undefined) return null;
    if (each.do === 'dropQueue') return { tag: 'queueDeleted', id };
    return { tag: 'queuePlaced', id, place: { pid: new Pid(origin, each.epoch), epoch: each.epoch } };
  }
  const target = typeof each.to === 'number' ? queueAt(each.to) : each.to;
  if (target === undefined || routing?.exchange(each.source) === undefined) return null;
  if (typeof target === 'string' && routing.exchange(target) === undefined) return null;
  const destination =
    typeof target === 'number'
      ? ({ kind: 'queue', queueId: target } as const)
      : ({ kind: 'exchange', name: target } as const);
  const binding: BindingRecord = { source: each.source, destination, routingKey: each.key, arguments: NO_FIELDS };
  return { tag: each.do === 'bind' ? 'bound' : 'unbound', vhost, binding };
}

const text = (event: MetadataEvent) =>
  JSON.stringify(event, (key, value) => (key === 'pid' ? String(value) : value instanceof Map ? [...value] : value));

/** All that can be read from tables, independent of the order in which it came. */
function contents(tables: Tables): unknown {
  const routes = VHOSTS.flatMap((vhost) =>
    ['', ...EXCHANGES].flatMap((exchange) =>
      ['x', 'x.y', 'p', 'q', 'z'].map((routingKey) => {
        const ids = routeMessage(tables, vhost, messageOf({ exchange, routingKey }));
        return `${vhost} ${exchange} ${routingKey} ${[...ids].sort((a, b) => a - b)}`;
      }),
    ),
  );
  return { events: snapshotOf(tables).map(text).sort(), routes };
}

describe('tables', () => {
  it('DESIGN 14: tables made from a snapshot hold and route the same as those that saw every event, then and later', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom(...VHOSTS), step), { maxLength: 60, size: 'max' }),
        fc.nat(60),
        (steps, beginAt) => {
          const all = emptyTables();
          for (const vhost of VHOSTS) applyEvent(all, { tag: 'vhostAdded', vhost });
          applyEvent(all, { tag: 'userSet', user: FIRST_USER });
          let late: Tables | null = null;
          steps.forEach(([vhost, each], index) => {
            if (index === beginAt % steps.length) {
              late = emptyTables();
              for (const event of snapshotOf(all)) applyEvent(late, event);
              expect(contents(late)).toEqual(contents(all));
            }
            const event = eventOf(all, vhost, each, index + 1);
            if (event === null) return;
            applyEvent(all, event);
            if (late !== null) applyEvent(late, event);
          });
          if (late !== null) expect(contents(late)).toEqual(contents(all));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('know nothing of a vhost that does not exist', () => {
    const tables = emptyTables();
    expect(tables.hasVhost('/')).toBe(false);
    expect(tables.exchange('/', 'amq.topic')).toBeUndefined();
    expect(routeMessage(tables, '/', messageOf({ exchange: 'amq.topic' }))).toEqual([]);
  });

  it('a place of a queue that is deleted is not kept', () => {
    const tables = emptyTables();
    applyEvent(tables, { tag: 'queuePlaced', id: 7, place: { pid: new Pid(origin, 1), epoch: 1 } });
    expect(tables.placeOf(7)).toBeUndefined();
  });
});

describe('slots', () => {
  it('every slot is used once, then those given back, the oldest first, then there is none', () => {
    const slots = new Slots(3);
    expect([slots.take(), slots.take(), slots.take(), slots.take()]).toEqual([0, 1, 2, -1]);
    for (const slot of [1, 0, -1, 2]) slots.giveBack(slot);
    expect([slots.take(), slots.take()]).toEqual([1, 0]);
    slots.giveBack(1);
    expect([slots.take(), slots.take(), slots.take()]).toEqual([2, 1, -1]);
  });
});
