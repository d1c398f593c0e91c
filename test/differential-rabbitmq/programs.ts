// Random AMQP programs: commands of three channels on two connections, about two queues and two exchanges.
import fc from 'fast-check';
import * as wire from '../support/wire.ts';

/** One command: bytes for one of the channels. */
export interface Command {
  /** Place of the channel: 0 and 1 are on the first connection, 2 on the second. */
  readonly at: number;
  /** What it is, for people. */
  readonly name: string;
  /** The frames, for the number that the channel has on its connection. */
  readonly bytes: (channel: number) => Buffer;
}

/** The same command, printed by its name only. */
const hidden = (command: Command): Command =>
  Object.defineProperty(command, 'bytes', { value: command.bytes, enumerable: false });

const QUEUES = ['a', 'b'];
const EXCHANGES = ['x', 'y'];
const KEYS = ['k', 'k.l', 'm'];

const text = (value: string) => wire.longstr(value);
const number = (value: number) => wire.u32(value);

/** Queue arguments by name. */
const QUEUE_ARGS: Readonly<Record<string, Buffer>> = {
  none: wire.table(),
  'max-length 2': wire.table(wire.field('x-max-length', 'I', number(2))),
  'max-length 1, reject': wire.table(
    wire.field('x-max-length', 'I', number(1)),
    wire.field('x-overflow', 'S', text('reject-publish')),
  ),
  'max-length-bytes 5': wire.table(wire.field('x-max-length-bytes', 'I', number(5))),
  priorities: wire.table(wire.field('x-max-priority', 'B', wire.u8(3))),
  'dead letters to b': wire.table(
    wire.field('x-dead-letter-exchange', 'S', text('')),
    wire.field('x-dead-letter-routing-key', 'S', text('b')),
  ),
  'single active': wire.table(wire.field('x-single-active-consumer', 't', wire.u8(1))),
  'bad length': wire.table(wire.field('x-max-length', 'S', text('many'))),
};

const at = fc.nat(2);
const queue = fc.constantFrom(...QUEUES);
const exchange = fc.constantFrom(...EXCHANGES);
const key = fc.constantFrom(...KEYS, 'k.*', '#');
const bit = fc.boolean();
const bits = (...all: readonly boolean[]): number => all.reduce((sum, each, place) => sum | (Number(each) << place), 0);

const declareQueue = fc
  .record({
    at,
    queue,
    durable: bit,
    exclusive: fc.nat(5),
    autoDelete: fc.nat(5),
    args: fc.constantFrom(...Object.keys(QUEUE_ARGS), 'none', 'none', 'none'),
  })
  .map(
    ({ at, queue, durable, exclusive, autoDelete, args }): Command => ({
      at,
      name: `declare ${queue} durable=${durable} exclusive=${exclusive === 0} autoDelete=${autoDelete === 0} (${args})`,
      bytes: (channel) =>
        wire.queueDeclare(
          channel,
          queue,
          bits(false, durable, exclusive === 0, autoDelete === 0, false),
          QUEUE_ARGS[args],
        ),
    }),
  );

const onQueue = fc
  .record({ at, queue, what: fc.constantFrom('look', 'purge', 'delete', 'delete unused', 'delete empty') })
  .map(
    ({ at, queue, what }): Command => ({
      at,
      name: `${what} ${queue}`,
      bytes: (channel) => {
        if (what === 'look') return wire.queueDeclare(channel, queue, 1);
        if (what === 'purge') return wire.method(channel, 50, 30, wire.u16(0), wire.shortstr(queue), wire.u8(0));
        const flags = bits(what === 'delete unused', what === 'delete empty');
        return wire.method(channel, 50, 40, wire.u16(0), wire.shortstr(queue), wire.u8(flags));
      },
    }),
  );

const onExchange = fc
  .record({
    at,
    exchange,
    what: fc.constantFrom('direct', 'fanout', 'topic', 'headers', 'delete', 'delete unused'),
    durable: bit,
    autoDelete: fc.nat(3),
    alternate: fc.nat(4),
  })
  .map(
    ({ at, exchange, what, durable, autoDelete, alternate }): Command => ({
      at,
      name: `exchange ${exchange} ${what} durable=${durable} autoDelete=${autoDelete === 0} alternate=${alternate === 0}`,
      bytes: (channel) => {
        const named = [wire.u16(0), wire.shortstr(exchange)];
        if (what.startsWith('delete'))
          return wire.method(channel, 40, 20, ...named, wire.u8(bits(what === 'delete unused')));
        const args =
          alternate === 0 ? wire.table(wire.field('alternate-exchange', 'S', text('amq.fanout'))) : wire.table();
        return wire.method(
          channel,
          40,
          10,
          ...named,
          wire.shortstr(what),
          wire.u8(bits(false, durable, autoDelete === 0)),
          args,
        );
      },
    }),
  );

