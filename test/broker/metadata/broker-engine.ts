// A broker without a protocol on one virtual thread, and the questions that tests ask it.
import { call, type ServerPid, startLink } from '../../../src/behaviours/index.ts';
import {
  awaitReplica,
  type BindQueue,
  bindQueue,
  brokerTree,
  catchUp,
  type DeclareExchange,
  type DeclareQueue,
  declareExchange,
  declareQueue,
  isBehind,
  type Message,
  type Outcome,
  type QueueCall,
  type QueueRecord,
  queueServer,
  type Replica,
  routeMessage,
  threadReplica,
} from '../../../src/broker/index.ts';
import type { Context, Effects } from '../../../src/process/index.ts';
import type { AnyPid } from '../../../src/term/index.ts';
import { play, type VirtualEngine } from '../../support/virtual-engine.ts';

export interface BrokerTools {
  readonly context: Context<unknown>;
  readonly engine: VirtualEngine;
  readonly replica: Replica;
}

/** Runs `body` with a broker around it. */
export function playBroker(body: (tools: BrokerTools) => Effects<void>): void {
  play(function* (context, engine) {
    engine.code.queueServer = queueServer;
    engine.code.threadReplica = threadReplica;
    context.trapExit(true);
    const started = yield* startLink(brokerTree, [{ threads: [0], frontEnds: [[]] }]);
    if (!started.ok) throw new Error(`not started: ${JSON.stringify(started.error)}`);
    yield* body({ context, engine, replica: yield* awaitReplica(context) });
  });
}

/** A process that stands for a connection. */
export function connectionOf({ context }: BrokerTools): AnyPid {
  return context.spawn(function* idle() {
    yield { op: 'receive', match: null, afterMs: Number.POSITIVE_INFINITY, ref: null };
  });
}

export function value<T>(outcome: Outcome<T>): T {
  if (!outcome.ok) throw new Error(outcome.error.text);
  return outcome.value;
}

/** What the refusal says, with its code in front. */
export function refusalOf(outcome: Outcome<unknown>): string {
  return outcome.ok ? 'done' : `${outcome.error.code} ${outcome.error.text}`;
}

export function* queue(
  { context, replica }: BrokerTools,
  wanted: Partial<DeclareQueue>,
): Effects<Outcome<QueueRecord>> {
  const outcome = yield* declareQueue(replica, {
    vhost: '/',
    name: 'jobs',
    passive: false,
    durable: false,
    exclusive: false,
    autoDelete: false,
    arguments: new Map(),
    connection: context.self,
    ...wanted,
  });
  if (isBehind(context, replica)) yield* catchUp(context, replica);
  return outcome;
}

export function* exchange({ context, replica }: BrokerTools, wanted: Partial<DeclareExchange>): Effects<Outcome<true>> {
  const outcome = yield* declareExchange(replica, {
    vhost: '/',
    name: 'news',
    type: 'topic',
    passive: false,
    durable: false,
    autoDelete: false,
    internal: false,
    arguments: new Map(),
    ...wanted,
  });
  if (isBehind(context, replica)) yield* catchUp(context, replica);
  return outcome;
}

export function* bind({ context, replica }: BrokerTools, wanted: Partial<BindQueue>): Effects<Outcome<true>> {
  const outcome = yield* bindQueue(replica, {
    vhost: '/',
    exchange: 'news',
    queue: 'jobs',
    routingKey: '#',
    arguments: new Map(),
    connection: context.self,
    ...wanted,
  });
  if (isBehind(context, replica)) yield* catchUp(context, replica);
  return outcome;
}

/** Asks a queue's actor by its place. */
export function* ask<const Q extends QueueCall>({ replica }: BrokerTools, id: number, request: Q): Effects<unknown> {
  const place = replica.tables.placeOf(id);
  if (place === undefined) throw new Error(`no queue ${id}`);
  return yield* call(place.pid as AnyPid as ServerPid<QueueCall>, request as never);
}

/** The ids that a Message would go to. */
export function routed({ replica }: BrokerTools, to: string, routingKey: string): readonly number[] {
  const message: Message = {
    exchange: to,
    routingKey,
    extraKeys: null,
    bytes: new Uint8Array(0),
    propertiesEnd: 0,
    bodyAt: 0,
    persistent: false,
    priority: 0,
    ttlMs: -1,
    delayMs: 0,
    format: 'none',
  };
  return routeMessage(replica.tables, '/', message);
}
