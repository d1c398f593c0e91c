// Question: what can the broker at this address do? The load generator as a program: options in, one JSON object out.
// It runs in a process of its own, so that its CPU share can be told from the broker's. Exit code 1: errors, or messages
// lost, duplicated or out of order.

import hostProcess from 'node:process';
import { Command } from 'commander';
import { type BacklogResult, measureBacklog } from './backlog.ts';
import { type ConnectionsResult, measureConnections } from './connections.ts';
import { type CyclesResult, measureCycles } from './cycles.ts';
import { type DeclaresResult, measureDeclares } from './declares.ts';
import { type LoadOptions, loadOptions } from './options.ts';
import { measureThroughput, type ThroughputResult } from './throughput.ts';

/** What the program prints. */
export type LoadReport = { readonly options: LoadOptions } & LoadResult;

type LoadResult = ThroughputResult | ConnectionsResult | DeclaresResult | CyclesResult | BacklogResult;

function measure(options: LoadOptions): Promise<LoadResult> {
  if (options.connections > 0) return measureConnections(options);
  if (options.declares > 0) return measureDeclares(options);
  if (options.cycles > 0) return measureCycles(options);
  if (options.backlog > 0) return measureBacklog(options);
  return measureThroughput(options);
}

const number = (text: string) => Number(text);
const pids = (text: string) => text.split(',').map(Number);

const program = new Command('load')
  .description('puts one load on an AMQP broker and prints what happened as JSON')
  .option('--host <name>', 'where the broker listens')
  .option('--amqp-port <number>', 'its TCP port', number)
  .option('--user <name>')
  .option('--password <text>')
  .option('--producers <count>', 'connections that publish', number)
  .option('--consumers <count>', 'connections that consume', number)
  .option('--queues <count>', 'queues between them', number)
  .option('--body-bytes <bytes>', 'size of a body, at least 8', number)
  .option('--manual-ack', 'acknowledge each message (default: auto-ack)')
  .option('--prefetch <count>', 'unacknowledged messages per consumer', number)
  .option('--ack-every <count>', 'one multiple ack for so many messages', number)
  .option('--window <count>', 'messages in flight, 0 is unlimited', number)
  .option('--confirms-outstanding <count>', 'unconfirmed publishes per producer, 0 is no confirms', number)
  .option('--persistent', 'durable queues and persistent messages')
  .option('--fanout', 'every message to every queue')
  .option('--wildcard-bindings <count>', 'on a topic exchange; one matches each message', number)
  .option('--rate-per-second <count>', 'publishes per second, 0 is as fast as possible', number)
  .option('--seconds <seconds>', 'length of the measuring window', number)
  .option('--warmup-seconds <seconds>', 'load before it', number)
  .option('--messages <count>', 'so many publishes instead of a duration', number)
  .option('--drain-timeout-ms <ms>', 'how long nothing may arrive before the rest is lost', number)
  .option('--connections <count>', 'open so many idle connections instead', number)
  .option('--declares <count>', 'declare, bind and delete so many queues instead', number)
  .option('--declares-before <count>', 'queues that are there already', number)
  .option('--cycles <count>', 'so many cycles of connect, publish and close instead', number)
  .option('--backlog <count>', 'publish so many messages that nobody consumes instead', number)
  .option('--idle-connections <count>', 'idle connections beside the load', number)
  .option('--idle-queues <count>', 'idle queues beside it', number)
  .option('--idle-messages <count>', 'messages of 1 KiB that wait beside it', number)
  .option('--open-at-once <count>', 'opened at the same time', number)
  .option('--broker-pids <list>', 'processes of the broker, separated by commas', pids);

async function main(): Promise<void> {
  const { manualAck, persistent, fanout, ...rest } = program.parse().opts();
  const options = loadOptions({
    ...rest,
    isAutoAck: manualAck !== true,
    isPersistent: persistent === true,
    isFanout: fanout === true,
  });
  const result = await measure(options);
  const { password: _, ...shown } = options;
  hostProcess.stdout.write(`${JSON.stringify({ options: shown, ...result })}\n`);
  const isWrong =
    result.errorCount > 0 ||
    (result.kind === 'throughput' && result.lost + result.duplicated + result.outOfOrder + result.foreign > 0);
  hostProcess.exitCode = isWrong ? 1 : 0;
}

main().catch((error: Error) => {
  hostProcess.stderr.write(`load: ${error.message}\n`);
  // Connections that are half open would keep the program alive.
  hostProcess.exit(2);
});