const binding = fc
  .record({
    at,
    queue,
    exchange: fc.constantFrom(...EXCHANGES, 'amq.fanout', 'amq.topic'),
    key,
    isUnbind: fc.nat(2),
    toExchange: fc.nat(4),
  })
  .map(({ at, queue, exchange, key, isUnbind, toExchange }): Command => {
    const other = exchange === 'x' ? 'y' : 'x';
    const isExchange = toExchange === 0;
    const remove = isUnbind === 0;
    return {
      at,
      name: `${remove ? 'unbind' : 'bind'} ${isExchange ? `exchange ${other}` : queue} from ${exchange} by ${key}`,
      bytes: (channel) => {
        const ends = [
          wire.u16(0),
          wire.shortstr(isExchange ? other : queue),
          wire.shortstr(exchange),
          wire.shortstr(key),
        ];
        if (isExchange) return wire.method(channel, 40, remove ? 40 : 30, ...ends, wire.u8(0), wire.table());
        return remove
          ? wire.method(channel, 50, 50, ...ends, wire.table())
          : wire.method(channel, 50, 20, ...ends, wire.u8(0), wire.table());
      },
    };
  });

let lastBody = 0;
const publish = fc
  .record({
    at,
    to: fc.constantFrom('', '', '', ...EXCHANGES, 'amq.topic', 'no such'),
    queue,
    key: fc.constantFrom(...KEYS),
    mandatory: bit,
    priority: fc.option(fc.nat(5), { nil: null }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ at, to, queue, key, mandatory, priority, count }): Command => {
    const bodies = Array.from({ length: count }, () => `m${++lastBody % 1000}`);
    const routingKey = to === '' ? queue : key;
    return {
      at,
      name: `publish ${bodies} to '${to}' by ${routingKey} mandatory=${mandatory} priority=${priority}`,
      bytes: (channel) =>
        Buffer.concat(
          bodies.flatMap((body) => [
            wire.publishMethod(channel, to, routingKey, mandatory ? 1 : 0),
            wire.contentHeader(
              channel,
              body.length,
              priority === null ? wire.u16(0) : Buffer.concat([wire.u16(0x0800), wire.u8(priority)]),
            ),
            wire.contentBody(channel, Buffer.from(body)),
          ]),
        ),
    };
  });

const taking = fc
  .record({
    at,
    queue,
    what: fc.constantFrom('get', 'get', 'consume', 'consume', 'cancel'),
    tag: fc.constantFrom('c1', 'c2'),
    noAck: bit,
    exclusive: fc.nat(5),
  })
  .map(
    ({ at, queue, what, tag, noAck, exclusive }): Command => ({
      at,
      name: `${what} ${queue} tag=${tag} noAck=${noAck} exclusive=${exclusive === 0}`,
      bytes: (channel) => {
        if (what === 'get') return wire.get(channel, queue, noAck);
        if (what === 'cancel') return wire.cancel(channel, `${tag}-${at}`);
        const flags = bits(false, noAck, exclusive === 0, false);
        return wire.method(
          channel,
          60,
          20,
          wire.u16(0),
          wire.shortstr(queue),
          wire.shortstr(`${tag}-${at}`),
          wire.u8(flags),
          wire.table(),
        );
      },
    }),
  );

const settling = fc
  .record({
    at,
    tag: fc.nat(4),
    multiple: bit,
    how: fc.constantFrom('ack', 'requeue', 'drop', 'reject requeue', 'recover'),
  })
  .map(
    ({ at, tag, multiple, how }): Command => ({
      at,
      name: `${how} ${tag}${multiple ? ' and before' : ''}`,
      bytes: (channel) => {
        const number = wire.u64(BigInt(tag));
        if (how === 'ack') return wire.ack(channel, tag, multiple);
        if (how === 'recover') return wire.method(channel, 60, 110, wire.u8(1));
        if (how === 'reject requeue') return wire.method(channel, 60, 90, number, wire.u8(1));
        return wire.method(channel, 60, 120, number, wire.u8(bits(multiple, how === 'requeue')));
      },
    }),
  );

const mode = fc
  .record({
    at,
    what: fc.constantFrom('prefetch 1', 'prefetch 2', 'prefetch 0', 'confirm', 'tx', 'commit', 'rollback', 'close'),
  })
  .map(
    ({ at, what }): Command => ({
      at,
      name: what,
      bytes: (channel) => {
        if (what.startsWith('prefetch')) return wire.qos(channel, Number(what.slice(-1)));
        if (what === 'confirm') return wire.confirmSelect(channel);
        if (what === 'close') return wire.channelClose(channel);
        return wire.method(channel, 90, what === 'tx' ? 10 : what === 'commit' ? 20 : 30);
      },
    }),
  );

/** A program; it begins with both queues, so that most commands find something. */
export const programs: fc.Arbitrary<readonly Command[]> = fc.array(
  fc
    .oneof(
      { weight: 3, arbitrary: declareQueue },
      { weight: 1, arbitrary: onQueue },
      { weight: 2, arbitrary: onExchange },
      { weight: 2, arbitrary: binding },
      { weight: 6, arbitrary: publish },
      { weight: 4, arbitrary: taking },
      { weight: 4, arbitrary: settling },
      { weight: 2, arbitrary: mode },
    )
    .map(hidden),
  { minLength: 3, maxLength: 25 },
);
