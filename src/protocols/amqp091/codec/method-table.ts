// Every method of AMQP 0-9-1 and of RabbitMQ's extensions: ids and arguments in wire order. The types of all methods
// and the interpreting codec come from this one table. Arguments named `reserved...` are written as zero or empty and
// passed over when read; tickets are such (digest 4).
import type { FieldTable } from './field-value.ts';

/** How an argument is read; adjacent bits share octets. `longtext` is a long string that is text. */
export type ArgumentKind = keyof ArgumentTypes;

type ArgumentTypes = {
  octet: number;
  short: number;
  long: number;
  longlong: number;
  bit: boolean;
  shortstr: string;
  longstr: Uint8Array;
  longtext: string;
  table: FieldTable;
};

type MethodRow = readonly [classId: number, methodId: number, args: Readonly<Record<string, ArgumentKind>>];

const CLOSE = { replyCode: 'short', replyText: 'shortstr', classId: 'short', methodId: 'short' } as const;
const EXCHANGE_BINDING = {
  reserved1: 'short',
  destination: 'shortstr',
  source: 'shortstr',
  routingKey: 'shortstr',
  nowait: 'bit',
  arguments: 'table',
} as const;
const CONSUMER = { consumerTag: 'shortstr', nowait: 'bit' } as const;
const DELIVERY = { deliveryTag: 'longlong', redelivered: 'bit', exchange: 'shortstr', routingKey: 'shortstr' } as const;
const TUNE = { channelMax: 'short', frameMax: 'long', heartbeat: 'short' } as const;

