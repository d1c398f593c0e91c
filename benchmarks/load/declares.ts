// Question: how fast are queues declared, bound and deleted, one call at a time, beside so many that are there already?
// Those before are declared a few at a time and not measured.

import { performance } from 'node:perf_hooks';
import hostProcess from 'node:process';
import { readProcesses } from '../process-stats.ts';
import { LoadConnection, READ_BYTES_MIN } from './connection.ts';
import { inTurns } from './in-turns.ts';
import type { LoadOptions } from './options.ts';
import { bindFields } from './topology.ts';

/** Rates of the three calls. */
export interface DeclaresResult {
  readonly kind: 'declares';
  readonly declares: number;
  readonly declaresPerSecond: number;
  readonly bindsPerSecond: number;
  readonly deletesPerSecond: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  readonly generatorCores: number;
  readonly brokerCores?: number;
  /** Growth of resident memory per queue that was there before; undefined without any. */
  readonly brokerBytesPerQueue?: number;
}

const EXCHANGE = 'amq.direct';

/** Declares, binds and deletes `options.declares` queues. */
export async function measureDeclares(options: LoadOptions): Promise<DeclaresResult> {
  const errors: string[] = [];
  const failed = (error: Error) => errors.push(error.message);
  const connection = await LoadConnection.open(options, READ_BYTES_MIN, { failed });
  const run = `declare-${hostProcess.pid}`;
  const durable = options.isPersistent ? 2 : 0;
  const declare = (name: string) => connection.call(50, 10, [{ u16: 0 }, { short: name }, { u8: durable }, { u32: 0 }]);
  const remove = (name: string) => connection.call(50, 40, [{ u16: 0 }, { short: name }, { u8: 0 }]);
  const before = Array.from({ length: options.declaresBefore }, (_, index) => `${run}-before-${index}`);
  const empty = readProcesses(options.brokerPids);
  await declareMany(options, before, failed);
  const from = readProcesses(options.brokerPids);
  const startCpu = hostProcess.cpuUsage();
  const startMs = performance.now();
  const names = Array.from({ length: options.declares }, (_, index) => `${run}-${index}`);
  const declares = await timed(names, declare);
  const binds = await timed(names, (name) => connection.call(50, 20, bindFields(name, EXCHANGE, name)));
  const deletes = await timed(names, remove);
  const seconds = (performance.now() - startMs) / 1000;
  const ownCpu = hostProcess.cpuUsage(startCpu);
  const to = readProcesses(options.brokerPids);
  for (const name of before) await remove(name);
  await connection.close();
  const grown = from === undefined || empty === undefined ? undefined : from.rssBytes - empty.rssBytes;
  return {
    kind: 'declares',
    declares: names.length,
    declaresPerSecond: declares,
    bindsPerSecond: binds,
    deletesPerSecond: deletes,
    errorCount: errors.length,
    errors: errors.slice(0, 10),
    generatorCores: (ownCpu.user + ownCpu.system) / 1_000_000 / seconds,
    brokerCores: from === undefined || to === undefined ? undefined : (to.cpuSeconds - from.cpuSeconds) / seconds,
    brokerBytesPerQueue: grown === undefined || before.length === 0 ? undefined : grown / before.length,
  };
}

async function timed(names: readonly string[], call: (name: string) => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  for (const name of names) await call(name);
  return names.length / ((performance.now() - startMs) / 1000);
}

/** Over several connections, because one waits for each answer. */
async function declareMany(
  options: LoadOptions,
  names: readonly string[],
  failed: (error: Error) => void,
): Promise<void> {
  if (names.length === 0) return;
  const free: LoadConnection[] = [];
  for (let index = 0; index < options.openAtOnce; index++) {
    free.push(await LoadConnection.open(options, READ_BYTES_MIN, { failed }));
  }
  const all = [...free];
  await inTurns(names, free.length, async (name) => {
    const connection = free.pop();
    if (connection === undefined) throw new Error('more work than connections');
    await connection.call(50, 10, [{ u16: 0 }, { short: name }, { u8: 0 }, { u32: 0 }]);
    free.push(connection);
  });
  for (const connection of all) await connection.close();
}
