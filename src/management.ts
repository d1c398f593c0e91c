// What a running broker says about itself: the entry point `warren/management`.
//
//   const { amqpPort, children } = await overview(broker);
import { type ChildCounts, countChildren } from './behaviours/index.ts';
import { type Alarm, alarmsOf, MESSAGES_LOST } from './broker/index.ts';
import type { Broker } from './broker.ts';
import type { AsyncContext } from './process/index.ts';

/** A plain snapshot of one broker. */
export interface Overview {
  readonly host: string;
  /** TCP port that AMQP clients connect to. */
  readonly amqpPort: number;
  /** Threads that own sockets; 0 is the control thread. */
  readonly socketThreads: readonly number[];
  /** Messages that went with threads that died, since the start. */
  readonly messagesLost: number;
  /** Why publishers have to wait now; empty for not at all. */
  readonly alarms: readonly Alarm[];
  /** The children of the root supervisor. */
  readonly children: ChildCounts;
}

/** Asks a running broker for its overview. Rejects when it has been stopped. */
export async function overview(broker: Broker): Promise<Overview> {
  const { host, amqpPort, socketThreads } = broker;
  const children = await broker.system.run(() => countChildren(broker.tree));
  const messagesLost = broker.system.metrics()[MESSAGES_LOST] ?? 0;
  const alarms = await broker.system.run(async (context: AsyncContext<unknown>) => alarmsOf(context.env.words));
  return { host, amqpPort, socketThreads, messagesLost, alarms, children };
}
