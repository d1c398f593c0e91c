// A queue far beyond memory: it is filled, killed, recovered and drained in order by a broker with a small heap, whose
// memory stays bounded all the time. A million messages of 1 KiB by default;
// `WARREN_HUGE_MESSAGES=10000000 npm run test:long -- huge-queue` takes ten million, 11 GB of disk and some minutes.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type BrokerProcess, startBrokerProcess } from '../support/command.ts';
import * as wire from '../support/wire.ts';
import { FrameStream } from './frame-stream.ts';

const MESSAGES = Number(process.env.WARREN_HUGE_MESSAGES ?? 1_000_000);
const BODY_BYTES = 1_024;
const HEAP_MIB = 512;
/** Ready messages that stay in memory, the heap, and what the host needs. */
const RSS_MIB_MAX = 1_024;
/** What is left on the disk when everything has been taken. */
const LEFT_BYTES_MAX = 128 * 1_048_576;
const QUEUE = 'huge';

/** The most memory that a process has had since it began, in MiB. */
function peakMib(pid: number): number {
  const [, kib] = readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/) ?? [];
  return Math.round(Number(kib) / 1_024);
}

function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
}

async function withClient(node: BrokerProcess, work: (client: FrameStream) => Promise<void>): Promise<void> {
  const client = await FrameStream.open(node.host, node.amqpPort);
  try {
    await work(client);
  } finally {
    client.close();
  }
}

const tell = (what: string, sinceMs: number, more: string): void =>
  console.log(`${what}: ${((performance.now() - sinceMs) / 1_000).toFixed(2)} s, ${more}`);

const rate = (sinceMs: number): string =>
  `${Math.round(MESSAGES / (performance.now() - sinceMs)).toLocaleString('en')} thousand/s`;

test.skipIf(process.platform !== 'linux')(
  `B1 B22 ${MESSAGES.toLocaleString('en')} messages of 1 KiB are kept through a kill in bounded memory, in order`,
  async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'warren-huge-'));
    const log = join(dataDir, 'log');
    const options = ['--amqp-port', '0', '--data-dir', dataDir, '--threads', '0', '--log-level', 'warning'];
    const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}` };
    const declared = wire.queueDeclare(1, QUEUE, 0b00010);
    try {
      {
        await using node = await startBrokerProcess(options, { env });
        const sinceMs = performance.now();
        await withClient(node, async (client) => {
          await client.ask(declared, '50.11');
          await client.load(QUEUE, MESSAGES, BODY_BYTES);
        });
        const peak = peakMib(node.command.pid);
        tell('loaded', sinceMs, `${rate(sinceMs)}, at most ${peak} MiB, ${bytesIn(log)} bytes on the disk`);
        expect(peak).toBeLessThan(RSS_MIB_MAX);
        await node.command.end('SIGKILL');
      }
      const startMs = performance.now();
      await using node = await startBrokerProcess(options, { env });
      tell('ready again', startMs, `at most ${peakMib(node.command.pid)} MiB`);
      await withClient(node, async (client) => {
        const answer = await client.ask(declared, '50.11');
        expect(answer.readUInt32BE(5 + QUEUE.length)).toBe(MESSAGES);
        const sinceMs = performance.now();
        await client.drain(QUEUE, MESSAGES, () => tell('first delivery', startMs, 'after the start of the process'));
        tell('drained', sinceMs, `${rate(sinceMs)}, at most ${peakMib(node.command.pid)} MiB`);
      });
      expect(peakMib(node.command.pid)).toBeLessThan(RSS_MIB_MAX);
      await expect.poll(() => bytesIn(log), { timeout: 60_000 }).toBeLessThan(LEFT_BYTES_MAX);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
);
