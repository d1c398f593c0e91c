// RabbitMQ's tutorials with two client libraries against the broker in a process of its own, on one and on two data
// threads. WARREN_TEST_AMQP_PORT names another broker to run the same programs against, to see what they expect of it.
import { execFileSync } from 'node:child_process';
import hostProcess from 'node:process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BrokerProcess, complaintsIn, startBrokerProcess } from '../support/command.ts';
import { amqplibTutorials } from './tutorials-amqplib.ts';
import { rabbitmqClientTutorials } from './tutorials-rabbitmq-client.ts';

const OTHER_BROKER = hostProcess.env.WARREN_TEST_AMQP_PORT;
/** The bound on a machine that has nothing else to do, where a bare Node is up and gone within BARE_MS. */
const READY_MS = 2_000;
const BARE_MS = 60;
/** One start may meet a moment in which the machine is busy with something else. */
const READY_TRIES = 3;

const libraries = [
  ['amqplib', amqplibTutorials],
  ['rabbitmq-client', rabbitmqClientTutorials],
] as const;

function tutorials(url: () => string): void {
  for (const [library, programs] of libraries) {
    describe(library, () => {
      for (const { name, run } of programs) it(name, () => run(url()));
    });
  }
}

if (OTHER_BROKER !== undefined) {
  describe('the tutorials on another broker', () => tutorials(() => `amqp://guest:guest@127.0.0.1:${OTHER_BROKER}`));
}

describe.each([1, 2])('the tutorials on %i data threads', (threads) => {
  let broker: BrokerProcess;

  beforeAll(async () => {
    broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', String(threads)]);
  });
  afterAll(async () => {
    // Every connection was closed, nothing crashed: the process ends by itself and has nothing to say.
    const { code, stderr } = await broker.command.end();
    expect([code, complaintsIn(stderr)]).toEqual([0, []]);
  });

  tutorials(() => broker.url);
});

/** How many times slower than a quiet machine this one is at the moment; 1 for a quiet one. */
function slowness(): number {
  const startedMs = performance.now();
  execFileSync(hostProcess.execPath, ['-e', '0']);
  return Math.max(1, (performance.now() - startedMs) / BARE_MS);
}

describe('the ready line', () => {
  it.each([1, 2])('comes within 2 s of the start on %i data threads', async (threads) => {
    const measured: string[] = [];
    for (let attempt = 0; attempt < READY_TRIES; attempt++) {
      const before = slowness();
      await using broker = await startBrokerProcess(['--memory', '--amqp-port', '0', '--threads', String(threads)]);
      expect(broker.threads).toBe(threads);
      const factor = Math.max(before, slowness());
      measured.push(`${Math.round(broker.readyMs)} ms, the machine ${factor.toFixed(1)} times slower than quiet`);
      await broker.command.end();
      if (broker.readyMs < READY_MS * factor) return;
    }
    expect.fail(`never within ${READY_MS} ms: ${measured.join('; ')}`);
  });
});
