// Question: what does an idle connection cost? Opens many connections, each with a channel and an exclusive queue of its
// own, a few at a time; reports the rate and the growth of the broker's memory per connection, then closes them all.
// A tenth of them is opened and closed first. Memory needs a broker that never held so many before: it keeps what it had.

import { performance } from 'node:perf_hooks';
import hostProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcesses } from '../process-stats.ts';
import { LoadConnection } from './connection.ts';
import { inTurns } from './in-turns.ts';
import type { LoadOptions } from './options.ts';

/** What opening and holding the connections cost. */
export interface ConnectionsResult {
  readonly kind: 'connections';
  readonly connections: number;
  readonly opensPerSecond: number;
  readonly closesPerSecond: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  readonly generatorCores: number;
  readonly brokerCores?: number;
  /** Growth of resident memory per connection, queue and channel included. */
  readonly brokerBytesPerConnection?: number;
  /** Cores the broker uses while all connections are idle. */
  readonly brokerIdleCores?: number;
}

/** An idle connection reads nothing but short replies and the tune. */
const READ_BYTES = 4096;
const SETTLE_MS = 1000;

/** Opens, holds and closes `options.connections` connections. */
export async function measureConnections(options: LoadOptions): Promise<ConnectionsResult> {
  const errors: string[] = [];
  const failed = (error: Error) => errors.push(error.message);
  await inTurns(await openAll(options, Math.ceil(options.connections / 10), failed), 1, (each) => each.close());
  const before = readProcesses(options.brokerPids);
  const startMs = performance.now();
  const startCpu = hostProcess.cpuUsage();
  const open = await openAll(options, options.connections, failed);
  const seconds = (performance.now() - startMs) / 1000;
  const ownCpu = hostProcess.cpuUsage(startCpu);
  const opened = readProcesses(options.brokerPids);
  await sleep(SETTLE_MS);
  const idle = readProcesses(options.brokerPids);
  const closeMs = performance.now();
  await inTurns(open, options.openAtOnce, (connection) => connection.close());
  const closeSeconds = (performance.now() - closeMs) / 1000;
  const isKnown = before !== undefined && opened !== undefined && idle !== undefined;
  return {
    kind: 'connections',
    connections: open.length,
    opensPerSecond: open.length / seconds,
    closesPerSecond: open.length / closeSeconds,
    errorCount: errors.length,
    errors: errors.slice(0, 10),
    generatorCores: (ownCpu.user + ownCpu.system) / 1_000_000 / seconds,
    brokerCores: isKnown ? (opened.cpuSeconds - before.cpuSeconds) / seconds : undefined,
    brokerBytesPerConnection: isKnown ? (idle.rssBytes - before.rssBytes) / open.length : undefined,
    brokerIdleCores: isKnown ? (idle.cpuSeconds - opened.cpuSeconds) / (SETTLE_MS / 1000) : undefined,
  };
}

async function openAll(options: LoadOptions, count: number, failed: (error: Error) => void) {
  const open: LoadConnection[] = [];
  const numbers = Array.from({ length: count }, (_, index) => index);
  const run = `idle-${hostProcess.pid}-${count}`;
  await inTurns(numbers, options.openAtOnce, async (index) => {
    try {
      const connection = await LoadConnection.open(options, READ_BYTES, { failed });
      open.push(connection);
      // Flag 4 is `exclusive`.
      await connection.call(50, 10, [{ u16: 0 }, { short: `${run}-${index}` }, { u8: 4 }, { u32: 0 }]);
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
    }
  });
  return open;
}
