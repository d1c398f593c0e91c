// Question: what does a message cost that waits? Publishes a backlog that nobody consumes, confirmed, and reads how much
// the broker has grown. A tenth goes in and out first, so that what is kept for the next is not counted as theirs.

import { performance } from 'node:perf_hooks';
import hostProcess from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcesses } from '../process-stats.ts';
import { LoadConnection, READ_BYTES_MIN } from './connection.ts';
import { Meter } from './meter.ts';
import type { LoadOptions } from './options.ts';
import { Producer } from './producer.ts';

/** What the backlog cost. */
export interface BacklogResult {
  readonly kind: 'backlog';
  readonly messages: number;
  readonly publishedPerSecond: number;
  readonly errorCount: number;
  readonly errors: readonly string[];
  readonly generatorCores: number;
  readonly brokerCores?: number;
  /** Growth of resident memory per message. */
  readonly brokerBytesPerMessage?: number;
}

const OUTSTANDING = 1_000;
const POLL_MS = 10;
const SETTLE_MS = 1_000;

/** Publishes `options.backlog` messages to one queue and deletes it. */
export async function measureBacklog(options: LoadOptions): Promise<BacklogResult> {
  const meter = new Meter();
  const control = await LoadConnection.open(options, READ_BYTES_MIN, { failed: (error) => meter.fail(error) });
  const name = `backlog-${hostProcess.pid}`;
  const durable = options.isPersistent ? 2 : 0;
  await control.call(50, 10, [{ u16: 0 }, { short: name }, { u8: durable }, { u32: 0 }]);
  const fill = (messages: number) => publishConfirmed(options, name, messages, meter);
  await fill(Math.ceil(options.backlog / 10));
  await control.call(50, 30, [{ u16: 0 }, { short: name }, { u8: 0 }]);
  await sleep(SETTLE_MS);
  const before = readProcesses(options.brokerPids);
  const startCpu = hostProcess.cpuUsage();
  const startMs = performance.now();
  await fill(options.backlog);
  const seconds = (performance.now() - startMs) / 1000;
  const ownCpu = hostProcess.cpuUsage(startCpu);
  await sleep(SETTLE_MS);
  const after = readProcesses(options.brokerPids);
  await control.call(50, 40, [{ u16: 0 }, { short: name }, { u8: 0 }]);
  await control.close();
  const isKnown = before !== undefined && after !== undefined;
  return {
    kind: 'backlog',
    messages: options.backlog,
    publishedPerSecond: options.backlog / seconds,
    errorCount: meter.errorCount,
    errors: meter.errors,
    generatorCores: (ownCpu.user + ownCpu.system) / 1_000_000 / seconds,
    brokerCores: isKnown ? (after.cpuSeconds - before.cpuSeconds) / seconds : undefined,
    brokerBytesPerMessage: isKnown ? (after.rssBytes - before.rssBytes) / options.backlog : undefined,
  };
}

/** Publishes so many messages to a queue; resolves when all are confirmed, or at the first error. */
export async function publishConfirmed(
  options: LoadOptions,
  routingKey: string,
  messages: number,
  meter: Meter,
): Promise<void> {
  const { bodyBytes, isPersistent } = options;
  const shape = { stream: 0, exchange: '', routingKey, bodyBytes, isPersistent };
  const limits = { window: 0, confirmsOutstanding: OUTSTANDING, copies: 1 };
  const producer = new Producer([shape], limits, meter);
  await producer.open(options);
  producer.limit = messages;
  producer.pump();
  while (producer.confirmed < messages && meter.errorCount === 0) await sleep(POLL_MS);
  await producer.close();
}
