// The process of a watched broker: tells where it listens, and when asked what it holds.
import { startBroker } from '../../../src/broker.ts';
import { connectionProcesses, queueProcesses } from '../broker-processes.ts';
import type { Held } from './watched-broker.ts';

const broker = await startBroker(JSON.parse(process.argv[2]));

async function held(): Promise<Held> {
  const connections = await connectionProcesses(broker);
  const queues = await queueProcesses(broker);
  // Twice: what the first one finds to be finalized the second one frees.
  for (let turn = 0; turn < 2; turn++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const channels = connections.reduce((sum, one) => sum + one.channels.length, 0);
  return {
    connections: connections.length,
    channels,
    queues: queues.length,
    processes: broker.system.engine.scheduler.processes.size,
    rssBytes: rss,
    heapBytes: heapUsed + external,
  };
}

process.on('message', async () => process.send?.(await held()));
process.on('disconnect', () => process.exit());
process.send?.(broker.amqpPort);
