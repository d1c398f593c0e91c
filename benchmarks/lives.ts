// Question: how long does a broker take to be there, and to be there again after it was killed with a backlog? Cases about
// the process itself: each sample starts brokers of its own.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { publishConfirmed } from './load/backlog.ts';
import { LoadConnection, READ_BYTES_MIN } from './load/connection.ts';
import { Meter } from './load/meter.ts';
import { type LoadOptions, loadOptions } from './load/options.ts';
import type { Target, TargetStart } from './peers/target.ts';

/** A case about the life of a broker's process. */
export interface LifeCase {
  readonly name: string;
  readonly question: string;
  readonly unit: string;
  readonly isLowerBetter: true;
  /** Samples of each broker; each takes its time. */
  readonly samples: number;
  /** Takes one sample. Rejects when anything confirmed is lost. */
  live(start: () => Promise<TargetStart>): Promise<number>;
}

const RETRY_MS = 10;
const LOGIN_TIMEOUT_MS = 120_000;
const RECOVERED = 500_000;
const QUEUE = 'recovered';

/** How long from the start of the program to the first login, and from its end by SIGKILL to the first delivery. */
export const lifeCases: readonly LifeCase[] = [
  {
    name: 'start-to-login',
    question: 'from the start of the program to the first login',
    unit: 's',
    isLowerBetter: true,
    samples: 3,
    live: (start) =>
      withTarget(start, async (target, startedMs) => {
        const connection = await login(optionsFor(target));
        const seconds = (performance.now() - startedMs) / 1000;
        await connection.close();
        return seconds;
      }),
  },
  {
    name: 'recovery-500k',
    question: 'from kill -9 with 500,000 confirmed messages of 1 KiB to the first delivery after the restart',
    unit: 's',
    isLowerBetter: true,
    samples: 1,
    live: (start) => withTarget(start, recovery),
  },
];

async function recovery(target: Target): Promise<number> {
  const options = optionsFor(target);
  const control = await login(options);
  await control.call(50, 10, [{ u16: 0 }, { short: QUEUE }, { u8: 2 }, { u32: 0 }]);
  const meter = new Meter();
  await publishConfirmed(options, QUEUE, RECOVERED, meter);
  if (meter.errorCount > 0) throw new Error(meter.errors.join(', '));
  if (target.relaunch === undefined) throw new Error(`${target.name} keeps nothing`);
  const startedMs = performance.now();
  await target.relaunch();
  const seen = { count: 0, firstMs: 0 };
  const connection = await login(options, {
    delivery: () => {
      seen.count += 1;
      if (seen.count === 1) seen.firstMs = performance.now();
    },
  });
  // Flag 2 is `no-ack`.
  await connection.call(60, 20, [{ u16: 0 }, { short: QUEUE }, { short: '' }, { u8: 2 }, { u32: 0 }]);
  for (let before = -1; seen.count < RECOVERED && seen.count > before; await sleep(1_000)) {
    if (seen.count > 0) before = seen.count;
    else if (performance.now() - startedMs > LOGIN_TIMEOUT_MS) break;
  }
  await connection.close();
  if (seen.count < RECOVERED) throw new Error(`${RECOVERED - seen.count} confirmed messages are lost`);
  return (seen.firstMs - startedMs) / 1000;
}

async function withTarget(
  start: () => Promise<TargetStart>,
  use: (target: Target, startedMs: number) => Promise<number>,
): Promise<number> {
  const startedMs = performance.now();
  const target = await start();
  if ('skipped' in target) throw new Error(target.skipped);
  try {
    return await use(target, startedMs);
  } finally {
    await target[Symbol.asyncDispose]();
  }
}

function optionsFor({ amqpPort }: Target): LoadOptions {
  return loadOptions({ amqpPort, bodyBytes: 1024, isPersistent: true });
}

/** Tries until the broker lets it in. */
async function login(
  options: LoadOptions,
  events: Parameters<typeof LoadConnection.open>[2] = {},
): Promise<LoadConnection> {
  for (const untilMs = performance.now() + LOGIN_TIMEOUT_MS; ; await sleep(RETRY_MS)) {
    try {
      return await LoadConnection.open(options, READ_BYTES_MIN, events);
    } catch (error) {
      if (performance.now() > untilMs) throw error;
    }
  }
}
