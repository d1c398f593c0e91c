// Question: who sends what to which queue? Turns the options into streams, declares the queues over a connection of its
// own and removes them after the run. Fewer producers than queues share them out; more of them share queues.

import { randomBytes } from 'node:crypto';
import { type BrokerAddress, LoadConnection, READ_BYTES_MIN } from './connection.ts';
import type { Field, PublishShape } from './frames.ts';
import type { LoadOptions } from './options.ts';

/** The plan of one run. */
export interface Topology {
  readonly exchange: string;
  readonly queueNames: readonly string[];
  /** The streams of each producer. */
  readonly streams: readonly (readonly PublishShape[])[];
  readonly streamCount: number;
  /** The streams that each queue must receive. */
  readonly streamsOfQueue: readonly (readonly number[])[];
}

/** Plans a run; names are fresh, so that nothing of an earlier run can interfere. */
export function planTopology(options: LoadOptions): Topology {
  const { producers, queues, isFanout, wildcardBindings, bodyBytes, isPersistent } = options;
  const run = randomBytes(4).toString('hex');
  const exchange = isFanout || wildcardBindings > 0 ? `load-${run}` : '';
  const queueNames = Array.from({ length: queues }, (_, index) => `load-${run}-${index}`);
  const streamsOfQueue: number[][] = queueNames.map(() => []);
  let stream = 0;
  const streams = Array.from({ length: producers }, (_, producer) => {
    const shapes: PublishShape[] = [];
    const targets = isFanout ? [0] : targetsOf(producer, producers, queues);
    for (const queue of targets) {
      const direct = isFanout ? '' : queueNames[queue];
      const routingKey = wildcardBindings > 0 ? `load.${queue}.all` : direct;
      shapes.push({ stream, exchange, routingKey, bodyBytes, isPersistent });
      for (const receiving of isFanout ? streamsOfQueue : [streamsOfQueue[queue]]) receiving.push(stream);
      stream += 1;
    }
    return shapes;
  });
  return { exchange, queueNames, streams, streamCount: stream, streamsOfQueue };
}

/** The arguments of a queue.bind. */
export function bindFields(queue: string, exchange: string, key: string): Field[] {
  return [{ u16: 0 }, { short: queue }, { short: exchange }, { short: key }, { u8: 0 }, { u32: 0 }];
}

function targetsOf(producer: number, producers: number, queues: number): number[] {
  if (producers >= queues) return [producer % queues];
  const targets: number[] = [];
  for (let queue = producer; queue < queues; queue += producers) targets.push(queue);
  return targets;
}

/** Declares everything; returns the connection that must stay open and a function that removes it all. */
export async function declareTopology(
  address: BrokerAddress,
  topology: Topology,
  options: LoadOptions,
  failed: (error: Error) => void,
): Promise<() => Promise<void>> {
  const control = await LoadConnection.open(address, READ_BYTES_MIN, { failed });
  const durable = options.isPersistent ? 2 : 0;
  if (topology.exchange !== '') {
    const type = options.isFanout ? 'fanout' : 'topic';
    const declare = [{ u16: 0 }, { short: topology.exchange }, { short: type }, { u8: 0 }, { u32: 0 }];
    await control.call(40, 10, declare);
  }
  for (const name of topology.queueNames) {
    await control.call(50, 10, [{ u16: 0 }, { short: name }, { u8: durable }, { u32: 0 }]);
    if (options.isFanout) await control.call(50, 20, bindFields(name, topology.exchange, ''));
  }
  for (let binding = 0; binding < options.wildcardBindings; binding++) {
    const name = topology.queueNames[binding % options.queues];
    await control.call(50, 20, bindFields(name, topology.exchange, `*.${binding}.#`));
  }
  return async () => {
    for (const name of topology.queueNames) await control.call(50, 40, [{ u16: 0 }, { short: name }, { u8: 0 }]);
    if (topology.exchange !== '') await control.call(40, 20, [{ u16: 0 }, { short: topology.exchange }, { u8: 0 }]);
    await control.close();
  };
}
