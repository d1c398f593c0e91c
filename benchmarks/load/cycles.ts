// Question: how much does a short life of a client cost? Cycles of connect, open a channel, publish one message, close; a
// few at a time, each over a socket of its own.

import { performance } from 'node:perf_hooks';
import hostProcess from 'node:process';
import { readProcesses } from '../process-stats.ts';
import { LoadConnection } from './connection.ts';
import { publishBlock } from './frames.ts';
import { createHistogram, type Percentiles, percentiles, record } from './histogram.ts';
import { inTurns } from './in-turns.ts';
import type { LoadOptions } from './options.ts';

/** What the cycles cost. */
export interface CyclesResult {
  readonly kind: 'cycles';
  readonly cycles: number;
  readonly cyclesPerSecond: number;
  readonly latencyUs: Percentiles;
  readonly errorCount: number;
  readonly errors: readonly string[];
  readonly generatorCores: number;
  readonly brokerCores?: number;
  /** Growth of resident memory over all cycles but the first tenth. */
  readonly brokerGrownBytes?: number;
}

const READ_BYTES = 4096;

/** Runs `options.cycles` cycles, `options.openAtOnce` at the same time; a tenth of them first, unmeasured. */
export async function measureCycles(options: LoadOptions): Promise<CyclesResult> {
  const errors: string[] = [];
  const failed = (error: Error) => errors.push(error.message);
  const latency = createHistogram();
  // Nobody is bound to this key: the message goes nowhere.
  const shape = {
    stream: 0,
    exchange: 'amq.direct',
    routingKey: 'nobody',
    bodyBytes: options.bodyBytes,
    isPersistent: false,
  };
  const { bytes, strideBytes } = publishBlock(shape, 0);
  const publish = bytes.subarray(0, strideBytes);
  const cycle = async () => {
    const startMs = performance.now();
    const connection = await LoadConnection.open(options, READ_BYTES, { failed });
    connection.socket.write(publish);
    // Channel close, then the connection's.
    await connection.call(20, 40, [{ u16: 200 }, { short: '' }, { u16: 0 }, { u16: 0 }]);
    await connection.close();
    record(latency, Math.round((performance.now() - startMs) * 1000));
  };
  const items = (count: number) => Array.from({ length: count }, (_, index) => index);
  await inTurns(items(Math.ceil(options.cycles / 10)), options.openAtOnce, cycle);
  const before = readProcesses(options.brokerPids);
  const startCpu = hostProcess.cpuUsage();
  const startMs = performance.now();
  await inTurns(items(options.cycles), options.openAtOnce, cycle);
  const seconds = (performance.now() - startMs) / 1000;
  const ownCpu = hostProcess.cpuUsage(startCpu);
  const after = readProcesses(options.brokerPids);
  const isKnown = before !== undefined && after !== undefined;
  return {
    kind: 'cycles',
    cycles: options.cycles,
    cyclesPerSecond: options.cycles / seconds,
    latencyUs: percentiles(latency),
    errorCount: errors.length,
    errors: errors.slice(0, 10),
    generatorCores: (ownCpu.user + ownCpu.system) / 1_000_000 / seconds,
    brokerCores: isKnown ? (after.cpuSeconds - before.cpuSeconds) / seconds : undefined,
    brokerGrownBytes: isKnown ? after.rssBytes - before.rssBytes : undefined,
  };
}
