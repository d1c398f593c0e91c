// What a running broker says about itself: the entry point `warren/management`.
//
//   const { amqpPort, children } = await overview(broker);
import { type ChildCounts, countChildren } from './behaviours/index.ts';
import { MESSAGES_LOST } from './broker/index.ts';
import type { Broker } from './broker.ts';

/** A plain snapshot of one broker. */
export interface Overview {
  readonly host: string;
  /** TCP port that AMQP clients connect to. */
  readonly amqpPort: number;
  /** Threads that own sockets; 0 is the control thread. */
  readonly socketThreads: readonly number[];
  /** Messages that went with threads that died, since the start. */
  readonly messagesLost: number;
  /** The children of the root supervisor. */
  readonly children: ChildCounts;
}

/** Asks a running broker for its overview. Rejects when it has been stopped. */
export async function overview(broker: Broker): Promise<Overview> {
  const { host, amqpPort, socketThreads } = broker;
  const children = await broker.system.run(() => countChildren(broker.tree));
  const messagesLost = broker.system.metrics()[MESSAGES_LOST] ?? 0;
  return { host, amqpPort, socketThreads, messagesLost, children };
}