/** The rows by method name: class id, method id, arguments. */
export const METHODS = {
  'connection.start': [
    10,
    10,
    {
      versionMajor: 'octet',
      versionMinor: 'octet',
      serverProperties: 'table',
      mechanisms: 'longtext',
      locales: 'longtext',
    },
  ],
  'connection.start-ok': [
    10,
    11,
    { clientProperties: 'table', mechanism: 'shortstr', response: 'longstr', locale: 'shortstr' },
  ],
  'connection.secure': [10, 20, { challenge: 'longstr' }],
  'connection.secure-ok': [10, 21, { response: 'longstr' }],
  'connection.tune': [10, 30, TUNE],
  'connection.tune-ok': [10, 31, TUNE],
  'connection.open': [10, 40, { virtualHost: 'shortstr', reserved1: 'shortstr', reserved2: 'bit' }],
  'connection.open-ok': [10, 41, { reserved1: 'shortstr' }],
  'connection.close': [10, 50, CLOSE],
  'connection.close-ok': [10, 51, {}],
  'connection.blocked': [10, 60, { reason: 'shortstr' }],
  'connection.unblocked': [10, 61, {}],
  'connection.update-secret': [10, 70, { newSecret: 'longstr', reason: 'shortstr' }],
  'connection.update-secret-ok': [10, 71, {}],

  'channel.open': [20, 10, { reserved1: 'shortstr' }],
  'channel.open-ok': [20, 11, { reserved1: 'longstr' }],
  'channel.flow': [20, 20, { active: 'bit' }],
  'channel.flow-ok': [20, 21, { active: 'bit' }],
  'channel.close': [20, 40, CLOSE],
  'channel.close-ok': [20, 41, {}],

  'access.request': [
    30,
    10,
    { realm: 'shortstr', exclusive: 'bit', passive: 'bit', active: 'bit', write: 'bit', read: 'bit' },
  ],
  'access.request-ok': [30, 11, { ticket: 'short' }],

  'exchange.declare': [
    40,
    10,
    {
      reserved1: 'short',
      exchange: 'shortstr',
      type: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      autoDelete: 'bit',
      internal: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  ],
  'exchange.declare-ok': [40, 11, {}],
  'exchange.delete': [40, 20, { reserved1: 'short', exchange: 'shortstr', ifUnused: 'bit', nowait: 'bit' }],
  'exchange.delete-ok': [40, 21, {}],
  'exchange.bind': [40, 30, EXCHANGE_BINDING],
  'exchange.bind-ok': [40, 31, {}],
  'exchange.unbind': [40, 40, EXCHANGE_BINDING],
  'exchange.unbind-ok': [40, 51, {}],

  'queue.declare': [
    50,
    10,
    {
      reserved1: 'short',
      queue: 'shortstr',
      passive: 'bit',
      durable: 'bit',
      exclusive: 'bit',
      autoDelete: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  ],
  'queue.declare-ok': [50, 11, { queue: 'shortstr', messageCount: 'long', consumerCount: 'long' }],
  'queue.bind': [
    50,
    20,
    {
      reserved1: 'short',
      queue: 'shortstr',
      exchange: 'shortstr',
      routingKey: 'shortstr',
      nowait: 'bit',
      arguments: 'table',
    },
  ],
  'queue.bind-ok': [50, 21, {}],
  'queue.purge': [50, 30, { reserved1: 'short', queue: 'shortstr', nowait: 'bit' }],
  'queue.purge-ok': [50, 31, { messageCount: 'long' }],
  'queue.delete': [50, 40, { reserved1: 'short', queue: 'shortstr', ifUnused: 'bit', ifEmpty: 'bit', nowait: 'bit' }],
  'queue.delete-ok': [50, 41, { messageCount: 'long' }],
  'queue.unbind': [
    50,
    50,
    { reserved1: 'short', queue: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr', arguments: 'table' },
  ],
  'queue.unbind-ok': [50, 51, {}],

  'basic.qos': [60, 10, { prefetchSize: 'long', prefetchCount: 'short', global: 'bit' }],
  'basic.qos-ok': [60, 11, {}],
  'basic.consume': [
    60,
    20,
    {
      reserved1: 'short',
      queue: 'shortstr',
      consumerTag: 'shortstr',
      noLocal: 'bit',
      noAck: 'bit',
      exclusive: 'bit',
      nowait: 'bit',
      arguments: 'table',
    },
  ],
  'basic.consume-ok': [60, 21, { consumerTag: 'shortstr' }],
  'basic.cancel': [60, 30, CONSUMER],
  'basic.cancel-ok': [60, 31, { consumerTag: 'shortstr' }],
  'basic.publish': [
    60,
    40,
    { reserved1: 'short', exchange: 'shortstr', routingKey: 'shortstr', mandatory: 'bit', immediate: 'bit' },
  ],
  'basic.return': [60, 50, { replyCode: 'short', replyText: 'shortstr', exchange: 'shortstr', routingKey: 'shortstr' }],
  'basic.deliver': [60, 60, { consumerTag: 'shortstr', ...DELIVERY }],
  'basic.get': [60, 70, { reserved1: 'short', queue: 'shortstr', noAck: 'bit' }],
  'basic.get-ok': [60, 71, { ...DELIVERY, messageCount: 'long' }],
  'basic.get-empty': [60, 72, { reserved1: 'shortstr' }],
  'basic.ack': [60, 80, { deliveryTag: 'longlong', multiple: 'bit' }],
  'basic.reject': [60, 90, { deliveryTag: 'longlong', requeue: 'bit' }],
  'basic.recover-async': [60, 100, { requeue: 'bit' }],
  'basic.recover': [60, 110, { requeue: 'bit' }],
  'basic.recover-ok': [60, 111, {}],
  'basic.nack': [60, 120, { deliveryTag: 'longlong', multiple: 'bit', requeue: 'bit' }],

  'confirm.select': [85, 10, { nowait: 'bit' }],
  'confirm.select-ok': [85, 11, {}],
  'tx.select': [90, 10, {}],
  'tx.select-ok': [90, 11, {}],
  'tx.commit': [90, 20, {}],
  'tx.commit-ok': [90, 21, {}],
  'tx.rollback': [90, 30, {}],
  'tx.rollback-ok': [90, 31, {}],
} as const satisfies Record<string, MethodRow>;

/** The name of a method: class, dot, the method's name with hyphens as the AMQP documents write it. */
export type MethodName = keyof typeof METHODS;

type Arguments<R extends Readonly<Record<string, ArgumentKind>>> = {
  readonly [K in keyof R as K extends `reserved${string}` ? never : K]: ArgumentTypes[R[K]];
};

/** One method with its arguments, told apart by `name`: `MethodOf<'basic.ack'>` is `{ name, deliveryTag, multiple }`. */
export type MethodOf<N extends MethodName> = N extends MethodName
  ? { readonly name: N } & Arguments<(typeof METHODS)[N][2]>
  : never;

/** Any method. */
export type Method = MethodOf<MethodName>;

/** The methods that are followed by a content header and a body. */
export type ContentMethod = MethodOf<'basic.publish' | 'basic.return' | 'basic.deliver' | 'basic.get-ok'>;
